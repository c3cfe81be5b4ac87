"""What is done in Redis, each atomic. Time is Redis's own, in milliseconds, so that no two clocks have to agree.

All keys carry one hash tag, and so lie in one slot. With the prefix `pointsman`:

    {pointsman}:epoch           a random word; another one, or none, says that Redis has lost what it knew
    {pointsman}:health          by model: what keeps it out ("until" and a description), beside the version of it all
    {pointsman}:trials:MODEL    who tries a model again that was down, by when that expires
    {pointsman}:pin:SESSION     a pin
    {pointsman}:value:KEY       a policy's value; {pointsman}:counter:KEY a counter
    {pointsman}:account:KEY     spent and reserved of an account; `base` was spent before Redis knew of it
    {pointsman}:leases          when each lease expires; {pointsman}:reserved has what it reserved
    {pointsman}:settled:LEASE   for some minutes: this lease is over
    {pointsman}:sent:PROCESS    the number of the last write of a process, so that none sent again counts twice
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1

SETTLED_MS = 300_000
"""For how long a lease that was settled is remembered: whoever settles it again does so soon."""

SENT_MS = 24 * 3600 * 1000
"""For how long a process may be away and still have its writes counted once."""

HEALTH_MS = 2 * 3600 * 1000
"""Longer than any model is out without being tried again."""


@dataclass(frozen=True, slots=True)
class Script:
    text: str
    sha: str


def _script(text: str) -> Script:
    # The name by which Redis knows a script, no secret.
    return Script(text, sha1(text.encode()).hexdigest())  # noqa: S324


_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_ONCE = f"""
local sent, number = KEYS[1], tonumber(ARGV[1])
if number <= tonumber(redis.call('GET', sent) or '0') then return nil end
redis.call('SET', sent, ARGV[1], 'PX', {SENT_MS})
"""

# A reservation that is over may stand in accounts that have gone meanwhile: those began anew.
_LEASES = """
local function stand(key)
  local account = redis.call('HMGET', key, 'base', 'spent', 'reserved')
  local spent = tonumber(account[1] or '0') + tonumber(account[2] or '0')
  return string.format('%.0f', spent), account[3] or '0'
end
local function keep(key, ms)
  if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end
end
local function release(leases, reserved, lease)
  redis.call('ZREM', leases, lease)
  local held = redis.call('HGET', reserved, lease)
  if not held then return end
  redis.call('HDEL', reserved, lease)
  held = cjson.decode(held)
  for i = 1, #held, 2 do
    if held[i + 1] ~= '0' and redis.call('EXISTS', held[i]) == 1 then
      redis.call('HINCRBY', held[i], 'reserved', '-' .. held[i + 1])
    end
  end
end
local function expire(leases, reserved)
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1000)) do
    release(leases, reserved, lease)
  end
end
"""

READ = _script(
    _NOW
    + _LEASES
    + """
