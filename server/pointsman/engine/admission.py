"""Asking the policies before an attempt, and telling them after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.chain.calling import call_async
from pointsman.chain.entry import OnError
from pointsman.chain.loading import Hook
from pointsman.chain.texts import text_fault
from pointsman.engine.bill import Bill, Hold, Shortage
from pointsman.engine.exchange import Exchange
from pointsman.errors import PluginFailed
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Assessed, Cause, Exclusion
from pointsman.model.plan import PlannedAttempt
from pointsman.model.snapshot import HealthState
from pointsman.ports import Clock, StateStore
from pointsman.services import Denial, Lease, Services, Store


@dataclass(slots=True)
class Admission:
    """What has been said of one attempt so far: the policies' leases by entry id, and the first denial if any.

    `health_lease` is the store's, for a model that is tried again after it was down; 0 for none. `hold` is what is
    reserved of budgets, `shortage` the one that denied it.
    """

    planned: PlannedAttempt
    leases: dict[str, Lease] = field(default_factory=dict)
    denial: Exclusion | None = None
    health_lease: int = 0
    hold: Hold | None = None
    shortage: Shortage | None = None


class Doorkeeper:
    """Asks the admission hooks of an exchange's chain and settles with them."""

    def __init__(self, exchange: Exchange, store: StateStore, clock: Clock) -> None:
        self._exchange = exchange
        self._chain, self._request, self._watch = exchange.rules.chain, exchange.request, exchange.watch
        self._denied: set[str] = set()
        self._quarantined = exchange.snapshot.quarantined
        self._store, self._clock = store, clock

    async def admit(self, admission: Admission) -> None:
        """Ask every policy, also after a denial: each may have something to settle. The store last.

        Budgets come after everything else: what is reserved of them is missing to others until it is settled.
        """
        planned = admission.planned
        for hook in self._chain.admit:
            answer = await self._ask(hook, planned)
            if isinstance(answer, Lease):
                admission.leases[hook.entry.id] = answer
            elif isinstance(answer, Denial) and admission.denial is None:
                admission.denial = Exclusion(planned.target, answer.cause, answer.reason)
        if admission.denial is None and self._exchange.rules.heeds_health:
            await self._begin(admission)
        if admission.denial is None and self._exchange.bill:
            await self._reserve(admission, self._exchange.bill)

    async def _begin(self, admission: Admission) -> None:
        """What was up when this was decided may be down by now, and only a few may try what was down.

        What was down already was decided on for want of anything else; so was what comes here again after a denial.
        """
        target = admission.planned.target
        known = self._exchange.snapshot.health.get(target)
        if target in self._denied or (known and known.state is HealthState.DOWN):
            return
        lease = await self._store.begin(target)
        if lease is None:
            self._denied.add(target)
            reason = "went down meanwhile, or enough other requests are trying it again"
            admission.denial = Exclusion(target, Cause.HEALTH, reason, yields=True)
        else:
            admission.health_lease = lease

    async def _reserve(self, admission: Admission, bill: Bill) -> None:
        """Room in every budget for the most that it can cost, or it is not made."""
        target = admission.planned.target
        # Known before it is asked for: whoever is cancelled meanwhile gives it back.
        hold = admission.hold = bill.hold(self._assessed().task, target)
        model = self._exchange.rules.catalogue.models[target]
        shortage = await bill.reserve(hold, model, self._exchange.shaped(target), self._clock)
        if shortage:
            admission.hold, admission.shortage = None, shortage
            admission.denial = shortage.denial(target)

    async def _ask(self, hook: Hook, planned: PlannedAttempt) -> Lease | Denial | None:
        """One policy's answer. A failure denies; PluginFailed or nothing where its entry says `on_error`."""
        entry = hook.entry
        try:
            if entry.id in self._quarantined:
                raise PluginFailed(entry.id, hook.name, "quarantined")
            services = self._services(hook)
            answer = await call_async(hook, self._watch, planned, self._request, self._assessed(), services)
            if answer is not None and not isinstance(answer, (Lease, Denial)):
                raise PluginFailed(entry.id, hook.name, "answered neither a Lease nor a Denial")
            if isinstance(answer, Denial) and (fault := text_fault(answer.reason)):
                raise PluginFailed(entry.id, hook.name, fault)
        except PluginFailed:
            if entry.on_error is OnError.FAIL:
                raise
            denied = Denial(Cause.POLICY, f"policy {entry.id} could not say whether it may run")
            return None if entry.on_error is OnError.SKIP else denied
        return answer

    async def settle(self, admission: Admission, outcome: Attempt | None) -> Sequence[PluginFailed]:
        """Tell every policy how it ended; the failures are for the log."""
        failures: list[PluginFailed] = []
        for hook in self._chain.settle:
            lease = admission.leases.get(hook.entry.id)
            try:
                await call_async(
                    hook, self._watch, admission.planned, outcome, lease, self._request, self._services(hook)
                )
            except PluginFailed as failure:
                failures.append(failure)
        return failures

    def _assessed(self) -> Assessed:
        decision = self._exchange.decision
        assert decision is not None
        return decision.assessed

    def _services(self, hook: Hook) -> Services:
        return Services(hook.entry.id, self._clock, Store(self._store, hook.entry.id))
