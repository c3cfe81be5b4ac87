"""A call from the wire: the request, and what its caller wants to see. By hand, because every request comes by."""

from __future__ import annotations

from enum import StrEnum

from google.protobuf.duration_pb2 import Duration
from msgspec import Struct
from msgspec.structs import replace

from pointsman.doors.callers import require, tenant_for
from pointsman.doors.checks import check_text
from pointsman.doors.limits import (
    HEARTBEAT_DEFAULT,
    HEARTBEAT_MAX,
    HEARTBEAT_MIN,
    REQUEST_ID_BYTES,
    SESSION_BYTES,
)
from pointsman.doors.violations import Violations
from pointsman.model.caller import Caller, Permission
from pointsman.model.request import Hints, Params, Request, measure
from pointsman.rpc.generation_from_wire import (
    params_from_wire,
    response_format_from_wire,
    tool_choice_from_wire,
    tools_from_wire,
)
from pointsman.rpc.hints_from_wire import hints_from_wire
from pointsman.rpc.messages_from_wire import messages_from_wire
from pointsman.rpc.metadata import SESSION_ID
from pointsman.v1 import router_service_pb2, routing_pb2

WireCall = (
    router_service_pb2.RouteRequest | router_service_pb2.CompleteRequest | router_service_pb2.CompleteUnaryRequest
)


class TraceLevel(StrEnum):
    """How much of a decision its caller sees; the names of `TraceLevel` in routing.proto."""

    NONE = "none"
    SUMMARY = "summary"
    FULL = "full"


class StreamOptions(Struct, frozen=True):
    """What a stream may carry. `restart`: the caller handles OutputReset; `heartbeat` is seconds, None for none."""

    restart: bool = False
    include_reasoning: bool = False
    include_notices: bool = False
    heartbeat: float | None = HEARTBEAT_DEFAULT
    include_final_message: bool = False


class Call(Struct, frozen=True):
    """One call, understood. `stream` is the default for Route."""

    request: Request
    trace_level: TraceLevel
    stream: StreamOptions


_TRACE_LEVELS = {
    routing_pb2.TRACE_LEVEL_UNSPECIFIED: TraceLevel.SUMMARY,
    routing_pb2.TRACE_LEVEL_NONE: TraceLevel.NONE,
    routing_pb2.TRACE_LEVEL_SUMMARY: TraceLevel.SUMMARY,
    routing_pb2.TRACE_LEVEL_FULL: TraceLevel.FULL,
}
_RESTARTS = {
    router_service_pb2.RESTART_POLICY_UNSPECIFIED: False,
    router_service_pb2.RESTART_POLICY_NEVER: False,
    router_service_pb2.RESTART_POLICY_ALLOW: True,
}
_DEFAULT_STREAM = StreamOptions()
# A unary caller has seen nothing before the end: starting over costs it no text.
_UNARY = StreamOptions(restart=True, heartbeat=None)
_UNARY_WITH_REASONING = StreamOptions(restart=True, include_reasoning=True, heartbeat=None)


def call_from_wire(wire: WireCall, caller: Caller, session: str = "") -> Call:
    """Everything a call says, or everything that is wrong with it; `session` is the one its metadata names.

    Raises RequestError PERMISSION_DENIED for another tenant or an override that the caller may not make, and otherwise
    InvalidRequest with at most ten violations, such as `input.messages[2].parts[0].image.media_type`.
    """
    found = Violations()
    request = _in_session(request_from_wire(wire, caller, found), session, found)
    trace_level = _TRACE_LEVELS.get(wire.trace_level)
    if trace_level is None:
        found.add("trace_level", f"{wire.trace_level} is not a level we know")
    stream = _stream(wire, found)
    found.raise_if_any()
    return Call(request, trace_level or TraceLevel.SUMMARY, stream)


