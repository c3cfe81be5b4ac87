"""The blocking client."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc

from pointsman_client.access import DEFAULT_TIMEOUT, OPTIONS, Access
from pointsman_client.answer import Answer
from pointsman_client.errors import error_of
from pointsman_client.v1 import router_service_pb2 as wire
from pointsman_client.v1.router_service_pb2_grpc import RouterServiceStub
from pointsman_client.v1.routing_pb2 import Decision

Metadata = Sequence[tuple[str, str]]


class Client:
    """One connection to a server, for any number of threads. Every call raises PointsmanError.

    `timeout` is seconds, and `metadata` what a call brings besides the key, such as `traceparent`.
    """

    def __init__(self, target: str, access: Access = Access()) -> None:  # noqa: B008 - it is frozen
        """`target` is HOST:PORT, or another of gRPC's names. Raises ValueError where the key would not be safe."""
        credentials = access.credentials_for(target)
        if credentials is None:
            self.channel = grpc.insecure_channel(target, OPTIONS)
        else:
            self.channel = grpc.secure_channel(target, credentials, OPTIONS)
        self._access, self._stub = access, RouterServiceStub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what still runs on it is cancelled."""
        self.channel.close()

    def route(self, request: wire.RouteRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()) -> Decision:
        """Decide only."""
        try:
            response: wire.RouteResponse = self._stub.Route(
                request, timeout=timeout, metadata=self._access.metadata(metadata)
            )
        except grpc.RpcError as error:
            raise error_of(error) from None
        return response.decision

    def complete_unary(
        self, request: wire.CompleteUnaryRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()
    ) -> wire.CompleteUnaryResponse:
        """Decide, run, and wait for the whole answer."""
        try:
            response: wire.CompleteUnaryResponse = self._stub.CompleteUnary(
                request, timeout=timeout, metadata=self._access.metadata(metadata)
            )
        except grpc.RpcError as error:
            raise error_of(error) from None
        return response

    def complete(
        self, request: wire.CompleteRequest, timeout: float = DEFAULT_TIMEOUT, metadata: Metadata = ()
    ) -> Stream:
        """Decide, run and stream. Use it in a `with`, so that leaving early cancels the call at once."""
        return Stream(self._stub.Complete(request, timeout=timeout, metadata=self._access.metadata(metadata)))


class Stream:
    """The events of one call as they come, and in `answer` what they have added up to.

    Iterating raises PointsmanError where the call fails, after `cancel()` too, with the code CANCELLED. Leaving the
    `with` cancels a call that still runs, and so does dropping the last reference to its stream.
    """

    def __init__(self, call: grpc._CallIterator[wire.CompleteResponse]) -> None:
        self._call = call
        self.answer = Answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def __del__(self) -> None:
        self.cancel()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> wire.CompleteResponse:
        try:
            event = next(self._call)
        except StopIteration:
            self.answer.end()
            raise
        except grpc.RpcError as error:
            raise error_of(error) from None
        self.answer.feed(event)
        return event

    def cancel(self) -> None:
        """End the call, from any thread: the provider's connection is closed with it. Of no effect once it ended."""
        self._call.cancel()
