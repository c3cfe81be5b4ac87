"""A conversation in the words of the `gemini` wire: contents of two roles, and the system instruction beside them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from pointsman.model.request import Image, Part, Reasoning, Role, Text, ToolCall, ToolResult
from pointsman.ports import ProviderCall
from pointsman.providers.gemini_thinking import generation

_SYSTEM: Final = (Role.SYSTEM, Role.DEVELOPER)
_SENT: Final = {
    Role.SYSTEM: (Text,),
    Role.DEVELOPER: (Text,),
    Role.USER: (Text, Image, ToolResult),
    Role.ASSISTANT: (Text, Reasoning, ToolCall, ToolResult),
    Role.TOOL: (ToolResult,),
}
_PLURALS: Final = {
    Text: "text",
    Image: "image",
    ToolCall: "tool call",
    ToolResult: "tool result",
    Reasoning: "reasoning",
}
# What it reads behind a URL, by the path's ending; other URLs are sent without a type, for it to find out.
_IMAGES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "heic": "image/heic",
    "heif": "image/heif",
}
# What Google documents for calls that another model made: since Gemini 3 a turn's first call must be signed.
_FOREIGN: Final = "skip_thought_signature_validator"


class Blob(Struct, rename="camel"):
    mime_type: str
    data: Raw


class File(Struct, omit_defaults=True, rename="camel"):
    file_uri: str
    mime_type: str = ""


class Call(Struct):
    id: str
    name: str
    args: Raw


class ResultPart(Struct, rename="camel"):
    inline_data: Blob


class Result(Struct, omit_defaults=True):
    id: str
    name: str
    response: Raw
    parts: list[ResultPart] = []


class SentPart(Struct, omit_defaults=True, rename="camel"):
    """One of its kinds. A text may be empty where it carries a signature."""

    text: str | UnsetType = UNSET
    thought: bool = False
    thought_signature: str = ""
    inline_data: Blob | None = None
    file_data: File | None = None
    function_call: Call | None = None
    function_response: Result | None = None


class Content(Struct, omit_defaults=True):
    parts: list[SentPart]
    role: str = ""


_ENCODER = msgspec.json.Encoder()
_OBJECTS = msgspec.json.Decoder(dict[str, Raw])


def contents(call: ProviderCall, provider: str) -> list[Content]:
    """Each message as a content; the results of one turn's calls become one, as the wire wants them.

    Signatures go back on the parts that they came on, to `provider` where they came from it.
    """
    sent: list[Content] = []
    names: dict[str, str] = {}
    newer = generation(call.model) >= 3
    for message in call.request.messages:
        results, spoken = [], []
        for part in message.parts if message.role not in _SYSTEM else ():
            if isinstance(part, ToolCall):
                names[part.id] = part.name
            if isinstance(part, ToolResult):
                name = names.get(part.tool_call_id) or message.name or part.tool_call_id
                results.append(_result(part, name, pictured=newer))
            elif isinstance(part, _SENT[message.role]):
                spoken += _spoken(part, provider)
        if results and sent and sent[-1].parts[-1].function_response:
            sent[-1].parts += results
        elif results:
            sent.append(Content(results, "user"))
        if spoken:
            sent.append(Content(spoken, "model" if message.role is Role.ASSISTANT else "user"))
            if newer:
                _sign(spoken)
    return sent


def system_instruction(call: ProviderCall) -> Content | None:
    """All that the system says, wherever it stands among the messages."""
    texts = [call.shaped.system_prompt]
    for message in call.request.messages:
        if message.role in _SYSTEM:
            texts += [part.text for part in message.parts if isinstance(part, Text)]
    parts = [SentPart(text=text) for text in texts if text]
    return Content(parts) if parts else None


def dropped_from_contents(call: ProviderCall, provider: str) -> Iterator[str]:
    """What of the messages cannot be said on this wire, or not in its place."""
    spoken = False
    pictured = generation(call.model) >= 3
    for message in call.request.messages:
        if message.role in _SYSTEM and spoken:
            yield "places of system messages"
        spoken = spoken or message.role not in _SYSTEM
        if message.name and message.role is not Role.TOOL:
            yield "message names"
        for part in message.parts:
            yield from _dropped(part, message.role, provider)
            if isinstance(part, ToolResult) and not all(pictured and image.data for image in part.images):
                yield "images of tool results"


def _dropped(part: Part, role: Role, provider: str) -> Iterator[str]:
    if not isinstance(part, (Image, ToolResult)) and part.state is not None and not _signature(part, provider):
        yield "provider state"
    if isinstance(part, Reasoning) and role is Role.ASSISTANT:
        if not _signature(part, provider):
            yield "reasoning parts"
    elif not isinstance(part, _SENT[role]):
        yield f"{_PLURALS[type(part)]} parts of {role} messages"
    elif isinstance(part, Image) and part.detail not in ("", "auto"):
        yield "image detail"
    elif isinstance(part, ToolCall) and _object(part.arguments_json or "{}") is None:
        yield "tool call arguments that are not a JSON object"


def _spoken(part: Part, provider: str) -> list[SentPart]:
    """A part as it is sent; nothing for what is empty, or reasoning that is not this provider's to read again."""
    if isinstance(part, Image):
        return [_image(part)]
    if isinstance(part, ToolResult):
        return []
    signature = _signature(part, provider)
    if isinstance(part, ToolCall):
        written = part.arguments_json or "{}"
        # The wire takes objects only: what a model left unfinished is told under a name, rather than not at all.
        arguments = _object(written) or Raw(_ENCODER.encode({"arguments": written}))
        return [SentPart(function_call=Call(part.id, part.name, arguments), thought_signature=signature)]
    thought = isinstance(part, Reasoning)
    if not signature and (thought or not part.text):
        return []
    return [SentPart(text=part.text, thought=thought, thought_signature=signature)]


def _signature(part: Text | Reasoning | ToolCall, provider: str) -> str:
    if part.state is None or part.state.provider != provider:
        return ""
    return part.state.data.decode("latin-1")  # it is ASCII, unless a caller changed it


def _image(part: Image) -> SentPart:
    if part.url:
        path = part.url.partition("?")[0].partition("#")[0]
        kind = part.media_type or _IMAGES.get(path.rpartition(".")[2].lower(), "")
        return SentPart(file_data=File(part.url, kind))
    return SentPart(inline_data=_blob(part))


def _blob(image: Image) -> Blob:
    # Already JSON, so that megabytes are not searched for characters to escape.
    return Blob(image.media_type, Raw(b"".join((b'"', b64encode(image.data), b'"'))))


def _result(part: ToolResult, name: str, *, pictured: bool) -> SentPart:
    """A result that is an object is taken as it is; any other is named as the documentation asks for it."""
    response = _object(part.text)
    if part.is_error:
        response = Raw(_ENCODER.encode({"error": response or part.text}))
    elif response is None:
        response = Raw(_ENCODER.encode({"output": part.text}))
    images = [ResultPart(_blob(image)) for image in part.images if image.data] if pictured else []
    return SentPart(function_response=Result(part.tool_call_id, name, response, images))


def _sign(parts: list[SentPart]) -> None:
    first = next((part for part in parts if part.function_call), None)
    if first is not None and not first.thought_signature:
        first.thought_signature = _FOREIGN


def _object(text: str) -> Raw | None:
    """The text as it is, if it is one JSON object: anything else could write the rest of our request."""
    try:
        _OBJECTS.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return Raw(text.encode())
