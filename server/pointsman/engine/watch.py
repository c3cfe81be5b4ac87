"""Timing policies from outside, and naming one that overruns: a synchronous hook cannot be interrupted."""

from __future__ import annotations

import logging
import threading
from time import perf_counter

from pointsman.chain.calling import Watch

log = logging.getLogger(__name__)

OVERRUN = 0.5
"""Seconds a synchronous hook may take before its entry is quarantined."""


class Watchdog:
    """A thread that looks at which policy the event loop is in, since the loop itself cannot look while it is stuck."""

    def __init__(self, overrun: float = OVERRUN) -> None:
        self.quarantined: frozenset[str] = frozenset()
        self._overrun = overrun
        # The entry that the event loop is in, and since when. Written by the stopwatches, twice for each policy asked.
        self.current: tuple[str, float] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="pointsman-watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def pardon(self) -> None:
        """Let every entry back in: a new configuration made new instances."""
        self.quarantined = frozenset()

    def stopwatch(self) -> Stopwatch:
        """A fresh watch for one decision."""
        return Stopwatch(self)

    def _look(self) -> None:
        while not self._stop.wait(self._overrun / 2):
            current = self.current
            if current is None or perf_counter() - current[1] < self._overrun:
                continue
            entry = current[0]
            if entry not in self.quarantined:
                self.quarantined |= {entry}
                log.error("policy %s has held the event loop for over %g s: quarantined", entry, self._overrun)


class Stopwatch(Watch):
    """Microseconds per chain entry, over all hooks of one decision."""

    __slots__ = ("_dog", "_since", "micros")

    def __init__(self, dog: Watchdog) -> None:
        self.micros: dict[str, float] = {}
        self._dog = dog
        self._since = 0.0

    def enter(self, entry: str) -> None:
        self._since = since = perf_counter()
        self._dog.current = (entry, since)

    def leave(self, entry: str) -> None:
        self._dog.current = None
        self.micros[entry] = self.micros.get(entry, 0.0) + (perf_counter() - self._since) * 1e6
