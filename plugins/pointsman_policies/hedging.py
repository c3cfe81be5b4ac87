"""Two providers race where the first is slow: the slowest answers get faster, for a little more money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Balance,
    Cause,
    Denial,
    Duration,
    HealthState,
    Lease,
    Mode,
    Model,
    NoOpinion,
    Plan,
    PlannedAttempt,
    PolicyKind,
    PolicySetup,
    Request,
    Services,
    Shaped,
    Share,
    Snapshot,
    Stage,
    Store,
    hookimpl,
    register,
)

POINTSMAN_API = 1

FLOOR_NANO_USD = 10_000_000
"""A cent: hedging starts before there is any spend to take a share of."""

# The last hour, in pieces that are forgotten one by one.
_PIECE, _PIECES = 300, 12
_EXPECTED_OUTPUT = 500


class ModeOptions(BaseModel):
    """How requests of one mode are hedged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay: Annotated[Duration | Literal["p50", "p95"], Field(union_mode="left_to_right")] = Field(
        default="p95",
        description="When the second starts: a time, 0s for at once, or that quantile of the first model's recent "
        "times to first token.",
    )
    extra_spend: Share = Field(
        default="5%",
        validate_default=True,
        description="What losers may cost, as a share of what the tenant spent in the last hour; a cent is always "
        "allowed.",
    )


class HedgingOptions(BaseModel):
    """Options of the `hedging` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modes: dict[Mode, ModeOptions] = Field(
        default_factory=lambda: {Mode.BALANCED: ModeOptions(), Mode.SPORT: ModeOptions(delay=0.0, extra_spend=1.0)},
        validate_default=True,
        description="What is hedged, by mode; a mode that is left out is not.",
    )
    min_samples: int = Field(
        default=20, ge=1, description="Answers of a model that must have been seen before a quantile of it counts."
    )
    tools: bool = Field(default=False, description="Hedge requests with tools, whatever the tools do.")
    idempotent_tools: frozenset[str] = Field(
        default=frozenset(), description="Tools that may be called twice: a request with no others is hedged."
    )


class Hedging:
    """Puts a second attempt beside the first one of a plan, at another provider."""

    def __init__(self, options: HedgingOptions, setup: PolicySetup) -> None:
        self._options = options
        self._models = setup.catalogue.models

    @hookimpl
    def pointsman_plan_attempts(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, plan: Plan, ranking: Mapping[str, Shaped]
    ) -> Plan | NoOpinion | None:
        mode = self._options.modes.get(assessment.mode)
        if mode is None:
            return None
        if why := self._forbidden(request):
            return NoOpinion(why)
        place = next((i for i, stage in enumerate(plan.stages) if len(stage.attempts) == 1 and not stage.gates), None)
        if place is None:
            return None
        stage = plan.stages[place]
        first = stage.attempts[0].target
        second = self._second(first, plan.stages[place + 1 :], snapshot)
        if second is None:
            return NoOpinion(f"nobody to race {first} with")
        delay = self._delay(mode, first, snapshot)
        if delay is None:
            return NoOpinion(f"too few answers of {first} have been seen to know when it is slow")
        counted = [balance for balance in snapshot.balances if balance.task in ("", assessment.task)]
        if tight := _tight(counted, ranking[first], ranking[second]):
            return NoOpinion(f"budget {tight} has no room for both")
        raced = replace(stage, attempts=(*stage.attempts, PlannedAttempt(second, AttemptKind.HEDGE, delay)))
        return replace(plan, stages=(*plan.stages[:place], raced, *plan.stages[place + 1 :]))

    @hookimpl
    async def pointsman_admit_attempt(
        self, attempt: PlannedAttempt, request: Request, assessment: Assessed, services: Services
    ) -> Lease | Denial | None:
        """Reserve what a hedge may cost, of what its tenant's losers may cost together."""
        mode = self._options.modes.get(assessment.mode)
        if attempt.kind is not AttemptKind.HEDGE or mode is None:
            return None
        price = self._models[attempt.target].price.at(request.facts.input_tokens)
        tokens = request.facts.input_tokens * price.input + _EXPECTED_OUTPUT * price.output
        expected = tokens // 1_000_000 + price.per_request
        now = services.clock.now()
        spent = await _total(services.store, f"spent/{request.tenant}", now)
        await _count(services.store, f"extra/{request.tenant}", now, expected)
        extra = await _total(services.store, f"extra/{request.tenant}", now)
        if extra > max(FLOOR_NANO_USD, mode.extra_spend * spent):
            await _count(services.store, f"extra/{request.tenant}", now, -expected)
            return Denial(Cause.BUDGET, f"losers already cost {mode.extra_spend:.0%} of the last hour's spend")
        return Lease(expected)

    @hookimpl
    async def pointsman_settle_attempt(
        self, outcome: Attempt | None, lease: Lease | None, request: Request, services: Services
    ) -> None:
        now, tenant = services.clock.now(), request.tenant
        if outcome is not None and outcome.cost_nano_usd:
            await _count(services.store, f"spent/{tenant}", now, outcome.cost_nano_usd)
        lost = outcome.cost_nano_usd if outcome and outcome.outcome is AttemptOutcome.LOST else 0
        if change := lost - (lease.token if lease else 0):
            await _count(services.store, f"extra/{tenant}", now, change)

    def _forbidden(self, request: Request) -> str:
        if request.hints.allow_hedging is False:
            return "the caller allows no hedging"
        unsafe = [tool.name for tool in request.tools if tool.name not in self._options.idempotent_tools]
        if unsafe and not self._options.tools:
            return f"tool {unsafe[0][:64]!r} is not known to be idempotent"
        return ""

    def _second(self, first: str, later: Sequence[Stage], snapshot: Snapshot) -> str | None:
        """Who races: the next of the plan at another provider that is well; for a pin only the same model elsewhere."""
        model, pin = self._models[first], snapshot.pin
        pinned = pin is not None and pin.target == first
        for target in [attempt.target for stage in later if not stage.gates for attempt in stage.attempts]:
            other = self._models[target]
            if other.provider != model.provider and _well(other, snapshot) and (not pinned or other.same_as(model)):
                return target
        return None

    def _delay(self, mode: ModeOptions, first: str, snapshot: Snapshot) -> float | None:
        if isinstance(mode.delay, float):
            return mode.delay
        latency = snapshot.latencies.get(first)
        if latency is None or latency.samples < self._options.min_samples:
            return None
        return latency.p95 if mode.delay == "p95" else latency.p50


def _well(model: Model, snapshot: Snapshot) -> bool:
    health = snapshot.health.get(model.id)
    return health is None or health.state is HealthState.UP


def _tight(balances: Sequence[Balance], first: Shaped, second: Shaped) -> str:
    """The budget that the worst case of both would exhaust, or ""."""
    for balance in balances:
        counted = [shape for shape in (first, second) if balance.model in ("", shape.target)]
        if balance.left < sum([shape.estimate.worst_case_nano_usd for shape in counted]):
            return balance.scope
    return ""


async def _count(store: Store, name: str, now: float, amount: int) -> None:
    await store.add(f"{name}/{int(now // _PIECE)}", amount, _PIECE * (_PIECES + 1))


async def _total(store: Store, name: str, now: float) -> int:
    """What was counted within the last hour."""
    piece = int(now // _PIECE)
    return await store.total(*[f"{name}/{piece - back}" for back in range(_PIECES + 1)])


plugin = register(Hedging, config=HedgingOptions, kind=PolicyKind.HEDGE, deterministic=True)
