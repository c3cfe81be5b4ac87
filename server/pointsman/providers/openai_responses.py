"""The `openai-responses` wire: OpenAI's Responses API, stateless: nothing is stored, and reasoning goes to and fro."""

from __future__ import annotations

import re
from typing import Final

from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import HttpRequest, HttpStream, ProviderCall, Transport
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.http_provider import HttpProvider
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_hosts import OPENAI_URL, at_openai
from pointsman.providers.openai_responses_answer import wire_to_answer
from pointsman.providers.openai_responses_request import dropped_from_wire, request_to_wire
from pointsman.providers.openai_responses_stream import ResponsesStream
from pointsman.providers.settings import ProviderSettings

# Models that OpenAI serves nowhere else, by their names.
_ONLY_HERE: Final = re.compile(r"(?:^|[-/])(?:codex|pro|deep-research|computer-use)(?:-|$)")


def answers_here(model: Model, settings: ProviderSettings) -> bool:
    """Is a model of an `openai` provider asked by this API? As its row says, else by its name, at OpenAI and Azure."""
    if model.api:
        return model.api == "responses"
    return at_openai(settings.base_url) and _ONLY_HERE.search(model.upstream) is not None


class ResponsesProvider(HttpProvider):
    """A Provider on this wire.

    ResponsesProvider(ProviderSettings(provider="openai", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        super().__init__(settings, transport, read_complaint)
        base, mark, query = (settings.base_url or OPENAI_URL).partition("?")
        self._url = f"{base.rstrip('/')}/responses{mark}{query}"
        self._models_url = f"{base.rstrip('/')}/models{mark}{query}"
        headers = {"content-type": "application/json"}
        if settings.api_key:
            headers["authorization"] = f"Bearer {settings.api_key}"
        added = {name.lower(): value for name, value in settings.headers.items()}
        self._headers = {**headers, "accept": "application/json", **added}
        self._stream_headers = {**headers, "accept": "text/event-stream", **added}
        self._probe_headers = {name: value for name, value in self._headers.items() if name != "content-type"}

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return dropped_from_wire(call, self._settings)

    def _listing(self) -> HttpRequest:
        return HttpRequest("GET", self._models_url, self._probe_headers)

    def _question(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _read_whole(self, body: bytes, origin: Origin, model: Model) -> Answer:
        return wire_to_answer(body, origin, model.upstream)

    def _read_events(self, body: HttpStream, origin: Origin, model: Model) -> EventStream:
        # The last event is the whole answer once more.
        return ResponsesStream(body, origin, model.upstream, self._settings.max_body)
