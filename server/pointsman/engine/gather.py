"""Gather: read the shared state and ask the policies' questions, all at once, each under its own deadline."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import anyio
import msgspec

from pointsman.chain.calling import call_async
from pointsman.chain.loading import Hook
from pointsman.engine.decide import assess
from pointsman.engine.deliberation import deliberate
from pointsman.engine.rules import Rules
from pointsman.errors import PluginFailed
from pointsman.model.decision import Assessed
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.ports import Clock, StateStore
from pointsman.services import Services, Store

log = logging.getLogger(__name__)


async def gather(request: Request, base: Snapshot, rules: Rules, store: StateStore, clock: Clock) -> Snapshot:
    """The world as this request's decision will see it; `base` has the clock, this adds state and signals."""
    state = await store.read()
    base = msgspec.structs.replace(base, latencies=state.latencies, token_ratios=state.token_ratios)
    hooks = (rules.shadowed or rules.chain).gather
    asked = [hook for hook in hooks if hook.entry.id not in base.quarantined]
    if not asked:
        return base
    try:
        prior = assess(deliberate(request, base, rules))
    except PluginFailed:
        # The decision meets the same failure, and refuses by its policy's name.
        return base
    signals = await _ask_all(asked, request, prior, store, clock)
    return msgspec.structs.replace(base, signals=signals)


async def _ask_all(
    hooks: Sequence[Hook], request: Request, prior: Assessed, store: StateStore, clock: Clock
) -> dict[str, Any]:
    signals: dict[str, Any] = {}

    async def ask(hook: Hook) -> None:
        entry = hook.entry.id
        try:
            signal = await call_async(hook, request, prior, Services(entry, clock, Store(store, entry)))
            # Recorded with the decision, so it must be a value that survives being written down.
            recorded = msgspec.json.decode(msgspec.json.encode(signal))
            if recorded is not None:
                signals[entry] = recorded
        except PluginFailed as failure:
            log.warning("no signal of policy %s: %s", failure.policy, failure.why)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            log.warning("no signal of policy %s: its answer is not JSON-like", entry)

    if len(hooks) == 1:
        await ask(hooks[0])
    else:
        async with anyio.create_task_group() as group:
            for hook in hooks:
                group.start_soon(ask, hook)
    # In chain order, not in order of arrival: a recorded snapshot must not depend on who was faster.
    return {hook.entry.id: signals[hook.entry.id] for hook in hooks if hook.entry.id in signals}
