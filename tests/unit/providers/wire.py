"""A provider on the `openai` wire over a transport that plays what a test says, and the calls it is made with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from pointsman.errors import TransportError
from pointsman.model.answer import Delta, Ending, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.catalogue import Model, Price
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.request import Message, Request, Role, Text
from pointsman.ports import HttpRequest, HttpResponse, Limits, ProviderCall
from pointsman.providers.openai import OpenAIProvider
from pointsman.providers.settings import ProviderSettings, Quirks

KEY = "sk-canary-0123456789"
JSON = {"content-type": "application/json; charset=utf-8"}
EVENTS = {"content-type": "text/event-stream"}

MODEL = Model(id="mini", provider="openai", upstream="gpt-5.4-mini", tier="small", context=400_000, price=Price(1, 2))
QUESTION = Request(messages=(Message(Role.USER, (Text("Why?"),)),))

Answered = bytes | TransportError


@dataclass
class FakeStream:
    """Gives its chunks one by one, then the proper end; an error is raised in its turn."""

    status: int
    headers: Mapping[str, str]
    chunks: list[Answered]
    read: int = 0

    async def read_some(self) -> bytes:
        if self.read == len(self.chunks):
            return b""
        chunk = self.chunks[self.read]
        self.read += 1
        if isinstance(chunk, TransportError):
            raise chunk
        return chunk


@dataclass
class FakeTransport:
    """Answers every request alike, and keeps the requests. A chunk that is an error is raised."""

    chunks: Sequence[Answered] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: EVENTS)
    unreachable: TransportError | None = None
    requests: list[HttpRequest] = field(default_factory=list)
    opened: list[FakeStream] = field(default_factory=list)
    closed: int = 0

    async def request(self, request: HttpRequest, limits: Limits, max_body: int) -> HttpResponse:
        self.requests.append(request)
        if self.unreachable:
            raise self.unreachable
        failed = next((chunk for chunk in self.chunks if isinstance(chunk, TransportError)), None)
        if failed:
            raise failed
        return HttpResponse(self.status, self.headers, b"".join(c for c in self.chunks if isinstance(c, bytes)))

    @asynccontextmanager
    async def stream(self, request: HttpRequest, limits: Limits) -> AsyncIterator[FakeStream]:
        self.requests.append(request)
        if self.unreachable:
            raise self.unreachable
        self.opened.append(FakeStream(self.status, self.headers, list(self.chunks)))
        try:
            yield self.opened[-1]
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        """Nothing is open."""


def provider(transport: FakeTransport, quirks: Quirks | None = None, *, base_url: str = "") -> OpenAIProvider:
    settings = ProviderSettings(provider="acme", base_url=base_url, api_key=KEY, quirks=quirks or Quirks())
    return OpenAIProvider(settings, transport)


def call(
    request: Request = QUESTION,
    *,
    max_output_tokens: int | None = None,
    temperature: float | None = None,
    system_prompt: str = "",
) -> ProviderCall:
    shaped = Shaped("mini", max_output_tokens, temperature, system_prompt, Estimate(0, 0, 0, 0))
    return ProviderCall(MODEL, request, shaped, Limits())


def sse(*chunks: object, done: bool = True) -> bytes:
    """Chunks as events, bytes as they are."""
    events = [c if isinstance(c, bytes) else b"data: " + msgspec.json.encode(c) + b"\n\n" for c in chunks]
    return b"".join([*events, b"data: [DONE]\n\n" if done else b""])


def delta(finish: str | None = None, **said: object) -> dict[str, object]:
    """A chunk as OpenAI sends them."""
    choice = {"index": 0, "delta": said, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m-2026", "choices": [choice]}


def tool(index: int | None = None, arguments: str = "", **head: object) -> dict[str, object]:
    """A piece of a tool call, with `id` and `name` where it begins."""
    function = {"arguments": arguments} | {key: value for key, value in head.items() if key == "name"}
    piece: dict[str, object] = {"function": function} if index is None else {"index": index, "function": function}
    return piece | {key: value for key, value in head.items() if key != "name"}


async def streamed(transport: FakeTransport) -> tuple[list[Delta], Ending]:
    """All deltas of a stream, and its ending."""
    async with provider(transport).stream(call()) as answer:
        deltas: list[Delta] = []
        while some := await answer.read():
            deltas += some
        return deltas, answer.ending


async def ask(*chunks: object, done: bool = True) -> tuple[list[Delta], Ending]:
    """The same for these chunks, in one piece."""
    return await streamed(FakeTransport([sse(*chunks, done=done)]))


def joined(deltas: Iterable[Delta]) -> dict[int, tuple[str, ...]]:
    """What a client makes of the deltas: kind, id, name and text of each part."""
    parts: dict[int, list[str]] = {}
    for one in deltas:
        match one:
            case TextDelta(part, text):
                parts.setdefault(part, ["text", ""])[-1] += text
            case ReasoningDelta(part, text):
                parts.setdefault(part, ["reasoning", ""])[-1] += text
            case ToolCallDelta(part, call_id, name, arguments):
                assert bool(call_id or name) == (part not in parts), "id and name once, at the beginning"
                parts.setdefault(part, [call_id, name, ""])[-1] += arguments
    return {part: tuple(said) for part, said in parts.items()}
