"""Which accounts a request counts towards: the configured budgets, made ready once for a configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pointsman.engine.windows import window_of, zone_named
from pointsman.model.account import Account, AccountState
from pointsman.model.balance import Balance, BudgetAction, BudgetStep, BudgetUnit, RateLimit, begins
from pointsman.model.budget import ANY, Budget, Cap, Dimension, Period, Window
from pointsman.model.catalogue import Catalogue
from pointsman.model.request import Request

# What a clock may be put back by: so long an account outlives its window, or a minute where that is all it was.
_SLACK = 25 * 3600.0
_MINUTE = 120.0
# Of budgets for each value, as many accounts are kept ready for the next request.
_READY = 10_000

_LATE = (Dimension.TASK, Dimension.MODEL)

_NOTHING = Catalogue(models={}, tiers=(), tasks={}, default_task="")

Values = tuple[str, ...]
"""What stands for each `ANY` of a budget, in its order."""


class Booking(Struct, frozen=True, gc=False):
    """One account that a request may count towards, for as long as its window lasts.

    Only attempts at `model` count, and requests for `task`, unless they are "". `refuses` is what the account may come
    to, None where it never refuses; `limit` the whole of it.
    """

    account: Account
    scope: str
    unit: BudgetUnit
    limit: int
    refuses: int | None
    steps: tuple[BudgetStep, ...]
    window: Window
    period: Period
    task: str = ""
    model: str = ""

    def counts(self, task: str, model: str) -> bool:
        """Whether an attempt at this model, in a request for this task, counts."""
        return self.task in ("", task) and self.model in ("", model)

    def balance(self, state: AccountState) -> Balance:
        """How it stands, of one that counts money."""
        return Balance(
            scope=self.scope,
            limit_nano_usd=self.limit,
            spent_nano_usd=state.spent,
            reserved_nano_usd=state.reserved,
            resets_at=self.window.end,
            steps=self.steps,
            task=self.task,
            model=self.model,
        )

    def rate(self, state: AccountState) -> RateLimit:
        """How it stands, of one that counts requests or tokens."""
        used = state.spent + state.reserved
        return RateLimit(self.scope, self.unit, self.limit, used, self.window.end, self.task, self.model)


class Meter:
    """One cap of one budget: its accounts, by the values that it tells apart and the window of a moment."""

    def __init__(self, budget: Budget, cap: Cap) -> None:
        self.budget, self.cap = budget, cap
        self.open = tuple([dimension for dimension, value in budget.match if value == ANY])
        self._zone = zone_named(budget.zone)
        self._steps = budget.steps if cap.unit is BudgetUnit.NANO_USD else ()
        fixed = {dimension: value for dimension, value in budget.match if value != ANY}
        self._fixed_task, self._fixed_model = fixed.get(Dimension.TASK, ""), fixed.get(Dimension.MODEL, "")
        # By what it counts, not by its name: one that is renamed, or has another limit, goes on as it stood.
        matched = msgspec.json.encode(budget.match).decode()
        self._key = f"{cap.unit.value}/{cap.period.value}/{matched}"
        self._window = Window(0.0, 0.0)
        self._ready: dict[Values, Booking] = {}

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All that it looks at."""
        return tuple([dimension for dimension, _ in self.budget.match])

    def told(self, values: Values) -> Values | None:
        """What stands for each `ANY`, of values of all its dimensions; None where they are not those that it counts."""
        told: list[str] = []
        for (_, wanted), value in zip(self.budget.match, values, strict=True):
            if wanted == ANY:
                told.append(value)
            elif wanted != value:
                return None
        return tuple(told)

    def window(self, now: float) -> Window:
        """The window that a moment is in."""
        if now not in self._window:
            self._window = window_of(self.cap.period, self._zone, now)
            self._ready.clear()
        return self._window

    def booking(self, values: Values, now: float) -> Booking:
        """The account of these values in the window of this moment."""
        window = self.window(now)
        booking = self._ready.get(values)
        if booking is None:
            if len(self._ready) >= _READY:
                self._ready.clear()
            booking = self._ready[values] = self._made(values, window)
        return booking

    def scope(self, values: Values) -> str:
        """Its name for people, such as "acme/day", or "users[u-1]/day" where each user has one."""
        told = f"[{','.join([value.replace('%', '%25').replace(',', '%2C') for value in values])}]" if values else ""
        return f"{self.budget.name}{told}/{self.cap.label}"

    def values_of(self, scope: str) -> Values | None:
        """The values in a name that `scope` gave; None for a name of something else."""
        before, after = self.scope(()).rsplit("/", 1)
        if not self.open:
            return () if scope == f"{before}/{after}" else None
        if not (scope.startswith(f"{before}[") and scope.endswith(f"]/{after}")):
            return None
        values = scope[len(before) + 1 : -len(after) - 2].split(",")
        if len(values) != len(self.open):
            return None
        return tuple([value.replace("%2C", ",").replace("%25", "%") for value in values])

    def _made(self, values: Values, window: Window) -> Booking:
        told = dict(zip(self.open, values, strict=True))
        key = f"{self._key}/{window.start:.0f}"
        if values:
            key = f"{key}/{msgspec.json.encode(values).decode()}"
        slack = _SLACK if window.end - window.start > _MINUTE else _MINUTE
        limit = self.cap.limit
        money = self.cap.unit is BudgetUnit.NANO_USD
        refuses = begins(self._steps, BudgetAction.REFUSE, limit) if money else limit
        return Booking(
            Account(key, window.end - window.start + slack),
            self.scope(values),
            self.cap.unit,
            limit,
            refuses,
            self._steps,
            window,
            self.cap.period,
            self._fixed_task or told.get(Dimension.TASK, ""),
            self._fixed_model or told.get(Dimension.MODEL, ""),
        )


