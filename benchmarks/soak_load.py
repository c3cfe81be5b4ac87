"""Callers as they come: streams, whole answers and decisions, a fifth of them given up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc.aio
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from pointsman.v1 import chat_pb2, routing_pb2
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

CANCELLED = 0.2
"""Share of the calls that their callers give up."""

# Bounded, so that what is kept for an hour, of sessions and of what models said of prompts, is soon all there.
_SESSIONS, _PROMPTS = 200, 200
_PATIENCE = 30.0
_TEXT = "the courier left my parcel at a neighbour's and nobody there remembers taking it what shall I do now"
_WORDS = tuple(_TEXT.split())
_DETAILS = "grpc-status-details-bin"


@dataclass(slots=True)
class Heard:
    """What all callers together heard: decision ids of whole answers, errors by reason, calls given up."""

    acknowledged: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    calls: int = 0


class Callers:
    """So many callers at a time on a few connections, until they are told to stop."""

    def __init__(self, address: str, callers: int, seed: int) -> None:
        self.heard = Heard()
        self._chance = random.Random(seed)  # noqa: S311 - a load that can be had again
        # Channels of one address share a connection unless they differ in an option.
        self._channels = [grpc.aio.insecure_channel(address, options=[("soak.channel", n)]) for n in range(4)]
        self._stubs = [RouterServiceStub(channel) for channel in self._channels]
        self._callers = callers
        self._prompts = [
            " ".join(self._chance.choices(_WORDS, k=self._chance.randint(5, 200))) for _ in range(_PROMPTS)
        ]

    async def call_until(self, stopped: Callable[[], bool]) -> None:
        """Call and call again; returns once the last call of all has ended."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._callers):
                group.create_task(self._work(self._stubs[number % len(self._stubs)], stopped))

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    async def _work(self, stub: RouterServiceStub, stopped: Callable[[], bool]) -> None:
        while not stopped():
            self.heard.calls += 1
            try:
                await self._one(stub)
            except grpc.aio.AioRpcError as error:
                self.heard.errors[_reason(error)] += 1
            # What people do between two questions; without it a few callers would keep a whole core busy.
            await asyncio.sleep(self._chance.uniform(0, 0.1))

    async def _one(self, stub: RouterServiceStub) -> None:
        kind, given_up = self._chance.random(), self._chance.random() < CANCELLED
        if kind < 0.1:
            await self._decide(stub)
        elif kind < 0.4:
            await self._whole(stub, given_up)
        else:
            await self._stream(stub, given_up)

    async def _decide(self, stub: RouterServiceStub) -> None:
        response = await stub.Route(wire.RouteRequest(input=self._input(), hints=self._hints()), timeout=_PATIENCE)
        self.heard.acknowledged.append(response.decision.decision_id)

    async def _whole(self, stub: RouterServiceStub, given_up: bool) -> None:
        request = wire.CompleteUnaryRequest(input=self._input(), hints=self._hints())
        call = stub.CompleteUnary(request, timeout=_PATIENCE)
        if given_up:
            await self._give_up(call)
        else:
            self.heard.acknowledged.append((await call).decision.decision_id)

    async def _stream(self, stub: RouterServiceStub, given_up: bool) -> None:
        call = stub.Complete(wire.CompleteRequest(input=self._input(), hints=self._hints()), timeout=_PATIENCE)
        if given_up:
            await self._give_up(call)
            return
        decision = ""
        async for event in call:
            if event.HasField("decision"):
                decision = event.decision.decision_id
            elif event.HasField("finish"):
                self.heard.acknowledged.append(decision)

    async def _give_up(self, call: grpc.aio.Call) -> None:
        """At whatever moment: before, while and after it is answered."""
        await asyncio.sleep(self._chance.uniform(0, 0.2))
        # One that had ended by then was not given up, but nobody looked at its answer either.
        self.heard.cancelled += 1
        call.cancel()

    def _input(self) -> chat_pb2.CompletionInput:
        part = chat_pb2.ContentPart(text=self._chance.choice(self._prompts))
        message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, parts=[part])
        return chat_pb2.CompletionInput(messages=[message])

    def _hints(self) -> routing_pb2.RoutingHints:
        hints = routing_pb2.RoutingHints(session_id=f"s-{self._chance.randrange(_SESSIONS)}")
        hints.labels["feature"] = self._chance.choice(("search", "chat", "mail"))
        return hints


def _reason(error: grpc.aio.AioRpcError) -> str:
    """As the server names it, else the status code."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            for detail in Status.FromString(value).details:
                info = ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return error.code().name
