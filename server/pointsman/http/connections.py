"""Connections whose other end need not be a friend: what it sends is not unpacked, repeated or logged."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

log = logging.getLogger(__name__)

_KEEPALIVE = 75.0
"""Seconds that a connection may be idle: longer than scrapes are apart, so that they share one."""

_SHUTDOWN = 1.0
"""Seconds for what answers are still on their way once the last call has ended."""


async def _anonymous(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: versions of Python and aiohttp are nobody's business."""
    response.headers.popall(hdrs.SERVER, None)


class Runner(web.AppRunner):
    """Runs one application. With `cancelling`, a caller who goes away cancels what runs for him."""

    def __init__(self, app: web.Application, *, cancelling: bool = False) -> None:
        app.on_response_prepare.append(_anonymous)
        super().__init__(app, shutdown_timeout=_SHUTDOWN, handler_cancellation=cancelling)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
        )


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None is what turns it off
            keepalive_timeout=_KEEPALIVE,
            # A small body may unpack to a large one, also where nobody reads it, and nothing else runs meanwhile.
            auto_decompress=False,
        )


class _Connection(web.RequestHandler):
    """aiohttp itself would log what it cannot read, and send it back: it may be a prompt or a key."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Tell who reads a body that it is garbled; aiohttp would have him wait for the rest of it."""
        super().data_received(data)
        reading = self._current_request
        # Whatever stands behind a body that has not ended: no next request, but what is wrong with this one.
        if self._messages and reading and not reading.content.is_eof():
            reading.content.set_exception(web.RequestPayloadError("garbled"))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        fault = kw.get("exc_info")
        # Whoever can connect can send garbage, as often as he likes.
        level = logging.DEBUG if isinstance(fault, HttpProcessingError | web.RequestPayloadError) else logging.ERROR
        log.log(level, "an HTTP connection ends: %s", type(fault).__name__)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        self.log_exception(exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent, and no other can follow")
        response = _Plain(
            text="this is no HTTP request\n" if status == 400 else "a fault of this server\n", status=status
        )
        response.force_close()
        return response


class _Plain(web.Response):
    """An answer to what never became a request of the application, for which its signals are not sent."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall(hdrs.SERVER, None)
