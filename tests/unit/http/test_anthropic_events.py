from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.http.anthropic_bodies import assistant, content, events, read, refused, text, user

from pointsman.engine.stream import assemble
from pointsman.errors import Reason
from pointsman.http.anthropic_answer import Message, blocks, stop, used
from pointsman.http.anthropic_events import Blocks, ended, started
from pointsman.http.anthropic_request import Thinking
from pointsman.http.anthropic_state import Keeper
from pointsman.model.answer import Delta, Ending, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.request import Part, ProviderState, Reasoning, Text, ToolCall

STATE = ProviderState("gemini", b"\x00sealed\xff")
OTHER = ProviderState("openai", b"encrypted")


def streamed(deltas: Sequence[Delta], thinking: Thinking = Thinking.SHOWN) -> list[dict[str, Any]]:
    made = Blocks(thinking)
    return events(b"".join([made.add([delta]) for delta in deltas]) + made.end())


def whole(parts: Sequence[Part], thinking: Thinking = Thinking.SHOWN) -> Any:
    return json.loads(msgspec.json.encode(blocks(parts, thinking)))


def given_back(made: Sequence[Any]) -> tuple[Part, ...]:
    """What becomes of an answer that its caller puts into the conversation."""
    return read(messages=[user(text("x")), assistant(*made)]).messages[1].parts


def test_a_text() -> None:
    told = streamed([TextDelta(0, "Hel"), TextDelta(0, 'lo "🌊"\n')])
    assert [event["type"] for event in told] == [
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
    ]
    assert content(told) == [{"type": "text", "text": 'Hello "🌊"\n'}]


def test_a_tool_call_and_the_state_that_it_comes_with() -> None:
    told = content(streamed([ToolCallDelta(0, "c1", "f", ""), ToolCallDelta(0, "", "", '{"a":1}', STATE)]))
    assert told[0] == {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}
    assert given_back(told) == (ToolCall("c1", "f", '{"a": 1}', STATE),)


def test_reasoning_is_signed_once_and_at_its_end() -> None:
    told = streamed([ReasoningDelta(0, "Hm"), ReasoningDelta(0, "."), ReasoningDelta(0, "", STATE), TextDelta(1, "x")])
    kinds = [event["delta"]["type"] for event in told if event["type"] == "content_block_delta"]
    assert kinds == ["thinking_delta", "thinking_delta", "signature_delta", "text_delta"]
    assert given_back(content(told)) == (Reasoning("Hm.", STATE), Text("x"))


@pytest.mark.parametrize("thinking", [Thinking.HIDDEN, Thinking.OMITTED])
def test_the_state_of_what_nobody_sees_comes_back_with_a_call(thinking: Thinking) -> None:
    deltas: list[Delta] = [
        ReasoningDelta(0, "", STATE),
        TextDelta(1, "x"),
        TextDelta(1, "", OTHER),
        TextDelta(2, "", STATE),
        ToolCallDelta(3, "c1", "f", "{}", STATE),
        ToolCallDelta(4, "c2", "f", "{}"),
    ]
    told = content(streamed(deltas, thinking))
    hidden = ["text"] if thinking is Thinking.HIDDEN else ["thinking", "text"]
    assert [block["type"] for block in told] == [*hidden, "redacted_thinking", "tool_use", "tool_use"]
    calls = ToolCall("c1", "f", "{}", STATE), ToolCall("c2", "f", "{}")
    assert given_back(told) == (Reasoning("", STATE), Text("x", OTHER), Text("", STATE), *calls)
    # Agents have been seen to put thinking in front.
    told.sort(key=lambda block: "thinking" not in block["type"])
    assert given_back(told)[-2:] == calls


