"""A conversation from OpenAI's JSON."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence

from pointsman.doors.limits import MESSAGES, NAME_BYTES, PARTS
from pointsman.doors.violations import Violations
from pointsman.errors import Reason
from pointsman.http import openai_body as wire
from pointsman.http.caching import cache_hint
from pointsman.http.state import with_state
from pointsman.model.request import Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult

_DATA_URL = re.compile(r"data:(?P<type>image/[\w.+-]{1,64});base64,", re.ASCII | re.IGNORECASE)
_ROLES = {wire.System: Role.SYSTEM, wire.Developer: Role.DEVELOPER, wire.User: Role.USER, wire.Tool: Role.TOOL}


def read_messages(messages: Sequence[wire.Message], found: Violations) -> tuple[Message, ...]:
    """The conversation; what is wrong with it goes to `found`, and then the result is not to be used."""
    if not messages:
        found.add("messages", "at least one is required")
    if not found.check_count("messages", len(messages), MESSAGES):
        return ()
    left, read = PARTS, list[Message]()
    for index, message in enumerate(messages):
        field = f"messages[{index}]"
        if message.name:
            found.check_bytes(f"{field}.name", message.name, NAME_BYTES)
        parts = _parts(message, field, found)
        left -= len(parts)
        if left < 0:
            why = f"at most {PARTS:,} parts are taken over all messages"
            found.add(field, why, Reason.REQUEST_TOO_LARGE)
            break
        read.append(Message(_ROLES.get(type(message), Role.ASSISTANT), parts, message.name or ""))
    return tuple(read)


def _parts(message: wire.Message, field: str, found: Violations) -> tuple[Part, ...]:
    if isinstance(message, wire.Assistant):
        return _answered(message, field, found)
    if isinstance(message, wire.Tool):
        return (_result(message, field, found),)
    if isinstance(message.content, str):
        return (Text(message.content),)
    if not message.content:
        found.add(f"{field}.content", "at least one part is required")
    return tuple([_part(part, f"{field}.content[{at}]", found) for at, part in enumerate(message.content)])


def _part(part: wire.TextPart | wire.ImagePart | wire.AudioPart | wire.FilePart, field: str, found: Violations) -> Part:
    if isinstance(part, wire.TextPart):
        return Text(part.text, cache=cache_hint(part.cache_control))
    if isinstance(part, wire.ImagePart):
        return _image(part, f"{field}.image_url.url", found)
    kind = "input_audio" if isinstance(part, wire.AudioPart) else "file"
    why = f"is {kind}, and this server takes text and image_url; send the content as one of them"
    found.add(f"{field}.type", why, Reason.UNSUPPORTED_CONTENT_PART)
    return Text("")


def _image(part: wire.ImagePart, field: str, found: Violations) -> Image:
    url, detail, cache = part.image_url.url, part.image_url.detail or "", cache_hint(part.cache_control)
    detail = "" if detail == "auto" else detail
    if url[:8].lower().startswith(("https://", "http://")):
        return Image(url=url, detail=detail, cache=cache)
    head = _DATA_URL.match(url)
    if head is None:
        found.add(field, "must start with https://, http:// or data:image/TYPE;base64,")
        return Image()
    try:
        data = b64decode(url[head.end() :], validate=True)
    except ValueError:
        found.add(field, "holds data that is not base64")
        return Image()
    if not data:
        found.add(field, "holds no data")
    return Image(data=data, media_type=head["type"].lower(), detail=detail, cache=cache)


def _result(message: wire.Tool, field: str, found: Violations) -> ToolResult:
    if not message.tool_call_id:
        found.add(f"{field}.tool_call_id", "must not be empty")
    if isinstance(message.content, str):
        return ToolResult(message.tool_call_id, message.content)
    cache = next((hint for part in message.content if (hint := cache_hint(part.cache_control))), None)
    return ToolResult(message.tool_call_id, "".join([part.text for part in message.content]), cache=cache)


def _answered(message: wire.Assistant, field: str, found: Violations) -> tuple[Part, ...]:
    for name in ("audio", "function_call"):
        if getattr(message, name) is not None:
            found.add(f"{field}.{name}", "is not taken by this server; leave it out (calls belong into tool_calls)")
    parts: list[Part] = []
    if message.reasoning_content:
        parts.append(Reasoning(message.reasoning_content))
    if isinstance(message.content, str):
        # A refusal comes with its words in both.
        parts += [Text(message.content)] if message.content or not message.tool_calls else []
    for part in message.content or () if not isinstance(message.content, str) else ():
        text = part.refusal if isinstance(part, wire.RefusalPart) else part.text
        parts.append(Text(text, cache=None if isinstance(part, wire.RefusalPart) else cache_hint(part.cache_control)))
    if message.refusal and not message.content:
        parts.append(Text(message.refusal))
    for at, call in enumerate(message.tool_calls or ()):
        for name, value in (("id", call.id), ("function.name", call.function.name)):
            if not value:
                found.add(f"{field}.tool_calls[{at}].{name}", "must not be empty")
        parts.append(ToolCall(call.id, call.function.name, call.function.arguments))
    if not parts:
        found.add(f"{field}.content", "is required where there are no tool_calls")
    if message.pointsman_state:
        return with_state(tuple(parts), message.pointsman_state, f"{field}.pointsman_state", found)
    return tuple(parts)
