from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.doors.limits import DELTA_BYTES
from pointsman.engine.exchange import Completion, Routed, Served
from pointsman.errors import InvalidRequest
from pointsman.model.answer import Delta, Ending, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.attempt import Attempt, Cost
from pointsman.model.caller import ANYBODY
from pointsman.model.catalogue import Catalogue, Price, PriceStep
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.model.request import Image, Part, ProviderState, Reasoning, Text, ToolCall, ToolResult
from pointsman.rpc import enums
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.events_to_wire import delta_to_wire, event_to_wire, finish_to_wire, heartbeat_to_wire, pieces
from pointsman.rpc.from_wire import TraceLevel, call_from_wire
from pointsman.rpc.message_to_wire import answer_to_wire
from pointsman.rpc.models_to_wire import models_to_wire
from pointsman.rpc.usage_to_wire import attempt_ref_to_wire, planned_ref_to_wire, usage_report_to_wire
from pointsman.v1 import chat_pb2, router_service_pb2, routing_pb2
from pointsman.v1.admin_service_pb2 import ListModelsRequest

STATE, WIRE_STATE = ProviderState("acme", b"\0sealed"), {"provider": "acme", "data": "AHNlYWxlZA=="}


def test_a_summary(routed: Routed) -> None:
    wire = decision_to_wire(routed, TraceLevel.SUMMARY)
    assert (wire.decision_id, wire.model, wire.provider, wire.upstream_model, wire.tier) == (
        "0197", "mini", "openai", "mini-2026", "small",
    )  # fmt: skip
    assert (wire.decided_by, wire.reason, wire.config_version) == ("route", "cheapest of the row", "v1")
    assert (wire.mode, wire.decided_by_kind) == (routing_pb2.MODE_ECO, routing_pb2.POLICY_KIND_ROUTING)
    assert (wire.task.task, wire.task.confidence, wire.task.source) == ("simple", 0.5, "default")
    assert wire.decide_time.ToNanoseconds() == 1_700_000_000_250_000_000
    assert wire.decide_duration.ToMicroseconds() == 125
    assert [(c.model, c.provider, c.eligible) for c in wire.candidates] == [
        ("mini", "openai", True), ("haiku", "anthropic", True),
    ]  # fmt: skip
    assert wire.candidates[0].estimated_ttft.ToMilliseconds() == 250
    assert not wire.candidates[1].HasField("estimated_ttft")
    assert wire.estimate == wire.candidates[0].estimate
    assert (wire.estimate.expected_nano_usd, wire.estimate.worst_case_nano_usd) == (1, 2)
    assert (wire.estimate.input_tokens, wire.estimate.expected_output_tokens) == (3, 4)
    assert [MessageToDict(stage)["attempts"] for stage in wire.plan.stages] == [
        [{"model": "mini", "provider": "openai", "kind": "ATTEMPT_KIND_PRIMARY"}],
        [{"model": "haiku", "provider": "anthropic", "kind": "ATTEMPT_KIND_FAILOVER"}],
    ]
    assert not wire.trace


def test_the_full_trace(routed: Routed) -> None:
    wire = decision_to_wire(routed, TraceLevel.FULL)
    excluded = wire.candidates[2]
    assert (excluded.model, excluded.tier, excluded.eligible) == ("opus", "frontier", False)
    assert (excluded.excluded_by, excluded.excluded_reason) == ("limits", "too dear")
    limits, tags, again = wire.trace
    assert (limits.policy, limits.hook, limits.reason) == ("limits", "exclude_targets", "too dear")
    assert (limits.candidates_before, limits.candidates_after) == (3, 2)
    assert (limits.kind, limits.outcome) == (routing_pb2.POLICY_KIND_LIMIT, routing_pb2.VERDICT_OUTCOME_NARROWED)
    assert (limits.duration.ToNanoseconds(), tags.duration.ToNanoseconds()) == (12_500, 3_000)
    assert again.dry_run
    assert not again.HasField("duration")


def test_no_trace(routed: Routed) -> None:
    wire = decision_to_wire(routed, TraceLevel.NONE)
    assert not wire.candidates
    assert not wire.HasField("plan")
    assert not wire.HasField("estimate")
    assert wire.decided_by == "route"


