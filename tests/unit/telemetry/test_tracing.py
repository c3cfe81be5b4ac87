from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, attempt, decision, record

from pointsman.model.attempt import AttemptOutcome
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.events import AttemptEnded, Decided, GateJudged, RequestEnded
from pointsman.ports import Limits, ProviderCall
from pointsman.rpc.status import CODES
from pointsman.telemetry.propagation import Propagating
from pointsman.telemetry.spans import Span, SpanKind, spans_of
from pointsman.telemetry.tracing import CURRENT, Trace, Tracing, read_context
from pointsman.testing import FakeProvider, make_catalogue, make_request

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


def metadata(traceparent: str = SAMPLED, **more: str) -> list[tuple[str, str | bytes]]:
    return [("user-agent", "test"), ("traceparent", traceparent), *more.items()]


@pytest.mark.parametrize(
    "traceparent",
    [
        SAMPLED,
        f"  {SAMPLED} ",
        f"00-{TRACE}-{SPAN}-03",
        # A later version may say more, and its first four fields mean the same.
        f"01-{TRACE}-{SPAN}-01-what-comes",
        f"fe-{TRACE}-{SPAN}-ff",
    ],
)
def test_a_context_is_read(traceparent: str) -> None:
    context = read_context(metadata(traceparent))
    assert context
    assert (context.trace_id, context.span_id, context.sampled) == (TRACE, SPAN, True)
    assert context.flags <= 3


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"01-{TRACE}-{SPAN}-01x",
        SAMPLED + "\n",
    ],
)
def test_a_malformed_context_is_none(traceparent: str) -> None:
    assert read_context(metadata(traceparent if traceparent != SAMPLED + "\n" else f"00-{TRACE}\n-{SPAN}-01")) is None


def test_two_parents_are_none() -> None:
    assert read_context([*metadata(), ("traceparent", UNSAMPLED)]) is None
    assert read_context([("traceparent", SAMPLED.encode())]) is None
    assert read_context(None) is None


@pytest.mark.parametrize(
    ("state", "read"),
    [
        ("vendor=value", "vendor=value"),
        (" a=1 , b@sys=2,, ", "a=1,b@sys=2"),
        ("a=1,a=2", ""),
        ("no value", ""),
        ("UPPER=1", ""),
        (",".join(f"k{n}=v" for n in range(33)), ""),
        (f"k={'v' * 300}", ""),
        (",".join(f"k{n}={'v' * 100}" for n in range(6)), ""),
    ],
)
def test_a_malformed_state_costs_itself_alone(state: str, read: str) -> None:
    context = read_context(metadata(tracestate=state))
    assert context
    assert context.state == read


@pytest.mark.parametrize(
    ("baggage", "read"),
    [
        ("user=42;private, team = ai", "user=42;private, team = ai"),
        ("no value", ""),
        ("=nothing", ""),
        ("user=\n", ""),
        ("user=naïve", ""),
        (",".join(f"k{n}=v" for n in range(65)), ""),
        (f"k={'v' * 9000}", ""),
    ],
)
def test_malformed_baggage_is_left_out(baggage: str, read: str) -> None:
    context = read_context(metadata(baggage=baggage))
    assert context
    assert context.baggage == read


def test_a_parent_decides_whether_its_calls_are_sampled() -> None:
    ended: list[Trace] = []
    tracing = Tracing(0.0, ended.append)
    tracing.end(tracing.begin("Route", metadata(SAMPLED)), "OK")
    tracing.end(tracing.begin("Route", metadata(UNSAMPLED)), "OK")
    Tracing(1.0, ended.append).end(tracing.begin("Route", metadata(UNSAMPLED)), "OK")
    (traced,) = ended
    assert traced.trace_id == TRACE
    assert traced.own
    assert traced.own.span_id != SPAN


def test_without_a_parent_a_share_is_sampled() -> None:
    tracing = Tracing(0.1, lambda trace: None, chance=iter([0.05, 0.1, 0.5]).__next__)
    traces = [tracing.begin("Route", []) for _ in range(3)]
    assert [trace.sampled for trace in traces] == [True, False, False]
    # An unsampled call is told on, and can be found in the log.
    assert len({trace.trace_id for trace in traces}) == 3
    told = traces[1].outgoing("d-1", 1)
    assert told
    assert told.headers()["traceparent"].endswith("-00")


def test_without_an_exporter_a_context_passes_as_it_came() -> None:
    trace = Tracing(None).begin("Route", metadata(tracestate="a=1", baggage="k=v"))
    assert trace.trace_id == TRACE
    told = trace.outgoing("d-1", 1)
    assert told
    assert told.headers() == {"traceparent": SAMPLED, "tracestate": "a=1", "baggage": "k=v"}
    assert Tracing(None).begin("Route", []).outgoing("d-1", 1) is None


