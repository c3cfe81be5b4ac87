"""The `anthropic` wire: the Messages API, at Anthropic and at endpoints that are compatible with it."""

from __future__ import annotations

from typing import Final

from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import HttpRequest, HttpStream, ProviderCall, Transport
from pointsman.providers.anthropic_answer import wire_to_answer
from pointsman.providers.anthropic_errors import read_complaint
from pointsman.providers.anthropic_request import dropped_from_wire, request_to_wire
from pointsman.providers.anthropic_stream import AnthropicStream
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.http_provider import HttpProvider
from pointsman.providers.settings import ProviderSettings

_BASE_URL: Final = "https://api.anthropic.com"
_VERSION: Final = "2023-06-01"


class AnthropicProvider(HttpProvider):
    """A Provider on this wire.

    AnthropicProvider(ProviderSettings(provider="anthropic", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        super().__init__(settings, transport, read_complaint)
        base, mark, query = (settings.base_url or _BASE_URL).partition("?")
        self._url = f"{base.rstrip('/')}/v1/messages{mark}{query}"
        self._models_url = f"{base.rstrip('/')}/v1/models{mark}{query}"
        headers = {"content-type": "application/json", "anthropic-version": _VERSION}
        if settings.api_key:
            headers["x-api-key"] = settings.api_key
        added = {name.lower(): value for name, value in settings.headers.items()}
        self._headers = {**headers, "accept": "application/json", **added}
        self._stream_headers = {**headers, "accept": "text/event-stream", **added}

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    def _listing(self) -> HttpRequest:
        return HttpRequest("GET", self._models_url, self._headers)

    def _question(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _read_whole(self, body: bytes, origin: Origin, model: Model) -> Answer:
        return wire_to_answer(body, origin, model.upstream)

    def _read_events(self, body: HttpStream, origin: Origin, model: Model) -> EventStream:
        return AnthropicStream(body, origin, model.upstream, self._settings.max_event_bytes)
