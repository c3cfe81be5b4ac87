"""A provider on the `openai-responses` wire over the transport that plays, and events as OpenAI sends them."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.unit.providers.wire import KEY, QUESTION, FakeTransport

from pointsman.model.answer import Delta, Ending
from pointsman.model.catalogue import Model, Price
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.request import Request
from pointsman.ports import Limits, ProviderCall
from pointsman.providers.openai_responses import ResponsesProvider
from pointsman.providers.settings import ProviderSettings, Quirks

UPSTREAM = "gpt-5.4-pro"
SETTINGS = ProviderSettings(provider="acme", api_key=KEY)


def provider(transport: FakeTransport, *, base_url: str = "", quirks: Quirks | None = None) -> ResponsesProvider:
    settings = ProviderSettings(provider="acme", base_url=base_url, api_key=KEY, quirks=quirks or Quirks())
    return ResponsesProvider(settings, transport)


def model(upstream: str = UPSTREAM, *, reasons: bool = True, api: str = "") -> Model:
    return Model(
        id="pro",
        provider="acme",
        upstream=upstream,
        tier="frontier",
        context=400_000,
        price=Price(3, 15),
        capabilities=frozenset({"reasoning"} if reasons else ()),
        api=api,
    )


def call(
    request: Request = QUESTION,
    *,
    max_output_tokens: int | None = None,
    temperature: float | None = None,
    system_prompt: str = "",
    to: Model | None = None,
    logprobs: bool = False,
) -> ProviderCall:
    shaped = Shaped("pro", max_output_tokens, temperature, system_prompt, Estimate(0, 0, 0, 0))
    return ProviderCall(to or model(), request, shaped, Limits(), logprobs)


# Any: events and items as they are written.
def sse(*events: Any) -> bytes:
    """Events under their names and with their numbers, bytes as they are."""
    return b"".join(
        event if isinstance(event, bytes) else f"event: {event['type']}\ndata: {dumped(event, at)}\n\n".encode()
        for at, event in enumerate(events)
    )


def dumped(event: Any, number: int) -> str:
    return msgspec.json.encode(event | {"sequence_number": number}).decode()


def response(status: str, *output: Any, **more: Any) -> Any:
    """A response, whole or as an event tells it."""
    made = {"id": "resp_1", "object": "response", "model": "gpt-5.4-pro-2026", "status": status, "error": None}
    return made | {"incomplete_details": None, "output": [*output], "usage": None} | more


def start() -> list[Any]:
    return [{"type": f"response.{kind}", "response": response("in_progress")} for kind in ("created", "in_progress")]


def reasoning(*paragraphs: str, encrypted: str | None = "gAAAA==", item_id: str = "rs_1", **more: Any) -> Any:
    summary = [{"type": "summary_text", "text": text} for text in paragraphs]
    return {"id": item_id, "type": "reasoning", "summary": summary, "encrypted_content": encrypted, **more}


def message(*texts: str, **more: Any) -> Any:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []} for text in texts]
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content, **more}


def function_call(call_id: str, name: str, arguments: str) -> Any:
    made = {"id": f"fc_{call_id}", "type": "function_call", "status": "completed", "call_id": call_id}
    return made | {"name": name, "arguments": arguments}


def thought(index: int, item: Any, *pieces: tuple[int, str]) -> list[Any]:
    """The events of a reasoning item, its pieces with the paragraphs that they are of."""
    events: list[Any] = [added(index, item | {"summary": [], "encrypted_content": ""})]
    for paragraph, piece in pieces:
        kind = "response.reasoning_summary_text.delta"
        events.append({"type": kind, "output_index": index, "summary_index": paragraph, "delta": piece})
    return [*events, done(index, item)]


def said(index: int, item: Any, *pieces: str, content: int = 0, kind: str = "output_text") -> list[Any]:
    """The events of a message of one text."""
    where = {"output_index": index, "content_index": content, "item_id": item["id"]}
    deltas = [{"type": f"response.{kind}.delta", **where, "delta": piece, "logprobs": []} for piece in pieces]
    begun = {"type": "response.content_part.added", **where, "part": {"type": "output_text", "text": ""}}
    return [added(index, item | {"content": []}), begun, *deltas, done(index, item)]


def called(index: int, item: Any, *pieces: str) -> list[Any]:
    """The events of a call."""
    kind = "response.function_call_arguments"
    deltas = [{"type": f"{kind}.delta", "output_index": index, "delta": piece} for piece in pieces]
    whole = {"type": f"{kind}.done", "output_index": index, "arguments": item["arguments"]}
    return [added(index, item | {"arguments": ""}), *deltas, whole, done(index, item)]


def added(index: int, item: Any) -> Any:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, item: Any) -> Any:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def end(*output: Any, status: str = "completed", **more: Any) -> Any:
    """The last event."""
    usage = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 3}, "output_tokens": 4}
    usage |= {"output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 13}
    return {"type": f"response.{status}", "response": response(status, *output, **{"usage": usage, **more})}


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
