"""A request as the wire carries it; the mirror of `from_wire`, which reads it on the other side."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.model.request import Hints, Params, Request, Role
from pointsman.rpc.durations import set_duration
from pointsman.rpc.enums import MODES
from pointsman.rpc.from_wire import StreamOptions
from pointsman.rpc.message_to_wire import write_cache_hint, write_part
from pointsman.v1 import chat_pb2, router_service_pb2, routing_pb2

_ROLES: Mapping[Role, chat_pb2.Role] = {
    Role.SYSTEM: chat_pb2.ROLE_SYSTEM,
    Role.DEVELOPER: chat_pb2.ROLE_DEVELOPER,
    Role.USER: chat_pb2.ROLE_USER,
    Role.ASSISTANT: chat_pb2.ROLE_ASSISTANT,
    Role.TOOL: chat_pb2.ROLE_TOOL,
}
_TOOL_MODES: Mapping[str, chat_pb2.ToolChoiceMode] = {
    "auto": chat_pb2.TOOL_CHOICE_MODE_AUTO,
    "none": chat_pb2.TOOL_CHOICE_MODE_NONE,
    "required": chat_pb2.TOOL_CHOICE_MODE_REQUIRED,
}
_FORMATS: Mapping[str, chat_pb2.ResponseFormatType] = {
    "json_object": chat_pb2.RESPONSE_FORMAT_TYPE_JSON_OBJECT,
    "json_schema": chat_pb2.RESPONSE_FORMAT_TYPE_JSON_SCHEMA,
}
_EFFORTS: Mapping[str, chat_pb2.ReasoningEffort] = {
    "": chat_pb2.REASONING_EFFORT_UNSPECIFIED,
    "none": chat_pb2.REASONING_EFFORT_NONE,
    "minimal": chat_pb2.REASONING_EFFORT_MINIMAL,
    "low": chat_pb2.REASONING_EFFORT_LOW,
    "medium": chat_pb2.REASONING_EFFORT_MEDIUM,
    "high": chat_pb2.REASONING_EFFORT_HIGH,
    "max": chat_pb2.REASONING_EFFORT_MAX,
}


def input_to_wire(request: Request) -> chat_pb2.CompletionInput:
    """Messages, tools, format and parameters."""
    wire = chat_pb2.CompletionInput(params=_params(request.params))
    for message in request.messages:
        sent = wire.messages.add(role=_ROLES[message.role], name=message.name)
        for part in message.parts:
            write_part(sent.parts.add(), part)
    for tool in request.tools:
        offered = wire.tools.add(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.parameters_json_schema,
            strict=tool.strict,
        )
        if tool.cache is not None:
            write_cache_hint(offered.cache_hint, tool.cache)
    if choice := request.tool_choice:
        wire.tool_choice.mode = _TOOL_MODES[choice.mode]
        wire.tool_choice.allowed_tool_names.extend(choice.allowed)
        if choice.parallel is not None:
            wire.tool_choice.allow_parallel_calls = choice.parallel
    if shape := request.response_format:
        sent_format = wire.response_format
        sent_format.type, sent_format.strict = _FORMATS[shape.kind], shape.strict
        sent_format.schema_name, sent_format.json_schema = shape.schema_name, shape.json_schema
    return wire


def hints_to_wire(hints: Hints) -> routing_pb2.RoutingHints:
    """What the caller wants of the route."""
    wire = routing_pb2.RoutingHints(
        task=hints.task,
        tags=hints.tags,
        max_cost_nano_usd=hints.max_cost_nano_usd,
        input_tokens=hints.input_tokens,
        labels=hints.labels,
        exclude_providers=hints.exclude_providers,
        allowed_regions=hints.allowed_regions,
        session_id=hints.session_id,
        allow_hedging=hints.allow_hedging,
        allow_cascade=hints.allow_cascade,
    )
    if hints.mode is not None:
        wire.mode = MODES[hints.mode]
    if override := hints.model_override:
        wire.model_override.model, wire.model_override.provider = override.model, override.provider
        wire.model_override.strict = override.strict
    return wire


def stream_options_to_wire(options: StreamOptions) -> router_service_pb2.StreamOptions:
    """How the answer should be streamed."""
    allow, never = router_service_pb2.RESTART_POLICY_ALLOW, router_service_pb2.RESTART_POLICY_NEVER
    wire = router_service_pb2.StreamOptions(
        restart_policy=allow if options.restart else never,
        include_reasoning=options.include_reasoning,
        include_notices=options.include_notices,
        include_final_message=options.include_final_message,
    )
    set_duration(wire.heartbeat_interval, options.heartbeat or 0.0)
    return wire


def _params(params: Params) -> chat_pb2.GenerationParams:
    return chat_pb2.GenerationParams(
        max_output_tokens=params.max_output_tokens,
        temperature=params.temperature,
        top_p=params.top_p,
        stop_sequences=params.stop_sequences,
        seed=params.seed,
        frequency_penalty=params.frequency_penalty,
        presence_penalty=params.presence_penalty,
        reasoning_effort=_EFFORTS[params.reasoning_effort],
        end_user_id=params.end_user_id,
        top_k=params.top_k,
        reasoning_max_tokens=params.reasoning_max_tokens,
    )
