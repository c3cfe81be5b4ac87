"""Attempts that callers of Route made themselves: learnt from, recorded, charged, each of them once."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pointsman.engine.explain import Explained, Explainer
from pointsman.engine.failure import RETRY_DELAY
from pointsman.engine.rules import not_found
from pointsman.errors import InvalidRequest, LedgerUnavailable, Reason, RequestError
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource, total_cost
from pointsman.model.catalogue import Model
from pointsman.model.decision import Candidate, Decision
from pointsman.model.plan import AttemptKind
from pointsman.model.pricing import price_attempt
from pointsman.model.record import Record
from pointsman.ports import Clock, Ledger, StateStore

_REMEMBERED = 86_400.0
"""Seconds for which it is known without the ledger what has been learnt from: longer than any row takes to land."""

_CANCELLED = Reason.CALLER_CANCELLED.value


class Outcome(Struct, frozen=True, kw_only=True):
    """One attempt as its caller saw it. `number` is the caller's, from 1; times are seconds, money is nano-USD.

    `error` is a `Reason` name, "" where the model answered. `usage` None: not known; `cost_nano_usd` None: the provider
    gave no figure of its own. `model` and `provider` may be "": the decision's choice, the model's own.
    """

    decision_id: str
    number: int = 1
    model: str = ""
    provider: str = ""
    error: str = ""
    upstream_status: int = 0
    retry_after: float | None = None
    ttft: float | None = None
    duration: float = 0.0
    usage: Usage | None = None
    cost_nano_usd: int | None = None


class Charged(Struct, frozen=True):
    """What an attempt cost; `known_already`: it had been reported before."""

    cost: Cost
    known_already: bool


class Outcomes:
    """`settle` is the engine's: what there is to do for an attempt that somebody else made, at once."""

    def __init__(
        self,
        explainer: Explainer,
        store: StateStore,
        ledger: Ledger,
        clock: Clock,
        settle: Callable[[Record, Attempt], None],
    ) -> None:
        self._explainer, self._store, self._ledger, self._clock = explainer, store, ledger, clock
        self._settle = settle

    async def report(self, tenant: str | None, outcome: Outcome) -> Charged:
        """Return once it is recorded. RequestError as `Explainer.explain` has it for a tenant, or what is wrong."""
        explained = await self._explainer.explain(outcome.decision_id, tenant)
        record = explained.record
        decision = _decided(record)
        number = outcome.number + _asked_by_policies(record)
        if known := next((attempt for attempt in record.attempts if attempt.number == number), None):
            return Charged(total_cost((known,)), known_already=True)
        model = _model(explained, decision, outcome)
        attempt = _attempt(model, _candidate(decision, model.id), outcome, number, self._clock.now())
        first = await self._store.claim(f"@outcome:{record.decision_id}/{number}", b"", _REMEMBERED) is None
        if first:
            self._settle(record, attempt)
        try:
            await self._ledger.add_outcome(record.decision_id, attempt)
        except LedgerUnavailable:
            raise RequestError(
                Reason.LEDGER_UNAVAILABLE, "the outcome could not be recorded", retry_delay=RETRY_DELAY
            ) from None
        return Charged(total_cost((attempt,)), known_already=not first)


def _decided(record: Record) -> Decision:
    if record.method != "Route":
        raise InvalidRequest([("decision_id", f"is of {record.method}, which this server ran itself")])
    if not isinstance(record.decision, Decision):
        raise InvalidRequest([("decision_id", "was refused, so there was nothing to run")])
    return record.decision


def _asked_by_policies(record: Record) -> int:
    """How many numbers are taken by what policies asked models while it was decided."""
    return max((attempt.number for attempt in record.attempts if not attempt.answers), default=0)


def _model(explained: Explained, decision: Decision, outcome: Outcome) -> Model:
    models = explained.models
    wanted = outcome.model or decision.target
    found = models.get(wanted) or next((model for model in models.values() if wanted in model.aliases), None)
    if found is None:
        raise not_found(Reason.UNKNOWN_MODEL, "model", wanted, models, "is in the configuration that decided")
    if outcome.provider not in ("", found.provider):
        problem = f"{found.id!r} is at {found.provider!r}, not at {outcome.provider[:64]!r}; leave one of them out"
        raise InvalidRequest([("provider", problem)])
    return found


def _candidate(decision: Decision, target: str) -> Candidate:
    for candidate in (*decision.ranking, *decision.excluded):
        if candidate.target == target:
            return candidate
    # Every enabled model is the one or the other.
    raise InvalidRequest([("model", f"{target!r} was disabled when this was decided")])


def _attempt(model: Model, candidate: Candidate, outcome: Outcome, number: int, now: float) -> Attempt:
    failed = AttemptOutcome.CANCELLED if outcome.error == _CANCELLED else AttemptOutcome.FAILED
    usage, cost, source = _charge(model, candidate, outcome)
    return Attempt(
        number=number,
        kind=AttemptKind.PRIMARY if outcome.number == 1 else AttemptKind.FAILOVER,
        target=model.id,
        provider=model.provider,
        upstream=model.upstream,
        outcome=failed if outcome.error else AttemptOutcome.SERVED,
        started=now - outcome.duration,
        duration=outcome.duration,
        ttft=outcome.ttft,
        usage=usage,
        cost_nano_usd=cost,
        cost_source=source,
        upstream_status=outcome.upstream_status,
        error_reason="" if outcome.error == _CANCELLED else outcome.error,
        error_message="as its caller reported" if outcome.error else "",
        retry_after=outcome.retry_after,
    )


def _charge(model: Model, candidate: Candidate, outcome: Outcome) -> tuple[Usage, int, CostSource]:
    estimate = candidate.estimate
    if outcome.usage is None and outcome.cost_nano_usd is None and outcome.error:
        return Usage(estimated=True), 0, CostSource.NONE
    usage = outcome.usage or Usage(estimate.input_tokens, estimate.expected_output_tokens, estimated=True)
    if outcome.cost_nano_usd is None and model.context == 0:
        # Its configuration cannot be read any more: what the decision expected is all that is known of its price.
        return usage, estimate.expected_nano_usd, CostSource.ESTIMATE
    return usage, *price_attempt(model.price, usage, outcome.cost_nano_usd)
