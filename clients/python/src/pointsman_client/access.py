"""How a client reaches a server: with which key, over TLS or not, and what gRPC itself may retry."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc

DEFAULT_TIMEOUT = 120.0
"""Seconds that a call may take where its caller names none."""

# Decisions may be made again. Answers may have been paid for: to gRPC a connection that broke looks
# as a server that had no time. Hedging is not for us to configure: each hedge is a completion that is paid for.
_SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [
                {"service": "pointsman.v1.RouterService", "method": "Route"},
                {"service": "pointsman.v1.RouterService", "method": "RouteBatch"},
            ],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}

OPTIONS: Sequence[tuple[str, str | int]] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # Of a connection that died in silence a running stream would otherwise learn only by its deadline.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # More than any answer has.
    ("grpc.max_receive_message_length", 32 << 20),
    # The server is yours: a forward proxy from the environment, meant for the web, has no business in between.
    ("grpc.enable_http_proxy", 0),
)


@dataclass(frozen=True, slots=True)
class Access:
    """The key and the connection's security; TLS with the system's authorities, unless told otherwise.

    `key` is an API key, "" for none. `credentials` are gRPC's, for authorities or a client certificate of your own.
    `plaintext` turns TLS off; a key then goes to this machine only, unless `key_in_the_clear` says that the network
    may see it.
    """

    key: str = field(default="", repr=False)
    plaintext: bool = False
    credentials: grpc.ChannelCredentials | None = None
    key_in_the_clear: bool = False

    def credentials_for(self, target: str) -> grpc.ChannelCredentials | None:
        """What to connect with; None: in plaintext. Raises ValueError where that would show a key to the network."""
        if not self.plaintext:
            return self.credentials or grpc.ssl_channel_credentials()
        if self.credentials is not None:
            raise ValueError("credentials are of no use without TLS: leave out either them or plaintext=True")
        if self.key and not self.key_in_the_clear and not _is_this_machine(target):
            raise ValueError(
                f"a key for {target} would go over the network in plaintext: use TLS, "
                "or say key_in_the_clear=True where the network may see it"
            )
        return None

    def metadata(self, more: Sequence[tuple[str, str]] = ()) -> tuple[tuple[str, str], ...]:
        """What each call brings, besides `more`."""
        return (*more, ("authorization", f"Bearer {self.key}")) if self.key else tuple(more)


def _is_this_machine(target: str) -> bool:
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.rpartition("/")[2].rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
