"""Simulate: decide as the world is now, or as somebody supposes it, and leave no trace of it anywhere."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from msgspec import Struct
from msgspec.structs import replace

from pointsman.engine.decide import decide
from pointsman.engine.failure import refused
from pointsman.engine.gather import with_state
from pointsman.engine.rules import Rules
from pointsman.engine.suppose import HealthOverride, Suppositions, suppose
from pointsman.engine.watch import Watchdog
from pointsman.errors import RequestError
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Decision, Refusal, Verdict, VerdictOutcome
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.ports import Clock, StateStore

UNASKED = "not asked: a simulation asks nothing that costs money or time"

Opener = Callable[[str, Rules], AbstractAsyncContextManager[Rules]]
"""Makes the rules of a configuration document, given those that are active; ConfigInvalid."""


class Simulated(Struct, frozen=True):
    """What would have been decided. `error` is what a caller of Route would be told, a refusal included.

    `decision` is None where it would have failed before anything was decided.
    """

    rules: Rules
    now: float
    decision: Decision | Refusal | None
    error: RequestError | None
    seconds: float = 0.0
    micros: dict[str, float] = {}


class Simulator:
    """Calls no provider, asks for no signal, pins, spends, measures and records nothing."""

    def __init__(self, active: Callable[[], Rules], store: StateStore, clock: Clock, opener: Opener) -> None:
        self._active, self._store, self._clock, self._opener = active, store, clock, opener
        # Loading a configuration takes a processor for a while: one at a time, so that it takes no more than one.
        self._loading = asyncio.Lock()

    async def simulate(self, request: Request, supposed: Suppositions) -> Simulated:
        """Under the active configuration. RequestError for suppositions that cannot be, as `suppose`."""
        active = self._active()
        return self._decide(request, supposed, active, await self._world(request, active))

    async def compare(self, request: Request, supposed: Suppositions, document: str) -> tuple[Simulated, Simulated]:
        """Under another configuration, and under the active one beside it, both in the same world. ConfigInvalid."""
        active = self._active()
        async with self._loading, self._opener(document, active) as rules:
            world = await self._world(request, active)
            state = await self._world(request, rules)
            budgets = replace(world, balances=state.balances, rates=state.rates)
            other = self._decide(request, supposed, rules, budgets)
            return other, self._decide(request, _known(supposed, active.catalogue), active, world)

    async def _world(self, request: Request, rules: Rules) -> Snapshot:
        blank = Snapshot(now=self._clock.now(), seed=random.getrandbits(32), config_version="")
        return await with_state(blank, request, self._store, rules.budgets.bookings(request, blank.now))

    def _decide(self, request: Request, supposed: Suppositions, rules: Rules, world: Snapshot) -> Simulated:
        snapshot = replace(world, config_version=rules.version, disabled_providers=rules.disabled_providers)
        snapshot = suppose(snapshot, supposed, rules.catalogue)
        try:
            rules.check(request)
        except RequestError as error:
            return Simulated(rules, snapshot.now, None, error)
        # Of its own: what is tried here must not put entries of the same name into quarantine.
        watch = Watchdog().stopwatch()
        began = self._clock.monotonic()
        decision = decide(request, snapshot, rules, watch)
        seconds = self._clock.monotonic() - began
        decision = replace(decision, trace=(*_unasked(rules), *decision.trace))
        told = refused(decision) if isinstance(decision, Refusal) else None
        return Simulated(rules, snapshot.now, decision, told, seconds, watch.micros)


def _unasked(rules: Rules) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(hook.entry.id, hook.entry.plugin.kind, hook.name, VerdictOutcome.NO_OPINION, UNASKED)
        for hook in rules.chain.gather
    )


def _known(supposed: Suppositions, catalogue: Catalogue) -> Suppositions:
    """Without what only the other configuration has."""
    providers = catalogue.providers()

    def there(override: HealthOverride) -> bool:
        model = catalogue.find(override.model) if override.model else None
        if override.model:
            return model is not None and override.provider in ("", model.provider)
        return override.provider in providers

    return replace(supposed, health=[override for override in supposed.health if there(override)])