expire(KEYS[3], KEYS[4])
local health, version = false, redis.call('HGET', KEYS[2], 'version')
if version and version ~= ARGV[1] then health = redis.call('HGETALL', KEYS[2]) end
local pin, pin_ms = redis.call('GET', KEYS[5]), redis.call('PTTL', KEYS[5])
local answer = {redis.call('GET', KEYS[1]), tostring(now), health, pin, pin_ms}
for i = 6, #KEYS do
  answer[#answer + 1], answer[#answer + 2] = stand(KEYS[i])
end
return answer
"""
)
"""KEYS epoch, health, leases, reserved, pin, accounts …; ARGV the version of health that is known.

Answers epoch, now, all of health where it is another version, pin, its milliseconds, then spent and reserved of each.
"""

RESERVE = _script(
    _NOW
    + _LEASES
    + """
if ARGV[4] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[4] then return {-1} end
local leases, reserved, settled, lease = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
expire(leases, reserved)
if redis.call('HEXISTS', reserved, lease) == 1 or redis.call('EXISTS', settled) == 1 then return {} end
for i = 5, #KEYS do
  local limit = ARGV[7 + 3 * (i - 5)]
  if limit ~= '' then
    local spent, held = stand(KEYS[i])
    if tonumber(spent) + tonumber(held) + tonumber(ARGV[5 + 3 * (i - 5)]) > tonumber(limit) then
      return {i - 5, spent, held}
    end
  end
end
for i = 5, #KEYS do
  redis.call('HINCRBY', KEYS[i], 'reserved', ARGV[5 + 3 * (i - 5)])
  keep(KEYS[i], math.max(tonumber(ARGV[6 + 3 * (i - 5)]), ARGV[2] + 1000))
end
redis.call('ZADD', leases, now + ARGV[2], lease)
redis.call('HSET', reserved, lease, ARGV[3])
return {}
"""
)
"""KEYS leases, reserved, settled, epoch, accounts …; ARGV lease, its milliseconds, what it reserves as JSON, the epoch
in which it may ("": any), then for each account the amount, milliseconds to keep it, and the limit or "".

Answers nothing, or the index of the first that has no room, and what was spent and reserved of it; -1: another epoch.
"""

SETTLE = _script(
    _NOW
    + _ONCE
    + _LEASES
    + f"""
if not redis.call('SET', KEYS[4], 1, 'NX', 'PX', {SETTLED_MS}) then return nil end
expire(KEYS[2], KEYS[3])
release(KEYS[2], KEYS[3], ARGV[2])
for i = 5, #KEYS do
  redis.call('HINCRBY', KEYS[i], 'spent', ARGV[3 + 2 * (i - 5)])
  keep(KEYS[i], ARGV[4 + 2 * (i - 5)])
end
return nil
"""
)
"""KEYS sent, leases, reserved, settled, accounts …; ARGV number, lease, then an amount and milliseconds for each."""

PRESET = _script(
    """
for i = 1, #KEYS do
  local amount, ms = ARGV[2 * i], tonumber(ARGV[2 * i + 1])
  local base = tonumber(redis.call('HGET', KEYS[i], 'base') or '0')
  local least = tonumber(amount)
  if ARGV[1] == 'spent' then least = least - tonumber(redis.call('HGET', KEYS[i], 'spent') or '0') end
  if base < least then
    redis.call('HSET', KEYS[i], 'base', string.format('%.0f', least))
    if redis.call('PTTL', KEYS[i]) < ms then redis.call('PEXPIRE', KEYS[i], ms) end
  end
end
return nil
"""
)
"""KEYS accounts …; ARGV `spent`: so much at least in all; or `before`: after Redis has lost what it knew, so much at
least before that; then an amount and milliseconds for each.
"""

PIN = _script(
    """
local kept = redis.call('GET', KEYS[1])
local pin = ARGV[1]
if kept then
  local target = cjson.decode(kept)[1]
  if target == ARGV[2] then pin = kept elseif target ~= ARGV[3] then return nil end
end
redis.call('SET', KEYS[1], pin, 'PX', ARGV[4])
return nil
"""
)
"""KEYS pin; ARGV the pin as JSON, its target, the target that gives way, milliseconds."""

ADD = _script(
    _ONCE
    + """
local total = redis.call('INCRBY', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return total
"""
)
"""KEYS sent, counter; ARGV number, amount, milliseconds. Answers the total."""

OUT = _script(
    _NOW
    + f"""
local before = redis.call('HGET', KEYS[1], 'version') or ''
local version = time[1] .. '.' .. time[2]
for i = 1, #ARGV, 3 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', now + ARGV[i + 1]) .. ' ' .. ARGV[i + 2])
  end
end
redis.call('HSET', KEYS[1], 'version', version)
redis.call('PEXPIRE', KEYS[1], {HEALTH_MS})
return {{before, version}}
"""
)
"""KEYS health; ARGV for each model its field, milliseconds until it is tried again ("": it is up), what it is about.

Answers the version before and after.
"""

TRY = _script(
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
)
"""KEYS trials; ARGV how many at once, whose trial, its milliseconds. Answers 1, or 0 where enough others try."""

CLAIM = _script(
    """
local there = redis.call('GET', KEYS[1])
if not there then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return there
"""
)
"""KEYS value; ARGV the value, milliseconds. Answers the value that was there, if any: then nothing is changed."""

SCRIPTS = (READ, RESERVE, SETTLE, PRESET, PIN, ADD, OUT, TRY, CLAIM)
