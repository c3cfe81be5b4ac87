"""TLS at the HTTP API: a certificate whose files have changed is read again at the next handshake."""

from __future__ import annotations

import logging
import ssl

from pointsman.doors.tls import State, TlsFiles, context_of, look, why_not
from pointsman.errors import CannotListen

log = logging.getLogger(__name__)


class Certificates:
    """What each handshake is made with. A new pair that cannot be used changes nothing, and is told of once."""

    def __init__(self, files: TlsFiles) -> None:
        """CannotListen where the files cannot be used."""
        self._files = files
        try:
            self._seen: State | None = look(files)
            self.context = context_of(files)
        except (OSError, ValueError) as error:
            raise CannotListen(f"the certificate of `server.tls` cannot be used: {why_not(error)}") from None
        self._current = self.context
        self._trouble = ""
        # Asked at every handshake, also of a client that names no server.
        self.context.sni_callback = self._shake

    def _shake(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext) -> None:
        try:
            self._read_again()
        except (OSError, ValueError) as error:
            why = why_not(error)
            if why != self._trouble:
                log.error("the certificate of `server.tls` stays as it was: %s", why)
            self._trouble = why
        if self._current is not self.context:
            connection.context = self._current

    def _read_again(self) -> None:
        state = look(self._files)
        if state == self._seen:
            return
        self._seen = state
        following = context_of(self._files)
        if look(self._files) != state:
            # Half of what was read may be of the pair before: the next handshake will find it at rest.
            self._seen = None
            return
        self._current, self._trouble = following, ""
        log.info("certificate %s was read again", self._files.cert)
