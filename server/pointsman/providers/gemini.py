"""The `gemini` wire: generateContent of Google's Generative Language API, v1beta."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from urllib.parse import quote

from pointsman.errors import TransportError
from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import AnswerStream, HttpRequest, Limits, ProviderCall, Transport
from pointsman.providers.acceptance import accept_listing, accept_stream, accept_whole
from pointsman.providers.failures import Origin, not_delivered
from pointsman.providers.gemini_errors import read_complaint
from pointsman.providers.gemini_request import dropped_from_wire, request_to_wire
from pointsman.providers.gemini_stream import GeminiStream, wire_to_answer
from pointsman.providers.settings import ProviderSettings

_BASE_URL: Final = "https://generativelanguage.googleapis.com/v1beta"


class GeminiProvider:
    """A Provider on this wire. Messages of its errors are ours: provider, status and code, never its own text.

    The key goes into a header; Google also takes it in the URL, which ends in logs.

    GeminiProvider(ProviderSettings(provider="google", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        base, _, self._query = (settings.base_url or _BASE_URL).partition("?")
        self._base = base.rstrip("/")
        headers = {"content-type": "application/json"}
        if settings.api_key:
            headers["x-goog-api-key"] = settings.api_key
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
        return wire_to_answer(accept_whole(response, origin, read_complaint), origin)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._open(call)

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    async def probe(self, limits: Limits) -> None:
        """As Provider says."""
        query = f"?{self._query}" if self._query else ""
        request = HttpRequest("GET", f"{self._base}/models{query}", self._headers)
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
                yield GeminiStream(body, origin, self._settings.max_event_bytes)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error

    def _request(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings)
        headers = self._stream_headers if stream else self._headers
        return HttpRequest("POST", self._url(call.model, stream=stream), headers, body)

    def _url(self, model: Model, *, stream: bool) -> str:
        name = model.upstream if "/" in model.upstream else f"models/{model.upstream}"
        method, query = ("streamGenerateContent", "alt=sse") if stream else ("generateContent", "")
        asked = "&".join(filter(None, (query, self._query)))
        return f"{self._base}/{quote(name)}:{method}{'?' if asked else ''}{asked}"

    def _origin(self, status: int = 0, headers: Mapping[str, str] | None = None) -> Origin:
        return Origin(self._settings.provider, status, headers or {}, self._settings.api_key)
