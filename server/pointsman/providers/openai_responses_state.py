"""What the `openai-responses` wire wants back: reasoning as it came, and which part of an answer a text was."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import ProviderState

_NULL: Final = Raw(b"null")
_ABSENT: Final = (_NULL, Raw(b"[]"), Raw(b'""'))


class _Item(Struct, tag="reasoning", tag_field="type"):
    """Only what says that it is one."""


class _Kept(Struct):
    """A reasoning item and the model it came from, as it is named upstream: only that one can decrypt it."""

    model: str
    item: Raw


class _Phase(Struct):
    """Whether a text was commentary on the way or the final answer, in the wire's own word."""

    phase: str


_FIELDS: Final = msgspec.json.Decoder(dict[str, Raw])
_ITEM: Final = msgspec.json.Decoder(_Item)
_KEPT: Final = msgspec.json.Decoder(_Kept)
_PHASE: Final = msgspec.json.Decoder(_Phase)
_ENCODER: Final = msgspec.json.Encoder()
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def keep(provider: str, model: str, item: Raw) -> ProviderState | None:
    """The state that brings a reasoning item back.

    None where it holds neither encrypted reasoning nor its text: the provider has stored nothing, so that it could not
    make sense of a summary under an id. The summary is in it once more, since what comes back must be what went.
    """
    fields = _FIELDS.decode(item)
    if all(fields.get(name, _NULL) in _ABSENT for name in ("encrypted_content", "content")):
        return None
    # An absent status is refused where it is written out.
    told = {name: raw for name, raw in fields.items() if name != "status" and raw != _NULL}
    return ProviderState(provider, _ENCODER.encode(_Kept(model, Raw(_ENCODER.encode(told)))))


def kept_item(state: ProviderState, model: str) -> Raw | None:
    """The item to send back, None where another model made it. Raises ProviderError for what `keep` has not made."""
    try:
        kept = _KEPT.decode(state.data)
        # It came back from a caller: nothing but reasoning may be put into the model's mouth.
        _ITEM.decode(kept.item)
    except _BROKEN:
        raise _forged(state, "reasoning") from None
    return kept.item if kept.model == model else None


def keep_phase(provider: str, phase: str | None) -> ProviderState | None:
    """The state of a text of this phase, None where the model makes no difference."""
    return ProviderState(provider, _ENCODER.encode(_Phase(phase))) if phase else None


def kept_phase(state: ProviderState) -> str:
    """The phase of a text. Raises ProviderError for what `keep_phase` has not made."""
    try:
        return _PHASE.decode(state.data).phase
    except _BROKEN:
        raise _forged(state, "text") from None


def _forged(state: ProviderState, kind: str) -> ProviderError:
    told = f"the provider state of a {kind} part is none that {state.provider} gave; send it back as it came"
    return ProviderError(Reason.INVALID_REQUEST, told, retryable=False, sent=False)
