"""Does the calls of a file, one after the other on one client, and prints a line of JSON for each that says what came.

python conformance_runner.py (blocking | asyncio) TARGET CALLS.json     clients/conformance/README.md has both formats
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from pointsman_client import DEFAULT_TIMEOUT, Access, Answer, AsyncClient, Client, PointsmanError, user
from pointsman_client.v1 import router_service_pb2 as wire
from pointsman_client.v1.chat_pb2 import ChatMessage, CompletionInput
from pointsman_client.v1.routing_pb2 import RoutingHints

# A call of the file, as README.md of the suite says.
Call = Mapping[str, Any]
PLAINTEXT = Access(plaintext=True)
CANCELLED = PointsmanError("CANCELLED", "cancelled by the caller")


class Seen:
    """What came of one call."""

    def __init__(self, name: str) -> None:
        self.line: dict[str, Any] = {
            "name": name, "events": [], "count": 0, "seq_ok": True, "generation": 0, "text": "", "reasoning": "",
            "tool_calls": [], "notices": [], "resets": [], "model": "", "cost_nano_usd": "", "attempts": 0,
            "finish": "", "message_text": "", "complete": False, "error": None,
        }  # fmt: skip

    def event(self, event: wire.CompleteResponse) -> None:
        line, kind = self.line, event.WhichOneof("event") or "unknown"
        if line["events"][-1:] != [kind]:
            line["events"].append(kind)
        line["count"] += 1
        line["seq_ok"] = line["seq_ok"] and event.seq == line["count"]

    def answer(self, answer: Answer) -> None:
        calls = [{"id": call.id, "name": call.name, "arguments": call.arguments_json} for call in answer.tool_calls]
        self.line |= {
            "generation": answer.generation,
            "text": answer.text,
            "reasoning": answer.reasoning,
            "tool_calls": calls,
            "notices": [word(wire.NoticeKind, "NOTICE_KIND_", notice.kind) for notice in answer.notices],
            "resets": [word(wire.ResetReason, "RESET_REASON_", reset.reason) for reset in answer.resets],
            "model": answer.decision.model if answer.decision else "",
            "complete": answer.complete,
        }
        self.usage(answer.usage)
        self.finish(answer.finish)
        self.line["message_text"] = text_of(answer.finish.message) if answer.finish else ""

    def whole(self, response: wire.CompleteUnaryResponse) -> None:
        self.line |= {"model": response.decision.model, "message_text": text_of(response.message)}
        self.usage(response.usage if response.HasField("usage") else None)
        self.finish(response.finish if response.HasField("finish") else None)
        self.line["complete"] = response.HasField("finish")

    def usage(self, usage: wire.UsageReport | None) -> None:
        if usage is not None:
            self.line |= {"cost_nano_usd": str(usage.cost.total_nano_usd), "attempts": len(usage.attempts)}

    def finish(self, finish: wire.Finish | None) -> None:
        if finish is not None:
            self.line["finish"] = word(wire.FinishReason, "FINISH_REASON_", finish.reason)

    def failed(self, error: PointsmanError) -> None:
        self.line["error"] = {
            "code": error.code,
            "reason": error.reason,
            "message": error.message,
            "metadata": error.metadata,
            "retry_delay_ms": None if error.retry_delay is None else round(error.retry_delay * 1000),
            "output_started": error.output_started,
            "violations": [asdict(violation) for violation in error.violations],
        }

    def print(self) -> None:
        print(json.dumps(self.line, sort_keys=True, separators=(",", ":")), flush=True)


def word(kinds: EnumTypeWrapper, prefix: str, number: int) -> str:
    """The value's name without its prefix; of one that is newer than we are, its number."""
    return kinds.Name(number).removeprefix(prefix) if number in kinds.values() else str(number)


def text_of(message: ChatMessage) -> str:
    return "".join(part.text for part in message.parts if part.HasField("text"))


