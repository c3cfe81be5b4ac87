from __future__ import annotations

from typing import Any

from pointsman_client import Answer
from pointsman_client.v1 import chat_pb2 as chat
from pointsman_client.v1 import router_service_pb2 as wire

STATE = chat.ProviderState(provider="openai", data=b"\x00\xff")


def fed(*events: dict[str, Any]) -> Answer:
    """One that was given these, numbered in order."""
    answer = Answer()
    for seq, fields in enumerate(events, 1):
        answer.feed(wire.CompleteResponse(**{"seq": seq, "generation": 1, **fields}))
    return answer


def test_the_message_can_go_back_as_it_is() -> None:
    answer = fed(
        {"reasoning_delta": wire.ReasoningDelta(text="hm")},
        {"reasoning_delta": wire.ReasoningDelta(provider_state=STATE)},
        {"part_index": 1, "text_delta": wire.TextDelta(text="a")},
        {"part_index": 2, "tool_call_delta": wire.ToolCallDelta(id="c", name="f", arguments_json_fragment="{")},
        {"part_index": 1, "text_delta": wire.TextDelta(text="b", provider_state=STATE)},
        {"part_index": 2, "tool_call_delta": wire.ToolCallDelta(arguments_json_fragment="}", provider_state=STATE)},
    )
    assert answer.message() == chat.ChatMessage(
        role=chat.ROLE_ASSISTANT,
        parts=[
            chat.ContentPart(reasoning=chat.ReasoningPart(text="hm"), provider_state=STATE),
            chat.ContentPart(text="ab", provider_state=STATE),
            chat.ContentPart(tool_call=chat.ToolCall(id="c", name="f", arguments_json="{}"), provider_state=STATE),
        ],
    )


def test_reasoning_that_was_withheld_keeps_its_state() -> None:
    answer = fed({"reasoning_delta": wire.ReasoningDelta(provider_state=STATE)})
    assert answer.message().parts[0] == chat.ContentPart(reasoning=chat.ReasoningPart(), provider_state=STATE)


def test_a_generation_drops_the_one_before_with_its_state() -> None:
    answer = fed(
        {"text_delta": wire.TextDelta(text="wrong", provider_state=STATE)},
        {"generation": 2, "reset": wire.OutputReset(reason=wire.RESET_REASON_ESCALATION)},
        {"generation": 2, "text_delta": wire.TextDelta(text="right")},
    )
    assert answer.message().parts[:] == [chat.ContentPart(text="right")]
    assert [reset.reason for reset in answer.resets] == [wire.RESET_REASON_ESCALATION]


def test_only_a_finish_and_a_good_end_make_it_complete() -> None:
    unfinished, finished = fed({"text_delta": wire.TextDelta(text="a")}), fed({"finish": wire.Finish()})
    assert not finished.complete
    for answer in (unfinished, finished):
        answer.end()
    assert not unfinished.complete
    assert finished.complete


def test_an_event_of_no_known_kind_is_skipped() -> None:
    assert fed({}).message().parts[:] == []
