"""A request in the words of the `gemini` wire, and what the wire has no words for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import Request, ResponseFormat, Tool
from pointsman.ports import ProviderCall
from pointsman.providers.gemini_contents import Content, contents, dropped_from_contents, system_instruction
from pointsman.providers.gemini_thinking import Thinking, keeps_limit, thinking, thinks_all_the_same
from pointsman.providers.settings import ProviderSettings, Quirks

_MOST_STOPS = 5
_HIGHEST_SEED = 2**31 - 1
# By their names in `Quirks.omit`.
_FIELDS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop_sequences",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "response_format": "response_mime_type",
}


class _Function(Struct, omit_defaults=True, rename="camel"):
    name: str
    description: str = ""
    parameters_json_schema: Raw | UnsetType = UNSET


class _Tools(Struct, rename="camel"):
    function_declarations: tuple[_Function, ...]


class _Calling(Struct, omit_defaults=True, rename="camel"):
    mode: str
    allowed_function_names: tuple[str, ...] = ()


class _ToolConfig(Struct, rename="camel"):
    function_calling_config: _Calling


class _Generation(Struct, omit_defaults=True, rename="camel"):
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    response_mime_type: str = ""
    response_json_schema: Raw | UnsetType = UNSET
    thinking_config: Thinking | None = None


class _Body(Struct, omit_defaults=True, rename="camel"):
    contents: list[Content]
    system_instruction: Content | None = None
    tools: tuple[_Tools, ...] = ()
    tool_config: _ToolConfig | None = None
    generation_config: _Generation | None = None


_DEFAULTS: Final = {field.name: field.default for field in msgspec.structs.fields(_Generation)}
_ENCODER = msgspec.json.Encoder()
_CHECKER = msgspec.json.Decoder(Raw)


def request_to_wire(call: ProviderCall, settings: ProviderSettings) -> bytes:
    """The body of a generateContent request, streamed or not. Raises ProviderError for a schema that is not JSON.

    System and developer messages become the one system instruction, and several allowed tools the only ones offered
    unless a call is required.
    """
    generation, omit = _generation(call), settings.quirks.omit
    for name in omit & _FIELDS.keys():
        setattr(generation, _FIELDS[name], _DEFAULTS[_FIELDS[name]])
    if "response_format" in omit:
        generation.response_json_schema = UNSET
    generation.thinking_config = _thinking(call, settings.quirks)
    tools, config = _tools(call.request)
    body = _Body(
        contents=contents(call, settings.provider),
        system_instruction=system_instruction(call),
        tools=tools,
        tool_config=None if "tool_choice" in omit else config,
        generation_config=None if generation == _Generation() else generation,
    )
    return _ENCODER.encode(body)


def dropped_from_wire(call: ProviderCall, settings: ProviderSettings) -> tuple[str, ...]:
    """Names of what `request_to_wire` leaves out although the caller asked for it, in alphabetical order.

    Cache hints are none: Google caches prompts on its own.
    """
    request, params, omit = call.request, call.request.params, settings.quirks.omit
    choice = request.tool_choice
    generation = _generation(call)
    names = set(dropped_from_contents(call, settings.provider))
    names |= {name for name in omit & _FIELDS.keys() if getattr(generation, _FIELDS[name]) != _DEFAULTS[_FIELDS[name]]}
    names |= set(_unsaid(call))
    if "reasoning_effort" in omit and params.reasoning_effort:
        names.add("reasoning_effort")
    if "tool_choice" in omit and request.tools and choice is not None and choice.mode != "auto":
        names.add("tool_choice")
    return tuple(sorted(names))


def _unsaid(call: ProviderCall) -> Iterator[str]:
    """What the wire has no words for, or not for so much of it."""
    request, params = call.request, call.request.params
    choice = request.tool_choice
    if params.end_user_id:
        yield "user"
    if params.seed is not None and _seed(params.seed) is None:
        yield "seed"
    if len(params.stop_sequences) > _MOST_STOPS:
        yield f"stop sequences after the first {_MOST_STOPS}"
    if thinks_all_the_same(call.model, params.reasoning_effort):
        yield "reasoning_effort"
    if params.reasoning_max_tokens is not None and not keeps_limit(call.model, params.reasoning_max_tokens):
        yield "reasoning_max_tokens"
    if choice is not None and request.tools and choice.parallel is False:
        yield "parallel_tool_calls"
    if choice is not None and not request.tools and choice.mode == "required":
        yield "tool_choice"


def _generation(call: ProviderCall) -> _Generation:
    """All of it but what is thought."""
    params = call.request.params
    sent = _Generation(
        max_output_tokens=call.shaped.max_output_tokens,
        temperature=call.shaped.temperature,
        top_p=params.top_p,
        top_k=params.top_k,
        stop_sequences=params.stop_sequences[:_MOST_STOPS],
        seed=_seed(params.seed),
        frequency_penalty=params.frequency_penalty,
        presence_penalty=params.presence_penalty,
    )
    _add_format(sent, call.request.response_format)
    return sent


def _thinking(call: ProviderCall, quirks: Quirks) -> Thinking | None:
    params = call.request.params
    effort = "" if "reasoning_effort" in quirks.omit else params.reasoning_effort
    sent = thinking(call.model, effort, params.reasoning_max_tokens)
    if sent is not None and sent.thinking_level and effort == "max" and quirks.max_effort:
        return msgspec.structs.replace(sent, thinking_level=quirks.max_effort)
    return sent


def _seed(seed: int | None) -> int | None:
    """A seed that fits; any other would be refused."""
    return seed if seed is not None and -_HIGHEST_SEED <= seed <= _HIGHEST_SEED else None


def _add_format(sent: _Generation, wanted: ResponseFormat | None) -> None:
    if wanted is None:
        return
    sent.response_mime_type = "application/json"
    if wanted.kind == "json_schema":
        sent.response_json_schema = _json(wanted.json_schema, "the response format's schema")


def _tools(request: Request) -> tuple[tuple[_Tools, ...], _ToolConfig | None]:
    """The tools to offer and how to choose among them."""
    choice, tools = request.tool_choice, request.tools
    if not tools:
        return (), None
    mode, allowed = "AUTO", tuple[str, ...]()
    if choice is not None and choice.mode == "none":
        mode = "NONE"
    elif choice is not None and choice.mode == "required":
        mode, allowed = "ANY", choice.allowed
    elif choice is not None and choice.allowed:
        tools = tuple(tool for tool in tools if tool.name in choice.allowed)
    if mode == "AUTO" and any(tool.strict for tool in tools):
        mode = "VALIDATED"  # still free to answer in text; what is called keeps to its schema, as with ANY
    config = None if choice is None and mode == "AUTO" else _ToolConfig(_Calling(mode, allowed))
    return (_Tools(tuple(map(_function, tools))),), config


def _function(tool: Tool) -> _Function:
    """A tool without parameters has no schema at all: an object without properties is refused."""
    if not tool.parameters_json_schema:
        return _Function(tool.name, tool.description)
    schema = _json(tool.parameters_json_schema, f"the parameters of tool {tool.name!r}")
    return _Function(tool.name, tool.description, schema)


def _json(text: str, what: str) -> Raw:
    """The text as it is, once it is known to be one JSON value: anything else could write the rest of our request."""
    try:
        return _CHECKER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise ProviderError(
            Reason.INVALID_REQUEST, f"{what} must be a JSON document", retryable=False, sent=False
        ) from None
