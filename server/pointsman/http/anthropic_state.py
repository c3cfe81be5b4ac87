"""What a provider wants back, hidden in what callers of the Messages API give back anyway: signatures, redacted data.

The API has one place for state, its thinking blocks. The state of reasoning that the caller sees goes into its
signature. All other goes into a block of redacted thinking in front of the next tool call, where providers insist on
it. Behind a text that ends an answer nothing follows: there many clients look for the text.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
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


class Kept(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """State of a text or of reasoning, the last but `behind` texts and calls before this; or of a call, by its id.

    `hidden`: there is nothing of the part but its state, and `behind` are those that follow it. Reasoning that is shown
    is not counted: callers may leave out the thinking of earlier turns.
    """

    kind: Literal["text", "reasoning", "call"]
    state: _State
    behind: int = 0
    hidden: bool = False
    call: str = ""


T = TypeVar("T")
_STATE: Final = msgspec.msgpack.Decoder(_State)
_KEPT: Final = msgspec.msgpack.Decoder(list[Kept])


class Broken(Exception):
    """A seal of ours that was changed on its way."""


def seal(state: ProviderState) -> str:
    """The signature of reasoning that has a state."""
    return _sealed(_State(state.provider, state.data))


def unseal(signature: str) -> ProviderState | None:
    """The state in a signature; None where the signature is not ours. Raises Broken."""
    opened = _opened(_STATE, signature)
    return None if opened is None else opened.state()


def unseal_kept(data: str) -> list[Kept] | None:
    """What redacted thinking holds; None where it is not ours. Raises Broken."""
    return _opened(_KEPT, data)


class Keeper:
    """Collects the states of an answer for which the API has no place, in the order of its parts."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._shown = 0

    def show_text(self, state: ProviderState | None) -> None:
        """A text that the caller sees."""
        self._keep("text", state, hidden=False)
        self._shown += 1

    def show_call(self) -> None:
        """A call; its own state is kept before it, or as soon as it comes."""
        self._shown += 1

    def keep_call(self, call: str, state: ProviderState | None) -> None:
        """The state of a call."""
        if state is not None:
            self._kept.append(Kept("call", _State(state.provider, state.data), self._shown, call=call))

    def hide(self, kind: Literal["text", "reasoning"], state: ProviderState | None) -> None:
        """A part of which the caller sees nothing."""
        self._keep(kind, state, hidden=True)

    @property
    def owes(self) -> bool:
        """Is the state of a call among what is kept?"""
        return any(one.kind == "call" for one in self._kept)

    def data(self) -> str:
        """What redacted thinking is to hold here, "" where there is nothing to keep."""
        kept, self._kept = self._kept, []
        return _sealed([replace(one, behind=self._shown - one.behind) for one in kept]) if kept else ""

    def _keep(self, kind: Literal["text", "reasoning"], state: ProviderState | None, *, hidden: bool) -> None:
        # How many are shown before it, until it is known how many are behind.
        if state is not None:
            self._kept.append(Kept(kind, _State(state.provider, state.data), self._shown, hidden))


def counts(part: Part) -> bool:
    """Is it one of those that are counted?"""
    return isinstance(part, ToolCall) or (isinstance(part, Text) and bool(part.text))


def restore(parts: Sequence[Part], kept: Sequence[tuple[int, Kept]]) -> list[Part]:
    """The parts of an answer with what was kept of them, each with how many were counted before it came.

    A part that is not there, or is of another kind, gets none: somebody has changed the answer.
    """
    calls: dict[str, ProviderState] = {}
    texts: dict[int, ProviderState] = {}
    hidden: dict[int, list[Part]] = {}
    for before, one in kept:
        at, state = max(0, before - one.behind), one.state.state()
        if one.kind == "call":
            calls[one.call] = state
        elif one.hidden:
            hidden.setdefault(at, []).append(Text("", state) if one.kind == "text" else Reasoning("", state))
        else:
            texts[at] = state
    made: list[Part] = []
    at = 0
    for part in parts:
        if counts(part):
            made += hidden.pop(at, ())
            if isinstance(part, Text) and at in texts:
                part = replace(part, state=texts[at])
            elif isinstance(part, ToolCall) and part.id in calls:
                part = replace(part, state=calls[part.id])
            at += 1
        made.append(part)
    return made + [part for rest in hidden.values() for part in rest]


def _sealed(value: _State | list[Kept]) -> str:
    return _MARK + urlsafe_b64encode(_ENCODER.encode(value)).decode()


def _opened(decoder: msgspec.msgpack.Decoder[T], text: str) -> T | None:
    if not text.startswith(_MARK):
        return None
    try:
        return decoder.decode(urlsafe_b64decode(text.removeprefix(_MARK)))
    # ValueError: what is no base64, or not ASCII.
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Broken from None