def test_usage(attempts: tuple[Attempt, ...]) -> None:
    wire = usage_report_to_wire(attempts, Cost(200, 50, True))
    assert MessageToDict(wire.cost) == {
        "totalNanoUsd": "250", "answerNanoUsd": "200", "overheadNanoUsd": "50", "estimated": True,
    }  # fmt: skip
    assert wire.usage.output_tokens == 20
    failed, served = wire.attempts
    assert failed.error.reason == enums.REASONS["ALL_PROVIDERS_DOWN"]
    assert failed.error.metadata["upstream_status"] == "503"
    assert (failed.usage.input_tokens, failed.usage.estimated, failed.cost_source) == (10, True, "estimate")
    assert not failed.HasField("ttft")
    assert (served.ref.attempt, served.ref.kind, served.ref.model) == (2, routing_pb2.ATTEMPT_KIND_FAILOVER, "haiku")
    assert (served.ttft.ToMilliseconds(), served.duration.ToMilliseconds()) == (750, 1_500)
    assert (served.served_model, served.upstream_request_id, served.cost_nano_usd) == ("haiku-x", "req_1", 200)
    assert not served.HasField("error")


def test_usage_of_no_answer(attempts: tuple[Attempt, ...]) -> None:
    assert not usage_report_to_wire(attempts[:1], Cost()).HasField("usage")


def test_what_a_policy_asked_is_no_answer(attempts: tuple[Attempt, ...]) -> None:
    question = msgspec.structs.replace(attempts[1], kind=AttemptKind.ASSIST)
    wire = usage_report_to_wire([question], Cost(0, 200))
    assert not wire.HasField("usage")
    assert wire.attempts[0].ref.kind == routing_pb2.ATTEMPT_KIND_ASSIST


def test_absurd_usage_does_not_lose_the_answer(attempts: tuple[Attempt, ...]) -> None:
    absurd = msgspec.structs.replace(attempts[1], usage=Usage(10**12, -5))
    wire = usage_report_to_wire([absurd], Cost())
    assert (wire.usage.input_tokens, wire.usage.output_tokens) == (2**31 - 1, 0)


def test_references(attempts: tuple[Attempt, ...], catalogue: Catalogue) -> None:
    planned = planned_ref_to_wire(1, PlannedAttempt("mini", AttemptKind.PRIMARY), catalogue.models["mini"])
    assert planned == attempt_ref_to_wire(attempts[0])


def test_finish(completion: Completion) -> None:
    served = Served(completion.attempts[1], Ending(reason=FinishReason.MAX_TOKENS, upstream_reason="length"), None)
    wire = finish_to_wire(completion, served, answer_to_wire((Text("hi"),)))
    assert (wire.reason, wire.upstream_reason) == (router_service_pb2.FINISH_REASON_MAX_TOKENS, "length")
    assert (wire.ttft.ToMilliseconds(), wire.duration.ToMilliseconds()) == (1_250, 2_500)
    assert (wire.served_by.model, wire.message.parts[0].text) == ("haiku", "hi")
    assert not finish_to_wire(completion, served).HasField("message")
    event = event_to_wire(wire, 7, 2)
    assert (event.seq, event.generation, event.finish) == (7, 2, wire)


@pytest.mark.parametrize(
    ("event", "member"),
    [
        (routing_pb2.Decision(), "decision"),
        (router_service_pb2.RouteNotice(), "notice"),
        (router_service_pb2.OutputReset(), "reset"),
        (router_service_pb2.UsageReport(), "usage"),
    ],
)
def test_events_are_there_even_when_empty(event: router_service_pb2.RouteNotice, member: str) -> None:
    assert event_to_wire(event, 1, 1).WhichOneof("event") == member


def test_heartbeat() -> None:
    wire = heartbeat_to_wire(0.0, 3, 1)
    assert wire.WhichOneof("event") == "heartbeat"
    assert heartbeat_to_wire(1.5, 3, 1).heartbeat.elapsed.ToMilliseconds() == 1_500


