"""The HTTP server: metrics, and whether this process lives and is ready."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import hdrs, web

from pointsman.errors import Reason, RequestError
from pointsman.http.connections import Runner
from pointsman.http.listening import listen
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.siblings import Siblings


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
        self._runner = Runner(app)

    async def start(self) -> str:
        """Listen; the address, with its real port. Raises CannotListen."""
        return await listen(self._runner, self._address, "server.http", shared=self._siblings is not None)

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