def traced(*events: object, reason: str = "OK", parent: str = SAMPLED) -> tuple[Trace, list[Span]]:
    """A call in which these things happened."""
    ended: list[Trace] = []
    tracing = Tracing(1.0, ended.append)
    trace = tracing.begin("pointsman.v1.RouterService/Complete", metadata(parent))
    trace.outgoing("d-1", 2)
    for event in events:
        tracing(event)  # type: ignore[arg-type]  # all of them are events
    tracing.end(trace, reason)
    (trace,) = ended
    return trace, list(spans_of(trace, CODES))


def test_the_spans_of_a_request() -> None:
    kept = record("d-1", attempt(1, "mini", AttemptOutcome.FAILED), attempt(2, "sonnet"))
    judged = GateJudged("d-1", "json", False, 1_700_000_001.0, 0.25)
    decided = Decided("d-1", decision(), 0.0005, after=0.25)
    trace, spans = traced(decided, AttemptEnded("d-1", attempt()), judged, RequestEnded(kept))

    assert trace.own
    server, decide, gate, first, second = spans
    assert {span.context.trace_id for span in spans} == {TRACE}
    assert len({span.context.span_id for span in spans}) == 5
    assert [span.kind for span in spans] == [
        SpanKind.SERVER, SpanKind.INTERNAL, SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.CLIENT,
    ]  # fmt: skip
    assert server.parent
    assert (server.parent.span_id, server.remote) == (SPAN, True)
    assert all(span.parent == server.context and not span.remote for span in spans[1:])
    assert server.name == "pointsman.v1.RouterService/Complete"
    assert server.attributes["rpc.response.status_code"] == "OK"

    assert decide.name == "pointsman.decide"
    assert (decide.start, decide.end) == (1_700_000_000_250_000_000, 1_700_000_000_250_500_000)
    assert decide.attributes["pointsman.decided_by"] == "tags"
    (event,) = decide.events
    assert event.attributes["pointsman.policy.id"] == "tags"
    assert event.attributes["pointsman.policy.reason"] == "tag nightly"

    assert (gate.name, gate.end - gate.start) == ("pointsman.gate json", 250_000_000)
    assert gate.attributes["pointsman.gate.accepted"] is False

    assert (first.name, first.error) == ("chat upstream-mini", "ALL_PROVIDERS_DOWN")
    assert (second.name, second.error) == ("chat upstream-sonnet", "")
    assert second.context.span_id == trace.spans["d-1", 2]
    assert second.end - second.start == 1_500_000_000
    assert second.attributes["gen_ai.operation.name"] == "chat"
    assert second.attributes["gen_ai.response.model"] == "upstream-sonnet-1"
    assert second.attributes["gen_ai.usage.input_tokens"] == 1000
    # Neither what the caller wrote nor what it is called stands anywhere.
    assert CANARY not in repr(spans)


def test_a_shadow_has_a_trace_of_its_own() -> None:
    decided = Decided("d-1", decision(), 0.0005, decision("opus", decided_by="trial"))
    _, (_, decide, shadow) = traced(decided)
    assert shadow.context.trace_id != TRACE
    assert shadow.parent is None
    assert shadow.link == decide.context
    assert shadow.attributes["pointsman.shadow"] is True
    assert shadow.attributes["pointsman.model"] == "opus"


@pytest.mark.parametrize(("reason", "failed"), [("INTERNAL", True), ("INVALID_REQUEST", False), ("OK", False)])
def test_what_is_the_callers_fault_is_no_error_of_the_server(reason: str, failed: bool) -> None:
    _, (server,) = traced(reason=reason)
    assert bool(server.error) == failed
    assert server.attributes.get("error.type", "OK") == reason


def test_a_call_that_is_not_sampled_notes_nothing() -> None:
    tracing = Tracing(1.0, lambda trace: None)
    trace = tracing.begin("Complete", metadata(UNSAMPLED))
    tracing(RequestEnded(record("d-1")))
    assert trace.notes == []
    CURRENT.set(None)
    tracing(RequestEnded(replace(record("d-1"), decision_id="d-2")))


async def test_what_a_provider_is_told_beside_the_question() -> None:
    inner = FakeProvider(drops=("seed",))
    shaped = Shaped("mini", None, None, "", Estimate(0, 0, 0, 0))
    model, headers = make_catalogue().models["mini"], {"x-other": "1"}
    call = ProviderCall(model, make_request(), shaped, Limits(), False, "d-1", 3, headers)
    assert Propagating(inner, "all").dropped(call) == ("seed",)
    await Propagating(inner, "all").complete(call)
    trace = Tracing(1.0).begin("Complete", metadata(baggage="user=7"))
    await Propagating(inner, "trace").complete(call)
    async with Propagating(inner, "all").stream(call) as stream:
        await stream.read()
    await Propagating(inner, "all").probe(Limits())
    untraced, whole, streamed = [dict(made.headers) for made in inner.calls]
    assert untraced == {"x-other": "1"}
    assert whole.keys() == {"x-other", "traceparent"}
    assert streamed.keys() == {"x-other", "traceparent", "baggage"}
    # Tried again under the same number, it would be the span that was told last.
    assert streamed["traceparent"] == f"00-{TRACE}-{trace.spans['d-1', 3]}-01"
    assert inner.probes == 1
