"""Where a ledger is: a SQLite file, or a PostgreSQL database, whose URL may hold a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

_SCHEMES = ("postgresql://", "postgres://")
# Up to the last @, since a password may hold one by mistake; whatever it is, it must not be shown.
_URL = re.compile(r"postgres(?:ql)?://(?:(?P<login>.*)@)?(?P<where>[^?@]*)")
_PASSWORD = re.compile(r"[?&]password=([^&]+)")


class Postgres(Struct, frozen=True):
    """A database by its libpq URL. As text it is host, port and database alone: the rest may be secret."""

    url: str

    def __str__(self) -> str:
        found = _URL.match(self.url)
        return f"postgresql://{found['where']}" if found else "postgresql://[masked]"

    __repr__ = __str__

    def secrets(self) -> Iterator[str]:
        """What no message may hold, as it is written and as it is meant."""
        yield self.url
        found = _URL.match(self.url)
        login = found["login"] or "" if found else ""
        for secret in (login.partition(":")[2], *_PASSWORD.findall(self.url)):
            if secret:
                yield secret
                yield unquote(secret)

    def masked(self, error: Exception) -> str:
        """What an error says, on one line and without secrets."""
        text = " ".join(str(error).split())
        for secret in sorted(self.secrets(), key=len, reverse=True):
            text = text.replace(secret, "[masked]")
        return text


Place = Path | Postgres


def place_of(text: str) -> Place:
    """`postgresql://…` is a database, anything else a file."""
    return Postgres(text) if text.startswith(_SCHEMES) else Path(text)
