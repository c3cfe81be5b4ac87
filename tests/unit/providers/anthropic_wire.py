"""A provider on the `anthropic` wire over the transport that plays, and events as Anthropic sends them."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.unit.providers.wire import KEY, QUESTION, FakeTransport

from pointsman.model.answer import Delta, Ending
from pointsman.model.catalogue import Model, Price
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.request import Request
from pointsman.ports import Limits, ProviderCall
from pointsman.providers.anthropic import AnthropicProvider
from pointsman.providers.settings import ProviderSettings, Quirks

SONNET, HAIKU = "claude-sonnet-4-6", "claude-haiku-4-5-20251001"
SETTINGS = ProviderSettings(provider="acme", api_key=KEY)


def provider(transport: FakeTransport, *, base_url: str = "", quirks: Quirks | None = None) -> AnthropicProvider:
    settings = ProviderSettings(provider="acme", base_url=base_url, api_key=KEY, quirks=quirks or Quirks())
    return AnthropicProvider(settings, transport)


def model(upstream: str = SONNET, *, context: int = 200_000, max_output: int = 64_000) -> Model:
    return Model(
        id="claude",
        provider="acme",
        upstream=upstream,
        tier="mid",
        context=context,
        price=Price(3, 15),
        max_output=max_output,
        capabilities=frozenset({"reasoning"}),
    )


def call(
    request: Request = QUESTION,
    *,
    max_output_tokens: int | None = None,
    temperature: float | None = None,
    system_prompt: str = "",
    to: Model | None = None,
    input_tokens: int = 0,
) -> ProviderCall:
    estimate = Estimate(0, 0, input_tokens, 0)
    shaped = Shaped("claude", max_output_tokens, temperature, system_prompt, estimate)
    return ProviderCall(to or model(), request, shaped, Limits())


# Any: events as they are written.
def sse(*events: Any) -> bytes:
    """Events under their names, bytes as they are."""
    return b"".join(
        event if isinstance(event, bytes) else f"event: {event['type']}\ndata: {dumped(event)}\n\n".encode()
        for event in events
    )


def dumped(event: Any) -> str:
    return msgspec.json.encode(event).decode()


def start(**usage: int) -> Any:
    """The beginning of a message, with what is told of its usage there."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6-2026", "content": []}
    told = {"usage": {"input_tokens": 9, "output_tokens": 1} | usage}
    return {"type": "message_start", "message": message | {"stop_reason": None, "stop_sequence": None} | told}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any], stop: bool = True) -> list[Any]:
    """The events of one block."""
    events: list[Any] = [{"type": "content_block_start", "index": index, "content_block": start}]
    events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [*events, {"type": "content_block_stop", "index": index}] if stop else events


def text(index: int, *said: str) -> list[Any]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in said))


def thinking(index: int, *thought: str, signature: str) -> list[Any]:
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in thought]
    signed = {"type": "signature_delta", "signature": signature}
    return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas, signed)


def tool_use(index: int, call_id: str, name: str, *pieces: str) -> list[Any]:
    start = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    return block(index, start, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def end(reason: str = "end_turn", output: int = 4) -> list[Any]:
    """Why it ended, what it used, and that it did."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [{"type": "message_delta", "delta": delta, "usage": {"output_tokens": output}}, {"type": "message_stop"}]


async def streamed(transport: FakeTransport, made: ProviderCall | None = None) -> tuple[list[Delta], Ending]:
    """All deltas of a stream, and its ending."""
    async with provider(transport).stream(made or call()) as answer:
        deltas: list[Delta] = []
        while some := await answer.read():
            deltas += some
        return deltas, answer.ending


async def ask(*events: Any) -> tuple[list[Delta], Ending]:
    """The same for these events, in one piece."""
    return await streamed(FakeTransport([sse(*events)]))
