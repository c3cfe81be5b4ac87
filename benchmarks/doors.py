"""How a gateway is called in the benchmark of peers: ours by gRPC, the others by OpenAI-compatible HTTP.

Either way only a whole answer counts: whether a call failed is read from what came back, not from its status.
"""

from __future__ import annotations

from typing import Protocol

import aiohttp
import grpc.aio
import msgspec

from benchmarks.overhead import PROMPT, ROUTER, Stream, Unary, completion_input
from pointsman.v1 import router_service_pb2 as wire


class CallFailed(Exception):
    """What came back is no answer."""


class Door(Protocol):
    """A gateway's entrance. Both calls return the answer's text, and raise CallFailed where there is none."""

    async def unary(self) -> str: ...

    async def stream(self) -> str: ...


class GrpcDoor:
    """Implements `Door` for Pointsman."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._unary: Unary = channel.unary_unary(f"/{ROUTER}/CompleteUnary")
        self._stream: Stream = channel.unary_stream(f"/{ROUTER}/Complete")
        asked = completion_input()
        self._unary_request = wire.CompleteUnaryRequest(input=asked).SerializeToString()
        self._stream_request = wire.CompleteRequest(input=asked).SerializeToString()

    async def unary(self) -> str:
        try:
            return grpc_text(await self._unary(self._unary_request))
        except grpc.aio.AioRpcError as error:
            raise CallFailed(str(error.details())) from error

    async def stream(self) -> str:
        try:
            return grpc_streamed_text([data async for data in self._stream(self._stream_request)])
        except grpc.aio.AioRpcError as error:
            raise CallFailed(str(error.details())) from error


class HttpDoor:
    """Implements `Door` for a gateway that speaks chat completions at `url`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, model: str) -> None:
        asked = {"model": model, "messages": [{"role": "user", "content": PROMPT}]}
        self._session, self._url = session, f"{url}/v1/chat/completions"
        self._unary_request = msgspec.json.encode(asked)
        self._stream_request = msgspec.json.encode(asked | {"stream": True})

    async def unary(self) -> str:
        return chat_text(await self._post(self._unary_request))

    async def stream(self) -> str:
        return chat_streamed_text(await self._post(self._stream_request))

    async def _post(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                return await answer.read()
        except aiohttp.ClientError as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from error


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said = msgspec.field(default_factory=_Said)
    delta: _Said = msgspec.field(default_factory=_Said)
    finish_reason: str | None = None


class _Chat(msgspec.Struct):
    choices: list[_Choice]


_decode = msgspec.json.Decoder(_Chat).decode


def chat_text(body: bytes) -> str:
    """The text of a chat completion. Raises CallFailed for anything else."""
    choices = _chat(body).choices
    if not choices or not choices[0].finish_reason or not choices[0].message.content:
        raise CallFailed(f"no answer in {_start_of(body)}")
    return choices[0].message.content


def chat_streamed_text(body: bytes) -> str:
    """The text of a stream of chunks. Raises CallFailed unless it finished and said so."""
    events = [line[5:].strip() for line in body.splitlines() if line.startswith(b"data:")]
    if not events or events.pop() != b"[DONE]":
        raise CallFailed(f"no end in the stream {_start_of(body)}")
    choices = [choice for event in events for choice in _chat(event).choices]
    text = "".join(choice.delta.content or "" for choice in choices)
    if not text or not any(choice.finish_reason for choice in choices):
        raise CallFailed(f"no whole answer in the stream {_start_of(body)}")
    return text


def grpc_text(data: bytes) -> str:
    """The text of a CompleteUnaryResponse. Raises CallFailed where it has no end or no text."""
    answer = wire.CompleteUnaryResponse.FromString(data)
    text = "".join(part.text for part in answer.message.parts)
    if not text or not answer.HasField("finish"):
        raise CallFailed("a unary call came back without an answer")
    return text


def grpc_streamed_text(messages: list[bytes]) -> str:
    """The text of the last generation of a Complete stream. Raises CallFailed where it did not finish."""
    events = [wire.CompleteResponse.FromString(data) for data in messages]
    if not events or events[-1].WhichOneof("event") != "finish":
        raise CallFailed("a stream ended without finish")
    last = max(event.generation for event in events)
    text = "".join(event.text_delta.text for event in events if event.generation == last)
    if not text:
        raise CallFailed("a stream finished without text")
    return text


def _chat(body: bytes) -> _Chat:
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CallFailed(f"{error}: {_start_of(body)}") from error


def _start_of(body: bytes) -> str:
    return repr(body[:200].decode(errors="replace"))
