"""Assist: ask a configured model for a policy or a gate, and account for it like any other attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from pointsman.engine.attempt import LEAST, Attempts, Running
from pointsman.engine.bill import UNDECIDED, Hold
from pointsman.engine.decide import assess, exclude
from pointsman.engine.deliberation import deliberate
from pointsman.engine.exchange import Exchange, Terms
from pointsman.engine.shaping import shape_question, shape_targets
from pointsman.engine.vetoes import Vetoes
from pointsman.errors import AskFailed, PluginFailed, ProviderError, Reason, RequestError
from pointsman.model.answer import Answer
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.catalogue import Model
from pointsman.model.decision import Cause, PolicyKind, Shaped
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.model.request import Hints, Request, measure
from pointsman.nearest import nearest
from pointsman.ports import Clock, Limits, Provider, ProviderCall

SHARE = 0.5
"""Of the time that is left, what a question may take at most: the rest is for the answer."""

# What the caller's request needs of a model, its question does not.
_NEEDS = frozenset({PolicyKind.CAPABILITY, PolicyKind.CONTEXT_GUARD})
_OWN_CAUSES = frozenset({Cause.COST, Cause.CONTEXT})


@dataclass(slots=True, eq=False)
class _Question:
    """What a policy asks of a model, in the task that waits for the answer. `hold`: what its budgets reserve for it."""

    model: Model
    request: Request
    shaped: Shaped
    task: asyncio.Task[object] | None
    hold: Hold | None = None


class Assistance:
    """The questions about one exchange; `ask` is what policies are given, until `close`.

    `ended` is told of each on closing, with the input tokens that we estimated for it.
    """

    def __init__(
        self,
        exchange: Exchange,
        providers: Mapping[str, Provider],
        clock: Clock,
        ended: Callable[[Attempt, int], None],
    ) -> None:
        self._exchange, self._providers, self._clock, self._ended = exchange, providers, clock, ended
        self._attempts = Attempts(exchange, Terms(exchange.deadline), clock)
        self._open: dict[int, tuple[Running, _Question]] = {}
        self._over: list[tuple[Attempt, int]] = []
        self._closed = False
        self._vetoes: Vetoes | None = None

    async def ask(self, model: str, request: Request, *, max_cost_nano_usd: int | None = None) -> Answer:
        """As `services.Ask` says."""
        question = self._question(model, request)
        question.hold = await self._reserve(question)
        try:
            running = self._begin(question, max_cost_nano_usd)
        except AskFailed:
            self._charge(question.hold, None)
            raise
        try:
            answer = await self._perform(running)
        except ProviderError as error:
            self._end(running, AttemptOutcome.FAILED, error)
            raise AskFailed(running.call.model.id, error.reason.value) from None
        except asyncio.CancelledError:
            self._end(running, AttemptOutcome.CANCELLED, None)
            raise
        # A bug of ours must not lose the row of a call that may have cost money.
        except Exception:
            fault = ProviderError(Reason.INTERNAL, "the question broke off through a fault of this server")
            self._end(running, AttemptOutcome.FAILED, fault)
            raise
        running.answer = answer
        self._end(running, AttemptOutcome.SERVED, None)
        return answer

    def close(self) -> None:
        """No more questions. One that a policy left running is given up and accounted for now, before the record is."""
        self._closed = True
        for running, question in list(self._open.values()):
            self._end(running, AttemptOutcome.CANCELLED, None)
            if question.task is not None and question.task is not asyncio.current_task():
                question.task.cancel()
        over, self._over = self._over, []
        for attempt, tokens in over:
            self._ended(attempt, tokens)

    async def _perform(self, running: Running) -> Answer:
        provider = self._providers[running.call.model.provider]
        running.dropped = provider.dropped(running.call)
        running.called = True
        try:
            async with asyncio.timeout(running.deadline - running.began):
                return await provider.complete(running.call)
        except TimeoutError:
            late = f"{running.call.model.provider} took half of the time that was left"
            raise ProviderError(Reason.DEADLINE_EXCEEDED, late, retryable=False) from None

    def _question(self, name: str, request: Request) -> _Question:
        """What is asked of whom; AskFailed where it must not be."""
        self._check_open(name)
        exchange, catalogue = self._exchange, self._exchange.rules.catalogue
        model = catalogue.find(name)
        if model is None:
            raise AskFailed(name, f"it is not configured{nearest(name, [*catalogue.models, *catalogue.aliases])}")
        if why := self._forbidden(model):
            raise AskFailed(model.id, why)
        facts = measure(request.messages, request.tools)
        asked = replace(request, facts=facts, hints=Hints(), tenant=exchange.request.tenant, key=exchange.request.key)
        shaped = shape_question(model, asked, exchange.snapshot.token_ratios.get(model.id, 1.0))
        return _Question(model, asked, shaped, asyncio.current_task())

    async def _reserve(self, question: _Question) -> Hold | None:
        """Room for it in the request's budgets; AskFailed where there is none."""
        exchange, bill, model = self._exchange, self._exchange.bill, question.model
        if bill is None:
            return None
        decision = exchange.decision
        hold = bill.hold(UNDECIDED if decision is None else decision.assessed.task, model.id)
        try:
            shortage = await bill.reserve(hold, model, question.shaped, self._clock)
        except asyncio.CancelledError:
            self._charge(hold, None)
            raise
        except RequestError as error:
            self._charge(hold, None)
            raise AskFailed(model.id, error.message) from None
        if shortage:
            raise AskFailed(model.id, f"it {shortage.denial(model.id).reason}")
        return hold

    def _begin(self, question: _Question, max_cost: int | None) -> Running:
        """The question as an attempt that starts now; AskFailed where there is no money or no time for it."""
        exchange, model = self._exchange, question.model
        self._check_open(model.id)
        if why := self._too_dear(question.shaped.estimate.worst_case_nano_usd, max_cost):
            raise AskFailed(model.id, why)
        now = self._clock.monotonic()
        left = (exchange.deadline - now) * SHARE
        if left < LEAST:
            raise AskFailed(model.id, f"the deadline leaves {left * 1000:.0f} ms for it, {LEAST * 1000:.0f} are needed")
        limits = Limits(connect=min(exchange.rules.timers.connect, left), headers=left, idle=left, total=left)
        planned, number = PlannedAttempt(model.id, AttemptKind.ASSIST), exchange.next_number()
        call = ProviderCall(model, question.request, question.shaped, limits, False, exchange.id, number)
        running = Running(number, planned, call, now, self._clock.now(), now + left, now + left)
        self._open[number] = running, question
        return running

    def _check_open(self, name: str) -> None:
        if self._closed:
            raise AskFailed(name, "models are asked only while signals are gathered or answers judged")

    def _forbidden(self, model: Model) -> str:
        """Why this prompt must not go there: what keeps the caller's request from a model keeps its question too."""
        if not model.enabled:
            return "it is not enabled"
        exchange = self._exchange
        try:
            vetoes = self._vetoes = _vetoes(exchange) if self._vetoes is None else self._vetoes
        except PluginFailed as failure:
            return f"policy {failure.policy} could not say whether it may be used"
        needs = {entry.id for entry in exchange.rules.chain.entries if entry.plugin.kind in _NEEDS} | {"shape"}
        for exclusion, by in vetoes.of(model.id):
            if by not in needs and exclusion.cause not in _OWN_CAUSES:
                return f"{by}: {exclusion.reason}"
        return ""

    def _too_dear(self, worst: int, max_cost: int | None) -> str:
        if max_cost is not None and worst > max_cost:
            return f"it could cost {worst} nano-USD, the question may cost {max_cost}"
        limit = self._exchange.request.hints.max_cost_nano_usd
        if limit is None:
            return ""
        reserved = sum(running.call.shaped.estimate.worst_case_nano_usd for running, _ in self._open.values())
        left = limit - reserved - sum(attempt.cost_nano_usd for attempt in self._exchange.attempts)
        return f"it could cost {worst} nano-USD, the caller's limit leaves {left}" if worst > left else ""

    def _end(self, running: Running, outcome: AttemptOutcome, error: ProviderError | None) -> None:
        _, question = self._open.pop(running.number, (None, None))
        if question is None:
            return
        attempt = self._attempts.close(running, outcome, error)
        self._exchange.attempts.append(attempt)
        self._charge(question.hold, attempt)
        self._over.append((attempt, running.call.request.facts.input_tokens))

    def _charge(self, hold: Hold | None, attempt: Attempt | None) -> None:
        bill = self._exchange.bill
        if bill and hold:
            bill.settle(hold, attempt)
            if attempt and self._exchange.decision is None:
                bill.undecided(attempt)


def _vetoes(exchange: Exchange) -> Vetoes:
    """What policies exclude, as far as it is known before any signal. Unwatched, as part of the policy that asks."""
    d = deliberate(exchange.request, exchange.snapshot, exchange.rules)
    assessed = assess(d)
    exclude(d, assessed, shape_targets(d, assessed))
    return d.vetoes