def test_behind_a_text_that_ends_an_answer_nothing_follows() -> None:
    deltas: list[Delta] = [ReasoningDelta(0, "", STATE), ToolCallDelta(1, "c", "f", "{}"), TextDelta(2, "x", STATE)]
    assert content(streamed(deltas, Thinking.HIDDEN))[-1] == {"type": "text", "text": "x"}
    # Of a call there is no other way.
    told = content(streamed([*deltas, ToolCallDelta(1, "", "", "", OTHER)]))
    assert told[-1]["type"] == "redacted_thinking"
    assert ToolCall("c", "f", "{}", OTHER) in given_back(told)


def test_a_call_is_over_when_its_input_is_whole() -> None:
    told = streamed([
        ToolCallDelta(0, "c1", "f", '{"a"'),
        ToolCallDelta(1, "c2", "g", '{"b"'),
        TextDelta(2, "So."),
        ToolCallDelta(0, "", "", ":1}"),
        ToolCallDelta(1, "", "", ":2}"),
        ToolCallDelta(0, "", "", "", STATE),
    ])  # fmt: skip
    made = content(told)
    assert [block.get("input") for block in made] == [{"a": 1}, {"b": 2}, None, None]
    assert made[2] == {"type": "text", "text": "So."}
    assert given_back(made)[0] == ToolCall("c1", "f", '{"a": 1}', STATE)


def test_a_text_goes_on_behind_another_part_in_a_block_of_its_own() -> None:
    told = content(streamed([TextDelta(0, "a"), ReasoningDelta(1, "b"), TextDelta(0, "c")]))
    assert [(block["type"], block.get("text") or block["thinking"]) for block in told] == [
        ("text", "a"),
        ("thinking", "b"),
        ("text", "c"),
    ]


def test_arguments_that_are_no_object_are_put_into_one() -> None:
    parts = [ToolCall("a", "f", ""), ToolCall("b", "f", '{"cut'), ToolCall("c", "f", "[1]")]
    assert [block["input"] for block in whole(parts)] == [{}, {"arguments": '{"cut'}, {"arguments": "[1]"}]


def test_callers_may_leave_out_thinking_and_keep_the_rest() -> None:
    made = whole([Reasoning("Hm.", STATE), Text("a", OTHER), ToolCall("c", "f", "{}", STATE)])
    assert given_back(made[1:]) == (Text("a", OTHER), ToolCall("c", "f", "{}", STATE))


def test_a_part_that_is_another_gets_no_state() -> None:
    made = whole([Text("a", STATE), ToolCall("c", "f", "{}")])
    assert given_back(made[1:]) == (ToolCall("c", "f", "{}"),)


@pytest.mark.parametrize("changed", ["pointsman.", "pointsman.!!", "pointsman.AAAA", "pointsman.é"])
def test_a_seal_that_was_changed_is_refused(changed: str) -> None:
    thought = {"type": "thinking", "thinking": "", "signature": changed}
    for block, field in ((thought, "signature"), ({"type": "redacted_thinking", "data": changed}, "data")):
        error = refused(messages=[assistant(block), user(text("x"))])
        assert error.violations[0][0] == f"messages[0].content[0].{field}"


def test_what_is_hidden_counts_as_parts_too() -> None:
    keeper = Keeper()
    for _ in range(3_000):
        keeper.hide("reasoning", STATE)
    block = {"type": "redacted_thinking", "data": keeper.data()}
    assert len(given_back([block, block])) == 6_000
    error = refused(messages=[assistant(block, block, block), user(text("x"))])
    assert (error.reason, error.violations[0][0]) == (Reason.REQUEST_TOO_LARGE, "messages")


STATES = st.sampled_from([None, STATE, OTHER])
PARTS = st.one_of(
    st.builds(Text, st.sampled_from(["a", "b\n", "🌊"]), STATES),
    st.builds(Text, st.just(""), st.just(STATE)),
    st.builds(Reasoning, st.sampled_from(["", "hm"]), st.sampled_from([STATE, OTHER])),
    st.builds(
        ToolCall, st.uuids(version=4).map(str), st.just("f"), st.sampled_from(["{}", '{"a": 1}', '{"a": "é"}']), STATES
    ),
)


