"""The `gemini` wire: generateContent of Google's Generative Language API, v1beta."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import HttpRequest, HttpStream, ProviderCall, Transport
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.gemini_errors import read_complaint
from pointsman.providers.gemini_request import dropped_from_wire, request_to_wire
from pointsman.providers.gemini_stream import GeminiStream, wire_to_answer
from pointsman.providers.http_provider import HttpProvider
from pointsman.providers.settings import ProviderSettings

_BASE_URL: Final = "https://generativelanguage.googleapis.com/v1beta"


class GeminiProvider(HttpProvider):
    """A Provider on this wire.

    The key goes into a header; Google also takes it in the URL, which ends in logs.

    GeminiProvider(ProviderSettings(provider="google", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        super().__init__(settings, transport, read_complaint)
        base, _, self._query = (settings.base_url or _BASE_URL).partition("?")
        self._base = base.rstrip("/")
        headers = {"content-type": "application/json"}
        if settings.api_key:
            headers["x-goog-api-key"] = settings.api_key
        added = {name.lower(): value for name, value in settings.headers.items()}
        self._headers = {**headers, "accept": "application/json", **added}
        self._stream_headers = {**headers, "accept": "text/event-stream", **added}

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    def _listing(self) -> HttpRequest:
        query = f"?{self._query}" if self._query else ""
        return HttpRequest("GET", f"{self._base}/models{query}", self._headers)

    def _question(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings)
        headers = self._stream_headers if stream else self._headers
        return HttpRequest("POST", self._url(call.model, stream=stream), headers, body)

    def _url(self, model: Model, *, stream: bool) -> str:
        name = model.upstream if "/" in model.upstream else f"models/{model.upstream}"
        method, query = ("streamGenerateContent", "alt=sse") if stream else ("generateContent", "")
        asked = "&".join(filter(None, (query, self._query)))
        return f"{self._base}/{quote(name)}:{method}{'?' if asked else ''}{asked}"

    def _read_whole(self, body: bytes, origin: Origin, model: Model) -> Answer:
        return wire_to_answer(body, origin)

    def _read_events(self, body: HttpStream, origin: Origin, model: Model) -> EventStream:
        return GeminiStream(body, origin, self._settings.max_event_bytes)
