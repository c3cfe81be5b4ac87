"""Records as the engine makes them, with a canary in every place that holds a caller's text."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.model.answer import FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource
from pointsman.model.decision import (
    Assessed,
    Assessment,
    Candidate,
    Cause,
    Choice,
    Decision,
    Estimate,
    Exclusion,
    NoOpinion,
    PolicyKind,
    Shape,
    Shaped,
    Verdict,
    VerdictOutcome,
)
from pointsman.model.opinion import Opinion
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage
from pointsman.model.record import Record
from pointsman.model.request import (
    Facts,
    Hints,
    Image,
    Message,
    Mode,
    Params,
    ProviderState,
    Reasoning,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from pointsman.model.snapshot import Latency, Snapshot

CANARY = "canary-4711"
STATE = ProviderState("openai", CANARY.encode())


def telling_request() -> Request:
    """A request with the canary wherever text of a caller can be."""
    said = (
        Message(Role.SYSTEM, (Text(CANARY),)),
        Message(Role.USER, (Text(CANARY), Image(data=CANARY.encode(), media_type="image/png")), name=CANARY),
        Message(Role.USER, (Image(url=f"https://images.example/{CANARY}", detail="low"),)),
        Message(
            Role.ASSISTANT, (Reasoning(CANARY, STATE), ToolCall("call-1", "lookup", f'{{"q": "{CANARY}"}}', STATE))
        ),
        Message(Role.ASSISTANT, (Text(CANARY, STATE),)),
        Message(Role.TOOL, (ToolResult("call-1", CANARY, is_error=True),)),
    )
    return Request(
        messages=said,
        tools=(Tool("lookup", description=CANARY, parameters_json_schema=f'{{"title": "{CANARY}"}}', strict=True),),
        response_format=ResponseFormat("json_schema", "reply", f'{{"title": "{CANARY}"}}', strict=True),
        params=Params(max_output_tokens=100, stop_sequences=(CANARY,), end_user_id=CANARY),
        hints=Hints(tags=("nightly",), labels={"project": "apollo", "feature": "search", "user": "u-1"}),
        tenant="acme",
        facts=Facts(input_tokens=812, turns=2, images=2, image_urls=1, tools=1),
    )


def attempt(number: int = 1, target: str = "mini", outcome: AttemptOutcome = AttemptOutcome.SERVED) -> Attempt:
    served = outcome is AttemptOutcome.SERVED
    return Attempt(
        number=number,
        kind=AttemptKind.PRIMARY if number == 1 else AttemptKind.FAILOVER,
        target=target,
        provider="openai",
        upstream=f"upstream-{target}",
        outcome=outcome,
        started=1_700_000_000.25,
        duration=1.5,
        ttft=0.25 if served else None,
        usage=Usage(1000, 200, 300, 50, 20) if served else Usage(800, estimated=True),
        cost_nano_usd=4000 if served else 1000,
        cost_source=CostSource.PRICE if served else CostSource.ESTIMATE,
        served_model=f"upstream-{target}-1" if served else "",
        upstream_request_id=f"req-{number}",
        upstream_status=200 if served else 500,
        error_reason="" if served else "ALL_PROVIDERS_DOWN",
        error_message="" if served else "HTTP 500",
        dropped=() if served else ("reasoning parts", "seed"),
    )


def assist(number: int = 1, target: str = "nano") -> Attempt:
    """What a policy asked a model for itself."""
    return replace(attempt(number, target), kind=AttemptKind.ASSIST, ttft=None, cost_nano_usd=300)


def decision(target: str = "mini", task: str = "simple", decided_by: str = "tags") -> Decision:
    estimate = Estimate(4000, 9000, 812, 200)
    return Decision(
        target=target,
        assessed=Assessed(task, Mode.ECO, 0.75, "tag nightly", task_by="tags"),
        decided_by=decided_by,
        decided_by_kind=PolicyKind.TAG,
        reason="tag nightly names the row",
        ranking=(Candidate(target, estimate, ttft=0.25),),
        excluded=(Candidate("opus", estimate, excluded_by="limits", excluded_reason="costs more than 0.01 USD"),),
        shaped=(Shaped(target, 100, None, "", estimate),),
        plan=Plan((Stage((PlannedAttempt(target),)),)),
        trace=(Verdict("tags", PolicyKind.TAG, "assess_request", VerdictOutcome.SELECTED, "tag nightly"),),
        config_version="v1",
    )


def record(decision_id: str, *attempts: Attempt, received: float = 1_700_000_000.0) -> Record:
    """A request that failed over once, unless `attempts` say otherwise."""
    made = attempts or (attempt(1, "mini", AttemptOutcome.FAILED), attempt(2, "sonnet"))
    return Record(
        decision_id=decision_id,
        method="Complete",
        received=received,
        request=telling_request(),
        snapshot=Snapshot(now=received, seed=7, config_version="v1", latencies={"mini": Latency(0.2, 0.4, 9)}),
        decision=decision(),
        tier="small",
        provider="openai",
        attempts=made,
        cost=Cost(answer=4000, overhead=1000, estimated=True),
        finish=FinishReason.STOP,
        ttft=1.75,
        duration=3.0,
        policy_micros={"tags": 3.5},
        opinions=opinions(),
        packages=("acme-policies 2.1", "pointsman 0.1.0"),
    )


def opinions() -> tuple[Opinion, ...]:
    """One of each sort."""
    plan = Plan((Stage((PlannedAttempt("mini"),)),), pin_ttl=60.0)
    return (
        Opinion.of("rules", "assess_request", Assessment("simple", Mode.ECO, 0.75, "rule 1")),
        Opinion.of("rules", "shape_request", {"mini": Shape(100, None, 0.5, "Be brief.")}),
        Opinion.of("rules", "exclude_targets", [Exclusion("opus", Cause.POLICY, "rule 2", "acme")]),
        Opinion.of("rules", "choose_targets", Choice(("mini", "opus"), "rule 3", exclusive=True)),
        Opinion.of("rules", "plan_attempts", plan),
        Opinion.of("shy", "assess_request", NoOpinion("not sure")),
        Opinion.of("shy", "exclude_targets", ()),
        Opinion.of("shy", "choose_targets", None),
        Opinion(entry="shy", hook="plan_attempts", failed="raised RuntimeError"),
    )
