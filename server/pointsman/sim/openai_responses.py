"""The `openai-responses` wire as a provider speaks it: the Responses API, which stores nothing here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pointsman.sim.openai import billed, logprobs
from pointsman.sim.openai_request import authenticate
from pointsman.sim.openai_responses_request import parse
from pointsman.sim.reply import Reply
from pointsman.sim.request import ChatRequest, Json, Refusal
from pointsman.sim.seals import sealed
from pointsman.sim.toolcalls import ToolCall

_JSON = msgspec.json.Encoder()
_TEXT: Final = {"type": "output_text", "annotations": []}
_FAILED: Final = {"code": "server_error", "message": "The server had an error while processing your request."}


class ResponsesWire:
    """A Wire. Reasoning is encrypted, and summed up where that is asked for; never where a name has `redact`.

    Messages have a `phase` where the model's name has `codex`.
    """

    routes = ("/{provider}/v1/responses",)
    id_header = "x-request-id"
    ping = b": keepalive\n\n"
    broken = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","output_index":0,"del\n\n'

    def authenticate(self, headers: Mapping[str, str]) -> Refusal | None:
        """As Wire says."""
        return authenticate(headers.get("Authorization", ""))

    def parse(self, body: bytes, route: Mapping[str, str]) -> ChatRequest | Refusal:
        """As Wire says."""
        return parse(body)

    def refused(self, refusal: Refusal) -> bytes:
        """As Wire says."""
        error = {"message": refusal.message, "type": refusal.kind, "param": refusal.param, "code": refusal.code}
        return _JSON.encode({"error": error})

    def blocked(self, *, stream: bool) -> bytes:
        """An error status."""
        return b""

    def body(self, reply: Reply) -> bytes:
        """As Wire says."""
        return _JSON.encode(_finished(reply))

    def opening(self, reply: Reply) -> bytes:
        """The response without output, twice, as it is made and as it is begun."""
        begun = _response(reply)
        return _sse("response.created", 0, response=begun) + _sse("response.in_progress", 1, response=begun)

    def deltas(self, reply: Reply) -> list[bytes]:
        """As Wire says; what begins an item stands before its first, what ends it behind its last."""
        return _streamed(reply).made

    def closing(self, reply: Reply) -> bytes:
        """The whole response once more."""
        response = _finished(reply)
        return _sse(f"response.{response['status']}", _streamed(reply).number, response=response)

    def failure(self) -> bytes:
        """As Wire says."""
        return _sse("error", 0, **_FAILED, param=None)

    def failed(self, reply: Reply | None) -> bytes:
        """A response that failed, with the output that there is."""
        output = [] if reply is None else [item for _, item in _items(reply)]
        made = {"id": "resp_failed", "object": "response", "model": "sim"} if reply is None else _response(reply)
        return _JSON.encode({**made, "status": "failed", "error": _FAILED, "output": output})


class _Events:
    """The events of items, one entry per token; `number` is that of the event to come."""

    def __init__(self) -> None:
        self.made: list[bytes] = []
        self.number = 2
        self._index = 0

    def item(self, kind: str, item: dict[str, Json], pieces: list[dict[str, Json]], bare: dict[str, Json]) -> None:
        """An item that is told in pieces, of one kind of delta. `bare` is what it begins without."""
        begun = self._event("response.output_item.added", item={**item, **bare})
        begun += self._part("added", item, bare)
        entries = [self._event(f"response.{kind}.delta", **_where(kind, item), **piece) for piece in pieces] or [b""]
        entries[0] = begun + entries[0]
        entries[-1] += self._part("done", item, {})
        self.made += self._ended(item, entries)

    def silent(self, item: dict[str, Json], tokens: int) -> None:
        """An item that is told at once, of so many tokens."""
        begun = self._event("response.output_item.added", item=item)
        self.made += self._ended(item, [begun] + [b""] * (tokens - 1))

    def _ended(self, item: dict[str, Json], entries: list[bytes]) -> list[bytes]:
        entries[-1] += self._event("response.output_item.done", item=item)
        self._index += 1
        return entries

    def _part(self, what: str, item: dict[str, Json], bare: dict[str, Json]) -> bytes:
        """What stands around the deltas of an item's only part."""
        where = {"item_id": item["id"]}
        if item["type"] == "function_call":
            if what == "added":
                return b""
            return self._event("response.function_call_arguments.done", **where, arguments=item["arguments"])
        if item["type"] == "reasoning":
            part = {"type": "summary_text", "text": "" if bare else item["summary"][0]["text"]}
            told = b""
            if what == "done":
                told = self._event("response.reasoning_summary_text.done", **where, summary_index=0, text=part["text"])
            return told + self._event(f"response.reasoning_summary_part.{what}", **where, summary_index=0, part=part)
        part = {**item["content"][0], "text": "", "logprobs": []} if bare else item["content"][0]
        told = b""
        if what == "done":
            rest = {"text": part["text"], "logprobs": part["logprobs"]}
            told = self._event("response.output_text.done", **where, content_index=0, **rest)
        return told + self._event(f"response.content_part.{what}", **where, content_index=0, part=part)

    def _event(self, kind: str, **fields: Json) -> bytes:
        self.number += 1
        return _sse(kind, self.number - 1, output_index=self._index, **fields)


