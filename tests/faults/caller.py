"""A caller over a real channel, and everything that it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc.aio
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pointsman.rpc.metadata import DECISION_ID
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.errors_pb2 import RoutingFailure
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

# Found nowhere but in the prompt: the simulator's answers quote names and numbers, and only those.
PROMPT_CANARY = "canaryprompt7q"
PROMPT = f"Explain how tides work, in a few sentences. {PROMPT_CANARY}"
_DELTAS = frozenset({"text_delta", "reasoning_delta", "tool_call_delta"})

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask. `model` is insisted on; `restart` allows OutputReset; `most` is nano-USD, `timeout` seconds.

    `hedged` allows hedging where the chain does it, `session` is the conversation that it belongs to.
    """

    text: str = PROMPT
    task: str = ""
    model: str = ""
    restart: bool = False
    tools: tuple[str, ...] = ()
    most: int | None = None
    hedged: bool = True
    session: str = ""
    request_id: str = ""
    timeout: float = 20.0
    tenant: str = ""

    def to_wire(self, *, streamed: bool) -> wire.CompleteRequest | wire.CompleteUnaryRequest:
        # As protobuf's JSON mapping has it: a mapping of anything.
        fields: dict[str, Any] = {
            "input": {
                "messages": [{"role": "ROLE_USER", "parts": [{"text": self.text}]}],
                "tools": [{"name": name, "parameters_json_schema": '{"type":"object"}'} for name in self.tools],
            },
            "hints": {"task": self.task, "session_id": self.session, "tenant": self.tenant},
            "request_id": self.request_id,
        }
        if not self.hedged:
            fields["hints"]["allow_hedging"] = False
        if self.session:
            fields["hints"]["session_id"] = self.session
        if self.most is not None:
            fields["hints"]["max_cost_nano_usd"] = self.most
        if self.model:
            fields["hints"]["model_override"] = {"model": self.model, "strict": True}
        if not streamed:
            return ParseDict(fields, wire.CompleteUnaryRequest())
        if self.restart:
            fields["stream_options"] = {"restart_policy": "RESTART_POLICY_ALLOW"}
        return ParseDict(fields, wire.CompleteRequest())


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call ended: `events` of a stream, or `whole`; and its status with everything that came with it."""

    code: grpc.StatusCode
    events: tuple[wire.CompleteResponse, ...]
    whole: wire.CompleteUnaryResponse | None
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]

    @property
    def reason(self) -> str:
        """The ErrorInfo's; "" where there is none."""
        return self._detail(ErrorInfo).reason

    @property
    def facts(self) -> dict[str, str]:
        """The ErrorInfo's metadata."""
        return dict(self._detail(ErrorInfo).metadata)

    @property
    def retry_delay(self) -> float | None:
        """Seconds of the RetryInfo; None where there is none."""
        if not any(packed.TypeName() == RetryInfo.DESCRIPTOR.full_name for packed in self._status.details):
            return None
        delay = self._detail(RetryInfo).retry_delay
        return delay.seconds + delay.nanos / 1e9

    @property
    def failure(self) -> RoutingFailure:
        return self._detail(RoutingFailure)

    @property
    def decision_id(self) -> str:
        return str(dict(self.trailers).get(DECISION_ID, ""))

    @property
    def kinds(self) -> list[str]:
        """The members of the events, heartbeats left out and repeated deltas written once."""
        found: list[str] = []
        for event in self.events:
            kind = str(event.WhichOneof("event"))
            if kind != "heartbeat" and (kind not in _DELTAS or found[-1:] != [kind]):
                found.append(kind)
        return found

    @property
    def text(self) -> str:
        """The answer's text: of the highest generation only, as callers are told to read a stream."""
        if self.whole:
            return "".join(part.text for part in self.whole.message.parts)
        last = max((event.generation for event in self.events), default=0)
        return "".join(event.text_delta.text for event in self.events if event.generation == last)

    @property
    def usage(self) -> wire.UsageReport:
        if self.whole:
            return self.whole.usage
        return next((event.usage for event in self.events if event.HasField("usage")), wire.UsageReport())

    @property
    def finish(self) -> wire.Finish:
        if self.whole:
            return self.whole.finish
        return next((event.finish for event in self.events if event.HasField("finish")), wire.Finish())

    def told(self) -> Iterator[bytes]:
        """Everything but the answer itself, where no secret has any business."""
        yield self.message.encode()
        for key, value in self.trailers:
            yield key.encode() + b"=" + (value if isinstance(value, bytes) else value.encode())
        for event in self.events:
            if event.WhichOneof("event") not in _DELTAS:
                yield event.SerializeToString()
        if self.whole:
            yield self.whole.decision.SerializeToString() + self.whole.usage.SerializeToString()

    @property
    def _status(self) -> Status:
        packed = dict(self.trailers).get("grpc-status-details-bin", b"")
        return Status.FromString(packed) if isinstance(packed, bytes) else Status()

    def _detail(self, kind: type[M]) -> M:
        found = kind()
        for packed in self._status.details:
            if packed.Unpack(found):
                break
        return found


