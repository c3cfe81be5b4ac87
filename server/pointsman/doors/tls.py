"""The certificate of the doors: its files, and what is wrong with them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

State = tuple[tuple[int, int, int], ...]
"""What tells one state of the files from another, without reading them."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, and its key. With `client_ca`, callers need a certificate of that."""

    cert: Path
    key: Path
    client_ca: Path | None = None

    def all(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.cert, self.key, self.client_ca) if path)


def context_of(files: TlsFiles) -> ssl.SSLContext:
    """The files, ready to serve with. OSError (ssl's too), ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A key under a password would be asked for at the terminal: the empty one fails instead.
    context.load_cert_chain(files.cert, files.key, password="")
    if files.client_ca:
        try:
            context.load_verify_locations(cadata=files.client_ca.read_bytes().decode())
        except (ssl.SSLError, ValueError):
            raise ValueError(f"client_ca {str(files.client_ca)!r} holds no certificate in PEM") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def look(files: TlsFiles) -> State:
    """OSError where one cannot be looked at."""
    found = [path.stat() for path in files.all()]
    return tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in found)


def why_not(error: OSError | ValueError) -> str:
    """Why they cannot be used, and the remedy."""
    if isinstance(error, ssl.SSLError):
        what = error.reason or "they are not PEM"
        return f"{what}; check that key and certificate belong together, and that the key has no password"
    return f"{error.filename!r}: {error.strerror}" if isinstance(error, OSError) else str(error)
