"""Thinking as the `anthropic` wire wants it back: the block as it came, in the state of a Reasoning part."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import ProviderState


class ThinkingBlock(Struct, tag="thinking"):
    """`thinking` is a summary, or empty; the signature holds the whole."""

    thinking: str = ""
    signature: str = ""


class RedactedBlock(Struct, tag="redacted_thinking"):
    data: str = ""


class _Kept(Struct):
    """A block and the model it came from, as it is named upstream: signatures are a model's own."""

    model: str
    block: Raw


_KEPT: Final = msgspec.json.Decoder(_Kept)
_BLOCK: Final = msgspec.json.Decoder(ThinkingBlock | RedactedBlock)
_ENCODER: Final = msgspec.json.Encoder()


def keep(provider: str, model: str, block: Raw | ThinkingBlock | RedactedBlock) -> ProviderState:
    """The state that brings a block back.

    The text is in it once more: what is sent back must be what came, also where the caller did not want to see it.
    """
    raw = block if isinstance(block, Raw) else Raw(_ENCODER.encode(block))
    return ProviderState(provider, _ENCODER.encode(_Kept(model, raw)))


def kept_block(state: ProviderState, model: str) -> Raw | None:
    """The block to send back, None where another model made it. Raises ProviderError for what `keep` has not made."""
    try:
        kept = _KEPT.decode(state.data)
        # It came back from a caller: nothing but thinking may be put into the model's mouth.
        _BLOCK.decode(kept.block)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = f"the provider state of a reasoning part is none that {state.provider} gave; send it back as it came"
        raise ProviderError(Reason.INVALID_REQUEST, told, retryable=False, sent=False) from None
    return kept.block if kept.model == model else None
