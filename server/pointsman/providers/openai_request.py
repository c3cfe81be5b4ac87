"""A request in the words of the `openai` wire, and what the wire has no words for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError, Reason
from pointsman.model.catalogue import Model
from pointsman.model.request import (
    Image,
    Message,
    Part,
    Reasoning,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.ports import ProviderCall
from pointsman.providers.naming import misplaced
from pointsman.providers.openai_hosts import at_openai
from pointsman.providers.settings import Omittable, ProviderSettings, Quirks

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')
_SENT: Final = {
    Role.SYSTEM: (Text,),
    Role.DEVELOPER: (Text,),
    Role.USER: (Text, Image, ToolResult),
    Role.ASSISTANT: (Text, ToolCall, ToolResult),
    Role.TOOL: (ToolResult,),
}


class _TextPart(Struct, tag="text"):
    text: str


class _Url(Struct, omit_defaults=True):
    url: str | Raw
    detail: str = ""


class _ImagePart(Struct, tag="image_url"):
    image_url: _Url


class _Called(Struct):
    name: str
    arguments: str


class _Call(Struct, tag="function"):
    id: str
    function: _Called


class _Message(Struct, omit_defaults=True):
    """`content` has no default: some servers want the key even where it is null."""

    role: str
    content: str | list[_TextPart | _ImagePart] | None
    name: str = ""
    tool_calls: tuple[_Call, ...] = ()
    tool_call_id: str = ""
    reasoning_content: str = ""
    reasoning: str = ""


class _Function(Struct, omit_defaults=True):
    name: str
    parameters: Raw
    description: str = ""
    strict: bool = False


class _Tool(Struct, tag="function"):
    function: _Function


class _Named(Struct):
    name: str


class _Forced(Struct, tag="function"):
    function: _Named


class _Schema(Struct, omit_defaults=True):
    name: str
    schema: Raw
    strict: bool = False


class _Format(Struct, omit_defaults=True):
    type: str
    json_schema: _Schema | None = None


class _StreamOptions(Struct):
    include_usage: bool


class _Body(Struct, omit_defaults=True):
    model: str
    messages: Sequence[_Message]
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    random_seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: str = ""
    user: str = ""
    tools: tuple[_Tool, ...] = ()
    tool_choice: str | _Forced = ""
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    stream: bool = False
    stream_options: _StreamOptions | None = None
    logprobs: bool = False


_DEFAULTS: Final = {field.name: field.default for field in msgspec.structs.fields(_Body)}
_ENCODER = msgspec.json.Encoder()
_CHECKER = msgspec.json.Decoder(Raw)


def request_to_wire(call: ProviderCall, settings: ProviderSettings, *, stream: bool) -> bytes:
    """The body of a chat completion request.

    Parts that are text only become one string, joined by newlines; developer messages are sent as system messages,
    which every endpoint knows. Raises ProviderError for a schema that is not JSON.
    """
    body = _body(call, settings, _messages(call, settings.quirks))
    for name in _omitted(settings.quirks):
        setattr(body, name, _DEFAULTS[name])
    body.stream = stream
    # Ours, not the caller's: what an endpoint is not sent of it is nothing that the caller misses.
    body.logprobs = call.logprobs and "logprobs" not in settings.quirks.omit
    if stream and settings.quirks.stream_usage:
        body.stream_options = _StreamOptions(include_usage=True)
    return _ENCODER.encode(body)


def dropped_from_wire(call: ProviderCall, settings: ProviderSettings) -> tuple[str, ...]:
    """Names of what `request_to_wire` leaves out although the caller asked for it, in alphabetical order.

    Cache hints are none: these endpoints cache on their own, or not at all.
    """
    request, omit = call.request, settings.quirks.omit
    names = {_plural(part, message.role) for message in request.messages for part in message.parts}
    names.discard("")
    names.update(_details(request))
    for name in ("top_k", "reasoning_max_tokens"):
        if getattr(request.params, name) is not None:
            names.add(name)
    if settings.quirks.reasoning_field:
        names.discard("reasoning parts")
    if any(message.name and (message.role is Role.TOOL or "name" in omit) for message in request.messages):
        names.add("message names")
    if request.tool_choice is not None and request.tool_choice.mode == "required" and not request.tools:
        names.add("tool_choice")
    if omit:
        body = _body(call, settings, ())
        fields = _omitted(settings.quirks).items()
        names.update(name for field, name in fields if getattr(body, field) != _DEFAULTS[field])
    return tuple(sorted(names))


def _details(request: Request) -> Iterator[str]:
    """What parts say besides their content, and this wire has no place for."""
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, ToolResult):
            if part.is_error:
                yield "error marks of tool results"
            if part.images:
                yield "images of tool results"
        elif not isinstance(part, Image) and part.state is not None:
            yield "provider state"


def _omitted(quirks: Quirks) -> dict[str, Omittable]:
    """Fields of the body that the endpoint refuses, with what they are called in `Quirks.omit`."""
    fields = {quirks.seed_field if name == "seed" else name: name for name in quirks.omit}
    return {field: name for field, name in fields.items() if field in _DEFAULTS}


def _body(call: ProviderCall, settings: ProviderSettings, messages: Sequence[_Message]) -> _Body:
    request, params, quirks = call.request, call.request.params, settings.quirks
    tools, choice = _tools(request)
    body = _Body(
        model=call.model.upstream,
        messages=messages,
        temperature=call.shaped.temperature,
        top_p=params.top_p,
        stop=params.stop_sequences,
        frequency_penalty=params.frequency_penalty,
        presence_penalty=params.presence_penalty,
        reasoning_effort=_effort(call.model, params.reasoning_effort, quirks),
        user=params.end_user_id,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=request.tool_choice.parallel if tools and request.tool_choice else None,
        response_format=_format(request.response_format),
    )
    setattr(body, quirks.seed_field, params.seed)
    setattr(body, _max_tokens_field(settings), call.shaped.max_output_tokens)
    return body


def _effort(model: Model, effort: str, quirks: Quirks) -> str:
    # A model that cannot reason makes no effort anyway, and its endpoint may refuse to be told so.
    if effort == "none" and "reasoning" not in model.capabilities:
        return ""
    return (quirks.max_effort or "xhigh") if effort == "max" else effort


def _max_tokens_field(settings: ProviderSettings) -> str:
    if settings.quirks.max_tokens_field:
        return settings.quirks.max_tokens_field
    return "max_completion_tokens" if at_openai(settings.base_url) else "max_tokens"


def _messages(call: ProviderCall, quirks: Quirks) -> list[_Message]:
    sent: list[_Message] = []
    if call.shaped.system_prompt:
        sent.append(_Message("system", call.shaped.system_prompt))
    for message in call.request.messages:
        _add_message(sent, message, quirks)
    return sent


def _add_message(sent: list[_Message], message: Message, quirks: Quirks) -> None:
    """Its tool results, each a message of its own, then what is left of it, if anything is."""
    role, texts, calls, pictured = message.role, [], [], False
    for part in message.parts:
        if isinstance(part, Text):
            texts.append(part.text)
        elif isinstance(part, ToolResult):
            sent.append(_Message("tool", part.text, tool_call_id=part.tool_call_id))
        elif isinstance(part, ToolCall):
            calls.append(_Call(part.id, _Called(part.name, part.arguments_json)))
        elif isinstance(part, Image):
            pictured = True
    content: str | list[_TextPart | _ImagePart] | None = "\n".join(texts) if texts else None
    if role is Role.USER and pictured:
        content = [_content(part) for part in message.parts if isinstance(part, (Text, Image))]
    elif role is Role.TOOL or not (texts or (calls and role is Role.ASSISTANT)):
        return
    spoken = _Message("system" if role is Role.DEVELOPER else role.value, content)
    if message.name and "name" not in quirks.omit:
        spoken.name = message.name
    if role is Role.ASSISTANT:
        spoken.tool_calls = tuple(calls)
        if quirks.reasoning_field:
            thoughts = "\n".join(part.text for part in message.parts if isinstance(part, Reasoning))
            setattr(spoken, quirks.reasoning_field, thoughts)
    sent.append(spoken)


def _content(part: Text | Image) -> _TextPart | _ImagePart:
    if isinstance(part, Text):
        return _TextPart(part.text)
    if part.url:
        return _ImagePart(_Url(part.url, part.detail))
    # Already JSON, so that megabytes are not searched for characters to escape.
    head = _ENCODER.encode(f"data:{part.media_type};base64,")[:-1]
    return _ImagePart(_Url(Raw(b"".join((head, b64encode(part.data), b'"'))), part.detail))


def _tools(request: Request) -> tuple[tuple[_Tool, ...], str | _Forced]:
    """The tools to offer and the choice among them; several allowed ones become the only ones offered."""
    choice, tools = request.tool_choice, request.tools
    if choice is None or not tools:
        return tuple(map(_tool, tools)), ""
    if choice.mode == "required" and len(choice.allowed) == 1:
        return tuple(map(_tool, tools)), _Forced(_Named(choice.allowed[0]))
    return tuple(_tool(tool) for tool in tools if _offered(tool, choice)), choice.mode


def _offered(tool: Tool, choice: ToolChoice) -> bool:
    return not choice.allowed or tool.name in choice.allowed


def _tool(tool: Tool) -> _Tool:
    parameters = _NO_PARAMETERS
    if tool.parameters_json_schema:
        parameters = _json(tool.parameters_json_schema, f"the parameters of tool {tool.name!r}")
    return _Tool(_Function(tool.name, parameters, tool.description, tool.strict))


def _format(wanted: ResponseFormat | None) -> _Format | None:
    if wanted is None or wanted.kind != "json_schema":
        return None if wanted is None else _Format(wanted.kind)
    schema = _json(wanted.json_schema, "the response format's schema")
    return _Format("json_schema", _Schema(wanted.schema_name or "answer", schema, wanted.strict))


def _json(text: str, what: str) -> Raw:
    """The text as it is, once it is known to be one JSON value: anything else could write the rest of our request."""
    try:
        return _CHECKER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise ProviderError(
            Reason.INVALID_REQUEST, f"{what} must be a JSON document", retryable=False, sent=False
        ) from None


def _plural(part: Part, role: Role) -> str:
    """What to call a part that is left out; "" for one that is sent."""
    if isinstance(part, _SENT[role]):
        return ""
    if isinstance(part, Reasoning) and role is Role.ASSISTANT:
        return "reasoning parts"
    return misplaced(part, role)