class _Matcher:
    """One budget: whether a request counts towards it, and with which values."""

    def __init__(self, budget: Budget, catalogue: Catalogue) -> None:
        self.meters = tuple([Meter(budget, cap) for cap in budget.caps])
        self._pairs = tuple([pair for pair in budget.match if pair[0] not in _LATE])
        # What is not known before it is decided: all that it may turn out to be.
        late: Mapping[Dimension, Sequence[str]] = {
            Dimension.TASK: tuple(catalogue.tasks),
            Dimension.MODEL: tuple([model.id for model in catalogue.models.values() if model.enabled]),
        }
        choices = [late[dimension] for dimension, value in budget.match if dimension in _LATE and value == ANY]
        self._late: tuple[Values, ...] = tuple(product(*choices))

    def values(self, request: Request) -> Sequence[Values]:
        """The values of the accounts that it may count towards; none where it does not."""
        told: list[str] = []
        for dimension, wanted in self._pairs:
            value = value_of(request, dimension)
            if wanted == ANY:
                if not value:
                    return ()
                told.append(value)
            elif value != wanted:
                return ()
        if not told:
            return self._late
        known = tuple(told)
        return [known + late for late in self._late]


def value_of(request: Request, dimension: Dimension) -> str:
    """What a request has there, "" for nothing; not for TASK and MODEL, which are decided."""
    if dimension is Dimension.TENANT:
        return request.tenant
    if dimension is Dimension.KEY:
        return request.key
    if dimension is Dimension.SESSION:
        return request.hints.session_id
    return request.hints.labels.get(dimension.value, "")


class Budgets:
    """The budgets of one configuration."""

    def __init__(self, budgets: Iterable[Budget] = (), catalogue: Catalogue = _NOTHING) -> None:
        self._matchers = tuple([_Matcher(_in_order(budget), catalogue) for budget in budgets])
        self.meters = tuple([meter for matcher in self._matchers for meter in matcher.meters])

    def __bool__(self) -> bool:
        return bool(self.meters)

    def bookings(self, request: Request, now: float) -> tuple[Booking, ...]:
        """Every account that the request may count towards, in the windows of `now`, Unix seconds; each once."""
        return tuple(
            [
                meter.booking(values, now)
                for matcher in self._matchers
                for values in matcher.values(request)
                for meter in matcher.meters
            ]
        )


def _in_order(budget: Budget) -> Budget:
    """What is decided last, so that the values of a request come first; and always the same, however it is written."""
    order = list(Dimension)
    return replace(budget, match=tuple(sorted(budget.match, key=lambda pair: order.index(pair[0]))))


def standing(
    bookings: Sequence[Booking], states: Sequence[AccountState]
) -> tuple[tuple[Balance, ...], tuple[RateLimit, ...]]:
    """How accounts stand, as a snapshot has them; `states` in the order of the bookings."""
    balances: list[Balance] = []
    rates: list[RateLimit] = []
    for booking, state in zip(bookings, states, strict=True):
        if booking.unit is BudgetUnit.NANO_USD:
            balances.append(booking.balance(state))
        else:
            rates.append(booking.rate(state))
    return tuple(balances), tuple(rates)
