"""One request on its way through the engine: its terms, and what has happened to it so far."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import time_ns
from typing import Protocol

from msgspec import Struct

from pointsman.engine.bill import Bill
from pointsman.engine.rules import Rules
from pointsman.engine.watch import Stopwatch
from pointsman.errors import ProviderError, RequestError
from pointsman.model.answer import Answer, Delta, Ending
from pointsman.model.attempt import Attempt, Cost, total_cost
from pointsman.model.decision import Decision, Refusal, Shaped
from pointsman.model.plan import PlannedAttempt
from pointsman.model.record import Record
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.ports import Provider


class Terms(Struct, frozen=True):
    """How the caller wants to be served. `deadline` is monotonic seconds.

    `restart`: the caller can drop what it got and take a new answer. `include_reasoning`: reasoning is relayed, and so
    counts as output. `keep_answer`: the whole answer is wanted at the end as well. `method` is what its door calls
    this, "": Complete, or CompleteUnary where nothing is streamed.
    """

    deadline: float
    restart: bool = False
    include_reasoning: bool = False
    keep_answer: bool = False
    method: str = ""


class Routed(Struct, frozen=True):
    """A decision with what is not part of it: ids and timings. `decided_at` is Unix seconds."""

    decision_id: str
    decision: Decision
    rules: Rules
    decided_at: float
    seconds: float
    micros: dict[str, float]


class Served(Struct, frozen=True):
    """The attempt that answered. `answer` is there where the terms asked to keep it."""

    attempt: Attempt
    ending: Ending
    answer: Answer | None


class Completion(Struct, frozen=True):
    """What came of a request: either `served` or `error`. Times are seconds from arrival."""

    decision_id: str
    routed: Routed | None
    attempts: tuple[Attempt, ...]
    cost: Cost
    duration: float
    ttft: float | None = None
    served: Served | None = None
    error: RequestError | None = None
    output_started: bool = False


class Sink(Protocol):
    """Where a streamed answer goes, event by event and one at a time: decided, then the others.

    `warned` is a budget that runs low, in a sentence; `gated` is an attempt whose answer a gate turned down, `won` a
    hedge that was faster.
    """

    async def decided(self, routed: Routed) -> None: ...

    async def warned(self, message: str) -> None: ...

    async def deltas(self, deltas: Sequence[Delta]) -> None: ...

    async def started(self, number: int, planned: PlannedAttempt, dropped: Sequence[str]) -> None: ...

    async def failed(self, attempt: Attempt, error: ProviderError) -> None: ...

    async def gated(self, attempt: Attempt) -> None: ...

    async def won(self, number: int, planned: PlannedAttempt) -> None: ...

    async def reset(self, number: int, planned: PlannedAttempt) -> None: ...


def new_id() -> str:
    """A time-ordered unique id: UUID version 7 (RFC 9562) as 32 hexadecimal digits."""
    value = (time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | random.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far; the engine fills it in, settlement makes the record of it.

    `received` is Unix seconds, `started` and `deadline` are monotonic ones. `bill` is None where no budget is
    configured.
    """

    method: str
    request: Request
    rules: Rules
    providers: Mapping[str, Provider]
    received: float
    started: float
    deadline: float
    snapshot: Snapshot
    watch: Stopwatch
    id: str = field(default_factory=new_id)
    bill: Bill | None = None
    decision: Decision | Refusal | None = None
    shadow: Decision | Refusal | None = None
    routed: Routed | None = None
    attempts: list[Attempt] = field(default_factory=list)
    served: Served | None = None
    error: RequestError | None = None
    ttft: float | None = None
    output_started: bool = False
    begun: int = 0

    def next_number(self) -> int:
        """The number of an attempt that starts now, from 1; several may run at once."""
        self.begun += 1
        return self.begun

    def in_order(self) -> tuple[Attempt, ...]:
        """The attempts that ended, in order of their start."""
        return tuple(sorted(self.attempts, key=_number))

    def shaped(self, target: str) -> Shaped:
        """The call to a planned target."""
        assert isinstance(self.decision, Decision)
        return next(shaped for shaped in self.decision.shaped if shaped.target == target)

    def completion(self, now: float) -> Completion:
        """What to tell the caller; `now` is monotonic."""
        attempts = self.in_order()
        return Completion(
            self.id,
            self.routed,
            attempts,
            total_cost(attempts),
            now - self.started,
            self.ttft,
            None if self.error else self.served,
            self.error,
            self.output_started,
        )

    def record(self, now: float) -> Record:
        """What to remember."""
        attempts = self.in_order()
        decided = self.decision if isinstance(self.decision, Decision) else None
        model = self.rules.catalogue.models[decided.target] if decided else None
        return Record(
            decision_id=self.id,
            method=self.method,
            received=self.received,
            request=self.request,
            snapshot=self.snapshot,
            decision=self.decision,
            shadow=self.shadow,
            tier=model.tier if model else "",
            provider=model.provider if model else "",
            attempts=attempts,
            cost=total_cost(attempts),
            status=self.error.reason.value if self.error else "OK",
            message=self.error.message if self.error else "",
            finish=self.served.ending.reason if self.served and not self.error else None,
            ttft=self.ttft,
            duration=now - self.started,
            policy_micros=self.watch.micros,
            opinions=self.watch.opinions(),
            packages=self.rules.packages,
        )


def _number(attempt: Attempt) -> int:
    return attempt.number
