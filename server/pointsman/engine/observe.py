"""Telling observers what happened; none of them can hurt a request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Sequence

from pointsman.chain.calling import Watch
from pointsman.chain.loading import Chain
from pointsman.model.events import Event

log = logging.getLogger(__name__)

Observer = Callable[[Event], None]


def emit(
    event: Event, observers: Sequence[Observer], chain: Chain, watch: Watch, quarantined: Container[str] = ()
) -> None:
    """Tell our own observers, then the policies that want to know and are not `quarantined`."""
    for observer in observers:
        observer(event)
    for hook in chain.observe:
        entry = hook.entry.id
        if entry in quarantined:
            continue
        watch.enter(entry)
        try:
            hook.call(event)
        # Plugin code may raise anything; what it merely wanted to look at is over and done.
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            log.warning("policy %s failed to observe %s: %s", entry, type(event).__name__, type(error).__name__)
        finally:
            watch.leave(entry)
