"""Messages on the wire: what a caller appends to its conversation as it is."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.model.request import Image, Part, Reasoning, Text, ToolCall, ToolResult
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
            wire.tool_result.tool_call_id, wire.tool_result.text = part.tool_call_id, part.text
        case Image():
            _write_image(wire.image, part)


def _write_image(wire: chat_pb2.ImagePart, image: Image) -> None:
    if image.url:
        wire.url = image.url
    else:
        wire.data = image.data
    wire.media_type = image.media_type
    wire.detail = _DETAILS[image.detail]
