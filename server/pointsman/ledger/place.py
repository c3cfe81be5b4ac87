"""Where a ledger is: a SQLite file, or a PostgreSQL database, whose URL may hold a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

_SCHEMES = ("postgresql://", "postgres://")


class Postgres(Struct, frozen=True):
    """A database by its libpq URL. As text it is host, port and database alone: the rest may be secret."""

    url: str

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    __repr__ = __str__

    def secrets(self) -> Iterator[str]:
        """What no message may hold."""
        yield self.url
        parts = urlsplit(self.url)
        _, _, password = parts.netloc.rpartition("@")[0].partition(":")
        for secret in (password, *parse_qs(parts.query).get("password", ())):
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
