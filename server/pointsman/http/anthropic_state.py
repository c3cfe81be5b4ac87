"""What a provider wants back, hidden in what callers of the Messages API give back anyway: signatures, redacted data.

The API has one place for state, its thinking blocks. The state of reasoning that the caller sees goes into its
signature. All other state of an answer goes into one block of redacted thinking behind its last block, so that the
first block is what callers look for there.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pointsman.model.request import Part, ProviderState, Reasoning, Text, ToolCall

_MARK = "pointsman."
_ENCODER: Final = msgspec.msgpack.Encoder()


class _State(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    provider: str
    data: bytes

    def state(self) -> ProviderState:
        return ProviderState(self.provider, self.data)


Kind = Literal["text", "tool_call", "reasoning"]


class _Kept(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """State of the answer's part number `at`, from 0; `hidden` where the caller sees nothing of the part but this.

    Shown reasoning has a place of its own and is not counted: callers may leave out the thinking of earlier turns.
    """

    at: int
    kind: Kind
    hidden: bool
    state: _State


T = TypeVar("T")
_STATE: Final = msgspec.msgpack.Decoder(_State)
_KEPT: Final = msgspec.msgpack.Decoder(list[_Kept])


class Broken(Exception):
    """A seal of ours that was changed on its way."""


def seal(state: ProviderState) -> str:
    """The signature of reasoning that has a state."""
    return _sealed(_State(state.provider, state.data))


def unseal(signature: str) -> ProviderState | None:
    """The state in a signature; None where the signature is not ours. Raises Broken."""
    opened = _opened(_STATE, signature)
    return None if opened is None else opened.state()


class Keeper:
    """Collects the states of an answer for which the API has no place, part by part."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._parts = 0

    def count(self) -> int:
        """The number of a part that the caller sees, reasoning aside."""
        self._parts += 1
        return self._parts - 1

    def keep(self, at: int, kind: Kind, state: ProviderState) -> None:
        """The state of part number `at`."""
        self._kept.append(_Kept(at, kind, False, _State(state.provider, state.data)))

    def hide(self, kind: Kind, state: ProviderState) -> None:
        """A part of which there is nothing to see."""
        self._kept.append(_Kept(self.count(), kind, True, _State(state.provider, state.data)))

    def data(self) -> str:
        """What redacted thinking is to hold, "" where there is nothing to keep."""
        return _sealed(self._kept) if self._kept else ""


def restore(parts: Sequence[Part], data: str) -> list[Part] | None:
    """The parts with the states that `data` holds for them; None where it is not ours. Raises Broken.

    A part that is of another kind than it was gets none: somebody has changed the answer.
    """
    kept = _opened(_KEPT, data)
    if kept is None:
        return None
    waiting = {one.at: one for one in kept}
    made: list[Part] = []
    at = 0
    for part in parts:
        at = _show_hidden(made, waiting, at)
        if isinstance(part, Text | ToolCall):
            own = waiting.get(at)
            state = own.state.state() if own is not None and own.kind == kind_of(part) else None
            made.append(replace(part, state=state))
            at += 1
        else:
            made.append(part)
    _show_hidden(made, waiting, at)
    return made


def _show_hidden(made: list[Part], waiting: Mapping[int, _Kept], at: int) -> int:
    """What the caller did not see, where it stood; the number of the part behind it."""
    while (one := waiting.get(at)) is not None and one.hidden:
        state = one.state.state()
        made.append(Text("", state) if one.kind == "text" else Reasoning("", state))
        at += 1
    return at


def kind_of(part: Text | ToolCall | Reasoning) -> Kind:
    """What a part is called where its state is kept."""
    return "text" if isinstance(part, Text) else "tool_call" if isinstance(part, ToolCall) else "reasoning"


def _sealed(value: _State | list[_Kept]) -> str:
    return _MARK + urlsafe_b64encode(_ENCODER.encode(value)).decode()


def _opened(decoder: msgspec.msgpack.Decoder[T], text: str) -> T | None:
    if not text.startswith(_MARK):
        return None
    try:
        return decoder.decode(urlsafe_b64decode(text.removeprefix(_MARK)))
    # ValueError: what is no base64, or not ASCII.
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Broken from None
