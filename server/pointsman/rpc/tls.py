"""The door's certificate: read again when its files change, so that rotating it needs no restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import cast

import grpc

from pointsman.doors.tls import State, TlsFiles, context_of, look, why_not
from pointsman.errors import CannotListen

log = logging.getLogger(__name__)


class Certificates:
    """What each handshake is made with. A new pair that cannot be used changes nothing, and is told of once."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = Lock()
        self._seen: State | None = None
        self._trouble = ""

    def credentials(self) -> grpc.ServerCredentials:
        """For a listening port. CannotListen where the files cannot be used."""
        try:
            self._seen = look(self._files)
            first = _read(self._files)
        except (OSError, ValueError) as error:
            raise CannotListen(f"the certificate of `server.tls` cannot be used: {why_not(error)}") from None
        # The stubs forget that None stands for no change.
        changed = cast("Callable[[], grpc.ServerCertificateConfiguration]", self.changed)
        return grpc.dynamic_ssl_server_credentials(first, changed, self._files.client_ca is not None)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What gRPC's threads ask at every handshake; None: as it was."""
        with self._lock:
            try:
                return self._read_again()
            except (OSError, ValueError) as error:
                why = why_not(error)
            if why != self._trouble:
                log.error("the certificate of `server.tls` stays as it was: %s", why)
            self._trouble = why
            return None

    def _read_again(self) -> grpc.ServerCertificateConfiguration | None:
        state = look(self._files)
        if state == self._seen:
            return None
        self._seen = state
        configuration = _read(self._files)
        if look(self._files) != state:
            # Half of what was read may be of the pair before: the next handshake will find it at rest.
            self._seen = None
            return None
        self._trouble = ""
        log.info("certificate %s was read again", self._files.cert)
        return configuration


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    """The files as gRPC takes them, which checks them only when somebody connects. OSError (ssl's too), ValueError."""
    context_of(files)
    authorities = files.client_ca.read_bytes() if files.client_ca else None
    pairs = [(files.key.read_bytes(), files.cert.read_bytes())]
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=authorities)
