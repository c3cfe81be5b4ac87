"""Whatever the order of hedges, failures, gates and a caller who leaves: one answer from one attempt, all accounted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.budgets import budget, requests
from tests.unit.engine.planners import FAILOVER, Judge, Planning, alone, hedged, together

from pointsman import Accepted, Rejected, hookimpl
from pointsman.engine.exchange import Completion, Terms
from pointsman.engine.retries import Retries
from pointsman.engine.route import Engine, World
from pointsman.engine.watch import Watchdog
from pointsman.errors import ProviderError, Reason
from pointsman.model.account import AccountState
from pointsman.model.answer import Answer, Delta, Ending, FinishReason, TextDelta, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, total_cost
from pointsman.model.plan import AttemptKind, PlannedAttempt, Stage
from pointsman.model.request import Text
from pointsman.ports import Limits, ProviderCall
from pointsman.services import Lease
from pointsman.stores.memory import MemoryStore
from pointsman.testing import FakeLedger, RecordingSink, make_request, make_rules
from pointsman.testing.virtual_time import LoopClock, VirtualTimeLoop

ENDING = Ending(reason=FinishReason.STOP, usage=Usage(20, 10))


@dataclass(frozen=True)
class Behaviour:
    """What a provider does: `pieces` of text, each after its wait in seconds, then an end or a failure."""

    pieces: tuple[float, ...]
    fails: bool
    again: bool


@dataclass
class Timed:
    """Implements `ports.Provider`; its text names it, so that a spliced answer would show."""

    name: str
    behaviour: Behaviour
    calls: int = 0
    open: int = 0

    async def complete(self, call: ProviderCall) -> Answer:
        async with self.stream(call) as stream:
            texts: list[str] = []
            while deltas := await stream.read():
                texts += [delta.text for delta in deltas if isinstance(delta, TextDelta)]
        return Answer((Text("".join(texts)),), ENDING)

    @asynccontextmanager
    async def stream(self, call: ProviderCall) -> AsyncIterator[TimedStream]:
        self.calls += 1
        self.open += 1
        try:
            yield TimedStream(self)
        finally:
            self.open -= 1

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        return ()

    async def probe(self, limits: Limits) -> None: ...


class TimedStream:
    def __init__(self, provider: Timed) -> None:
        self._provider, self._left = provider, list(provider.behaviour.pieces)
        self.ending = Ending(reason=FinishReason.OTHER)

    async def read(self) -> Sequence[Delta]:
        if self._left:
            await asyncio.sleep(self._left.pop(0))
            return (TextDelta(0, self._provider.name),)
        if self._provider.behaviour.fails:
            again = self._provider.behaviour.again
            raise ProviderError(Reason.ALL_PROVIDERS_DOWN, "reset", status=200, again=again)
        self.ending = ENDING
        return ()


class Ledgers:
    """Leases granted and given back."""

    def __init__(self) -> None:
        self.granted = self.settled = 0

    @hookimpl
    async def pointsman_admit_attempt(self) -> Lease:
        await asyncio.sleep(0)
        self.granted += 1
        return Lease(1)

    @hookimpl
    async def pointsman_settle_attempt(self, outcome: Attempt | None, lease: Lease | None) -> None:
        self.settled += lease is not None


waits = st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0, 3.0])
behaviours = st.builds(Behaviour, st.lists(waits, max_size=3).map(tuple), st.booleans(), st.booleans())
escalation = PlannedAttempt("sonnet", AttemptKind.ESCALATION)
later = PlannedAttempt("mini", AttemptKind.HEDGE, 0.05), PlannedAttempt("sonnet", AttemptKind.HEDGE, 0.3)
plans = st.sampled_from(
    [
        (hedged("flash", "sonnet"), alone("mini", FAILOVER)),
        (hedged("flash", "sonnet", 0.1), alone("mini", FAILOVER), alone("sonnet", FAILOVER)),
        (Stage((PlannedAttempt("flash"), *later)),),
        (alone("flash", gates=["gate"]), Stage((escalation, PlannedAttempt("mini", AttemptKind.HEDGE, 0.1)))),
        (alone("flash", gates=["gate"], samples=3), Stage((escalation,)), alone("mini", FAILOVER)),
        (together("flash", "sonnet", gates=["gate"]), alone("mini", FAILOVER)),
        (alone("flash"), alone("mini", FAILOVER), alone("sonnet", FAILOVER)),
    ]
)


@dataclass(frozen=True)
class Case:
    plan: tuple[Stage, ...]
    providers: tuple[Behaviour, Behaviour, Behaviour]
    accepts: bool
    best_effort: bool
    streamed: bool
    restart: bool
    limit: int
    leaves_after: float | None


cases = st.builds(
    Case,
    plans,
    st.tuples(behaviours, behaviours, behaviours),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([4 * 10**9, 10**12]),
    st.none() | waits,
)


@given(cases)
@settings(max_examples=400, deadline=None)
def test_one_answer_from_one_attempt_and_everything_accounted(case: Case) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(check(case))


async def check(case: Case) -> None:
    names = ("google", "openai", "anthropic")
    providers = {name: Timed(name, behaviour) for name, behaviour in zip(names, case.providers, strict=True)}
    leases, ledger, clock = Ledgers(), FakeLedger(), LoopClock()
    gate = Judge(lambda answers: Accepted() if case.accepts else Rejected("no"))
    planning = Planning(*case.plan, best_effort=case.best_effort)
    # Room for some of the plans, and not for all that is in them.
    budgets = [budget(case.limit), budget(requests(9))]
    rules = make_rules(planning, leases, gates={"gate": gate}, retries=Retries(again=1), budgets=budgets)
    store = MemoryStore(clock)
    engine = Engine(rules, World(providers, store, ledger, clock), Watchdog())
    sink = RecordingSink() if case.streamed else None
    terms = Terms(clock.monotonic() + 30.0, restart=case.restart, keep_answer=True)
    task = asyncio.create_task(engine.complete(make_request(), terms, sink))
    if case.leaves_after is not None:
        await asyncio.wait([task], timeout=case.leaves_after)
        task.cancel()
    await asyncio.wait([task])
    await engine.drain()
    check_closed(providers, leases)
    (record,) = ledger.records
    bookings = rules.budgets.bookings(record.request, record.received)
    money, counted = (await store.read(accounts=[booking.account for booking in bookings])).accounts
    assert money == AccountState(record.cost.total)
    assert counted == AccountState(int(bool(record.attempts)))
    assert len(record.attempts) == sum(provider.calls for provider in providers.values())
    assert [a.number for a in record.attempts] == list(range(1, len(record.attempts) + 1))
    assert record.cost.total == sum(a.cost_nano_usd for a in record.attempts) == total_cost(record.attempts).total
    served = [a for a in record.attempts if a.outcome is AttemptOutcome.SERVED]
    assert len(served) <= 1
    if not task.cancelled():
        check_told(task.result(), served, sink, case)


def check_closed(providers: dict[str, Timed], leases: Ledgers) -> None:
    assert [provider.open for provider in providers.values()] == [0, 0, 0]
    assert leases.granted == leases.settled


def check_told(completion: Completion, served: list[Attempt], sink: RecordingSink | None, case: Case) -> None:
    assert (completion.error is None) == bool(served)
    if completion.served is None:
        return
    assert completion.served.answer is not None
    by = served[0].provider
    given_text = "".join(part.text for part in completion.served.answer.parts if isinstance(part, Text))
    assert set(given_text.replace(by, "|")) <= {"|"}
    if sink:
        assert sink.text == given_text
        assert case.restart or len(sink.generations) == 1
