"""Listening: one address, and words for why that cannot be."""

from __future__ import annotations

import errno
import os
import socket
import ssl

from aiohttp import web

from pointsman.errors import CannotListen


async def listen(
    runner: web.AppRunner, address: str, key: str, *, shared: bool, tls: ssl.SSLContext | None = None
) -> str:
    """Set the runner up on HOST:PORT, port 0 for any free one; the address with its real port.

    `key` is the setting that it comes from; `shared`: other processes listen there too. Raises CannotListen.
    """
    host, _, port = address.rpartition(":")
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port), reuse_port=shared or None, ssl_context=tls).start()
    # UnicodeError is what a name comes to that no DNS could know, such as `a..b`.
    except (OSError, UnicodeError) as error:
        await runner.cleanup()
        raise CannotListen(f"cannot listen on {address}: {_why(error, key)}") from None
    return f"{host}:{runner.addresses[0][1]}"


def _why(error: OSError | UnicodeError, key: str) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"there is no such host; correct `{key}`"
    remedies = {
        errno.EADDRINUSE: f"the port is taken; free it, or set another `{key}`",
        errno.EADDRNOTAVAIL: f"the address is not this machine's; correct `{key}`",
        errno.EACCES: f"this user may not use that port; set `{key}` to one above 1023",
    }
    return remedies.get(error.errno or 0) or os.strerror(error.errno or 0)
