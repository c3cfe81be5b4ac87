"""Gather: read the shared state and ask the policies' questions, all at once, each under its own deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec

from pointsman.chain.calling import call_async, must_fail
from pointsman.chain.loading import Hook
from pointsman.engine.assist import Assistance
from pointsman.engine.budgets import Booking, standing
from pointsman.engine.decide import assess
from pointsman.engine.deliberation import deliberate
from pointsman.engine.exchange import Exchange
from pointsman.errors import PluginFailed, Reason, RequestError
from pointsman.model.decision import Assessed
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.ports import Clock, StateStore
from pointsman.services import Ask, Services, Store

log = logging.getLogger(__name__)


async def gather(exchange: Exchange, store: StateStore, clock: Clock, assistance: Assistance) -> Snapshot:
    """The world as this request's decision will see it; the exchange's has the clock, this adds state and signals.

    Policies may ask models through `assistance`, which is closed behind them.
    """
    rules = exchange.rules
    bookings = exchange.bill.bookings if exchange.bill else ()
    base = await with_state(exchange.snapshot, exchange.request, store, bookings)
    exchange.snapshot = base
    hooks = (rules.shadowed or rules.chain).gather
    # What may not decide is told nothing of the prompt either.
    passed_over = base.quarantined | rules.unheard(exchange.request.tenant)
    asked = [hook for hook in hooks if hook.entry.id not in passed_over]
    if not asked:
        return base
    try:
        prior = assess(deliberate(exchange.request, base, rules, watch=exchange.watch))
    except PluginFailed:
        # The decision meets the same failure, and refuses by its policy's name.
        return base
    try:
        async with asyncio.timeout(max(0.0, exchange.deadline - clock.monotonic())):
            signals = await _Questions(exchange, prior, store, clock, assistance.ask).ask_all(asked)
    except TimeoutError:
        raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed while policies were asked") from None
    finally:
        assistance.close()
    spent = sum(attempt.cost_nano_usd for attempt in exchange.attempts)
    return msgspec.structs.replace(base, signals=signals, spent_nano_usd=spent)


async def with_state(
    snapshot: Snapshot, request: Request, store: StateStore, bookings: Sequence[Booking] = ()
) -> Snapshot:
    """The snapshot with what the shared state says just now, of the request's budgets too."""
    state = await store.read(request.session, [booking.account for booking in bookings])
    balances, rates = standing(bookings, state.accounts) if bookings else ((), ())
    return msgspec.structs.replace(
        snapshot,
        latencies=state.latencies,
        token_ratios=state.token_ratios,
        health=state.health,
        pin=state.pin,
        balances=balances,
        rates=rates,
    )


@dataclass(frozen=True, slots=True)
class _Questions:
    """What every policy is asked with, and its scoped services made of."""

    exchange: Exchange
    prior: Assessed
    store: StateStore
    clock: Clock
    to_model: Ask
    # Each a policy's own answer to its own question.
    signals: dict[str, Any] = field(default_factory=dict)
    failures: list[PluginFailed] = field(default_factory=list)

    async def ask_all(self, hooks: Sequence[Hook]) -> dict[str, Any]:
        """The signals by entry id, in chain order: a recorded snapshot must not depend on who was faster.

        PluginFailed where a policy failed whose entry says `on_error: fail`.
        """
        if len(hooks) == 1:
            await self.ask(hooks[0])
        else:
            async with anyio.create_task_group() as group:
                for hook in hooks:
                    group.start_soon(self.ask, hook)
        if self.failures:
            raise self.failures[0]
        return {hook.entry.id: self.signals[hook.entry.id] for hook in hooks if hook.entry.id in self.signals}

    async def ask(self, hook: Hook) -> None:
        """Keep one policy's signal; whatever is wrong with it costs the signal alone."""
        entry, exchange = hook.entry.id, self.exchange
        services = Services(entry, self.clock, Store(self.store, entry), self.to_model)
        try:
            signal = await call_async(hook, exchange.watch, exchange.request, self.prior, services)
            # Recorded with the decision, so it must be a value that survives being written down.
            recorded = msgspec.json.decode(msgspec.json.encode(signal))
            if recorded is not None:
                self.signals[entry] = recorded
            elif signal is not None:
                raise ValueError("written down, it is nothing: not a number, say")
        except PluginFailed as failure:
            self._miss(hook, failure)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            self._miss(hook, PluginFailed(entry, hook.name, "its answer is not JSON-like"))

    def _miss(self, hook: Hook, failure: PluginFailed) -> None:
        log.warning("no signal of policy %s: %s", failure.policy, failure.why)
        if must_fail(hook):
            self.failures.append(failure)
