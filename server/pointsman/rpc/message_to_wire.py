"""Messages on the wire: what a caller appends to its conversation as it is."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.model.request import CacheHint, Image, Part, ProviderState, Reasoning, Text, ToolCall, ToolResult
from pointsman.rpc.durations import set_duration
from pointsman.v1 import chat_pb2

_DETAILS = {
    "": chat_pb2.IMAGE_DETAIL_UNSPECIFIED,
    "low": chat_pb2.IMAGE_DETAIL_LOW,
    "high": chat_pb2.IMAGE_DETAIL_HIGH,
}


def answer_to_wire(parts: Sequence[Part], wire: chat_pb2.ChatMessage | None = None) -> chat_pb2.ChatMessage:
    """The assistant's message, into `wire` where there is one.

    An answer without parts holds one empty text: a message has at least one part.
    """
    if wire is None:
        wire = chat_pb2.ChatMessage()
    wire.role = chat_pb2.ROLE_ASSISTANT
    for part in parts or (Text(""),):
        write_part(wire.parts.add(), part)
    return wire


def write_part(wire: chat_pb2.ContentPart, part: Part) -> None:
    """Write one part into a new ContentPart."""
    match part:
        case Text():
            wire.text = part.text
        case Reasoning():
            wire.reasoning.text = part.text
        case ToolCall():
            call = wire.tool_call
            call.id, call.name, call.arguments_json = part.id, part.name, part.arguments_json
        case ToolResult():
            result = wire.tool_result
            result.tool_call_id, result.text, result.is_error = part.tool_call_id, part.text, part.is_error
            for image in part.images:
                _write_image(result.images.add(), image)
        case Image():
            _write_image(wire.image, part)
    if isinstance(part, Text | Reasoning | ToolCall) and part.state is not None:
        write_state(wire.provider_state, part.state)
    if not isinstance(part, Reasoning) and part.cache is not None:
        write_cache_hint(wire.cache_hint, part.cache)


def write_cache_hint(wire: chat_pb2.CacheHint, hint: CacheHint) -> None:
    """Write the hint, which is one even without a time to live."""
    wire.SetInParent()
    if hint.ttl is not None:
        set_duration(wire.ttl, hint.ttl)


def write_state(wire: chat_pb2.ProviderState, state: ProviderState) -> None:
    """Write what a provider wants back."""
    wire.provider, wire.data = state.provider, state.data


def _write_image(wire: chat_pb2.ImagePart, image: Image) -> None:
    if image.url:
        wire.url = image.url
    else:
        wire.data = image.data
    wire.media_type = image.media_type
    wire.detail = _DETAILS[image.detail]