@pytest.mark.parametrize(
    ("delta", "member", "expected"),
    [
        (TextDelta(0, "hi"), "text_delta", {"text": "hi"}),
        (TextDelta(0, ""), "text_delta", {}),
        (ReasoningDelta(1, "hm"), "reasoning_delta", {"text": "hm"}),
        (
            ToolCallDelta(2, "c1", "get", '{"a'),
            "tool_call_delta",
            {"id": "c1", "name": "get", "arguments_json_fragment": '{"a'},
        ),
        (TextDelta(0, "", STATE), "text_delta", {"provider_state": WIRE_STATE}),
        (ReasoningDelta(0, "hm", STATE), "reasoning_delta", {"text": "hm", "provider_state": WIRE_STATE}),
        (ToolCallDelta(0, "", "", "", STATE), "tool_call_delta", {"provider_state": WIRE_STATE}),
    ],
)
def test_deltas(delta: Delta, member: str, expected: dict[str, object]) -> None:
    wire = delta_to_wire(delta, 5, 1)
    assert (wire.seq, wire.generation, wire.part_index) == (5, 1, delta.part)
    assert wire.WhichOneof("event") == member
    assert MessageToDict(getattr(wire, member), preserving_proto_field_name=True) == expected


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), st.integers(1, 60_000), st.integers(0, 3))
def test_long_deltas_are_cut_between_code_points(text: str, times: int, shift: int) -> None:
    whole = "x" * shift + text * times
    cut = pieces(TextDelta(3, whole))
    assert all(isinstance(piece, TextDelta) and piece.part == 3 for piece in cut)
    texts = [piece.text for piece in cut if isinstance(piece, TextDelta)]
    assert "".join(texts) == whole
    assert all(0 < len(t.encode()) <= DELTA_BYTES for t in texts)
    # No piece is shorter than it must be.
    assert len(texts) <= len(whole.encode()) // (DELTA_BYTES - 3) + 1


def test_a_long_tool_call_says_its_name_once() -> None:
    cut = pieces(ToolCallDelta(0, "c1", "get", "x" * (2 * DELTA_BYTES)))
    assert [(d.id, d.name) for d in cut if isinstance(d, ToolCallDelta)] == [("c1", "get"), ("", "")]
    assert len(pieces(ReasoningDelta(0, "ä" * DELTA_BYTES))) == 2


@pytest.mark.parametrize("size", [0, 1, 2 * DELTA_BYTES])
def test_state_goes_with_the_last_piece(size: int) -> None:
    cut = pieces(ToolCallDelta(0, "c1", "get", "x" * size, STATE))
    assert [piece.state for piece in cut] == [None] * (len(cut) - 1) + [STATE]


@pytest.mark.parametrize(
    "parts",
    [
        (Text("hi"),),
        (Reasoning(""), Text("ä"), ToolCall("1", "get", "{"), ToolCall("2", "get", "{}")),
        (Reasoning("", STATE), Text("", STATE), ToolCall("1", "get", "{", STATE)),
    ],
)
def test_an_answer_can_be_sent_back(parts: tuple[Part, ...]) -> None:
    wire = router_service_pb2.CompleteRequest()
    wire.input.messages.add().CopyFrom(answer_to_wire(parts))
    assert call_from_wire(wire, ANYBODY).request.messages[0].parts == parts


def test_an_answer_without_parts_can_be_sent_back() -> None:
    assert answer_to_wire(()).parts[0].WhichOneof("content") == "text"


def test_parts_that_models_do_not_answer_with_yet() -> None:
    parts = (Image(b"x", "", "image/png", "high"), Image(url="http://x"), ToolResult("1", "42", is_error=True))
    data, url, result = answer_to_wire(parts).parts
    assert (data.image.data, data.image.detail) == (b"x", chat_pb2.IMAGE_DETAIL_HIGH)
    assert url.image.WhichOneof("source") == "url"
    assert (result.tool_result.tool_call_id, result.tool_result.text, result.tool_result.is_error) == ("1", "42", True)


def test_models_come_in_pages(catalogue: Catalogue) -> None:
    seen, token = [], ""
    for _ in range(3):
        page = models_to_wire(ListModelsRequest(page_size=1, page_token=token), catalogue)
        seen += [m.model for m in page.models]
        token = page.next_page_token
    assert (seen, token) == (["haiku", "mini", "opus"], "")


