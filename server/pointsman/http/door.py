"""The HTTP server: metrics, and whether this process lives and is ready."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

from aiohttp import hdrs, web

from pointsman.errors import CannotListen, Reason, RequestError
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.siblings import Siblings

_KEEPALIVE = 75.0
"""Seconds: longer than scrapes are apart, so that they share a connection."""

_SHUTDOWN = 1.0

_REMEDIES = {
    errno.EADDRINUSE: "the port is taken; free it, or set another `server.http`",
    errno.EADDRNOTAVAIL: "the address is not this machine's; correct `server.http`",
    errno.EACCES: "this user may not use that port; set `server.http` to one above 1023",
}


class HttpDoor:
    """One listening HTTP server. `address` is host:port, port 0 for any free one; `ready` answers /readyz.

    With `siblings` it is one of several workers, which listen on the same port and show each other's metrics.
    GET /metrics, GET /healthz (200 while the process lives), GET /readyz (200, or 503 while it should get no traffic).
    `guard` is told the `authorization` header of whoever wants the metrics, "" for none, and raises RequestError where
    that is not enough; None: they are for everybody.
    """

    def __init__(
        self,
        address: str,
        metrics: Metrics,
        ready: Callable[[], bool],
        *,
        guard: Callable[[str], None] | None = None,
        siblings: Siblings | None = None,
    ) -> None:
        self._address, self._metrics, self._ready = address, metrics, ready
        self._guard, self._siblings = guard, siblings
        app = web.Application()
        app.router.add_get("/metrics", self._show_metrics)
        app.router.add_get("/healthz", self._live)
        app.router.add_get("/readyz", self._show_ready)
        app.on_response_prepare.append(_anonymous)
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=_KEEPALIVE, shutdown_timeout=_SHUTDOWN, handle_signals=False
        )

    async def start(self) -> str:
        """Listen; the address, with its real port. Raises CannotListen."""
        host, _, port = self._address.rpartition(":")
        await self._runner.setup()
        try:
            shared = self._siblings is not None
            await web.TCPSite(self._runner, host.strip("[]"), int(port), reuse_port=shared or None).start()
        # UnicodeError is what a name comes to that no DNS could know, such as `a..b`.
        except (OSError, UnicodeError) as error:
            await self._runner.cleanup()
            raise CannotListen(f"cannot listen on {self._address}: {_why(error)}") from None
        return f"{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening, let answers under way finish, close idle connections."""
        await self._runner.cleanup()

    async def _show_metrics(self, request: web.Request) -> web.Response:
        if self._guard:
            try:
                self._guard(request.headers.get(hdrs.AUTHORIZATION, ""))
            except RequestError as refused:
                return _turned_away(refused)
        await self._metrics.refresh()
        siblings = self._siblings
        body, content_type = await siblings.exposition() if siblings else self._metrics.exposition()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def _live(self, request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _show_ready(self, request: web.Request) -> web.Response:
        return web.Response(text="ready\n") if self._ready() else web.Response(text="not ready\n", status=503)


def _turned_away(refused: RequestError) -> web.Response:
    if refused.reason is Reason.PERMISSION_DENIED:
        return web.Response(text=f"{refused.message}\n", status=403)
    return web.Response(text=f"{refused.message}\n", status=401, headers={hdrs.WWW_AUTHENTICATE: "Bearer"})


async def _anonymous(request: web.Request, response: web.StreamResponse) -> None:
    """Versions of Python and aiohttp are nobody's business."""
    response.headers.popall(hdrs.SERVER, None)


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "there is no such host; correct `server.http`"
    return _REMEDIES.get(error.errno or 0) or os.strerror(error.errno or 0)
