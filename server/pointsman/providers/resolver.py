"""Name resolution for provider traffic, in threads, so that a resolver that sleeps never blocks the event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

from aiohttp.abc import AbstractResolver, ResolveResult

Lookup = Callable[[str], list[str]]


def system_lookup(host: str) -> list[str]:
    """The addresses of `host`, as the operating system resolves it. Blocks."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class ThreadResolver(AbstractResolver):
    """A daemon thread for each lookup: one that hangs holds up neither other users of an executor nor our exit.

    There are few: the connector asks once at a time for a host, and caches.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answer: Future[list[str]] = Future()  # a thread's, not the loop's: it may end after the loop
        answer.set_running_or_notify_cancel()
        threading.Thread(target=self._work, args=(host, answer), name="pointsman-dns", daemon=True).start()
        arrival = asyncio.wrap_future(answer)
        addresses = await arrival
        if not addresses:
            raise OSError(None, "it has no address")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    def _work(self, host: str, answer: Future[list[str]]) -> None:
        try:
            answer.set_result(self._lookup(host))
        except Exception as exc:  # noqa: BLE001 - the top of a thread: whoever waits gets it
            answer.set_exception(exc if isinstance(exc, OSError) else OSError(None, type(exc).__name__))

    async def close(self) -> None:
        """Nothing to close: threads end with their lookup."""
