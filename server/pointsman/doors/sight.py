"""What telemetry is told of calls that only the door sees: where they begin and end, and those without a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pointsman.telemetry.tracing import Metadata, Trace, Tracing


@dataclass(frozen=True, slots=True)
class Sight:
    """`count` is told the method, and "OK" or the reason, of calls that leave no record; `tracing` None: no traces."""

    count: Callable[[str, str], None]
    tracing: Tracing | None = None

    def begin(self, method: str, metadata: Metadata) -> Trace | None:
        """A call of `method` begins, such as `pointsman.v1.RouterService/Route`."""
        return self.tracing.begin(method, metadata) if self.tracing else None

    def unrecorded(self, method: str, reason: str) -> None:
        """The engine never saw it, or it is not the engine's: count it, by the last part of its name."""
        self.count(method.rpartition("/")[2], reason)

    def end(self, trace: Trace | None, reason: str) -> None:
        """It is over: "OK", or the reason that its caller was told."""
        if self.tracing and trace:
            self.tracing.end(trace, reason)