class Call:
    """A call under way."""

    # grpc's calls are typed by their messages, and the generated stubs not at all.
    def __init__(self, call: Any, replies: list[Reply], *, streamed: bool) -> None:
        self._call, self._replies, self._streamed = call, replies, streamed
        self._events: list[wire.CompleteResponse] = []

    async def read(self) -> wire.CompleteResponse | None:
        """The next event of a stream; None once it has ended, however."""
        try:
            event = await self._call.read()
        except grpc.aio.AioRpcError:
            return None
        except asyncio.CancelledError:
            if not self._call.cancelled():
                raise
            return None
        if event is grpc.aio.EOF:
            return None
        self._events.append(event)
        return self._events[-1]

    async def until_output(self) -> None:
        """Read until a delta has come."""
        while event := await self.read():
            if event.WhichOneof("event") in _DELTAS:
                return
        raise AssertionError("the stream ended without output")

    def cancel(self) -> None:
        self._call.cancel()

    async def reply(self) -> Reply:
        """Wait for the end."""
        if self._streamed:
            while await self.read():
                pass
        code = await self._call.code()
        whole = await self._call if not self._streamed and code is grpc.StatusCode.OK else None
        trailers = tuple((key, value) for key, value in await self._call.trailing_metadata() or ())
        reply = Reply(code, tuple(self._events), whole, await self._call.details() or "", trailers)
        self._replies.append(reply)
        return reply

    async def leading_metadata(self) -> dict[str, str]:
        return dict(await self._call.initial_metadata())


class Caller:
    """Calls over one channel; `asked` counts them, `replies` are those that ended, `metadata` goes with each.

    `wide` lets the windows of the connection grow, as they do by default; with `credentials` it is over TLS.
    """

    def __init__(self, address: str, *, wide: bool = False, credentials: grpc.ChannelCredentials | None = None) -> None:
        # Local: subchannels are otherwise shared with the other callers of this process. Without probes, the windows
        # of the connection stay small, and a caller that stops reading is soon noticed.
        options = (
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
            ("grpc.http2.bdp_probe", int(wide)),
            ("grpc.max_receive_message_length", -1),
        )
        self.address = address
        self.channel = (
            grpc.aio.secure_channel(address, credentials, options=options)
            if credentials
            else grpc.aio.insecure_channel(address, options=options)
        )
        self.replies: list[Reply] = []
        self.asked = 0
        self.metadata: tuple[tuple[str, str], ...] = ()
        self._stub: Any = RouterServiceStub(self.channel)

    def call(self, question: Question, *, streamed: bool) -> Call:
        self.asked += 1
        method = self._stub.Complete if streamed else self._stub.CompleteUnary
        call = method(question.to_wire(streamed=streamed), timeout=question.timeout, metadata=self.metadata)
        return Call(call, self.replies, streamed=streamed)

    async def ask(self, question: Question, *, streamed: bool) -> Reply:
        return await self.call(question, streamed=streamed).reply()

    async def ask_both(self, question: Question) -> tuple[Reply, Reply]:
        """Streamed and whole, at once."""
        streamed, whole = await asyncio.gather(self.ask(question, streamed=True), self.ask(question, streamed=False))
        return streamed, whole

    async def close(self) -> None:
        await self.channel.close()