def test_models_are_filtered(catalogue: Catalogue) -> None:
    def ids(provider: str, tier: str) -> list[str]:
        wire = ListModelsRequest(provider=provider, tier=tier)
        return [m.model for m in models_to_wire(wire, catalogue).models]

    assert ids("anthropic", "") == ["haiku", "opus"]
    assert ids("anthropic", "small") == ["haiku"]
    assert ids("", "nope") == []


def test_a_model(catalogue: Catalogue) -> None:
    model = msgspec.structs.replace(
        catalogue.models["mini"],
        capabilities=frozenset({"tools", "images"}), regions=frozenset({"eu", "de"}), aliases=("small",),
        price=Price(10, 20, cached_input=1, per_request=3, above=(PriceStep(9, Price(7, 8, 6, 5, 3, 4)),)),
        max_output=99,
    )  # fmt: skip
    page = models_to_wire(ListModelsRequest(), msgspec.structs.replace(catalogue, models={"mini": model}))
    assert MessageToDict(page.models[0], preserving_proto_field_name=True) == {
        "model": "mini", "aliases": ["small"], "provider": "openai", "upstream_model": "mini-2026", "tier": "small",
        "context_window_tokens": 100_000, "max_output_tokens": 99, "capabilities": ["images", "tools"],
        "regions": ["de", "eu"], "enabled": True,
        "price": {
            "input_nano_usd_per_mtok": "10", "output_nano_usd_per_mtok": "20", "cached_input_nano_usd_per_mtok": "1",
            "cache_write_nano_usd_per_mtok": "10", "per_request_nano_usd": "3",
            "cache_write_1h_nano_usd_per_mtok": "10",
            "above": [{
                "input_tokens": "9",
                "price": {
                    "input_nano_usd_per_mtok": "7", "output_nano_usd_per_mtok": "8",
                    "cached_input_nano_usd_per_mtok": "6", "cache_write_nano_usd_per_mtok": "5",
                    "per_request_nano_usd": "3", "cache_write_1h_nano_usd_per_mtok": "4",
                },
            }],
        },
    }  # fmt: skip


@pytest.mark.parametrize("token", ["x", "ä", "bW9kZWxz", "====", "bW9kZWxzLWFmdGVyOv8="])
def test_tokens_that_are_not_ours(token: str, catalogue: Catalogue) -> None:
    with pytest.raises(InvalidRequest, match="page_token"):
        models_to_wire(ListModelsRequest(page_token=token), catalogue)


@pytest.mark.parametrize("size", [-1, 1_001])
def test_page_sizes_out_of_range(size: int, catalogue: Catalogue) -> None:
    with pytest.raises(InvalidRequest, match="page_size"):
        models_to_wire(ListModelsRequest(page_size=size), catalogue)


@pytest.mark.parametrize(
    ("table", "names", "prefix", "absent"),
    [
        (enums.MODES, routing_pb2.Mode.keys(), "MODE_", set()),
        (enums.POLICY_KINDS, routing_pb2.PolicyKind.keys(), "POLICY_KIND_", set()),
        # A policy that was not asked makes no verdict.
        (enums.VERDICT_OUTCOMES, routing_pb2.VerdictOutcome.keys(), "VERDICT_OUTCOME_", {"SKIPPED"}),
        (enums.ATTEMPT_KINDS, routing_pb2.AttemptKind.keys(), "ATTEMPT_KIND_", set()),
        (enums.ATTEMPT_OUTCOMES, routing_pb2.AttemptOutcome.keys(), "ATTEMPT_OUTCOME_", set()),
        (enums.FINISH_REASONS, router_service_pb2.FinishReason.keys(), "FINISH_REASON_", set()),
    ],
)  # fmt: skip
def test_enums_are_those_of_the_contract(
    table: Mapping[StrEnum, int], names: list[str], prefix: str, absent: set[str]
) -> None:
    contract = {name.removeprefix(prefix) for name in names} - {"UNSPECIFIED"} - absent
    assert {member.name for member in table} == contract
