"""The door's certificate: read again when its files change, so that rotating it needs no restart."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import cast

import grpc

from pointsman.errors import CannotListen

log = logging.getLogger(__name__)

_State = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, and its key. With `client_ca`, callers need a certificate of that."""

    cert: Path
    key: Path
    client_ca: Path | None = None

    def all(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.cert, self.key, self.client_ca) if path)


class Certificates:
    """What each handshake is made with. A new pair that cannot be used changes nothing, and is told of once."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = Lock()
        self._seen: _State | None = None
        self._trouble = ""

    def credentials(self) -> grpc.ServerCredentials:
        """For a listening port. CannotListen where the files cannot be used."""
        try:
            self._seen = _look(self._files)
            first = _read(self._files)
        except (OSError, ValueError) as error:
            raise CannotListen(f"the certificate of `server.tls` cannot be used: {_why(error)}") from None
        # The stubs forget that None stands for no change.
        changed = cast("Callable[[], grpc.ServerCertificateConfiguration]", self.changed)
        return grpc.dynamic_ssl_server_credentials(first, changed, self._files.client_ca is not None)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What gRPC's threads ask at every handshake; None: as it was."""
        with self._lock:
            try:
                return self._read_again()
            except (OSError, ValueError) as error:
                why = _why(error)
            if why != self._trouble:
                log.error("the certificate of `server.tls` stays as it was: %s", why)
            self._trouble = why
            return None

    def _read_again(self) -> grpc.ServerCertificateConfiguration | None:
        state = _look(self._files)
        if state == self._seen:
            return None
        self._seen = state
        configuration = _read(self._files)
        if _look(self._files) != state:
            # Half of what was read may be of the pair before: the next handshake will find it at rest.
            self._seen = None
            return None
        self._trouble = ""
        log.info("certificate %s was read again", self._files.cert)
        return configuration


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    """The files as gRPC takes them, which checks them only when somebody connects. OSError (ssl's too), ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A key under a password would be asked for at the terminal: the empty one fails instead.
    context.load_cert_chain(files.cert, files.key, password="")
    authorities = None
    if files.client_ca:
        authorities = files.client_ca.read_bytes()
        try:
            context.load_verify_locations(cadata=authorities.decode())
        except (ssl.SSLError, ValueError):
            raise ValueError(f"client_ca {str(files.client_ca)!r} holds no certificate in PEM") from None
    pairs = [(files.key.read_bytes(), files.cert.read_bytes())]
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=authorities)


def _look(files: TlsFiles) -> _State:
    found = [path.stat() for path in files.all()]
    return tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in found)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        what = error.reason or "they are not PEM"
        return f"{what}; check that key and certificate belong together, and that the key has no password"
    return f"{error.filename!r}: {error.strerror}" if isinstance(error, OSError) else str(error)