def _where(kind: str, item: dict[str, Json]) -> dict[str, Json]:
    index = {"output_text": "content_index", "reasoning_summary_text": "summary_index"}.get(kind)
    return {"item_id": item["id"]} | ({index: 0} if index else {})


def _streamed(reply: Reply) -> _Events:
    answer, events = reply.answer, _Events()
    for call, item in _items(reply):
        if item["type"] == "reasoning" and not item["summary"]:
            events.silent(item, len(answer.reasoning))
        elif item["type"] == "reasoning":
            pieces: list[dict[str, Json]] = [{"delta": token} for token in answer.reasoning]
            events.item("reasoning_summary_text", item, pieces, {"summary": [], "encrypted_content": ""})
        elif call is None:
            pieces = [
                {"delta": token, "logprobs": logprobs(reply, [(at, token)]) or []}
                for at, token in enumerate(answer.content)
            ]
            events.item("output_text", item, pieces, {"content": [], "status": "in_progress"})
        else:
            pieces = [{"delta": fragment} for fragment in call.fragments]
            events.item("function_call_arguments", item, pieces, {"arguments": "", "status": "in_progress"})
    return events


def _items(reply: Reply) -> list[tuple[ToolCall | None, dict[str, Json]]]:
    """What was put out, calls with what they are made of."""
    answer, mark = reply.answer, reply.mark[:24]
    status = "incomplete" if answer.finish == "length" else "completed"
    items: list[tuple[ToolCall | None, dict[str, Json]]] = []
    if answer.reasoning:
        items.append((None, _thought(reply, "".join(answer.reasoning))))
    if answer.content:
        likely = logprobs(reply, enumerate(answer.content)) or []
        message: dict[str, Json] = {"id": f"msg_{mark}", "type": "message", "status": status, "role": "assistant"}
        message["content"] = [{**_TEXT, "text": answer.text, "logprobs": likely}]
        if "codex" in reply.model:
            message["phase"] = "final_answer"
        items.append((None, message))
    for at, call in enumerate(answer.calls):
        called: dict[str, Json] = {"id": f"fc_{mark[:22]}{at:02d}", "type": "function_call", "status": status}
        items.append((call, called | {"call_id": call.id, "name": call.name, "arguments": call.arguments}))
    return items


def _thought(reply: Reply, thinking: str) -> dict[str, Json]:
    told = reply.summarized and "redact" not in reply.model
    summary = [{"type": "summary_text", "text": thinking}] if told else []
    seal = sealed(f"{reply.model.removesuffix('-sim')}\n{thinking}")
    return {"id": f"rs_{reply.mark[:24]}", "type": "reasoning", "summary": summary, "encrypted_content": seal}


def _finished(reply: Reply) -> dict[str, Json]:
    made = _response(reply) | {"output": [item for _, item in _items(reply)]}
    if reply.answer.finish == "length":
        made |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    else:
        made["status"] = "completed"
    return made | {"usage": _usage(reply)}


def _response(reply: Reply) -> dict[str, Json]:
    made: dict[str, Json] = {"id": f"resp_{reply.mark[:24]}", "object": "response", "created_at": reply.created}
    made |= {"status": "in_progress", "error": None, "incomplete_details": None, "instructions": None}
    made |= {"model": reply.model, "output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return made | {"store": False, "temperature": 1.0, "top_p": 1.0, "metadata": {}, "usage": None}


def _usage(reply: Reply) -> Json:
    told = billed(reply)
    if told is None:
        return None
    cost = {"cost": told["cost"]} if "cost" in told else {}
    return cost | {
        "input_tokens": told["prompt_tokens"],
        "input_tokens_details": {**told["prompt_tokens_details"], "cache_write_tokens": 0},
        "output_tokens": told["completion_tokens"],
        "output_tokens_details": told["completion_tokens_details"],
        "total_tokens": told["total_tokens"],
    }


def _sse(kind: str, number: int, **fields: Json) -> bytes:
    return (
        f"event: {kind}\ndata: ".encode() + _JSON.encode({"type": kind, "sequence_number": number, **fields}) + b"\n\n"
    )
