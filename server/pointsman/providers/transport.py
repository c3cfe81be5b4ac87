"""The Transport port on aiohttp's connection pool and HTTP parser.

Not on its ClientSession: without, a call costs half, phases have timers of their own, and `sent` is known, not guessed.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from pointsman.errors import (
    ConnectFailed,
    ConnectTimeout,
    DeadlineExceeded,
    ProxyFailed,
    TlsFailed,
    TransportError,
    Truncated,
)
from pointsman.ports import HttpRequest, HttpResponse, HttpStream, Limits
from pointsman.providers.exchange import FAILURES, Exchange
from pointsman.providers.resolver import Lookup, ThreadResolver, system_lookup

_DNS_TTL = 60  # seconds
_KEEP_ALIVE = 75.0  # seconds
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})  # these say that their body is empty


class AiohttpTransport:
    """HTTP/1.1 towards providers; connections are kept and shared, for one event loop.

    `per_host` limits the connections to one host and port: who waits for one longer than `Limits.connect` gets
    ConnectTimeout. `ca_file` is trusted besides the system's authorities. `trust_env` takes the proxies from the
    environment. `lookup` blocks, in threads of its own.

        async with AiohttpTransport() as transport:
            answer = await transport.request(HttpRequest("POST", url, headers, body), Limits(), max_body=1 << 24)
    """

    def __init__(
        self,
        *,
        per_host: int = 256,
        ca_file: str | None = None,
        trust_env: bool = False,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._per_host = per_host
        self._ssl = True if ca_file is None else _trusting(ca_file)
        self._trust_env = trust_env
        self._lookup = lookup
        self._connector: _Connector | None = None
        self._closed = False
        self._live: set[Exchange] = set()
        self._route = lru_cache(maxsize=512)(self._parse)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def request(self, request: HttpRequest, limits: Limits, max_body: int) -> HttpResponse:
        """As Transport says."""
        exchange = await self._start(request, limits)
        body = await exchange.read_all(max_body)
        return HttpResponse(exchange.status, exchange.headers, body)

    def stream(self, request: HttpRequest, limits: Limits) -> AbstractAsyncContextManager[HttpStream]:
        """As Transport says."""
        return _Stream(lambda: self._start(request, limits))

    async def aclose(self) -> None:
        """Close every connection; calls under way end with Truncated or, still connecting, ConnectFailed."""
        self._closed = True
        for exchange in tuple(self._live):
            exchange.fail(Truncated("the transport was closed", sent=True))
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()
        self._route.cache_clear()
        await asyncio.sleep(0)  # an aborted connection's socket is closed in the loop's next round

    async def _start(self, request: HttpRequest, limits: Limits) -> Exchange:
        deadline = asyncio.get_running_loop().time() + limits.total
        route = self._route(request.url)
        message = _message(request, route)
        exchange = Exchange(await self._connect(route, limits), route.where, limits, deadline)
        await exchange.start(message, self._live, bodiless=request.method == "HEAD")
        return exchange

    async def _connect(self, route: _Route, limits: Limits) -> Connection:
        seconds = min(limits.connect, limits.total)
        if seconds <= 0:
            raise DeadlineExceeded(f"no time left to connect to {route.where}", sent=False)
        try:
            for _ in range(3):
                connection = await self._pool().connect(route.key, [], _timeout(seconds))
                if connection.protocol is not None and not connection.protocol.should_close:
                    return connection
                connection.close()  # the host sent something that nobody asked for, which is no answer to what we ask
            failure: TransportError = ConnectFailed(f"{route.where} talks before it is asked", sent=False)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._closed or (task is not None and task.cancelling()):
                raise
            # Nobody cancelled this task: aiohttp cancels what waits for a connection when it closes.
            failure = ConnectFailed("the transport was closed", sent=False)
        except FAILURES as exc:
            failure = _not_connected(exc, route, limits)
        raise failure

    def _pool(self) -> _Connector:
        if self._closed:
            raise ConnectFailed("the transport is closed", sent=False)
        if self._connector is None:
            self._connector = _Connector(
                limit=0,
                limit_per_host=self._per_host,
                keepalive_timeout=_KEEP_ALIVE,
                ssl=self._ssl,
                resolver=ThreadResolver(self._lookup),
                ttl_dns_cache=_DNS_TTL,
            )
        return self._connector

    def _parse(self, text: str) -> _Route:
        try:
            url = URL(text)
        except ValueError:
            url = URL()
        if url.scheme not in ("http", "https") or not url.raw_host or url.raw_user or url.raw_password:
            raise ConnectFailed("a URL must be http(s)://host[:port]/path, without a user or password", sent=False)
        proxy = _proxy(url) if self._trust_env else None
        key = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop(), proxy=proxy)
        fields = {
            "host": url.host_port_subcomponent or "",
            "accept": "*/*",
            # Events must not wait in a compressor. An answer compressed all the same is read.
            "accept-encoding": "identity",
            "user-agent": "pointsman",
        }
        target = url.raw_path_qs
        if proxy is not None and url.scheme == "http":  # no tunnel: the proxy reads the request itself
            target = str(url.with_fragment(None))
            if proxy.user:
                fields["proxy-authorization"] = aiohttp.encode_basic_auth(proxy.user, proxy.password or "")
        return _Route(key, f"{url.raw_host}:{url.port}", target, fields)


@dataclass(frozen=True, slots=True)
class _Route:
    """What a URL comes to: `key` is all that the pool wants to know, `fields` the headers of every request."""

    key: aiohttp.ClientRequest
    where: str
    target: str
    fields: Mapping[str, str]


class _Stream(AbstractAsyncContextManager[HttpStream]):
    __slots__ = ("_exchange", "_start")

    def __init__(self, start: Callable[[], Awaitable[Exchange]]) -> None:
        self._start = start

    async def __aenter__(self) -> HttpStream:
        self._exchange = await self._start()
        return self._exchange

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exchange.close()


class _Connector(aiohttp.TCPConnector):
    # `Any`: aiohttp's own signature. Without this, a handshake given up leaves its buffers to a timer of 60 s.
    async def _wrap_create_connection(self, *args: Any, timeout: aiohttp.ClientTimeout, **kwargs: Any) -> Any:
        if kwargs.get("ssl"):
            kwargs["ssl_handshake_timeout"] = timeout.connect
        return await super()._wrap_create_connection(*args, timeout=timeout, **kwargs)


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(ca_file)
    return context


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    # Over all of waiting for a free connection, DNS, TCP and TLS; `total` is for TLS inside a proxy's tunnel.
    return aiohttp.ClientTimeout(connect=seconds, total=seconds, ceil_threshold=float("inf"))


def _proxy(url: URL) -> URL | None:
    proxy = getproxies().get(url.scheme)
    return URL(proxy) if proxy and not proxy_bypass(url.raw_host or "") else None


def _message(request: HttpRequest, route: _Route) -> bytes:
    fields = dict(route.fields)
    for name, value in request.headers.items():
        fields[name.lower()] = value
    if request.body or request.method in _WITH_LENGTH:
        fields["content-length"] = str(len(request.body))
    if _UNSENDABLE.search("".join((request.method, *fields, *fields.values()))):
        raise ConnectFailed(f"a header for {route.where} holds a character that cannot be sent", sent=False)
    head = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
    return f"{request.method} {route.target} HTTP/1.1\r\n{head}\r\n".encode() + request.body


def _not_connected(exc: Exception, route: _Route, limits: Limits) -> TransportError:
    where = route.where
    if isinstance(exc, TimeoutError):
        if limits.total <= limits.connect:
            return DeadlineExceeded(f"{where}: no connection in the {limits.total:g} s for all", sent=False)
        return ConnectTimeout(f"no connection to {where}, or none free, within {limits.connect:g} s", sent=False)
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        why = getattr(exc.certificate_error, "verify_message", "") or "not valid"
        return TlsFailed(f"the certificate of {where} was refused: {why}", sent=False)
    if isinstance(exc, aiohttp.ClientSSLError):
        why = getattr(exc.os_error, "reason", None) or "failed"
        return TlsFailed(f"TLS handshake with {where}: {why}", sent=False)
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        return ProxyFailed(f"the proxy refused a tunnel to {where} with status {exc.status}", sent=False)
    why = type(exc).__name__
    if isinstance(exc, aiohttp.ClientConnectorError):
        why = exc.os_error.strerror or str(exc.os_error)
    if route.key.proxy is not None:
        return ProxyFailed(f"no connection to {where} through the proxy: {why}", sent=False)
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return ConnectFailed(f"cannot resolve the host of {where}: {why}", sent=False)
    return ConnectFailed(f"cannot connect to {where}: {why}", sent=False)