def request_from_wire(wire: WireCall, caller: Caller, found: Violations) -> Request:
    """The request; what is wrong with it goes to `found`, and then the result is not to be used."""
    hints, content = wire.hints, wire.input
    tenant = tenant_for(hints.tenant, caller, "hints.tenant")
    if hints.HasField("model_override") and (hints.model_override.model or hints.model_override.provider):
        require(caller, Permission.OVERRIDE, "hints.model_override")
    if wire.request_id:
        found.check_bytes("request_id", wire.request_id, REQUEST_ID_BYTES)
    messages = messages_from_wire(content.messages, found)
    tools = tools_from_wire(content.tools, found) if content.tools else ()
    choice = tool_choice_from_wire(content.tool_choice, tools, found) if content.HasField("tool_choice") else None
    shape = response_format_from_wire(content.response_format, found) if content.HasField("response_format") else None
    request = Request(
        messages=messages,
        tools=tools,
        tool_choice=choice,
        response_format=shape,
        params=params_from_wire(content.params, found) if content.HasField("params") else Params(),
        hints=hints_from_wire(hints, found) if wire.HasField("hints") else Hints(),
        tenant=tenant,
        key=caller.key,
        facts=measure(messages, tools),
    )
    check_text("input", _bytes_beside_images(wire) if request.facts.images else wire.ByteSize(), found)
    if not content.messages:
        _check_promptless(wire, request.hints, found)
    return request


def _bytes_beside_images(wire: WireCall) -> int:
    """Member by member: protobuf serializes a message to tell its size, images too."""
    content = wire.input
    size = wire.hints.ByteSize() + content.params.ByteSize() + content.response_format.ByteSize()
    size += content.tool_choice.ByteSize() + sum(tool.ByteSize() for tool in content.tools)
    for message in content.messages:
        size += len(message.name)
        for part in message.parts:
            if part.HasField("image"):
                size += len(part.image.url)
            elif part.HasField("tool_result") and part.tool_result.images:
                size += len(part.tool_result.text.encode()) + sum(len(image.url) for image in part.tool_result.images)
            else:
                size += part.ByteSize()
    return size


def _in_session(request: Request, session: str, found: Violations) -> Request:
    """The message's own session id wins over that of the metadata, which load balancers may have rewritten."""
    if not session or request.hints.session_id or not found.check_bytes(SESSION_ID, session, SESSION_BYTES):
        return request
    return replace(request, hints=replace(request.hints, session_id=session))


def _check_promptless(wire: WireCall, hints: Hints, found: Violations) -> None:
    if not isinstance(wire, router_service_pb2.RouteRequest):
        found.add("input.messages", "at least one is required")
    elif not hints.task or hints.input_tokens is None:
        found.add("input.messages", "at least one is required, unless hints.task and hints.input_tokens are set")


def _stream(wire: WireCall, found: Violations) -> StreamOptions:
    if isinstance(wire, router_service_pb2.CompleteRequest):
        if not wire.HasField("stream_options"):
            return _DEFAULT_STREAM
        return stream_options_from_wire(wire.stream_options, found)
    if isinstance(wire, router_service_pb2.CompleteUnaryRequest):
        return _UNARY_WITH_REASONING if wire.include_reasoning else _UNARY
    return _DEFAULT_STREAM


def stream_options_from_wire(wire: router_service_pb2.StreamOptions, found: Violations) -> StreamOptions:
    """The options of a stream; what is wrong with them goes to `found`."""
    restart = _RESTARTS.get(wire.restart_policy)
    if restart is None:
        found.add("stream_options.restart_policy", f"{wire.restart_policy} is not a policy we know")
    heartbeat: float | None = HEARTBEAT_DEFAULT
    if wire.HasField("heartbeat_interval"):
        heartbeat = _heartbeat(wire.heartbeat_interval, found)
    return StreamOptions(
        restart=bool(restart),
        include_reasoning=wire.include_reasoning,
        include_notices=wire.include_notices,
        heartbeat=heartbeat,
        include_final_message=wire.include_final_message,
    )


def _heartbeat(wire: Duration, found: Violations) -> float | None:
    seconds = wire.seconds + wire.nanos / 1e9
    if wire.seconds == 0 and wire.nanos == 0:
        return None
    if not HEARTBEAT_MIN <= seconds <= HEARTBEAT_MAX or not 0 <= wire.nanos < 1_000_000_000:
        found.add(
            "stream_options.heartbeat_interval",
            f"is {seconds:g} s, and must be 0 (none) or between {HEARTBEAT_MIN:g} and {HEARTBEAT_MAX:g} s",
        )
    return seconds
