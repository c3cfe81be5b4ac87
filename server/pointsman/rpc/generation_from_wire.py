"""How to answer, from the wire: tools, the choice among them, the answer's format and the parameters."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.doors.checks import (
    TOOL_NAME,
    TOOL_NAME_RULE,
    check_positive,
    check_range,
    check_schema,
    check_stop_sequences,
)
from pointsman.doors.limits import NAME_BYTES, PENALTY, TEMPERATURE, TOOLS, TOP_P
from pointsman.doors.violations import Violations
from pointsman.model.request import CacheHint, Params, ResponseFormat, Tool, ToolChoice
from pointsman.rpc.messages_from_wire import TTL_RULE, cache_hint_from_wire
from pointsman.v1 import chat_pb2

_MODES = {
    chat_pb2.TOOL_CHOICE_MODE_UNSPECIFIED: "auto",
    chat_pb2.TOOL_CHOICE_MODE_AUTO: "auto",
    chat_pb2.TOOL_CHOICE_MODE_NONE: "none",
    chat_pb2.TOOL_CHOICE_MODE_REQUIRED: "required",
}
_FORMATS = {
    chat_pb2.RESPONSE_FORMAT_TYPE_UNSPECIFIED: "",
    chat_pb2.RESPONSE_FORMAT_TYPE_TEXT: "",
    chat_pb2.RESPONSE_FORMAT_TYPE_JSON_OBJECT: "json_object",
    chat_pb2.RESPONSE_FORMAT_TYPE_JSON_SCHEMA: "json_schema",
}
_EFFORTS = {
    chat_pb2.REASONING_EFFORT_UNSPECIFIED: "",
    chat_pb2.REASONING_EFFORT_NONE: "none",
    chat_pb2.REASONING_EFFORT_MINIMAL: "minimal",
    chat_pb2.REASONING_EFFORT_LOW: "low",
    chat_pb2.REASONING_EFFORT_MEDIUM: "medium",
    chat_pb2.REASONING_EFFORT_HIGH: "high",
    chat_pb2.REASONING_EFFORT_MAX: "max",
}


def tools_from_wire(wire: Sequence[chat_pb2.Tool], found: Violations) -> tuple[Tool, ...]:
    """The tools, each name once, each schema a JSON object."""
    if not found.check_count("input.tools", len(wire), TOOLS):
        return ()
    tools: dict[str, Tool] = {}
    for index, tool in enumerate(wire):
        name, schema = tool.name, tool.parameters_json_schema
        if not TOOL_NAME.fullmatch(name):
            found.add(f"input.tools[{index}].name", TOOL_NAME_RULE)
        elif name in tools:
            found.add(f"input.tools[{index}].name", f"{name!r} is the name of an earlier tool")
        if schema:
            check_schema(f"input.tools[{index}].parameters_json_schema", schema, found)
        cache = _cache(tool, index, found) if tool.HasField("cache_hint") else None
        tools[name] = Tool(name, tool.description, schema, tool.strict, cache)
    return tuple(tools.values())


def _cache(wire: chat_pb2.Tool, index: int, found: Violations) -> CacheHint | None:
    hint = cache_hint_from_wire(wire.cache_hint)
    if hint is None:
        found.add(f"input.tools[{index}].cache_hint.ttl", TTL_RULE)
    return hint


def tool_choice_from_wire(wire: chat_pb2.ToolChoice, tools: Sequence[Tool], found: Violations) -> ToolChoice | None:
    """The choice among `tools`; None where there are none to choose from."""
    field = "input.tool_choice"
    mode, allowed = _MODES.get(wire.mode), wire.allowed_tool_names
    if mode is None:
        found.add(f"{field}.mode", f"{wire.mode} is not a mode we know")
    if mode == "required" and not tools:
        found.add(f"{field}.mode", "REQUIRED needs at least one tool")
    if allowed and mode != "required":
        found.add(f"{field}.allowed_tool_names", "limits a call with mode REQUIRED only")
    if not found.check_count(f"{field}.allowed_tool_names", len(allowed), TOOLS):
        return None
    names = {tool.name for tool in tools}
    for index, name in enumerate(allowed):
        if name not in names:
            found.add(f"{field}.allowed_tool_names[{index}]", f"{name[:64]!r} is none of the tools")
    if not tools:
        return None
    parallel = wire.allow_parallel_calls if wire.HasField("allow_parallel_calls") else None
    return ToolChoice(mode or "auto", tuple(allowed), parallel)


def response_format_from_wire(wire: chat_pb2.ResponseFormat, found: Violations) -> ResponseFormat | None:
    """The format of the answer; None for plain text."""
    field = "input.response_format"
    kind, schema = _FORMATS.get(wire.type), wire.json_schema
    if kind is None:
        found.add(f"{field}.type", f"{wire.type} is not a type we know")
    elif kind != "json_schema" and (schema or wire.schema_name):
        found.add(f"{field}.type", "must be JSON_SCHEMA where a schema or its name is given")
    elif kind == "json_schema" and not schema:
        found.add(f"{field}.json_schema", "is required with JSON_SCHEMA")
    if schema:
        check_schema(f"{field}.json_schema", schema, found)
    if wire.schema_name and not TOOL_NAME.fullmatch(wire.schema_name):
        found.add(f"{field}.schema_name", TOOL_NAME_RULE)
    return ResponseFormat(kind, wire.schema_name, schema, wire.strict) if kind else None


def params_from_wire(wire: chat_pb2.GenerationParams, found: Violations) -> Params:
    """The parameters; what is unset stays None, which is not zero."""
    effort = _EFFORTS.get(wire.reasoning_effort)
    if effort is None:
        found.add("input.params.reasoning_effort", f"{wire.reasoning_effort} is not an effort we know")
    if wire.end_user_id:
        found.check_bytes("input.params.end_user_id", wire.end_user_id, NAME_BYTES)
    return Params(
        max_output_tokens=_counted(wire, "max_output_tokens", "the model's limit", found),
        temperature=_ranged(wire, "temperature", TEMPERATURE, found),
        top_p=_ranged(wire, "top_p", TOP_P, found),
        stop_sequences=check_stop_sequences("input.params.stop_sequences", wire.stop_sequences, found)
        if wire.stop_sequences
        else (),
        seed=wire.seed if wire.HasField("seed") else None,
        frequency_penalty=_ranged(wire, "frequency_penalty", PENALTY, found),
        presence_penalty=_ranged(wire, "presence_penalty", PENALTY, found),
        reasoning_effort=effort or "",
        end_user_id=wire.end_user_id,
        top_k=_counted(wire, "top_k", "the model's own", found),
        reasoning_max_tokens=_counted(wire, "reasoning_max_tokens", "no limit of its own", found),
    )


def _counted(wire: chat_pb2.GenerationParams, name: str, unset: str, found: Violations) -> int | None:
    if not wire.HasField(name):
        return None
    value: int = getattr(wire, name)
    return check_positive(f"input.params.{name}", value, unset, found)


def _ranged(wire: chat_pb2.GenerationParams, name: str, bounds: tuple[float, float], found: Violations) -> float | None:
    if not wire.HasField(name):
        return None
    value: float = getattr(wire, name)
    return check_range(f"input.params.{name}", value, bounds, found)
