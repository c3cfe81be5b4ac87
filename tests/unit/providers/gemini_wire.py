"""A provider on the `gemini` wire over a transport that plays what a test says, and the calls it is made with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from tests.unit.providers.wire import KEY, QUESTION, FakeTransport

from pointsman.model.answer import Delta, Ending
from pointsman.model.catalogue import Model, Price
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.request import Request
from pointsman.ports import Limits, ProviderCall
from pointsman.providers.gemini import GeminiProvider
from pointsman.providers.settings import ProviderSettings, Quirks


def model(upstream: str = "gemini-3.8-flash", *capabilities: str) -> Model:
    return Model(
        id="flash",
        provider="acme",
        upstream=upstream,
        tier="small",
        context=1_000_000,
        price=Price(1, 2),
        capabilities=frozenset(capabilities),
    )


def call(
    request: Request = QUESTION,
    target: Model | None = None,
    *,
    max_output_tokens: int | None = None,
    temperature: float | None = None,
    system_prompt: str = "",
) -> ProviderCall:
    shaped = Shaped("flash", max_output_tokens, temperature, system_prompt, Estimate(0, 0, 0, 0))
    return ProviderCall(target or model(), request, shaped, Limits())


def provider(transport: FakeTransport, quirks: Quirks | None = None, *, base_url: str = "") -> GeminiProvider:
    settings = ProviderSettings(provider="acme", base_url=base_url, api_key=KEY, quirks=quirks or Quirks())
    return GeminiProvider(settings, transport)


def chunk(*parts: object, finish: str | None = None, **more: object) -> dict[str, object]:
    """A response as Google sends them, whole or in a stream."""
    candidate: dict[str, object] = {"index": 0}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "m-2026", "responseId": "r-1"} | more


def text(said: str, **more: object) -> dict[str, object]:
    return {"text": said} | more


def called(name: str, args: object = None, **more: object) -> dict[str, object]:
    function = {"name": name} | ({} if args is None else {"args": args}) | more
    return {"functionCall": function}


def sse(*chunks: object) -> bytes:
    """Chunks as events with Google's line ends, bytes as they are."""
    return b"".join(c if isinstance(c, bytes) else b"data: " + msgspec.json.encode(c) + b"\r\n\r\n" for c in chunks)


async def streamed(transport: FakeTransport) -> tuple[list[Delta], Ending]:
    """All deltas of a stream, and its ending."""
    async with provider(transport).stream(call()) as answer:
        deltas: list[Delta] = []
        while some := await answer.read():
            deltas += some
        return deltas, answer.ending


async def ask(*chunks: object) -> tuple[Sequence[Delta], Ending]:
    """The same for these chunks, in one piece."""
    return await streamed(FakeTransport([sse(*chunks)]))
