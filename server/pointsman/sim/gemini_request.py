"""The request side of the `gemini` wire: what we read of it, and what we refuse, which is also every unknown name."""

from __future__ import annotations

import json
import re

import msgspec

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

# What callers write: names in there are theirs.
_OWN = frozenset({"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema"})
_EFFORTS = ((0, "none"), (1_024, "low"), (8_192, "medium"))


class _Names(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The API refuses names that it does not know, wherever they stand."""


class _Call(_Names, frozen=True):
    name: str
    args: Json = None
    id: str | None = None


class _Result(_Names, frozen=True):
    name: str
    response: dict[str, Json]
    id: str | None = None
    parts: Json = None


class _Part(_Names, frozen=True):
    text: str | None = None
    thought: bool = False
    thought_signature: str = ""
    inline_data: Json = None
    file_data: Json = None
    function_call: _Call | None = None
    function_response: _Result | None = None


class _Content(_Names, frozen=True):
    parts: list[_Part] = []
    role: str = "user"


class _Function(_Names, frozen=True):
    name: str
    description: str | None = None
    parameters: Json = None
    parameters_json_schema: Json = None
    response: Json = None
    response_json_schema: Json = None
    behavior: Json = None


class _Tools(_Names, frozen=True):
    function_declarations: list[_Function] = []


class _Calling(_Names, frozen=True):
    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class _ToolConfig(_Names, frozen=True):
    function_calling_config: _Calling = _Calling()


class _Thinking(_Names, frozen=True):
    include_thoughts: bool = False
    thinking_level: str = ""
    thinking_budget: int | None = None

    @property
    def effort(self) -> str | None:
        """The effort that it comes to."""
        if self.thinking_level or self.thinking_budget is None or self.thinking_budget < 0:
            return self.thinking_level.lower() or None
        return next((effort for most, effort in _EFFORTS if self.thinking_budget <= most), "high")


class _Generation(_Names, frozen=True):
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: int | None = None
    stop_sequences: list[str] = []
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    response_mime_type: str = ""
    response_schema: Json = None
    response_json_schema: Json = None
    thinking_config: _Thinking = _Thinking()


class _Request(_Names, frozen=True):
    contents: list[_Content]
    system_instruction: _Content | None = None
    tools: list[_Tools] = []
    tool_config: _ToolConfig = _ToolConfig()
    generation_config: _Generation = _Generation()
    safety_settings: Json = None


def parse(body: bytes, model: str, *, stream: bool) -> ChatRequest | Refusal:
    """Read and check a request body."""
    try:
        asked = msgspec.convert(_camel(msgspec.json.decode(body)), _Request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(400, f"Invalid JSON payload received. {error}.")
    problem = _problem(asked, model)
    if problem is not None:
        return problem
    wanted, calling = asked.generation_config, asked.tool_config.function_calling_config
    tools, choice = _tools(asked, calling)
    return ChatRequest(
        model=model,
        messages=_messages(asked),
        stream=stream,
        stream_options=StreamOptions(True),
        max_tokens=wanted.max_output_tokens,
        stop=wanted.stop_sequences,
        tools=tools,
        tool_choice=choice,
        response_format=_format(wanted),
        reasoning_effort=wanted.thinking_config.effort,
        seed=wanted.seed,
    )


def _camel(value: Json) -> Json:
    """The names of the API in camelCase: it takes snake_case as well, and its own client writes both."""
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = ((re.sub(r"_([a-z])", lambda found: found[1].upper(), key), each) for key, each in value.items())
    return {key: each if key in _OWN else _camel(each) for key, each in named}


def _problem(asked: _Request, model: str) -> Refusal | None:
    wanted, calling = asked.generation_config, asked.tool_config.function_calling_config
    if not asked.contents:
        return Refusal(400, "* GenerateContentRequest.contents: contents is not specified")
    if any(content.role not in ("user", "model") for content in asked.contents):
        return Refusal(400, "Please use a valid role: user, model.")
    if wanted.candidate_count not in (None, 1):
        return Refusal(400, "Only one candidate can be specified.")
    if wanted.max_output_tokens is not None and wanted.max_output_tokens < 1:
        return Refusal(400, "max_output_tokens must be positive.")
    if wanted.thinking_config.thinking_level and wanted.thinking_config.thinking_budget is not None:
        return Refusal(400, "You can only set only one of thinking budget and thinking level.")
    if calling.allowed_function_names and calling.mode not in ("ANY", "VALIDATED"):
        return Refusal(400, "Function calling config can only set allowed_function_names in mode ANY or VALIDATED.")
    if model == "no-such-model":
        return Refusal(404, f"models/{model} is not found for API version v1beta.", code="model_not_found")
    if "gemini-3" in model and _unsigned(asked.contents):
        return Refusal(400, "Function call is missing a thought_signature in functionCall parts.")
    return None


def _unsigned(contents: list[_Content]) -> bool:
    """Whether this turn, which began with the user's last words, has a step whose first call is not signed."""
    words = [at for at, content in enumerate(contents) if content.role == "user" and any(p.text for p in content.parts)]
    begun = max(words, default=0)
    # A client may have kept a streamed step as several contents: it is one until the user's side speaks.
    signed = False
    for content in contents[begun:]:
        signed = signed and content.role == "model"
        for part in content.parts:
            if part.function_call and not signed:
                if not part.thought_signature:
                    return True
                signed = True
    return False


def _messages(asked: _Request) -> list[Message]:
    found = []
    if asked.system_instruction is not None:
        found.append(Message("system", [Part("text", part.text or "") for part in asked.system_instruction.parts]))
    for content in asked.contents:
        results = [part.function_response for part in content.parts if part.function_response]
        found += [Message("tool", _told(result), tool_call_id=result.id, name=result.name) for result in results]
        parts = [part for part in map(_part, content.parts) if part is not None]
        calls = [msgspec.to_builtins(part.function_call) for part in content.parts if part.function_call]
        if parts or calls:
            found.append(Message("assistant" if content.role == "model" else "user", parts, calls or None))
    return found


def _part(part: _Part) -> Part | None:
    if part.inline_data is not None or part.file_data is not None:
        return Part("image_url", image_url=part.inline_data or part.file_data)
    return None if part.thought or not part.text else Part("text", part.text)


def _told(result: _Result) -> str:
    output = result.response.get("output", result.response)
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)


def _tools(asked: _Request, calling: _Calling) -> tuple[list[Tool] | None, Json]:
    """The tools that may be called, and the choice among them in the words of chat completions."""
    allowed = calling.allowed_function_names
    tools = [
        Tool(Function(tool.name, tool.description, tool.parameters_json_schema or _lowered(tool.parameters)))
        for offered in asked.tools
        for tool in offered.function_declarations
        if not allowed or tool.name in allowed
    ]
    if calling.mode == "ANY":
        return tools or None, {"function": {"name": allowed[0]}} if len(allowed) == 1 else "required"
    return tools or None, "none" if calling.mode == "NONE" else None


def _format(wanted: _Generation) -> ResponseFormat | None:
    if wanted.response_mime_type != "application/json":
        return None
    schema = wanted.response_json_schema or _lowered(wanted.response_schema)
    return ResponseFormat("json_schema", SchemaFormat("", schema)) if schema else ResponseFormat("json_object")


def _lowered(schema: Json) -> Json:
    """A schema in OpenAPI's words as JSON Schema: names of types are in small letters there."""
    if isinstance(schema, list):
        return [_lowered(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    lowered = {key: _lowered(value) for key, value in schema.items()}
    if isinstance(kind := schema.get("type"), str):
        lowered["type"] = kind.lower()
    return lowered
