from __future__ import annotations

import msgspec
import pytest

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import InvalidRequest, PointsmanError, Reason, RequestError
from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.caller import ANYBODY
from pointsman.model.request import (
    CacheHint,
    Hints,
    Image,
    Message,
    Mode,
    ModelOverride,
    Params,
    ProviderState,
    Reasoning,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    measure,
)
from pointsman.rpc.client.failure_from_wire import failure_from_wire
from pointsman.rpc.client.request_to_wire import hints_to_wire, input_to_wire, stream_options_to_wire
from pointsman.rpc.client.views import CallFailed, NoticeView, ResetView
from pointsman.rpc.client.views_from_wire import decision_from_wire, event_from_wire
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.events_to_wire import delta_to_wire, event_to_wire, heartbeat_to_wire
from pointsman.rpc.failure_to_wire import abort
from pointsman.rpc.from_wire import StreamOptions, TraceLevel, call_from_wire
from pointsman.rpc.usage_to_wire import usage_report_to_wire
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1 import routing_pb2

PNG = Image(b"x", media_type="image/png", detail="low")
STATE = ProviderState("openai", b"\0sealed")
CONVERSATION = (
    Message(Role.SYSTEM, (Text("be brief", cache=CacheHint()),)),
    Message(Role.USER, (Text("hello"), Image(url="http://x", cache=CacheHint(300))), name="ada"),
    Message(Role.ASSISTANT, (Reasoning("", STATE), ToolCall("c1", "lookup", '{"q": 1}', STATE), Text("so", STATE))),
    Message(Role.TOOL, (ToolResult("c1", "not found", is_error=True, images=(PNG, PNG), cache=CacheHint(3600)),)),
)
TOOLS = (Tool("lookup", "looks up", '{"type": "object"}', strict=True, cache=CacheHint(0.5)),)
PLAIN = StreamOptions()
FULL = Request(
    messages=CONVERSATION,
    tools=TOOLS,
    tool_choice=ToolChoice("required", ("lookup",), parallel=False),
    response_format=ResponseFormat("json_schema", "reply", '{"type": "object"}', strict=True),
    params=Params(100, 0.5, 0.9, ("END",), 7, 0.1, -0.1, "high", "user-1", 40, 2048),
    hints=Hints(
        task="code",
        tags=("nightly",),
        mode=Mode.SPORT,
        model_override=ModelOverride("mini", "openai", strict=True),
        max_cost_nano_usd=0,
        input_tokens=12,
        labels={"project": "apollo"},
        exclude_providers=("groq",),
        allowed_regions=("eu",),
        session_id="s1",
    ),
    facts=measure(CONVERSATION, TOOLS),
)


def sent(request: Request, options: StreamOptions = PLAIN) -> wire.CompleteRequest:
    return wire.CompleteRequest(
        input=input_to_wire(request),
        hints=hints_to_wire(request.hints),
        stream_options=stream_options_to_wire(options),
    )


@pytest.mark.parametrize("request_", [FULL, Request(messages=(CONVERSATION[1],), facts=measure(CONVERSATION[1:2], ()))])
def test_the_server_reads_what_the_client_was_given(request_: Request) -> None:
    assert call_from_wire(sent(request_), ANYBODY).request == request_


@pytest.mark.parametrize(
    "options",
    [
        StreamOptions(),
        StreamOptions(restart=True, include_reasoning=True, heartbeat=None),
        StreamOptions(include_notices=True, heartbeat=2.5, include_final_message=True),
    ],
)
def test_stream_options_arrive(options: StreamOptions) -> None:
    assert call_from_wire(sent(FULL, options), ANYBODY).stream == options


def test_a_decision_is_seen_whole(routed: Routed) -> None:
    seen = decision_from_wire(decision_to_wire(routed, TraceLevel.FULL))
    assert (seen.model, seen.provider, seen.tier, seen.mode) == ("mini", "openai", "small", "eco")
    assert (seen.decided_by, seen.decided_by_kind, seen.seconds) == ("route", "routing", 0.000125)
    assert seen.plan == ("mini", "haiku")
    assert [(c.model, c.eligible, c.excluded_by, c.ttft) for c in seen.candidates] == [
        ("mini", True, "", 0.25),
        ("haiku", True, "", None),
        ("opus", False, "limits", None),
    ]
    first = seen.trace[0]
    assert (first.policy, first.kind, first.outcome, first.before, first.after) == (
        *("limits", "limit", "narrowed"),
        *(3, 2),
    )
    assert seen.trace[2].dry_run


