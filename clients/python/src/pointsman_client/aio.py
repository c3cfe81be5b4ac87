"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import grpc
import grpc.aio

from pointsman_client.access import DEFAULT_TIMEOUT, OPTIONS, Access
from pointsman_client.answer import Answer
from pointsman_client.client import Metadata
from pointsman_client.errors import PointsmanError, error_of
from pointsman_client.v1 import router_service_pb2 as wire
from pointsman_client.v1.router_service_pb2_grpc import RouterServiceStub
from pointsman_client.v1.routing_pb2 import Decision


class AsyncClient:
    """One connection to a server, for the event loop that it is made in. What holds for Client holds for it.

    Cancelling the task that waits for a call cancels the call.
    """

    def __init__(self, target: str, access: Access = Access()) -> None:  # noqa: B008 - it is frozen
        """As of Client."""
        credentials = access.credentials_for(target)
        if credentials is None:
            self.channel = grpc.aio.insecure_channel(target, OPTIONS)
        else:
            self.channel = grpc.aio.secure_channel(target, credentials, OPTIONS)
        self._access, self._stub = access, RouterServiceStub(self.channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; what still runs on it is cancelled, which whoever waits for it is told as an error."""
        await self.channel.close()

    async def route(
        self, request: wire.RouteRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()
    ) -> Decision:
        """Decide only."""
        with _errors_of_the_call():
            response: wire.RouteResponse = await self._stub.Route(
                request, timeout=timeout, metadata=self._access.metadata(metadata)
            )
        return response.decision

    async def complete_unary(
        self, request: wire.CompleteUnaryRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()
    ) -> wire.CompleteUnaryResponse:
        """Decide, run, and wait for the whole answer."""
        with _errors_of_the_call():
            response: wire.CompleteUnaryResponse = await self._stub.CompleteUnary(
                request, timeout=timeout, metadata=self._access.metadata(metadata)
            )
        return response

    def complete(
        self, request: wire.CompleteRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()
    ) -> AsyncStream:
        """Decide, run and stream. Use it in an `async with`, so that leaving early cancels the call at once."""
        return AsyncStream(self._stub.Complete(request, timeout=timeout, metadata=self._access.metadata(metadata)))


class AsyncStream:
    """What Stream is, for `async with` and `async for`; cancelling the task that reads it cancels the call too."""

    def __init__(self, call: grpc.aio.UnaryStreamCall[wire.CompleteRequest, wire.CompleteResponse]) -> None:
        self._call = call
        self._events = aiter(call)
        self.answer = Answer()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def __del__(self) -> None:
        # gRPC's own call is kept by its tasks, so it would go on.
        self.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> wire.CompleteResponse:
        with _errors_of_the_call():
            try:
                event = await anext(self._events)
            except StopAsyncIteration:
                self.answer.end()
                raise
            except asyncio.CancelledError:
                self.cancel()
                raise
        self.answer.feed(event)
        return event

    def cancel(self) -> None:
        """End the call: the provider's connection is closed with it. Of no effect once it ended."""
        self._call.cancel()


@contextmanager
def _errors_of_the_call() -> Iterator[None]:
    """gRPC's errors as ours. Its CancelledError may be the call's alone: to the task that waits, that is one more."""
    try:
        yield
    except grpc.RpcError as error:
        raise error_of(error) from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise PointsmanError("CANCELLED", "the call was cancelled here") from None
