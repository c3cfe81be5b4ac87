"""The commands that are sent to Redis: which keys they touch, and how what they say is written."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pointsman.model.account import Account, Charge
from pointsman.model.snapshot import Pin
from pointsman.stores.breaker import LEASE
from pointsman.stores.redis_outbox import Write
from pointsman.stores.redis_scripts import ADD, CLAIM, OUT, PIN, PRESET, READ, RESERVE, SETTLE, TRY, Script
from pointsman.stores.redis_wire import Word


class Commands:
    """Of one `process`, on the keys of one `prefix`; `redis_scripts` lists them."""

    def __init__(self, prefix: str, process: str) -> None:
        # Braces: the part of a key that says where it lies in a cluster.
        self._prefix, self._process = f"{{{prefix}}}:", process
        self.epoch = self._key("epoch")
        self._health, self._sent = self._key("health"), self._key("sent", process)
        self._leases = [self._key("leases"), self._key("reserved")]
        self._common = [self.epoch, self._health, *self._leases]

    def read(self, version: bytes, session: str, accounts: Sequence[Account]) -> list[Word]:
        keys = [*self._common, self._key("pin", session), *[self._account(account) for account in accounts]]
        return _evaluation(READ, keys, [version])

    def reserve(self, lease: str, charges: Sequence[Charge], ttl: float, epoch: bytes = b"") -> list[Word]:
        accounts = [self._account(charge.account) for charge in charges]
        # As text: numbers of Redis's JSON are floats.
        held = [text for key, c in zip(accounts, charges, strict=True) for text in (key, str(c.amount))]
        arguments: list[Word] = [lease, _ms(ttl), msgspec.json.encode(held), epoch]
        for charge in charges:
            arguments += [charge.amount, _ms(charge.account.keep), "" if charge.limit is None else charge.limit]
        return _evaluation(RESERVE, [*self._leases, self._key("settled", lease), self.epoch, *accounts], arguments)

    def settle(self, lease: str, charges: Sequence[Charge]) -> Write:
        accounts = [self._account(charge.account) for charge in charges]
        keys = [self._sent, *self._leases, self._key("settled", lease), *accounts]
        arguments: list[Word] = [0, lease]
        for charge in charges:
            arguments += [charge.amount, _ms(charge.account.keep)]
        return Write(_evaluation(SETTLE, keys, arguments), number_at=3 + len(keys))

    def preset(self, which: str, amounts: Sequence[tuple[str, int, float]]) -> list[Word]:
        """`which`: "unknown" accounts, or those with "least" spent; by key an amount, and seconds to keep it."""
        arguments: list[Word] = [which]
        for _, amount, seconds in amounts:
            arguments += [amount, _ms(seconds)]
        return _evaluation(PRESET, [self._key("account", key) for key, _, _ in amounts], arguments)

    def pin(self, session: str, pin: Pin, ttl: float, instead_of: str) -> Write:
        written = msgspec.json.encode((pin.target, pin.since, pin.turn))
        words = _evaluation(PIN, [self._key("pin", session)], [written, pin.target, instead_of, _ms(ttl)])
        return Write(words, lapses=True)

    def out(self, told: Sequence[Word]) -> list[Word]:
        """What `SharedHealth.tell` has to say."""
        return _evaluation(OUT, [self._health], told)

    def begin_trial(self, target: str, lease: int, most: int) -> list[Word]:
        return _evaluation(TRY, [self._key("trials", target)], [most, f"{self._process}:{lease}", _ms(LEASE)])

    def end_trial(self, target: str, lease: int) -> list[Word]:
        return ["ZREM", self._key("trials", target), f"{self._process}:{lease}"]

    def get(self, key: str) -> list[Word]:
        return ["GET", self._key("value", key)]

    def put(self, key: str, value: bytes, ttl: float) -> Write:
        return Write(["SET", self._key("value", key), value, "PX", _ms(ttl)], lapses=True)

    def claim(self, key: str, value: bytes, ttl: float) -> list[Word]:
        return _evaluation(CLAIM, [self._key("value", key)], [value, _ms(ttl)])

    def forget(self, key: str) -> Write:
        return Write(["DEL", self._key("value", key)], lapses=True)

    def add(self, key: str, amount: int, ttl: float) -> Write:
        words = _evaluation(ADD, [self._sent, self._key("counter", key)], [0, amount, _ms(ttl)])
        return Write(words, number_at=5, lapses=True, counter=key, amount_at=6)

    def total(self, keys: Sequence[str]) -> list[Word]:
        return ["MGET", *[self._key("counter", key) for key in keys]]

    def _account(self, account: Account) -> str:
        return self._key("account", account.key)

    def _key(self, kind: str, name: str = "") -> str:
        return f"{self._prefix}{kind}:{name}" if name else self._prefix + kind


def _evaluation(script: Script, keys: Sequence[str], arguments: Sequence[Word]) -> list[Word]:
    """Run a script, of which Redis has been told."""
    return ["EVALSHA", script.sha, len(keys), *keys, *arguments]


def _ms(seconds: float) -> int:
    """Whole milliseconds, as Redis counts; never 0, which it refuses."""
    return max(1, round(seconds * 1000))