def cut(parts: Sequence[Part]) -> list[Delta]:
    """As providers stream it: text in pieces, states behind what they belong to."""
    deltas: list[Delta] = []
    for at, part in enumerate(parts):
        match part:
            case Text():
                deltas += [TextDelta(at, letter) for letter in part.text]
                deltas += [TextDelta(at, "", part.state)] if part.state else []
            case Reasoning():
                deltas += [ReasoningDelta(at, letter) for letter in part.text]
                deltas.append(ReasoningDelta(at, "", part.state))
            case ToolCall():
                deltas.append(ToolCallDelta(at, part.id, part.name, part.arguments_json[:2], part.state))
                deltas.append(ToolCallDelta(at, "", "", part.arguments_json[2:]))
    return deltas


def shown(part: Part) -> bool:
    return not (isinstance(part, Text) and not part.text)


def expected(parts: list[Part]) -> list[Part]:
    """All of it, but for the states of texts behind the last call where something is shown behind that."""
    if isinstance([part for part in parts if shown(part)][-1], ToolCall):
        return parts
    calls = [at for at, part in enumerate(parts) if isinstance(part, ToolCall)]
    end = calls[-1] + 1 if calls else 0
    rest = [part for part in parts[end:] if shown(part)]
    return parts[:end] + [replace(part, state=None) if isinstance(part, Text) else part for part in rest]


@settings(max_examples=100)
@given(st.lists(PARTS, min_size=1, max_size=6).filter(lambda parts: any(map(shown, parts))))
def test_a_stream_says_what_the_whole_answer_says_and_all_of_it_comes_back(parts: list[Part]) -> None:
    deltas = cut(parts)
    made = content(streamed(deltas))
    assert made == whole(assemble(deltas, reasoning=True))
    back, all_of_it = given_back(made), expected(parts)
    # What is not shown may move past reasoning that is.
    assert sorted(map(repr, back)) == sorted(map(repr, all_of_it))
    assert list(filter(shown, back)) == list(filter(shown, all_of_it))


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (Ending(reason=FinishReason.STOP, upstream_reason="stop"), ("end_turn", None)),
        (
            Ending(reason=FinishReason.STOP, upstream_reason="stop_sequence", stop_sequence="END"),
            ("stop_sequence", "END"),
        ),
        (Ending(reason=FinishReason.MAX_TOKENS, upstream_reason="length"), ("max_tokens", None)),
        (
            Ending(reason=FinishReason.MAX_TOKENS, upstream_reason="model_context_window_exceeded"),
            ("model_context_window_exceeded", None),
        ),
        (Ending(reason=FinishReason.COST_LIMIT), ("max_tokens", None)),
        (Ending(reason=FinishReason.TOOL_CALLS, upstream_reason="tool_calls"), ("tool_use", None)),
        (Ending(reason=FinishReason.CONTENT_FILTER, upstream_reason="SAFETY"), ("refusal", None)),
        (Ending(reason=FinishReason.REFUSAL), ("refusal", None)),
        (Ending(reason=FinishReason.OTHER), ("end_turn", None)),
    ],
)
def test_why_an_answer_ends(ending: Ending, told: tuple[str, str | None]) -> None:
    made = stop(ending)
    assert (made.stop_reason, made.stop_sequence) == told
    assert (made.stop_details is not None) == (told[0] == "refusal")


def test_the_frame_of_a_stream() -> None:
    usage = used(Usage(100, 20, 60, 30, 5, cache_write_1h_input_tokens=10))
    first = events(started(Message(id="msg_1", model="mini", usage=used(Usage(100)))))[0]["message"]
    assert first["content"] == []
    assert (first["role"], first["stop_reason"], first["usage"]["input_tokens"]) == ("assistant", None, 100)
    last, over = events(ended(stop(Ending(reason=FinishReason.STOP)), usage))
    assert last["delta"] == {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
    assert last["usage"] == {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
        "output_tokens_details": {"thinking_tokens": 5},
    }
    assert over == {"type": "message_stop"}
