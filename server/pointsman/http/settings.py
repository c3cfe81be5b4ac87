"""How the HTTP API is served."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.doors.deadlines import Deadlines
from pointsman.doors.tls import TlsFiles


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`address` is host:port, port 0 for any free one; deadlines are seconds. `tls` None: plaintext.

    `shared`: other processes listen on the same port. `local`: it is for this machine only, and nobody authenticates.
    After `heartbeat` seconds of silence a stream's caller, and whatever stands between, is given a sign of life.
    """

    address: str
    default_deadline: float = 300.0
    max_deadline: float = 600.0
    tls: TlsFiles | None = None
    shared: bool = False
    local: bool = False
    heartbeat: float = 15.0

    @property
    def deadlines(self) -> Deadlines:
        return Deadlines(self.default_deadline, self.max_deadline)
