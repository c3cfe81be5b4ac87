"""What providers want back, through callers whose API joins what belongs apart."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.doors.violations import Violations
from pointsman.errors import InvalidRequest
from pointsman.http.state import sealed, with_state
from pointsman.model.request import Part, ProviderState, Reasoning, Text, ToolCall

SIGNED = ProviderState("acme", b"\0signature")


def back(parts: tuple[Part, ...], text: str) -> tuple[Part, ...]:
    found = Violations()
    made = with_state(parts, text, "pointsman_state", found)
    found.raise_if_any()
    return made


def joined(parts: tuple[Part, ...], *, reasoning: bool) -> tuple[Part, ...]:
    """The parts as an API has them that knows one text, and one reasoning text, and calls."""
    thought = "".join(part.text for part in parts if isinstance(part, Reasoning)) if reasoning else ""
    text = "".join(part.text for part in parts if isinstance(part, Text))
    calls = [ToolCall(part.id, part.name, part.arguments_json) for part in parts if isinstance(part, ToolCall)]
    return (*([Reasoning(thought)] if thought else []), *([Text(text)] if text else []), *calls)


ANSWER = (
    Reasoning("first", SIGNED),
    Text("Let me"),
    Reasoning("then", SIGNED),
    Text(" see.", SIGNED),
    ToolCall("c1", "f", "{}", SIGNED),
    ToolCall("c2", "f", "{}"),
)


def test_parts_come_apart_as_they_were() -> None:
    assert back(joined(ANSWER, reasoning=True), sealed(ANSWER)) == ANSWER


def test_without_reasoning_text_its_state_comes_alone() -> None:
    withheld = tuple(Reasoning("", part.state) if isinstance(part, Reasoning) else part for part in ANSWER)
    assert back(joined(ANSWER, reasoning=False), sealed(ANSWER)) == withheld


def test_where_nobody_wants_anything_back_there_is_no_state() -> None:
    assert sealed((Reasoning("hm"), Text("Yes."), ToolCall("c", "f", "{}"))) == ""


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Text("Let me see."),),
        (Text("Let me see more."), ToolCall("c1", "f", "{}"), ToolCall("c2", "f", "{}")),
        (Text("Let me see."), ToolCall("c1", "f", "{}"), ToolCall("c3", "f", "{}")),
    ],
)
def test_a_message_that_is_another_is_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(InvalidRequest, match="does not belong to this message"):
        back(parts, sealed(ANSWER))


def test_more_places_than_any_message_has() -> None:
    text = urlsafe_b64encode(msgspec.msgpack.encode([["t", 1]] * 10_000)).decode()
    with pytest.raises(InvalidRequest, match="10,000 entries"):
        back((Text("x" * 10_000),), text)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: urlsafe_b64encode(data).decode()))
@settings(max_examples=100, deadline=None)
def test_a_state_that_is_not_ours(text: str) -> None:
    found = Violations()
    with_state((Text("x"),), text, "pointsman_state", found)
