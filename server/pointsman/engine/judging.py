"""Asking a stage's gates whether its answers will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pointsman.chain.calling import within
from pointsman.chain.gates import Judged, Question, judge
from pointsman.engine.assist import Assistance
from pointsman.engine.exchange import Exchange
from pointsman.errors import Reason, RequestError
from pointsman.model.decision import Decision
from pointsman.model.gate import Accepted, GatedAnswer, Rejected
from pointsman.model.plan import Stage
from pointsman.ports import Clock, StateStore
from pointsman.services import Services, Store


class Judging:
    """The gates of one exchange's rules, asked within its deadline.

    `assist` makes what they ask models with, `judged` is told of each as `chain.gates.judge` says.
    """

    def __init__(
        self, exchange: Exchange, store: StateStore, clock: Clock, assist: Callable[[], Assistance], judged: Judged
    ) -> None:
        self._exchange, self._store, self._clock, self._assist = exchange, store, clock, assist
        self._judged = judged

    async def judge(self, stage: Stage, answers: Sequence[GatedAnswer]) -> Accepted | Rejected:
        """What the stage's gates say together; RequestError where the deadline passes first."""
        exchange = self._exchange
        assert isinstance(exchange.decision, Decision)
        gates = [exchange.rules.gates[name] for name in stage.gates]
        question = Question(exchange.request, exchange.decision.assessed, answers)
        assistance = self._assist()
        try:
            left = max(0.0, exchange.deadline - self._clock.monotonic())
            return await within(left, judge(gates, question, partial(self._services, assistance), self._judged))
        except TimeoutError:
            raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed while an answer was judged") from None
        finally:
            assistance.close()

    def _services(self, assistance: Assistance, gate: str) -> Services:
        return Services(gate, self._clock, Store(self._store, f"gate:{gate}"), assistance.ask)
