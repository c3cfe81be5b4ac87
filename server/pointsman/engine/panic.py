"""Panic, said once: requests go to models that count as down, because nothing else is left."""

from __future__ import annotations

import logging

from pointsman.model.decision import Decision
from pointsman.model.events import Decided, Event
from pointsman.ports import Clock

log = logging.getLogger(__name__)

QUIET = 30.0
"""Seconds without such a decision after which it counts as over: other requests may well have found something."""


class PanicAlarm:
    """An observer that logs when panic begins, and when it is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: float | None = None

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Decided) or not isinstance(event.decision, Decision):
            return
        now = self._clock.monotonic()
        if event.decision.panicked:
            if self._last is None:
                log.warning("health left nothing for a request: %s is tried although it is down", event.decision.target)
            self._last = now
        elif self._last is not None and now - self._last >= QUIET:
            self._last = None
            log.info("requests find models that are up again")
