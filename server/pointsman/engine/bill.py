"""What one exchange reserves of its budgets before each attempt, and is charged after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from pointsman.engine.budgets import Booking
from pointsman.model.account import AccountState, Charge, Overdrawn
from pointsman.model.attempt import Attempt
from pointsman.model.balance import Balance, BudgetUnit
from pointsman.model.catalogue import Model
from pointsman.model.decision import Cause, Decision, Exclusion, Shaped
from pointsman.model.pricing import PER_TOKENS
from pointsman.model.snapshot import Snapshot
from pointsman.ports import Clock, StateStore

SLACK = 60.0
"""Seconds after the deadline of a request at which what it reserved is free again, if it is never settled."""

UNDECIDED = "\0"
"""Stands for the task of a question that a policy asks before any task is known; no task is called so."""


@dataclass(slots=True, eq=False)
class Hold:
    """What is reserved for one attempt. `counting` are the accounts in which it counts as its caller's request."""

    lease: str
    bookings: Sequence[Booking]
    counting: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shortage:
    """The account that had no room for an attempt, which needed `amount`, and how it stood."""

    booking: Booking
    state: AccountState
    amount: int

    def told(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with this account as it stands now."""
        booking = self.booking
        if booking.unit is BudgetUnit.NANO_USD:
            new = booking.balance(self.state)
            return replace(snapshot, balances=tuple([new if b.scope == new.scope else b for b in snapshot.balances]))
        rate = booking.rate(self.state)
        return replace(snapshot, rates=tuple([rate if r.scope == rate.scope else r for r in snapshot.rates]))

    def denial(self, target: str) -> Exclusion:
        """Why it is not made."""
        booking, state = self.booking, self.state
        left = max(0, (booking.refuses or 0) - state.spent - state.reserved)
        reason = f"could come to {self.amount} {_UNITS[booking.unit]}, budget {booking.scope} has {left} left"
        cause = Cause.BUDGET if booking.unit is BudgetUnit.NANO_USD else Cause.RATE
        return Exclusion(target, cause, reason, booking.scope)


_UNITS = {BudgetUnit.NANO_USD: "nano-USD", BudgetUnit.REQUESTS: "request", BudgetUnit.TOKENS: "tokens"}


class Bill:
    """One exchange's; `deadline` is monotonic seconds.

    Everything counts in the windows in which the request arrived, however long it takes.
    """

    def __init__(self, exchange_id: str, bookings: Sequence[Booking], deadline: float, store: StateStore) -> None:
        self.bookings = bookings
        self._id, self._deadline, self._store = exchange_id, deadline, store
        self._leases = 0
        # The accounts in which the request was counted, however many attempts it takes.
        self._counted: set[str] = set()
        # Questions that were asked before the task was known.
        self._undecided: list[Attempt] = []

    def hold(self, task: str, target: str) -> Hold:
        """What an attempt at a target would be charged to; it reserves nothing yet."""
        self._leases += 1
        bookings = [booking for booking in self.bookings if booking.counts(task, target)]
        counting = {b.account.key for b in bookings if b.unit is BudgetUnit.REQUESTS} - self._counted
        self._counted |= counting
        return Hold(f"{self._id}/{self._leases}", bookings, frozenset(counting))

    async def reserve(self, hold: Hold, model: Model, shaped: Shaped, clock: Clock) -> Shortage | None:
        """Reserve the most that the attempt can come to, of all its accounts or of none; then its hold is void."""
        if not hold.bookings:
            return None
        charges = [Charge(b.account, _most(b, hold, model, shaped), b.refuses) for b in hold.bookings]
        ttl = max(0.0, self._deadline - clock.monotonic()) + SLACK
        overdrawn = await self._store.reserve(hold.lease, charges, ttl)
        if overdrawn is None:
            return None
        self._counted -= hold.counting
        return _shortage(hold.bookings, overdrawn)

    def settle(self, hold: Hold, attempt: Attempt | None) -> None:
        """Charge what it came to, and free what was reserved; None: the attempt was not made."""
        if attempt is None:
            self._counted -= hold.counting
        if hold.bookings:
            charges = [] if attempt is None else [Charge(b.account, _actual(b, hold, attempt)) for b in hold.bookings]
            self._store.settle(hold.lease, charges)

    def undecided(self, attempt: Attempt) -> None:
        """A question was asked before the task was known: its task is charged for it once it is."""
        self._undecided.append(attempt)

    def decided(self, task: str) -> None:
        """The task is known: charge it for what was asked before."""
        undecided, self._undecided = self._undecided, []
        for attempt in undecided:
            hold = self.hold(task, attempt.target)
            hold.bookings = [booking for booking in hold.bookings if booking.task]
            self.settle(hold, attempt)


def warnings(decision: Decision, balances: Sequence[Balance]) -> Sequence[str]:
    """What there is to say of the budgets that the decided attempt counts towards, and that run low."""
    return [
        f"budget {balance.scope} is {balance.used / max(1, balance.limit_nano_usd):.0%} used"
        for balance in balances
        if balance.task in ("", decision.assessed.task)
        and balance.model in ("", decision.target)
        and any(balance.used >= step.from_ratio * balance.limit_nano_usd for step in balance.steps)
    ]


def _most(booking: Booking, hold: Hold, model: Model, shaped: Shaped) -> int:
    if booking.unit is BudgetUnit.NANO_USD:
        return shaped.estimate.worst_case_nano_usd + _written(model, shaped)
    if booking.unit is BudgetUnit.TOKENS:
        return model.most_tokens(shaped.estimate.input_tokens, shaped.max_output_tokens)
    return int(booking.account.key in hold.counting)


def _written(model: Model, shaped: Shaped) -> int:
    """What it costs more where all of the input is written to the provider's prompt cache."""
    more = (model.price.cache_write or 0) - model.price.input
    return shaped.estimate.input_tokens * more // PER_TOKENS + 1 if more > 0 else 0


def _actual(booking: Booking, hold: Hold, attempt: Attempt) -> int:
    if booking.unit is BudgetUnit.NANO_USD:
        return attempt.cost_nano_usd
    if booking.unit is BudgetUnit.TOKENS:
        return attempt.usage.input_tokens + attempt.usage.output_tokens
    return int(booking.account.key in hold.counting)


def _shortage(bookings: Sequence[Booking], overdrawn: Overdrawn) -> Shortage:
    key = overdrawn.charge.account.key
    booking = next(booking for booking in bookings if booking.account.key == key)
    return Shortage(booking, overdrawn.state, overdrawn.charge.amount)
