"""What happened: attempts with their tokens and cost, and the completion they make."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pointsman.model.answer import Usage
from pointsman.model.plan import AttemptKind


class AttemptOutcome(StrEnum):
    """LOST: another attempt of its stage was faster, or was preferred. GATED: it answered, and a gate said no."""

    SERVED = "served"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    GATED = "gated"


class CostSource(StrEnum):
    """Where a cost comes from: the provider's figure, its usage times our price, our own count, or nothing was sent."""

    PROVIDER = "provider"
    PRICE = "price"
    ESTIMATE = "estimate"
    NONE = "none"


class Attempt(Struct, frozen=True, kw_only=True):
    """One provider call that was made. `number` is 1-based in order of start; times are seconds, money nano-USD.

    `error_reason` is a `Reason` name, "" unless it failed; `upstream_status` the HTTP status, 0 where none came.
    `dropped` names what the caller asked for and the provider's wire could not express. `retry_after` is what the
    provider asked for with its failure, None for nothing; `provider_wide`: its other models would fail alike, because
    the key is refused or has no credit left. `gate` is what the gates said of it, "" where none was asked. `chunks`:
    how often a stream brought something, 0 where the answer came whole.
    """

    number: int
    kind: AttemptKind
    target: str
    provider: str
    upstream: str
    outcome: AttemptOutcome
    started: float
    duration: float
    ttft: float | None = None
    usage: Usage = Usage()
    cost_nano_usd: int = 0
    cost_source: CostSource = CostSource.NONE
    served_model: str = ""
    upstream_request_id: str = ""
    upstream_status: int = 0
    error_reason: str = ""
    error_message: str = ""
    retry_after: float | None = None
    provider_wide: bool = False
    dropped: tuple[str, ...] = ()
    gate: str = ""
    chunks: int = 0

    @property
    def answers(self) -> bool:
        """Whether the caller was, or would have been, given its answer; a policy's own question is none of that."""
        return self.kind is not AttemptKind.ASSIST

    @property
    def served(self) -> bool:
        """Whether this is the answer that the caller got."""
        return self.answers and self.outcome is AttemptOutcome.SERVED


class Cost(Struct, frozen=True):
    """Nano-USD: the answer's own attempt, and every other one as overhead, policies' questions included."""

    answer: int = 0
    overhead: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.answer + self.overhead


def total_cost(attempts: tuple[Attempt, ...]) -> Cost:
    """What a request cost, exact: every attempt is rounded once, sums are never rounded."""
    answer = overhead = 0
    estimated = False
    for attempt in attempts:
        if attempt.served:
            answer += attempt.cost_nano_usd
        else:
            overhead += attempt.cost_nano_usd
        estimated = estimated or attempt.cost_source is CostSource.ESTIMATE
    return Cost(answer=answer, overhead=overhead, estimated=estimated)