def test_what_a_newer_server_says_is_no_error(routed: Routed) -> None:
    newer = decision_to_wire(routed, TraceLevel.FULL)
    newer.decided_by_kind = 999  # type: ignore[assignment]  # a number this client's contract does not have
    assert decision_from_wire(newer).decided_by_kind == "999"
    assert event_from_wire(wire.CompleteResponse(seq=1)) is None


def test_every_delta_comes_back() -> None:
    for delta in (TextDelta(0, "hé"), ReasoningDelta(1, "hm"), ToolCallDelta(2, "c1", "lookup", "{")):
        assert event_from_wire(delta_to_wire(delta, 1, 1)) == delta


def test_heartbeats_are_kept_from_callers() -> None:
    assert event_from_wire(heartbeat_to_wire(1.0, 1, 1)) is None


def test_notices_and_resets() -> None:
    ref = routing_pb2.AttemptRef(model="mini", provider="openai")
    notice = wire.RouteNotice(kind=wire.NOTICE_KIND_ATTEMPT_FAILED, attempt=ref)
    notice.error.message = "openai answered 503"
    assert event_from_wire(event_to_wire(notice, 1, 1)) == NoticeView(
        "attempt_failed", "mini", "openai", "openai answered 503"
    )
    reset = wire.OutputReset(reason=wire.RESET_REASON_FAILOVER, next=ref)
    assert event_from_wire(event_to_wire(reset, 1, 2)) == ResetView("mini")


def test_usage_tells_every_attempt(completion: Completion) -> None:
    report = event_from_wire(event_to_wire(usage_report_to_wire(completion.attempts, completion.cost), 1, 1))
    failed, served = msgspec.to_builtins(report)["attempts"]
    assert (failed["error"], failed["upstream_status"], failed["ttft"]) == ("ALL_PROVIDERS_DOWN", 503, None)
    assert (served["model"], served["served_model"], served["cost_nano_usd"]) == ("haiku", "haiku-x", 200)
    assert (served["usage"]["reasoning_tokens"], served["usage"]["cache_write_1h_input_tokens"]) == (5, 1)


class EndedCall:
    """A call as grpc reports it once it has failed."""

    def __init__(self, error: RequestError, completion: Completion | None = None) -> None:
        self._abort = abort(error, completion)

    def code(self) -> object:
        return self._abort.code

    def details(self) -> str:
        return self._abort.message

    def trailing_metadata(self) -> object:
        return self._abort.trailers


def test_a_refusal_keeps_its_details() -> None:
    error = RequestError(
        Reason.MAX_COST_UNSATISFIABLE,
        "too dear",
        metadata={"cheapest_nano_usd": "12"},
        violations=[("limits", "mini: could cost 12")],
    )
    failure = failure_from_wire(EndedCall(error))  # type: ignore[arg-type]  # all of grpc.Call that is asked for
    assert (failure.code, failure.reason, failure.message) == (
        *("FAILED_PRECONDITION", "MAX_COST_UNSATISFIABLE"),
        "too dear",
    )
    assert failure.metadata == {"cheapest_nano_usd": "12"}
    assert failure.violations == (("limits", "mini: could cost 12"),)


def test_field_violations_and_retry_delays_are_seen(completion: Completion) -> None:
    invalid = failure_from_wire(EndedCall(InvalidRequest([("hints.task", "no such task")])))  # type: ignore[arg-type]
    assert invalid.violations == (("hints.task", "no such task"),)
    down = RequestError(Reason.ALL_PROVIDERS_DOWN, "down", retry_delay=2.5)
    failure = failure_from_wire(EndedCall(down, completion))  # type: ignore[arg-type]
    assert (failure.retry_delay, failure.decision_id) == (2.5, "0197")
    assert failure.failed == (("openai", "mini", "ALL_PROVIDERS_DOWN", 503),)


def test_a_failed_call_says_why_in_one_line() -> None:
    failure = failure_from_wire(EndedCall(RequestError(Reason.INTERNAL, "a bug")))  # type: ignore[arg-type]
    assert str(CallFailed(failure)) == "INTERNAL: a bug"
    assert issubclass(CallFailed, PointsmanError)
