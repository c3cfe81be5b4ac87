"""The request side of the `openai-responses` wire: what we read of it, what we refuse, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from msgspec import Struct

from pointsman.sim.request import (
    ChatRequest,
    Function,
    Json,
    Message,
    Part,
    Refusal,
    ResponseFormat,
    SchemaFormat,
    StreamOptions,
    Tool,
)
from pointsman.sim.seals import opened

_LEAST_OUTPUT = 16
_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_LOGPROBS: Final = "message.output_text.logprobs"
# What callers say and what a model has said have different words for a text.
_SAID_BY: Final = {"assistant": frozenset({"output_text", "refusal"})}
_ASKED: Final = frozenset({"input_text", "input_image", "input_file"})


class _Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """The API refuses names that it does not know, wherever they stand."""


class Content(_Strict, frozen=True):
    type: Literal["input_text", "input_image", "input_file", "output_text", "refusal", "summary_text", "reasoning_text"]
    text: str = ""
    refusal: str = ""
    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None
    annotations: Json = None
    logprobs: Json = None
    prompt_cache_breakpoint: Json = None

    @property
    def said(self) -> str:
        return self.text or self.refusal


class Item(_Strict, frozen=True):
    """An item of the input, of any type that callers send; without a type it is a message."""

    type: Literal["message", "function_call", "function_call_output", "reasoning", "item_reference"] = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[Content] | None = None
    phase: str | None = None
    id: str | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    call_id: str = ""
    name: str | None = None
    arguments: str = ""
    output: str | list[Content] = ""
    summary: list[Content] | None = None
    encrypted_content: str | None = None


class _Tool(_Strict, frozen=True):
    type: Literal["function"]
    name: str
    parameters: dict[str, Json] | None = None
    strict: bool | None = None
    description: str | None = None


class _Choice(_Strict, frozen=True):
    type: Literal["function", "allowed_tools"]
    name: str = ""
    mode: Literal["auto", "required"] = "auto"
    tools: list[dict[str, str]] = []


class _Reasoning(_Strict, frozen=True):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    context: str | None = None
    mode: str | None = None


class _Format(_Strict, frozen=True):
    type: Literal["text", "json_object", "json_schema"]
    name: str = ""
    schema: dict[str, Json] | None = None
    strict: bool | None = None
    description: str | None = None


class _Text(_Strict, frozen=True):
    format: _Format | None = None
    verbosity: str | None = None


class ResponsesRequest(_Strict, frozen=True):
    """A request for a response. Other fields are refused, as the provider does."""

    model: str
    input: str | list[Item]
    instructions: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: _Reasoning | None = None
    text: _Text | None = None
    tools: list[_Tool] = []
    tool_choice: Literal["auto", "none", "required"] | _Choice = "auto"
    parallel_tool_calls: bool | None = None
    include: list[str] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Json = None
    top_logprobs: int | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    metadata: dict[str, str] | None = None
    service_tier: str | None = None
    truncation: str | None = None
    previous_response_id: str | None = None

    @property
    def items(self) -> list[Item]:
        return [Item(role="user", content=self.input)] if isinstance(self.input, str) else self.input


_DECODER: Final = msgspec.json.Decoder(ResponsesRequest)


def parse(body: bytes) -> ChatRequest | Refusal:
    """Read and check a request body."""
    try:
        asked = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        return _invalid(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(400, "We could not parse the JSON body of your request. It must be one JSON object in UTF-8.")
    return next(_problems(asked), None) or _neutral(asked)


def _invalid(error: str) -> Refusal:
    found, unknown = _WHERE.search(error), _UNKNOWN.search(error)
    where = found.group(1) if found else ""
    if unknown is None:
        return Refusal(400, f"Invalid request: {error}.", param=where or None)
    where = f"{where}.{unknown.group(1)}".lstrip(".")
    return Refusal(400, f"Unknown parameter: '{where}'.", code="unknown_parameter", param=where)


def _problems(asked: ResponsesRequest) -> Iterator[Refusal]:
    """What the provider would refuse, in an order of its own."""
    if asked.model == "no-such-model":
        told = "The model `no-such-model` does not exist or you do not have access to it."
        yield Refusal(404, told, code="model_not_found")
    limit = asked.max_output_tokens
    if limit is not None and limit < _LEAST_OUTPUT:
        told = f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {limit}."
        yield Refusal(400, told, code="integer_below_min_value", param="max_output_tokens")
    if asked.temperature is not None and not 0 <= asked.temperature <= 2:
        yield Refusal(400, f"Invalid 'temperature': {asked.temperature}; from 0 to 2.", param="temperature")
    if asked.previous_response_id is not None:
        told = f"Previous response with id '{asked.previous_response_id}' not found."
        yield Refusal(400, told, code="previous_response_not_found", param="previous_response_id")
    if not asked.items:
        yield Refusal(400, "Missing required parameter: 'input'.", code="missing_required_parameter", param="input")
    if asked.tool_choice == "required" and not asked.tools:
        yield Refusal(400, "Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")
    shape = asked.text.format if asked.text else None
    if shape is not None and shape.type == "json_schema" and (shape.schema is None or not shape.name):
        yield Refusal(400, "Missing required parameter: 'text.format.schema'.", param="text.format")
    yield from _calls(asked.items)
    yield from _loose_ends(asked.items)
    for at, item in enumerate(asked.items):
        yield from _item(f"input[{at}]", item, asked.model)


def _calls(items: list[Item]) -> Iterator[Refusal]:
    """Every call has its output behind it, every output its call before it."""
    called: dict[str, None] = {}
    for item in items:
        if item.type == "function_call":
            called[item.call_id] = None
        elif item.type == "function_call_output":
            if item.call_id not in called:
                told = f"No tool call found for function call output with call_id {item.call_id}."
                yield Refusal(400, told, param="input")
            called.pop(item.call_id, None)
    if called:
        yield Refusal(400, f"No tool output found for function call {next(iter(called))}.", param="input")


def _loose_ends(items: list[Item]) -> Iterator[Refusal]:
    """Reasoning leads to something that the model said or called."""
    for item, behind in zip(items, [*items[1:], None], strict=True):
        led = behind is not None and (behind.type in ("reasoning", "function_call") or behind.role == "assistant")
        if item.type == "reasoning" and item.encrypted_content and not led:
            told = f"Item '{item.id}' of type 'reasoning' was provided without its required following item."
            yield Refusal(400, told, param="input")


def _item(where: str, item: Item, model: str) -> Iterator[Refusal]:
    if item.type == "item_reference" or (item.type == "reasoning" and not item.encrypted_content):
        told = f"Item with id '{item.id}' not found. Items are not persisted when `store` is set to false."
        yield Refusal(404, told, param="input")
    elif item.type == "reasoning":
        hidden = opened(item.encrypted_content or "")
        if item.summary is None:
            yield Refusal(400, f"Missing required parameter: '{where}.summary'.", param=f"{where}.summary")
        elif hidden is None or hidden.partition("\n")[0] != model:
            told = "The encrypted content could not be verified. Reason: it could not be decrypted or parsed."
            yield Refusal(400, told, code="invalid_encrypted_content")
    elif item.type == "message" and item.role is None:
        yield Refusal(400, f"Missing required parameter: '{where}.role'.", param=f"{where}.role")
    elif item.type == "message" and not isinstance(item.content, str):
        known = _SAID_BY.get(item.role or "", _ASKED)
        for content in item.content or ():
            if content.type not in known:
                told = f"Invalid value: '{content.type}'. Supported values are: {sorted(known)}."
                yield Refusal(400, told, code="invalid_value", param=f"{where}.content")


def _neutral(asked: ResponsesRequest) -> ChatRequest:
    choice, tools = _choice(asked)
    reasoning = asked.reasoning or _Reasoning()
    messages = [Message("system", asked.instructions)] if asked.instructions else []
    messages += [message for item in asked.items if (message := _message(item)) is not None]
    return ChatRequest(
        asked.model,
        messages,
        stream=asked.stream,
        stream_options=StreamOptions(True),
        max_completion_tokens=asked.max_output_tokens,
        tools=[Tool(Function(tool.name, tool.description, tool.parameters)) for tool in tools] or None,
        tool_choice=choice,
        parallel_tool_calls=asked.parallel_tool_calls,
        response_format=_format(asked.text.format if asked.text else None),
        reasoning_effort="xhigh" if reasoning.effort == "max" else reasoning.effort,
        logprobs=_LOGPROBS in (asked.include or ()),
        summarized=reasoning.summary is not None,
    )


def _choice(asked: ResponsesRequest) -> tuple[Json, list[_Tool]]:
    """The choice among tools in the words of chat completions, and the tools that it leaves."""
    choice = asked.tool_choice
    if isinstance(choice, str):
        return choice, asked.tools
    if choice.type == "function":
        return {"type": "function", "function": {"name": choice.name}}, asked.tools
    allowed = {tool.get("name") for tool in choice.tools}
    return choice.mode, [tool for tool in asked.tools if tool.name in allowed]


def _format(shape: _Format | None) -> ResponseFormat | None:
    if shape is None or shape.type != "json_schema":
        return None if shape is None or shape.type == "text" else ResponseFormat(shape.type)
    return ResponseFormat("json_schema", SchemaFormat(shape.name, shape.schema))


def _message(item: Item) -> Message | None:
    """An item as a message; None for reasoning, which no prompt shows."""
    if item.type == "function_call":
        return Message("assistant", None, [{"id": item.call_id, "name": item.name, "arguments": item.arguments}])
    if item.type == "function_call_output":
        return Message("tool", _parts(item.output), tool_call_id=item.call_id)
    return None if item.type == "reasoning" else Message(item.role or "user", _parts(item.content or ""))


def _parts(content: str | list[Content]) -> str | list[Part]:
    if isinstance(content, str):
        return content
    return [
        Part("image_url", image_url=piece.image_url) if piece.type == "input_image" else Part("text", piece.said)
        for piece in content
    ]
