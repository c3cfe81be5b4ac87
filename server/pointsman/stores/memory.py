"""State of one process, in its memory; gone when it ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from random import Random

from msgspec.structs import replace

from pointsman.model.account import Account, Charge, Overdrawn
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.snapshot import Latency, Pin
from pointsman.model.vitals import Vitals
from pointsman.ports import Clock, State
from pointsman.stores.accounts import Accounts
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.stores.latency import Latencies

_ANSWERED = frozenset({AttemptOutcome.SERVED, AttemptOutcome.GATED})
# Slow on purpose: one odd prompt must not move what every estimate of that model is multiplied with.
_ALPHA = 0.05
_RATIO_MIN, _RATIO_MAX = 0.25, 4.0
# Below it the fixed tokens of a chat template outweigh the text.
_TOKENS_MIN = 20


class MemoryStore:
    """Implements `ports.StateStore` for one process.

    Above `capacity` values, or as many pins, the one unused for longest goes; above `capacity_bytes` of values too.
    """

    def __init__(
        self,
        clock: Clock,
        health: HealthBook | None = None,
        capacity: int = 100_000,
        capacity_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        """`health` None: one by the default settings."""
        self._clock, self._capacity, self._capacity_bytes = clock, capacity, capacity_bytes
        # No secret hangs on when a breaker opens again.
        self._health = health or HealthBook(clock, Random(), BreakerSettings())  # noqa: S311
        self._accounts = Accounts(clock)
        self._state = State()
        self._times: dict[str, Latencies] = {}
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._held = 0
        self._counters: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._pins: OrderedDict[str, tuple[float, Pin]] = OrderedDict()

    async def read(self, session: str | None = None, accounts: Sequence[Account] = ()) -> State:
        health = self._health.view()
        if health is not self._state.health:
            self._state = replace(self._state, health=health)
        state, pin = self._state, self._pin(session) if session else None
        if pin is None and not accounts:
            return state
        states = self._accounts.states(accounts)
        return State(state.latencies, state.token_ratios, health, pin, states)

    async def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        return self._accounts.reserve(lease, charges, ttl)

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        self._accounts.settle(lease, charges)

    async def preset(self, charges: Sequence[Charge]) -> None:
        self._accounts.preset(charges)

    async def put_pin(self, session: str, pin: Pin, ttl: float, *, instead_of: str = "") -> None:
        kept = self._pin(session)
        if kept and kept.target not in (pin.target, instead_of):
            return
        if kept and kept.target == pin.target:
            pin = kept
        self.keep_pin(session, pin, ttl)

    def keep_pin(self, session: str, pin: Pin, ttl: float) -> None:
        """Have this pin, whatever there was before."""
        self._pins[session] = (self._clock.monotonic() + ttl, pin)
        self._pins.move_to_end(session)
        if len(self._pins) > self._capacity:
            self._pins.popitem(last=False)

    def _pin(self, session: str) -> Pin | None:
        expires, pin = self._pins.get(session, (0.0, None))
        if pin is not None and expires <= self._clock.monotonic():
            del self._pins[session]
            return None
        return pin

    async def begin(self, target: str) -> int | None:
        return self._health.try_again(target)

    def give_back(self, target: str, lease: int) -> None:
        self._health.give_back(target, lease)

    def probed(self, provider: str) -> None:
        self._health.probed(provider)

    async def vitals(self) -> Sequence[Vitals]:
        return self._health.vitals(self._state.latencies)

    def record(self, attempt: Attempt, estimated_input_tokens: int, lease: int = 0) -> None:
        self._health.learn(attempt, lease)
        latencies, ratios = self._state.latencies, self._state.token_ratios
        target, usage = attempt.target, attempt.usage
        if (ttft := _observed(attempt, latencies.get(target))) is not None:
            times = self._times.setdefault(target, Latencies())
            latencies = {**latencies, target: times.add(ttft, self._clock.monotonic())}
        if usage.input_tokens > 0 and not usage.estimated and estimated_input_tokens >= _TOKENS_MIN:
            seen = min(max(usage.input_tokens / estimated_input_tokens, _RATIO_MIN), _RATIO_MAX)
            ratio = ratios.get(target, 1.0)
            ratios = {**ratios, target: ratio + _ALPHA * (seen - ratio)}
        self._state = State(latencies, ratios, self._state.health)

    async def get(self, key: str) -> bytes | None:
        entry = self._values.get(key)
        if entry is None:
            return None
        expires, value = entry
        if expires <= self._clock.monotonic():
            self._drop(key)
            return None
        self._values.move_to_end(key)
        return value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        self._drop(key)
        self._values[key] = (self._clock.monotonic() + ttl, value)
        self._held += len(value)
        while len(self._values) > self._capacity or self._held > self._capacity_bytes:
            self._drop(next(iter(self._values)))

    async def claim(self, key: str, value: bytes, ttl: float) -> bytes | None:
        # Nothing is waited for in between: both run to their end before anybody else has a turn.
        there = await self.get(key)
        if there is None:
            await self.put(key, value, ttl)
        return there

    async def forget(self, key: str) -> None:
        self._drop(key)

    def _drop(self, key: str) -> None:
        _, value = self._values.pop(key, (0.0, b""))
        self._held -= len(value)

    async def add(self, key: str, amount: int, ttl: float) -> int:
        now = self._clock.monotonic()
        expires, total = self._counters.get(key, (now, 0))
        total = amount if expires <= now else total + amount
        self.keep_counter(key, total, ttl)
        return total

    def keep_counter(self, key: str, total: int, ttl: float) -> None:
        """Have a counter stand at this, whatever it came to before."""
        self._counters[key] = (self._clock.monotonic() + ttl, total)
        self._counters.move_to_end(key)
        if len(self._counters) > self._capacity:
            self._counters.popitem(last=False)

    async def total(self, *keys: str) -> int:
        now = self._clock.monotonic()
        found = [self._counters.get(key, (0.0, 0)) for key in keys]
        return sum(total for expires, total in found if expires > now)


def _observed(attempt: Attempt, known: Latency | None) -> float | None:
    """The time to first token that an attempt shows, None where it shows none.

    One that lost its race after it had been slower than most counts as it stood when it was given up: left out, the
    slow ones would vanish, and hedges that start at the 95th percentile would start earlier and earlier.
    """
    if attempt.outcome in _ANSWERED:
        return attempt.ttft
    if attempt.outcome is not AttemptOutcome.LOST:
        return None
    if attempt.ttft is None and known and attempt.duration >= known.p95:
        return attempt.duration
    return attempt.ttft
