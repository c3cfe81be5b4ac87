"""Where a Redis is, and how it is used."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

_PORT = 6379
_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`path` is that of a unix socket, "" for TCP. `ca_file` None: the system's authorities."""

    host: str = ""
    port: int = _PORT
    path: str = ""
    database: int = 0
    tls: bool = False
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: str | None = None

    @property
    def name(self) -> str:
        """For people and logs: nothing of it is secret."""
        return self.path or f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca_file) if self.tls else None


class WhenDown(StrEnum):
    """While Redis is away: refuse every request, or go on with what was last known and a share of what was left."""

    REFUSE = "refuse"
    LAST_KNOWN = "last_known"


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """`timeout`: seconds for an answer. `share`: by how many processes budgets are divided while Redis is away.

    Everything that shares a `prefix` shares its state.
    """

    address: RedisAddress
    prefix: str = "pointsman"
    timeout: float = 0.04
    when_down: WhenDown = WhenDown.REFUSE
    share: int = 4


def parse_address(url: str, ca_file: str | None = None) -> RedisAddress:
    """Of `redis://`, `rediss://` (TLS) or `unix://`; ValueError says what is wrong, and never what was given.

    redis://user:password@host:6379/0
    unix:///run/redis/redis.sock?db=0
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError:
        raise ValueError("is no URL; write it as redis://host:6379/0") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError("must begin with redis://, rediss:// (TLS) or unix://")
    unix = parts.scheme == "unix"
    if not (parts.path if unix else parts.hostname):
        raise ValueError("names no " + ("socket, as unix:///run/redis.sock does" if unix else "host"))
    number = parse_qs(parts.query).get("db", ["0"])[0] if unix else parts.path.strip("/") or "0"
    if not number.isdecimal():
        raise ValueError("must end with the number of a database, such as /0")
    return RedisAddress(
        host=parts.hostname or "",
        port=port,
        path=unquote(parts.path) if unix else "",
        database=int(number),
        tls=parts.scheme == "rediss",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=ca_file,
    )
