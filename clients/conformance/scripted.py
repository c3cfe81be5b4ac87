"""A server that plays scenarios: the prompt names one, its script says what happens, and a log keeps how calls ended.

python -m clients.conformance.scripted CALLS.json     listens, and writes what a runner is to be asked for
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc.aio
from clients.conformance.scenarios import Json, Scenario, calls_file, scenarios
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from pointsman_client.v1 import router_service_pb2 as wire

SERVICE = "pointsman.v1.RouterService"
GRACE = 30.0

# A servicer's context has no types of its own worth the name.
Context = Any


@dataclass
class Call:
    """One attempt that arrived. Times are seconds of the monotonic clock; None: not yet."""

    scenario: str
    connection: str
    request: Json
    # Seconds that its caller gave it. None: no deadline.
    given: float | None
    # Since when the script waits for the caller to go away.
    waiting: float | None = None
    # "OK", the name of another status, or "cancelled": by the caller, or by its deadline.
    ended: str = ""
    gone: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)


class ScriptedServer:
    """Listens on a port of its own while it is entered."""

    def __init__(self, played: Sequence[Scenario]) -> None:
        self._played = {scenario.name: scenario for scenario in played}
        self.log: list[Call] = []
        self._leaving: list[asyncio.Task[None]] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await self._listening()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop(0)
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def calls(self, scenario: str) -> list[Call]:
        """Those that arrived for it."""
        return [call for call in self.log if call.scenario == scenario]

    async def _listening(self) -> grpc.aio.Server:
        server = grpc.aio.server()
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "Route": grpc.unary_unary_rpc_method_handler(self._unary, wire.RouteRequest.FromString),
            "CompleteUnary": grpc.unary_unary_rpc_method_handler(self._unary, wire.CompleteUnaryRequest.FromString),
            "Complete": grpc.unary_stream_rpc_method_handler(self._stream, wire.CompleteRequest.FromString),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        # Ports are shared by default, so a server may take over from another.
        self.port = server.add_insecure_port(self.target)
        await server.start()
        return server

    async def go_away(self) -> None:
        """Tell every connection to take its next calls elsewhere, and listen for them; what runs on it may end."""
        old, self._server = self._server, await self._listening()
        self._leaving.append(asyncio.create_task(old.stop(GRACE)))
        # gRPC does not say when GOAWAY is on its way. It should be before the next message is.
        await asyncio.sleep(0.1)

    async def _stream(self, request: Message, context: Context) -> None:
        call, steps = self._arrived(request, context)
        try:
            await _Stream(self, call, context).play(steps)
            call.ended = call.ended or "OK"
        finally:
            self._is_over(call)

    async def _unary(self, request: Message, context: Context) -> bytes:
        call, steps = self._arrived(request, context)
        try:
            (step,) = steps
            if "fail" in step:
                await fail(call, context, step["fail"])
            if "hold" in step:
                await hold(call)
            if "cut" in step:
                cut(call.connection)
                await hold(call)
            answer = wire.RouteResponse() if isinstance(request, wire.RouteRequest) else wire.CompleteUnaryResponse()
            call.ended = "OK"
            return ParseDict(step["answer"], answer).SerializeToString()
        finally:
            self._is_over(call)

    def _arrived(self, request: Any, context: Context) -> tuple[Call, Sequence[Json]]:
        scenario = self._played[request.input.messages[0].parts[0].text]
        is_first = not self.calls(scenario.name)
        fields = MessageToDict(request, preserving_proto_field_name=True)
        call = Call(scenario.name, context.peer(), fields, context.time_remaining())
        self.log.append(call)
        return call, scenario.script if scenario.again is None or is_first else scenario.again

    def _is_over(self, call: Call) -> None:
        call.gone, call.ended = time.monotonic(), call.ended or "cancelled"
        call.over.set()


class _Stream:
    """One stream that is played."""

    def __init__(self, server: ScriptedServer, call: Call, context: Context) -> None:
        self._server, self._call, self._context = server, call, context
        self._seq, self._generation = 0, 1

    async def play(self, steps: Sequence[Json]) -> None:
        for step in steps:
            match step:
                case {"hold": True}:
                    await hold(self._call)
                case {"cut": True}:
                    cut(self._call.connection)
                    await hold(self._call)
                case {"until_over": name}:
                    for other in self._server.calls(name):
                        await other.over.wait()
                case {"goaway": True}:
                    await self._server.go_away()
                case {"fail": status}:
                    await fail(self._call, self._context, status)
                case {"unknown_member": bytes_in_hex}:
                    await self._send(self._event(0).SerializeToString() + bytes.fromhex(bytes_in_hex))
                case _:
                    await self._send_events(step)

    async def _send_events(self, step: Json) -> None:
        """One step may send the same event several `times`, and to a `part`."""
        step = dict(step)
        times, part = step.pop("times", 1), step.pop("part", 0)
        if "reset" in step:
            self._generation += 1
        for _ in range(times):
            await self._send(ParseDict(step, self._event(part)).SerializeToString())

    def _event(self, part: int) -> wire.CompleteResponse:
        self._seq += 1
        return wire.CompleteResponse(seq=self._seq, generation=self._generation, part_index=part)

    async def _send(self, data: bytes) -> None:
        await self._context.write(data)


async def hold(call: Call) -> None:
    """Wait until the caller goes away."""
    call.waiting = time.monotonic()
    await asyncio.Event().wait()


def cut(peer: str) -> None:
    """Break the connection to a peer. gRPC keeps its sockets to itself; the process has them all."""
    for descriptor in filter(Path.is_socket, Path("/dev/fd").iterdir()):
        # Some listen, or are connected no more.
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(descriptor.name))) as connection:
            # A socket for both families has IPv4 addresses in a form of its own, so the port must do.
            if connection.family != socket.AF_UNIX and peer.endswith(f":{connection.getpeername()[1]}"):
                connection.shutdown(socket.SHUT_RDWR)


async def fail(call: Call, context: Context, told: Json) -> None:
    """End the call with a status: `code`, `message`, and `details` as protobuf's JSON has an Any, or `raw_details`."""
    code = grpc.StatusCode[told["code"]]
    status = ParseDict(
        {"code": code.value[0], "message": told["message"], "details": told.get("details", [])}, Status()
    )
    trailers: list[tuple[str, str | bytes]] = []
    if "raw_details" in told:
        trailers.append(("grpc-status-details-bin", bytes.fromhex(told["raw_details"])))
    elif status.details:
        trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    if "pushback_ms" in told:
        trailers.append(("grpc-retry-pushback-ms", str(told["pushback_ms"])))
    call.ended = code.name
    await context.abort(code, told["message"], tuple(trailers))


async def main() -> None:
    async with ScriptedServer(scenarios()) as server:
        print(server.target, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(calls_file(scenarios()))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
