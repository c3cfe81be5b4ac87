"""The `anthropic` wire: the Messages API, at Anthropic and at endpoints that are compatible with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from pointsman.errors import TransportError
from pointsman.model.answer import Answer
from pointsman.ports import AnswerStream, HttpRequest, Limits, ProviderCall, Transport
from pointsman.providers.acceptance import accept_listing, accept_stream, accept_whole
from pointsman.providers.anthropic_answer import wire_to_answer
from pointsman.providers.anthropic_errors import read_complaint
from pointsman.providers.anthropic_request import dropped_from_wire, request_to_wire
from pointsman.providers.anthropic_stream import AnthropicStream
from pointsman.providers.failures import Origin, not_delivered
from pointsman.providers.settings import ProviderSettings

_BASE_URL: Final = "https://api.anthropic.com"
_VERSION: Final = "2023-06-01"


class AnthropicProvider:
    """A Provider on this wire. Messages of its errors are ours: provider, status and code, never its own text.

    AnthropicProvider(ProviderSettings(provider="anthropic", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        base, mark, query = (settings.base_url or _BASE_URL).partition("?")
        self._url = f"{base.rstrip('/')}/v1/messages{mark}{query}"
        self._models_url = f"{base.rstrip('/')}/v1/models{mark}{query}"
        headers = {"content-type": "application/json", "anthropic-version": _VERSION}
        if settings.api_key:
            headers["x-api-key"] = settings.api_key
        added = {name.lower(): value for name, value in settings.headers.items()}
        self._headers = {**headers, "accept": "application/json", **added}
        self._stream_headers = {**headers, "accept": "text/event-stream", **added}

    async def complete(self, call: ProviderCall) -> Answer:
        """As Provider says."""
        request = self._request(call, stream=False)
        try:
            response = await self._transport.request(request, call.limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        origin = self._origin(response.status, response.headers)
        return wire_to_answer(accept_whole(response, origin, read_complaint), origin, call.model.upstream)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._open(call)

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    async def probe(self, limits: Limits) -> None:
        """As Provider says."""
        request = HttpRequest("GET", self._models_url, self._headers)
        try:
            response = await self._transport.request(request, limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        accept_listing(response, self._origin(response.status, response.headers), read_complaint)

    @asynccontextmanager
    async def _open(self, call: ProviderCall) -> AsyncIterator[AnswerStream]:
        request = self._request(call, stream=True)
        try:
            async with self._transport.stream(request, call.limits) as body:
                origin = self._origin(body.status, body.headers)
                await accept_stream(body, origin, read_complaint)
                answer = AnthropicStream(body, origin, call.model.upstream, self._settings.max_event_bytes)
                yield answer
                await answer.drain()
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error

    def _request(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _origin(self, status: int = 0, headers: Mapping[str, str] | None = None) -> Origin:
        return Origin(self._settings.provider, status, headers or {}, self._settings.api_key)
