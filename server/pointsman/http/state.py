"""What providers want back with an answer, such as signatures of reasoning: carried by callers of APIs that have no
place of their own for it, as one opaque text, and put back where it was.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from pointsman.doors.limits import PARTS, STATE_BYTES
from pointsman.doors.violations import Violations
from pointsman.errors import Reason
from pointsman.model.request import Part, ProviderState, Reasoning, Text, ToolCall

_REASONING, _TEXT, _CALL = "r", "t", "c"


Size = Annotated[int, Meta(ge=0)]


class Place(Struct, frozen=True, array_like=True):
    """One part of an answer: its kind, how many characters it has or the id of the call, and its state."""

    kind: str
    size: Size = 0
    call: str = ""
    provider: str = ""
    data: bytes = b""

    @property
    def state(self) -> ProviderState | None:
        return ProviderState(self.provider, self.data) if self.provider else None


_decoder = msgspec.msgpack.Decoder(list[Place])


def places(parts: Iterable[Part]) -> list[Place]:
    """Where the parts of an answer stand."""
    found: list[Place] = []
    for part in parts:
        if isinstance(part, ToolCall):
            found.append(_place(_CALL, 0, part.id, part.state))
        elif isinstance(part, Reasoning):
            found.append(_place(_REASONING, len(part.text), "", part.state))
        elif isinstance(part, Text):
            found.append(_place(_TEXT, len(part.text), "", part.state))
    return found


def _place(kind: str, size: int, call: str, state: ProviderState | None) -> Place:
    return Place(kind, size, call, state.provider, state.data) if state else Place(kind, size, call)


def sealed(parts: Sequence[Part]) -> str:
    """The text that a caller is to send back with the message; "" where no provider wants anything."""
    found = places(parts)
    if not any(place.provider for place in found):
        return ""
    return urlsafe_b64encode(msgspec.msgpack.encode(found)).decode()


def with_state(parts: tuple[Part, ...], text: str, field: str, found: Violations) -> tuple[Part, ...]:
    """The parts of a message as they were when it was answered; they come joined, as its API has them."""
    if len(text) > 2 * STATE_BYTES:
        found.add(field, f"has more than {2 * STATE_BYTES:,} characters", Reason.REQUEST_TOO_LARGE)
        return parts
    try:
        there = _decoder.decode(urlsafe_b64decode(text.encode("ascii")))
        return _apart(parts, there) if found.check_count(field, len(there), PARTS) else parts
    # KeyError: a call that is not there; the others: a text that we did not write.
    except (msgspec.DecodeError, ValueError, KeyError):
        found.add(field, "does not belong to this message; send both as they came, or the message alone")
        return parts


def _apart(parts: Sequence[Part], there: Sequence[Place]) -> tuple[Part, ...]:
    joined = {
        _TEXT: "".join([part.text for part in parts if isinstance(part, Text)]),
        _REASONING: "".join([part.text for part in parts if isinstance(part, Reasoning)]),
    }
    calls = {part.id: part for part in parts if isinstance(part, ToolCall)}
    at = {_TEXT: 0, _REASONING: 0}
    made: list[Part] = []
    for place in there:
        if place.kind == _CALL:
            made.append(msgspec.structs.replace(calls.pop(place.call), state=place.state))
            continue
        start = at[place.kind]
        text = joined[place.kind][start : start + place.size]
        at[place.kind] = start + len(text)
        if place.kind == _TEXT:
            made.append(Text(text, place.state))
        # Whoever did not keep reasoning text sends its state alone.
        elif text or place.state:
            made.append(Reasoning(text, place.state))
    if calls or any(at[kind] != len(text) for kind, text in joined.items()):
        raise ValueError
    return tuple(made)
