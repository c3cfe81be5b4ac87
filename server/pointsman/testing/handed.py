"""What a policy is handed in its asynchronous hooks, faked: services without a server, models that keep to a script."""

from __future__ import annotations

from msgspec import Struct

from pointsman.errors import AskFailed
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.request import Request, Text
from pointsman.ports import Clock, StateStore
from pointsman.services import Ask, Services, Store
from pointsman.stores.memory import MemoryStore
from pointsman.testing.fakes import FakeClock, Hold


class Asked(Struct, frozen=True):
    """One question that a policy put to a model."""

    model: str
    request: Request
    max_cost_nano_usd: int | None = None


class FakeAsk:
    """Implements `Ask`: these answers in turn, the last one again and again; `asked` are the questions.

    A text is a whole answer, an exception is raised, and at a `Hold` it waits. Without answers it raises AskFailed.

        ask = FakeAsk("spam", AskFailed("nano", "PROVIDER_RATE_LIMITED"))
        signal = await policy.pointsman_gather_signal(request, prior, make_services(ask=ask))
    """

    def __init__(self, *answers: str | Answer | Exception | Hold) -> None:
        self.asked: list[Asked] = []
        self._answers = answers

    async def __call__(self, model: str, request: Request, *, max_cost_nano_usd: int | None = None) -> Answer:
        self.asked.append(Asked(model, request, max_cost_nano_usd))
        if not self._answers:
            raise AskFailed(model, "nobody answers here")
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Hold):
            await answer.pass_through()
            answer = ""
        if isinstance(answer, str):
            return Answer((Text(answer),), Ending(reason=FinishReason.STOP, usage=Usage(20, 10)))
        return answer


def make_services(
    entry: str = "policy", *, ask: Ask | None = None, store: StateStore | None = None, clock: Clock | None = None
) -> Services:
    """As the chain entry of this id gets them while signals are gathered: a store that is empty, a clock that stands.

    Whose `store` is given twice, finds there what he left.
    """
    clock = clock or FakeClock()
    return Services(entry, clock, Store(store or MemoryStore(clock), entry), ask or FakeAsk())
