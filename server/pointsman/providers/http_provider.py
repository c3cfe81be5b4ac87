"""What every wire does alike: asks over HTTP, accepts or refuses what comes, and closes what it opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import anyio
from msgspec.structs import replace

from pointsman.errors import TransportError
from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import AnswerStream, HttpRequest, HttpStream, Limits, ProviderCall, Transport
from pointsman.providers.acceptance import ReadComplaint, accept_listing, accept_stream, accept_whole
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin, not_delivered
from pointsman.providers.settings import ProviderSettings

_END_SECONDS: Final = 0.05


class HttpProvider(ABC):
    """A Provider but for its wire. Messages of its errors are ours: provider, status and code, never its own text."""

    def __init__(self, settings: ProviderSettings, transport: Transport, read_complaint: ReadComplaint) -> None:
        self._settings = settings
        self._transport = transport
        self._read_complaint = read_complaint

    @abstractmethod
    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""

    @abstractmethod
    def _question(self, call: ProviderCall, *, stream: bool) -> HttpRequest: ...

    @abstractmethod
    def _listing(self) -> HttpRequest:
        """Asks for the models, which costs nothing."""

    @abstractmethod
    def _read_whole(self, body: bytes, origin: Origin, model: Model) -> Answer: ...

    @abstractmethod
    def _read_events(self, body: HttpStream, origin: Origin, model: Model) -> EventStream: ...

    async def complete(self, call: ProviderCall) -> Answer:
        """As Provider says."""
        request = _with_headers(self._question(call, stream=False), call)
        try:
            response = await self._transport.request(request, call.limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        origin = self._origin(response.status, response.headers)
        return self._read_whole(accept_whole(response, origin, self._read_complaint), origin, call.model)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._open(call)

    async def probe(self, limits: Limits) -> None:
        """As Provider says."""
        try:
            response = await self._transport.request(self._listing(), limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        accept_listing(response, self._origin(response.status, response.headers), self._read_complaint)

    @asynccontextmanager
    async def _open(self, call: ProviderCall) -> AsyncIterator[AnswerStream]:
        request = _with_headers(self._question(call, stream=True), call)
        try:
            async with self._transport.stream(request, call.limits) as body:
                origin = self._origin(body.status, body.headers)
                await accept_stream(body, origin, self._read_complaint)
                answer = self._read_events(body, origin, call.model)
                yield answer
                if answer.complete:
                    await _drain(body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error

    def _origin(self, status: int = 0, headers: Mapping[str, str] | None = None) -> Origin:
        return Origin(self._settings.provider, status, headers or {}, self._settings.api_key)


def _with_headers(request: HttpRequest, call: ProviderCall) -> HttpRequest:
    return replace(request, headers={**request.headers, **call.headers}) if call.headers else request


async def _drain(body: HttpStream) -> None:
    """Wait a moment for the end of a body whose answer is complete: a connection read to its end is kept."""
    try:
        with anyio.move_on_after(_END_SECONDS):
            while await body.read_some():
                pass
    except TransportError:
        pass  # the answer is complete, and nobody needs the connection
