"""A clock for a store over a real Redis: when a test lets time pass, all that Redis keeps for a time grows older."""

from __future__ import annotations

from tests.redis.server import RedisServer

_OLDER = """
local ms = tonumber(ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ms, member) end
  end
  local left = redis.call('PTTL', key)
  if left > ms then redis.call('PEXPIRE', key, left - ms) elseif left >= 0 then redis.call('DEL', key) end
end
"""


class AgeingClock:
    """Implements `ports.Clock`; `seconds` only grows."""

    def __init__(self, server: RedisServer) -> None:
        self._server, self._seconds = server, 1_700_000_000.0

    @property
    def seconds(self) -> float:
        return self._seconds

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._server.ask("EVAL", _OLDER, 0, round((value - self._seconds) * 1000))
        self._seconds = value

    def now(self) -> float:
        return self._seconds

    def monotonic(self) -> float:
        return self._seconds
