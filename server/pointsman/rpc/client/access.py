"""How a client reaches a server: with which key, and over which TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import grpc

from pointsman.rpc.metadata import AUTHORIZATION

_OPTIONS = (
    # The server is ours: a forward proxy from the environment, meant for the web, has no business in between.
    ("grpc.enable_http_proxy", 0),
)


@dataclass(frozen=True, slots=True)
class Access:
    """`key` is an API key, "" for none. Without `tls` the connection is plaintext, the key included.

    `ca`, `cert` and `cert_key` are PEM; `ca` None: the system's authorities, `cert` None: no client certificate.
    """

    key: str = field(default="", repr=False)
    tls: bool = False
    ca: bytes | None = None
    cert: bytes | None = None
    cert_key: bytes | None = field(default=None, repr=False)

    def channel(self, address: str) -> grpc.Channel:
        """A connection whose every call brings the key."""
        if self.tls:
            credentials = grpc.ssl_channel_credentials(self.ca, self.cert_key, self.cert)
            channel = grpc.secure_channel(address, credentials, options=_OPTIONS)
        else:
            channel = grpc.insecure_channel(address, options=_OPTIONS)
        return grpc.intercept_channel(channel, _Bearer(self.key)) if self.key else channel


# In grpc's stubs a mere marker without fields; these are what a channel reads of it.
class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...]
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


# Calls, requests and responses are of every method's types: grpc's own annotations say no more.
class _Bearer(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Puts the key into the metadata of each call."""

    def __init__(self, key: str) -> None:
        self._header = (AUTHORIZATION, f"Bearer {key}")

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(self._with_key(details), request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(self._with_key(details), request)

    def _with_key(self, details: Any) -> _Details:
        metadata = (*(details.metadata or ()), self._header)
        waits, compression = details.wait_for_ready, details.compression
        return _Details(details.method, details.timeout, metadata, details.credentials, waits, compression)
