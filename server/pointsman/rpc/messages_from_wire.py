"""Conversations from the wire: roles, parts, and which part may stand in whose message."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.doors.limits import CACHE_TTL_MAX, MESSAGES, NAME_BYTES, PARTS, STATE_BYTES
from pointsman.doors.violations import Violations
from pointsman.errors import Reason
from pointsman.model.request import (
    CacheHint,
    Image,
    Message,
    Part,
    ProviderState,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.v1 import chat_pb2

_ROLES = {
    chat_pb2.ROLE_SYSTEM: Role.SYSTEM,
    chat_pb2.ROLE_DEVELOPER: Role.DEVELOPER,
    chat_pb2.ROLE_USER: Role.USER,
    chat_pb2.ROLE_ASSISTANT: Role.ASSISTANT,
    chat_pb2.ROLE_TOOL: Role.TOOL,
}
_DETAILS = {
    chat_pb2.IMAGE_DETAIL_UNSPECIFIED: "",
    chat_pb2.IMAGE_DETAIL_LOW: "low",
    chat_pb2.IMAGE_DETAIL_HIGH: "high",
}
TTL_RULE = f"must be above 0 and at most {CACHE_TTL_MAX:,} s; unset: the provider's own default"
_ALLOWED = {
    Role.SYSTEM: ("text",),
    Role.DEVELOPER: ("text",),
    Role.USER: ("text", "image"),
    Role.ASSISTANT: ("text", "tool_call", "reasoning"),
    Role.TOOL: ("tool_result",),
}


def messages_from_wire(wire: Sequence[chat_pb2.ChatMessage], found: Violations) -> tuple[Message, ...]:
    """The conversation; what is wrong with it goes to `found`, and then the result is not to be used."""
    if not found.check_count("input.messages", len(wire), MESSAGES):
        return ()
    left = PARTS
    messages = []
    for index, message in enumerate(wire):
        left -= len(message.parts) + sum(len(part.tool_result.images) for part in message.parts)
        if left < 0:
            why = f"at most {PARTS:,} parts are taken over all messages"
            found.add(f"input.messages[{index}].parts", why, Reason.REQUEST_TOO_LARGE)
            break
        messages.append(_message(message, index, found))
    return tuple(messages)


def _message(wire: chat_pb2.ChatMessage, index: int, found: Violations) -> Message:
    role = _ROLES.get(wire.role)
    if role is None:
        known = "is required" if wire.role == chat_pb2.ROLE_UNSPECIFIED else f"{wire.role} is not a role we know"
        found.add(f"input.messages[{index}].role", known)
    if not wire.parts:
        found.add(f"input.messages[{index}].parts", "at least one is required")
    name = wire.name
    if name:
        found.check_bytes(f"input.messages[{index}].name", name, NAME_BYTES)
    parts: list[Part] = []
    for number, part in enumerate(wire.parts):
        kind = part.WhichOneof("content")
        plain = not (part.HasField("provider_state") or part.HasField("cache_hint"))
        if kind == "text" and role is not Role.TOOL and plain:
            parts.append(Text(part.text))
        elif (read := _part(part, kind, role, _Place(index, number, found))) is not None:
            parts.append(read)
    return Message(role or Role.USER, tuple(parts), name)


class _Place:
    """Where a part stands; its path is only spelt out when something is wrong."""

    __slots__ = ("found", "index", "number")

    def __init__(self, index: int, number: int, found: Violations) -> None:
        self.index, self.number, self.found = index, number, found

    def add(self, member: str, description: str, reason: Reason = Reason.INVALID_REQUEST) -> None:
        self.found.add(f"input.messages[{self.index}].parts[{self.number}]{member}", description, reason)


def _part(wire: chat_pb2.ContentPart, kind: str | None, role: Role | None, place: _Place) -> Part | None:
    if kind is None:
        why = "holds no content that this server knows; it is empty or made by a newer client"
        place.add("", why, Reason.UNSUPPORTED_CONTENT_PART)
        return None
    if role is not None and kind not in _ALLOWED[role]:
        place.add(f".{kind}", f"does not belong in a message of role {role}, which takes {', '.join(_ALLOWED[role])}")
    state = _state(wire, role, kind, place) if wire.HasField("provider_state") else None
    cache = _cache(wire.cache_hint, place) if wire.HasField("cache_hint") else None
    match kind:
        case "image":
            return _image(wire.image, ".image", cache, place)
        case "tool_call":
            return _tool_call(wire.tool_call, state, cache, place)
        case "tool_result":
            return _tool_result(wire.tool_result, cache, place)
        case "reasoning":
            if cache is not None:
                place.add(".cache_hint", "does not belong on reasoning; put it on the part before or behind")
            return Reasoning(wire.reasoning.text, state)
        case _:
            return Text(wire.text, state, cache)


def _cache(wire: chat_pb2.CacheHint, place: _Place) -> CacheHint:
    hint = cache_hint_from_wire(wire)
    if hint is None:
        place.add(".cache_hint.ttl", TTL_RULE)
    return hint or CacheHint()


def cache_hint_from_wire(wire: chat_pb2.CacheHint) -> CacheHint | None:
    """The hint; None where its time to live is none."""
    if not wire.HasField("ttl"):
        return CacheHint()
    seconds = wire.ttl.seconds + wire.ttl.nanos / 1e9
    return CacheHint(seconds) if 0 < seconds <= CACHE_TTL_MAX and 0 <= wire.ttl.nanos < 1_000_000_000 else None


def _state(wire: chat_pb2.ContentPart, role: Role | None, kind: str, place: _Place) -> ProviderState:
    provider, data = wire.provider_state.provider, wire.provider_state.data
    if role not in (None, Role.ASSISTANT) or kind not in _ALLOWED[Role.ASSISTANT]:
        place.add(".provider_state", "belongs on the parts of an assistant's message, as they came")
    if not provider or len(provider) > NAME_BYTES:
        place.add(".provider_state.provider", f"is required, with at most {NAME_BYTES} characters")
    if not data:
        place.add(".provider_state.data", "is required")
    if len(data) > STATE_BYTES:
        why = f"is {len(data):,} bytes, and at most {STATE_BYTES:,} are taken"
        place.add(".provider_state.data", why, Reason.REQUEST_TOO_LARGE)
    return ProviderState(provider, data)


def _image(wire: chat_pb2.ImagePart, member: str, cache: CacheHint | None, place: _Place) -> Image:
    data, url, media_type = wire.data, wire.url, wire.media_type
    if not data and not url:
        place.add(member, "data or url is required")
    if data and not media_type:
        place.add(f"{member}.media_type", "is required with data, such as image/png")
    if media_type and (not media_type.startswith("image/") or len(media_type) > NAME_BYTES):
        place.add(f"{member}.media_type", "must be an image type, such as image/png")
    if url and not url.lower().startswith(("http://", "https://")):
        place.add(f"{member}.url", "must start with http:// or https://; bytes go into data")
    detail = _DETAILS.get(wire.detail)
    if detail is None:
        place.add(f"{member}.detail", f"{wire.detail} is not a detail we know")
    return Image(data=data, url=url, media_type=media_type, detail=detail or "", cache=cache)


def _tool_call(
    wire: chat_pb2.ToolCall, state: ProviderState | None, cache: CacheHint | None, place: _Place
) -> ToolCall:
    if not wire.id:
        place.add(".tool_call.id", "is required")
    if not wire.name:
        place.add(".tool_call.name", "is required")
    return ToolCall(wire.id, wire.name, wire.arguments_json, state, cache)


def _tool_result(wire: chat_pb2.ToolResult, cache: CacheHint | None, place: _Place) -> ToolResult:
    if not wire.tool_call_id:
        place.add(".tool_result.tool_call_id", "is required")
    images = [_image(image, f".tool_result.images[{at}]", None, place) for at, image in enumerate(wire.images)]
    return ToolResult(wire.tool_call_id, wire.text, wire.is_error, tuple(images), cache)