def asked(call: Call) -> dict[str, Any]:
    """What the requests of all three methods have in common."""
    return {
        "request_id": call["request_id"],
        "input": CompletionInput(messages=[user(call["prompt"])]),
        "hints": RoutingHints(task=call["task"]) if call["task"] else None,
    }


def whole(call: Call) -> wire.CompleteUnaryRequest:
    return wire.CompleteUnaryRequest(**asked(call), include_reasoning=call["reasoning"])


def streamed(call: Call) -> wire.CompleteRequest:
    options = wire.StreamOptions(
        restart_policy=wire.RESTART_POLICY_ALLOW if call["restart"] else wire.RESTART_POLICY_UNSPECIFIED,
        include_notices=call["notices"],
        include_reasoning=call["reasoning"],
        include_final_message=call["final_message"],
    )
    return wire.CompleteRequest(**asked(call), stream_options=options if options.ListFields() else None)


def timeout_of(call: Call) -> float:
    return DEFAULT_TIMEOUT if call["deadline_ms"] is None else call["deadline_ms"] / 1000


def blocking(target: str, calls: list[Call]) -> None:
    with Client(target, PLAINTEXT) as client:
        for call in calls:
            seen = Seen(call["name"])
            try:
                if call["call"] == "route":
                    seen.line["model"] = client.route(wire.RouteRequest(**asked(call)), timeout_of(call)).model
                elif call["call"] == "complete_unary":
                    seen.whole(client.complete_unary(whole(call), timeout_of(call)))
                else:
                    read(client, call, seen)
            except PointsmanError as error:
                seen.failed(error)
            seen.print()


def read(client: Client, call: Call, seen: Seen) -> None:
    how, after = stop_of(call)
    stream = client.complete(streamed(call), timeout_of(call))
    try:
        if how == "abandon":
            while seen.line["count"] < after:
                seen.event(next(stream))
            return
        with stream:
            if how == "cancel" and after == 0:
                stream.cancel()
            for event in stream:
                seen.event(event)
                if seen.line["count"] == after:
                    if how == "break":
                        break
                    stream.cancel()
    finally:
        seen.answer(stream.answer)


async def asynchronous(target: str, calls: list[Call]) -> None:
    async with AsyncClient(target, PLAINTEXT) as client:
        for call in calls:
            seen = Seen(call["name"])
            try:
                if call["call"] == "route":
                    seen.line["model"] = (await client.route(wire.RouteRequest(**asked(call)), timeout_of(call))).model
                elif call["call"] == "complete_unary":
                    seen.whole(await client.complete_unary(whole(call), timeout_of(call)))
                else:
                    # A task of its own, so that it can be cancelled as a caller would.
                    await asyncio.create_task(read_async(client, call, seen))
            except PointsmanError as error:
                seen.failed(error)
            except asyncio.CancelledError:
                seen.failed(CANCELLED)
            seen.print()


async def read_async(client: AsyncClient, call: Call, seen: Seen) -> None:
    how, after = stop_of(call)
    task = asyncio.current_task()
    assert task is not None
    stream = client.complete(streamed(call), timeout_of(call))
    try:
        if how == "abandon":
            while seen.line["count"] < after:
                seen.event(await anext(stream))
            return
        async with stream:
            if how == "cancel" and after == 0:
                task.cancel()
            async for event in stream:
                seen.event(event)
                if seen.line["count"] == after:
                    if how == "break":
                        break
                    task.cancel()
    finally:
        seen.answer(stream.answer)


def stop_of(call: Call) -> tuple[str, int]:
    stop = call["stop"] or {"how": "", "after": -1}
    return stop["how"], stop["after"]


def main(kind: str, target: str, path: str) -> None:
    calls = json.loads(Path(path).read_text())
    if kind == "blocking":
        blocking(target, calls)
    else:
        asyncio.run(asynchronous(target, calls))


if __name__ == "__main__":
    main(*sys.argv[1:])
