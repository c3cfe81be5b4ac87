"""Timing policies from outside, and naming one that overruns: a synchronous hook cannot be interrupted."""

from __future__ import annotations

import logging
import threading
from time import perf_counter

from pointsman.chain.calling import Watch
from pointsman.chain.loading import Hook
from pointsman.model.opinion import Opinion

log = logging.getLogger(__name__)

OVERRUN, COOLING = 0.5, 60.0
"""Seconds that a synchronous hook may take before its entry is quarantined, and for how long it is."""


class Watchdog:
    """A thread that looks at which policy the event loop is in, since the loop itself cannot look while it is stuck."""

    def __init__(self, overrun: float = OVERRUN, cooling: float = COOLING) -> None:
        self.quarantined: frozenset[str] = frozenset()
        self._overrun, self._cooling = overrun, cooling
        self._until: dict[str, float] = {}
        # The entry that the event loop is in, and since when. Written by the stopwatches, twice for each policy asked.
        self.current: tuple[str, float] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pointsman-watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def stopwatch(self) -> Stopwatch:
        """A fresh watch for one decision."""
        return Stopwatch(self)

    def _watch(self) -> None:
        looked = perf_counter()
        while not self._stop.wait(self._overrun / 2):
            now = perf_counter()
            # Overslept, so the whole process stood still, and no policy is to blame for that.
            if now - looked < self._overrun:
                self._look(now)
            looked = now

    def _look(self, now: float) -> None:
        current = self.current
        if current is not None and now - current[1] >= self._overrun and current[0] not in self.quarantined:
            log.error("policy %s has held the event loop for over %g s: quarantined", current[0], self._overrun)
            self._until[current[0]] = now + self._cooling
        over = [entry for entry, until in self._until.items() if until <= now]
        for entry in over:
            log.warning("policy %s is let back in", entry)
            del self._until[entry]
        if self.quarantined != self._until.keys():
            self.quarantined = frozenset(self._until)


class Stopwatch(Watch):
    """Microseconds per chain entry, over all hooks of one decision; and what the entries answered that read texts."""

    __slots__ = ("_dog", "_heard", "_since", "micros")

    def __init__(self, dog: Watchdog) -> None:
        self.micros: dict[str, float] = {}
        self._heard: dict[tuple[str, str], object] = {}
        self._dog = dog
        self._since = 0.0

    def enter(self, entry: str) -> None:
        self._since = since = perf_counter()
        self._dog.current = (entry, since)

    def leave(self, entry: str) -> None:
        micros = self.micros
        micros[entry] = micros.get(entry, 0.0) + (perf_counter() - self._since) * 1e6
        self._dog.current = None

    def heard(self, hook: Hook, answer: object) -> None:
        self._heard[hook.entry.id, hook.name] = answer

    def opinions(self) -> tuple[Opinion, ...]:
        """The answers, as they are recorded; one that cannot be is left out."""
        opinions: list[Opinion] = []
        for (entry, hook), answer in self._heard.items():
            try:
                opinions.append(answer if isinstance(answer, Opinion) else Opinion.of(entry, hook, answer))
            # Looking at an answer may run code of a policy, and that must not cost the record.
            except Exception:  # noqa: BLE001
                log.debug("an answer of policy %s to %s cannot be recorded", entry, hook)
        return tuple(opinions)
