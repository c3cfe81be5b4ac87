"""The `openai` wire: chat completions, at OpenAI and at every endpoint that is compatible with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import anyio

from pointsman.errors import ProviderError, TransportError
from pointsman.model.answer import Answer
from pointsman.ports import AnswerStream, HttpRequest, HttpStream, Limits, ProviderCall, Transport
from pointsman.providers.failures import Origin, failed_inside, garbled, not_delivered, refused
from pointsman.providers.openai_answer import wire_to_answer
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_request import dropped_from_wire, request_to_wire
from pointsman.providers.openai_stream import OpenAIStream
from pointsman.providers.settings import ProviderSettings

_BASE_URL: Final = "https://api.openai.com/v1"
# An error's body says why, but it is not worth more than this.
_ERROR_BYTES = 64 * 1024
_ERROR_SECONDS = 2.0
# Whoever has no list of models says so, and is there.
_NO_LIST: Final = frozenset({404, 405})


class OpenAIProvider:
    """A Provider on this wire. Messages of its errors are ours: provider, status and code, never its own text.

    OpenAIProvider(ProviderSettings(provider="openai", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        base, mark, query = (settings.base_url or _BASE_URL).partition("?")
        self._url = f"{base.rstrip('/')}/chat/completions{mark}{query}"
        self._models_url = f"{base.rstrip('/')}/models{mark}{query}"
        headers = {"content-type": "application/json"}
        if settings.api_key:
            headers["authorization"] = f"Bearer {settings.api_key}"
        added = {name.lower(): value for name, value in settings.headers.items()}
        self._headers = {**headers, "accept": "application/json", **added}
        self._stream_headers = {**headers, "accept": "text/event-stream", **added}
        self._probe_headers = {name: value for name, value in self._headers.items() if name != "content-type"}

    async def complete(self, call: ProviderCall) -> Answer:
        """As Provider says."""
        request = self._request(call, stream=False)
        try:
            response = await self._transport.request(request, call.limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        origin = self._origin(response.status, response.headers)
        if not _succeeded(response.status):
            raise refused(origin, read_complaint(response.body))
        kind = _media_type(response.headers)
        if kind and "json" not in kind:
            raise garbled(origin, "answered with something other than JSON")
        return wire_to_answer(response.body, origin)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._open(call)

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    async def probe(self, limits: Limits) -> None:
        """As Provider says."""
        request = HttpRequest("GET", self._models_url, self._probe_headers)
        try:
            response = await self._transport.request(request, limits, self._settings.max_body)
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error
        if not _succeeded(response.status) and response.status not in _NO_LIST:
            raise refused(self._origin(response.status, response.headers), read_complaint(response.body))

    @asynccontextmanager
    async def _open(self, call: ProviderCall) -> AsyncIterator[AnswerStream]:
        request = self._request(call, stream=True)
        try:
            async with self._transport.stream(request, call.limits) as body:
                origin = self._origin(body.status, body.headers)
                await _accept(body, origin)
                answer = OpenAIStream(body, origin, self._settings.max_event_bytes)
                yield answer
                await answer.drain()
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error

    def _request(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _origin(self, status: int = 0, headers: Mapping[str, str] | None = None) -> Origin:
        return Origin(self._settings.provider, status, headers or {}, self._settings.api_key)


async def _accept(body: HttpStream, origin: Origin) -> None:
    """Return if a stream of events follows; raise ProviderError for anything else."""
    kind = _media_type(body.headers)
    if not _succeeded(body.status):
        raise refused(origin, read_complaint(await _beginning(body)))
    if kind in ("", "text/event-stream"):
        return
    if "json" in kind and kind != "application/x-ndjson":
        raise _json_instead(await _beginning(body), origin)
    raise garbled(origin, "answered with something other than a stream of events")


def _json_instead(body: bytes, origin: Origin) -> ProviderError:
    """Some servers put errors that come before the stream into one JSON object, under status 200."""
    complaint = read_complaint(body)
    if complaint.codes or complaint.status:
        return failed_inside(origin, complaint)
    return garbled(origin, "answered with JSON where a stream of events was asked for")


async def _beginning(body: HttpStream) -> bytes:
    """What comes soon of an error's body, up to a limit."""
    parts: list[bytes] = []
    try:
        with anyio.move_on_after(_ERROR_SECONDS):
            while sum(map(len, parts)) < _ERROR_BYTES and (part := await body.read_some()):
                parts.append(part)
    except TransportError:
        pass  # the status says enough
    return b"".join(parts)


def _succeeded(status: int) -> bool:
    return 200 <= status < 300


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
