"""Calls that every test makes, with secrets in them that no error may show."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import TypeVar

import pytest

from pointsman.errors import TransportError
from pointsman.ports import HttpRequest, HttpResponse, Limits, Transport

SECRET = "sk-canary-0123456789"
MAX_BODY = 1 << 20
T = TypeVar("T")


def post(url: str, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("POST", f"{url}?key={SECRET}", {"Authorization": f"Bearer {SECRET}"}, body)


async def call(transport: Transport, url: str, limits: Limits | None = None, max_body: int = MAX_BODY) -> HttpResponse:
    return await transport.request(post(url), limits or Limits(), max_body)


async def read_all(transport: Transport, url: str, limits: Limits | None = None) -> bytes:
    async with transport.stream(post(url), limits or Limits()) as stream:
        body = b""
        while part := await stream.read_some():
            body += part
        return body


async def soon(awaited: Awaitable[T]) -> T:
    """What must happen at once, given ten seconds on a busy machine."""
    async with asyncio.timeout(10):
        return await awaited


async def loop_turns(count: int = 10) -> None:
    """Rounds of the event loop: what the kernel holds for our sockets has been read after that."""
    for _ in range(count):
        await asyncio.sleep(0)


async def failure(expected: type[TransportError], awaited: Awaitable[object], *, sent: bool) -> TransportError:
    """The error that `awaited` ends with, checked for what every error promises."""
    with pytest.raises(TransportError) as caught:
        await soon(awaited)
    error = caught.value
    assert type(error) is expected, repr(error)
    assert error.sent is sent
    for link in _chain(error):
        assert SECRET not in f"{link} {link!r} {link.args!r}"
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
