"""Health that processes share: each keeps its own evidence, and tells the others what it takes out and trusts again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pointsman.ports import Clock
from pointsman.stores.breaker import Outage
from pointsman.stores.health import HealthBook
from pointsman.stores.redis_wire import Word

_MODEL = b"model:"


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """What stands beside the time in Redis."""

    reason: str
    told: bool
    borrowed: bool
    times: int


class SharedHealth:
    """What of a health book the others know already, and what of theirs it has taken over.

    Failures are counted by each process alone: the first to see enough of them takes the model out for all.
    """

    def __init__(self, book: HealthBook, clock: Clock) -> None:
        self._book, self._clock = book, clock
        self._known: dict[str, Outage] = {}
        # What was told and not yet taken in: what is read meanwhile is older.
        self._on_the_way: dict[str, int] = {}
        self._version, self._revision = b"", book.revision

    @property
    def version(self) -> bytes:
        """Of what was taken over; none where there are other models now, of which the rest has to say more."""
        if self._revision != self._book.revision:
            self._version, self._revision = b"", self._book.revision
        return self._version

    def news(self) -> tuple[str, ...]:
        """Models of which the others know something else than we do."""
        outages = self._book.outages()
        if not outages and not self._known:
            return ()
        return tuple(target for target in {**outages, **self._known} if outages.get(target) != self._known.get(target))

    def tell(self, targets: Iterable[str]) -> list[Word]:
        """The arguments of `OUT` about these models. `told` must follow, whatever becomes of it."""
        outages, now = self._book.outages(), self._clock.monotonic()
        words: list[Word] = []
        for target in targets:
            self._on_the_way[target] = self._on_the_way.get(target, 0) + 1
            outage = outages.get(target)
            field = _MODEL + target.encode()
            if outage is None:
                self._known.pop(target, None)
                words += [field, b"", b""]
            else:
                self._known[target] = outage
                about = _Told(outage.reason, outage.told, outage.borrowed, outage.times)
                words += [field, round((outage.until - now) * 1000), msgspec.json.encode(about)]
        return words

    def told(self, targets: Sequence[str], versions: tuple[bytes, bytes] | None) -> None:
        """Redis has taken it in, between two versions; None: it has not, and has to be told again."""
        for target in targets:
            self._on_the_way[target] -= 1
            if not self._on_the_way[target]:
                del self._on_the_way[target]
        if versions is None:
            self.forget(targets)
        elif versions[0] == self._version:
            self._version = versions[1]

    def forget(self, targets: Iterable[str] | None = None) -> None:
        """The others know nothing of these models any more; None: of none."""
        for target in tuple(self._known) if targets is None else targets:
            self._known.pop(target, None)

    def take(self, now_ms: int, fields: Mapping[bytes, bytes]) -> None:
        """Take over all that Redis says, at its own time `now_ms`."""
        self._version = fields.get(b"version", b"")
        now = self._clock.monotonic()
        said = {key[len(_MODEL) :].decode(): text for key, text in fields.items() if key.startswith(_MODEL)}
        for target in {**self._known, **said}:
            if target in self._on_the_way:
                continue
            outage = None
            if text := said.get(target):
                until, _, rest = text.partition(b" ")
                about = msgspec.json.decode(rest, type=_Told)
                until_here = now + (int(until) - now_ms) / 1000
                outage = Outage(until_here, about.reason, about.told, about.borrowed, about.times)
            self._book.adopt(target, outage)
        # What we have by now is what they know; where clocks are apart, ours is taken for the same.
        outages = self._book.outages()
        for target in {**self._known, **said}:
            if target in self._on_the_way:
                continue
            if outage := outages.get(target):
                self._known[target] = outage
            else:
                self._known.pop(target, None)
