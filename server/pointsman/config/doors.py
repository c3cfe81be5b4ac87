"""Before anything listens: who may call must have been said, and nobody let in from the network by oversight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pointsman.config.positions import Source, read
from pointsman.config.schema.access import Auth
from pointsman.config.schema.running import Server
from pointsman.config.settings import Config
from pointsman.errors import ConfigInvalid, Problem

_LOOPBACK = re.compile(r"(127(\.\d{1,3}){3}|\[::1\]|localhost):\d+", re.ASCII | re.IGNORECASE)


def check_doors(config: Config) -> None:
    """ConfigInvalid where the configuration may not be served as it is, wherever its addresses come from."""
    if found := tuple(problems(config.auth, config.server, read(config.document))):
        raise ConfigInvalid(found)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches HOST:PORT. A name other than localhost may lead anywhere."""
    return _LOOPBACK.fullmatch(address) is not None


def problems(auth: Literal["none", "open"] | Auth | None, server: Server, source: Source) -> Iterator[Problem]:
    """Why doors must not open so."""
    if auth is None:
        yield source.problem(
            ("auth",),
            "is missing, and nothing is served before it says who may call: `auth: {keys: keys.jsonl}` (whoever has an "
            "API key; `pointsman keys create` makes one), or `auth: none` (everybody on this machine)",
        )
    for door, address in (("grpc", server.grpc), ("http", server.http), ("api", server.api)):
        if auth == "none" and address and not is_loopback(address):
            yield source.problem(
                ("server", door),
                f"{address} can be reached from other machines, and `auth: none` lets everybody in: listen on "
                "127.0.0.1, use `auth: {keys: keys.jsonl}`, or say `auth: open` where something else keeps strangers "
                "out",
            )
