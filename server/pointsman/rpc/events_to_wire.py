"""Stream events on the wire. Deltas are written field by field: one passes here for every token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from google.protobuf.message import Message

from pointsman.doors.limits import DELTA_BYTES
from pointsman.engine.exchange import Completion, Served
from pointsman.model.answer import Delta, ReasoningDelta, TextDelta
from pointsman.rpc.durations import set_duration
from pointsman.rpc.enums import FINISH_REASONS
from pointsman.rpc.message_to_wire import write_state
from pointsman.rpc.usage_to_wire import attempt_ref_to_wire
from pointsman.v1 import chat_pb2, router_service_pb2, routing_pb2

Event = (
    routing_pb2.Decision
    | router_service_pb2.RouteNotice
    | router_service_pb2.OutputReset
    | router_service_pb2.UsageReport
    | router_service_pb2.Finish
)
_MEMBERS: Mapping[type[Message], str] = {
    routing_pb2.Decision: "decision",
    router_service_pb2.RouteNotice: "notice",
    router_service_pb2.OutputReset: "reset",
    router_service_pb2.UsageReport: "usage",
    router_service_pb2.Finish: "finish",
}


def delta_to_wire(delta: Delta, seq: int, generation: int) -> router_service_pb2.CompleteResponse:
    """One delta as one event. What `pieces` gives is never too large for it."""
    wire = router_service_pb2.CompleteResponse()
    wire.seq, wire.generation = seq, generation
    if delta.part:
        wire.part_index = delta.part
    written: router_service_pb2.TextDelta | router_service_pb2.ReasoningDelta | router_service_pb2.ToolCallDelta
    if isinstance(delta, TextDelta):
        written = wire.text_delta
        written.text = delta.text
    elif isinstance(delta, ReasoningDelta):
        written = wire.reasoning_delta
        written.text = delta.text
    else:
        written = wire.tool_call_delta
        written.id, written.name, written.arguments_json_fragment = delta.id, delta.name, delta.arguments_json
    if delta.state is not None:
        write_state(written.provider_state, delta.state)
    return wire


def pieces(delta: Delta) -> tuple[Delta, ...]:
    """The delta, or several that say the same with at most 64 KiB of text each, cut between code points.

    Its state goes with the last of them.
    """
    text = delta.arguments_json if not isinstance(delta, TextDelta | ReasoningDelta) else delta.text
    # No code point takes more than four bytes: ordinary deltas need not be encoded to know.
    if len(text) * 4 <= DELTA_BYTES:
        return (delta,)
    data = text.encode()
    if len(data) <= DELTA_BYTES:
        return (delta,)
    cut = [_with_text(delta, piece, first=index == 0) for index, piece in enumerate(_split(data))]
    if delta.state is not None:
        cut[-1] = msgspec.structs.replace(cut[-1], state=delta.state)
    return tuple(cut)


def _split(data: bytes) -> Iterator[str]:
    start = 0
    while start < len(data):
        end = min(start + DELTA_BYTES, len(data))
        # 10xxxxxx continues a code point: step back to where one begins.
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end].decode()
        start = end


def _with_text(delta: Delta, text: str, *, first: bool) -> Delta:
    match delta:
        case TextDelta():
            return TextDelta(delta.part, text)
        case ReasoningDelta():
            return ReasoningDelta(delta.part, text)
        case _:
            return type(delta)(delta.part, delta.id if first else "", delta.name if first else "", text)


def heartbeat_to_wire(elapsed: float, seq: int, generation: int) -> router_service_pb2.CompleteResponse:
    """A sign of life, `elapsed` seconds after the request arrived."""
    wire = router_service_pb2.CompleteResponse(seq=seq, generation=generation)
    set_duration(wire.heartbeat.elapsed, elapsed)
    return wire


def event_to_wire(event: Event, seq: int, generation: int) -> router_service_pb2.CompleteResponse:
    """Any other event; it is copied in, which is dear only for a long trace."""
    wire = router_service_pb2.CompleteResponse(seq=seq, generation=generation)
    getattr(wire, _MEMBERS[type(event)]).CopyFrom(event)
    return wire


def finish_to_wire(
    completion: Completion,
    served: Served,
    message: chat_pb2.ChatMessage | None = None,
    wire: router_service_pb2.Finish | None = None,
) -> router_service_pb2.Finish:
    """How the answer ended, into `wire` where there is one; `message` for callers that asked for the whole of it."""
    if wire is None:
        wire = router_service_pb2.Finish()
    wire.reason, wire.upstream_reason = FINISH_REASONS[served.ending.reason], served.ending.upstream_reason
    attempt_ref_to_wire(served.attempt, wire.served_by)
    if message is not None:
        wire.message.CopyFrom(message)
    if completion.ttft is not None:
        set_duration(wire.ttft, completion.ttft)
    set_duration(wire.duration, completion.duration)
    return wire
