"""The `openai` wire: chat completions, at OpenAI and at every endpoint that is compatible with it.

Models that need it are asked by the Responses API, at the same provider.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import AnswerStream, HttpRequest, HttpStream, ProviderCall, Transport
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.http_provider import HttpProvider
from pointsman.providers.openai_answer import wire_to_answer
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_hosts import OPENAI_URL
from pointsman.providers.openai_request import dropped_from_wire, request_to_wire
from pointsman.providers.openai_responses import ResponsesProvider, answers_here
from pointsman.providers.openai_stream import OpenAIStream
from pointsman.providers.settings import ProviderSettings


class OpenAIProvider(HttpProvider):
    """A Provider on this wire.

    OpenAIProvider(ProviderSettings(provider="openai", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        super().__init__(settings, transport, read_complaint)
        self._responses = ResponsesProvider(settings, transport)
        base, mark, query = (settings.base_url or OPENAI_URL).partition("?")
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
        if answers_here(call.model, self._settings):
            return await self._responses.complete(call)
        return await super().complete(call)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._responses.stream(call) if answers_here(call.model, self._settings) else super().stream(call)

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        if answers_here(call.model, self._settings):
            return self._responses.dropped(call)
        return dropped_from_wire(call, self._settings)

    def _listing(self) -> HttpRequest:
        return HttpRequest("GET", self._models_url, self._probe_headers)

    def _question(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _read_whole(self, body: bytes, origin: Origin, model: Model) -> Answer:
        return wire_to_answer(body, origin)

    def _read_events(self, body: HttpStream, origin: Origin, model: Model) -> EventStream:
        return OpenAIStream(body, origin, self._settings.max_event_bytes)
