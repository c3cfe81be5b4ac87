"""An engine over fakes. Without policies its plan is flash (google), mini and medium (openai), sonnet (anthropic)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pointsman.engine.assist import Assistance
from pointsman.engine.exchange import Completion, Exchange, Terms
from pointsman.engine.regime import Regime
from pointsman.engine.route import Engine, World
from pointsman.engine.rules import Rules
from pointsman.engine.watch import Watchdog
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.events import Event
from pointsman.model.request import Request
from pointsman.ports import Clock
from pointsman.stores.memory import MemoryStore
from pointsman.testing import FakeLedger, FakeProvider, RecordingSink, make_request, make_rules
from pointsman.testing.virtual_time import LoopClock

DEADLINE = 60.0


class Bench:
    """`events` are what observers were told."""

    def __init__(
        self,
        providers: Mapping[str, FakeProvider] | None = None,
        rules: Rules | None = None,
        ledger: FakeLedger | None = None,
    ) -> None:
        self.providers = {name: FakeProvider() for name in ("google", "openai", "anthropic")} | dict(providers or {})
        self.ledger = ledger or FakeLedger()
        self.clock = LoopClock()
        self.store = MemoryStore(self.clock)
        self.watchdog = Watchdog()
        self.events: list[Event] = []
        world = World(self.providers, self.store, self.ledger, self.clock)
        self.engine = Engine(rules or make_rules(), world, self.watchdog, (self.events.append,))

    def terms(
        self,
        seconds: float = DEADLINE,
        *,
        restart: bool = False,
        include_reasoning: bool = False,
        keep_answer: bool = False,
    ) -> Terms:
        return Terms(self.clock.monotonic() + seconds, restart, include_reasoning, keep_answer)

    def adopt(self, rules: Rules) -> Regime:
        """Other rules for the same providers; the regime before."""
        return self.engine.adopt(Regime(rules, self.providers))

    async def route(self, request: Request | None = None) -> Completion:
        return await self.engine.route(request or make_request(), self.clock.monotonic() + DEADLINE)

    async def stream(
        self, sink: RecordingSink, terms: Terms | None = None, request: Request | None = None
    ) -> Completion:
        completion = await self.engine.complete(request or make_request(), terms or self.terms(), sink)
        await self.engine.drain()
        return completion

    async def unary(self, terms: Terms | None = None, request: Request | None = None) -> Completion:
        completion = await self.engine.complete(request or make_request(), terms or self.terms(), None)
        await self.engine.drain()
        return completion

    def start(self, sink: RecordingSink | None, request: Request | None = None) -> asyncio.Task[Completion]:
        """Complete in a task, to be cancelled or looked at while it runs."""
        return asyncio.create_task(self.engine.complete(request or make_request(), self.terms(), sink))


def nobody_asked(exchange: Exchange, clock: Clock) -> Assistance:
    """For policies that ask no model."""
    return Assistance(exchange, {}, clock, lambda attempt, tokens: None)


def down(message: str = "HTTP 500", *, retry_after: float | None = None) -> ProviderError:
    return ProviderError(Reason.ALL_PROVIDERS_DOWN, message, status=500, retry_after=retry_after)


def broken(message: str = "connection reset") -> ProviderError:
    """As from a stream that had begun well."""
    return ProviderError(Reason.ALL_PROVIDERS_DOWN, message, status=200)


def refusing(reason: Reason = Reason.PROVIDER_REFUSED, status: int = 400) -> ProviderError:
    return ProviderError(reason, "HTTP 400", status=status, retryable=False)


def failure(completion: Completion) -> RequestError:
    """The error; every failed completion has one and no answer."""
    assert completion.error is not None
    assert completion.served is None
    return completion.error


def rows(completion: Completion) -> list[tuple[str, str]]:
    """Attempts as (target, outcome)."""
    return [(attempt.target, str(attempt.outcome)) for attempt in completion.attempts]
