"""The `openai-responses` wire: OpenAI's Responses API, stateless: nothing is stored, and reasoning goes to and fro."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from pointsman.errors import TransportError
from pointsman.model.answer import Answer
from pointsman.model.catalogue import Model
from pointsman.ports import AnswerStream, HttpRequest, Limits, ProviderCall, Transport
from pointsman.providers.acceptance import accept_listing, accept_stream, accept_whole
from pointsman.providers.failures import Origin, not_delivered
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


class ResponsesProvider:
    """A Provider on this wire. Messages of its errors are ours: provider, status and code, never its own text.

    ResponsesProvider(ProviderSettings(provider="openai", api_key=key), AiohttpTransport())
    """

    def __init__(self, settings: ProviderSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
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
        request = HttpRequest("GET", self._models_url, self._probe_headers)
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
                # The last event is the whole answer once more.
                answer = ResponsesStream(body, origin, call.model.upstream, self._settings.max_body)
                yield answer
                await answer.drain()
        except TransportError as error:
            raise not_delivered(self._origin(), error) from error

    def _request(self, call: ProviderCall, *, stream: bool) -> HttpRequest:
        body = request_to_wire(call, self._settings, stream=stream)
        return HttpRequest("POST", self._url, self._stream_headers if stream else self._headers, body)

    def _origin(self, status: int = 0, headers: Mapping[str, str] | None = None) -> Origin:
        return Origin(self._settings.provider, status, headers or {}, self._settings.api_key)
