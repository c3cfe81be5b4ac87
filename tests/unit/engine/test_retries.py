"""Coming back to a target: when, how often, and the budget of all requests together."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.bench import Bench, failure, refusing, rows

from pointsman.engine.retries import Retries, RetryBudget, backoff
from pointsman.errors import ProviderError, Reason
from pointsman.model.attempt import Attempt
from pointsman.model.plan import AttemptKind
from pointsman.testing import FakeProvider, RecordingSink, answering, make_rules
from pointsman_policies import health


def stumbling(*, retry_after: float | None = None) -> ProviderError:
    return ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 503", status=503, again=True, retry_after=retry_after)


def bench(*answers: ProviderError | str, retries: Retries | None = None) -> Bench:
    provider = FakeProvider(*map(answering, answers))
    return Bench({"google": provider}, make_rules(max_attempts=1, retries=retries or Retries()))


def waits(attempts: tuple[Attempt, ...]) -> list[float]:
    return [b.started - (a.started + a.duration) for a, b in pairwise(attempts)]


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_only_target_is_asked_again(streaming: bool) -> None:
    alone = bench(stumbling(), "Hello")
    completion = await (alone.stream(RecordingSink()) if streaming else alone.unary())
    assert rows(completion) == [("flash", "failed"), ("flash", "served")]
    assert completion.attempts[1].kind is AttemptKind.RETRY


async def test_only_so_often() -> None:
    completion = await bench(stumbling()).unary()
    assert failure(completion).reason is Reason.ALL_PROVIDERS_DOWN
    assert [str(attempt.kind) for attempt in completion.attempts] == ["primary", "retry", "retry"]


async def test_what_is_down_and_tried_for_want_of_anything_else_is_tried_once() -> None:
    provider = FakeProvider(answering(stumbling()))
    rules = make_rules(health.plugin, retries=Retries(share=10.0))
    outage = Bench(dict.fromkeys(("google", "openai", "anthropic"), provider), rules)
    while len((await outage.store.read()).health) < 6:
        await outage.unary()
    completion = await outage.unary()
    assert failure(completion).reason is Reason.ALL_PROVIDERS_DOWN
    assert len(completion.attempts) == 1


async def test_what_the_provider_asks_for_is_waited() -> None:
    completion = await bench(stumbling(retry_after=3), "Hello").unary()
    assert waits(completion.attempts)[0] >= 3


async def test_not_longer_than_makes_sense() -> None:
    completion = await bench(stumbling(retry_after=30), "Hello").unary()
    assert rows(completion) == [("flash", "failed")]
    assert failure(completion).retry_delay == 30


async def test_not_beyond_the_deadline() -> None:
    hurried = bench(stumbling(retry_after=3), "Hello")
    assert rows(await hurried.unary(hurried.terms(3))) == [("flash", "failed")]


async def test_only_what_may_pass_by_itself() -> None:
    assert rows(await bench(refusing(), "Hello").unary()) == [("flash", "failed")]
    silent = ProviderError(Reason.ALL_PROVIDERS_DOWN, "no content in time")
    assert rows(await bench(silent, "Hello").unary()) == [("flash", "failed")]


async def test_others_first() -> None:
    rules = make_rules(max_attempts=2, retries=Retries())
    both = Bench({"google": FakeProvider(answering(stumbling())), "openai": FakeProvider(answering("Hello"))}, rules)
    assert rows(await both.unary()) == [("flash", "failed"), ("mini", "served")]


async def test_the_budget_of_all_requests() -> None:
    down = bench(stumbling(), retries=Retries(share=0.2, floor=3))
    attempts = 0
    for _ in range(40):
        attempts += len((await down.unary()).attempts)
    # All within one window: 40 requests and 20 % of them again.
    assert 40 < attempts <= 40 * 1.2 + 3


def test_a_budget_forgets() -> None:
    budget, limits = RetryBudget(), Retries(share=0.2, floor=3)
    assert [budget.take(0.0, limits) for _ in range(4)] == [True, True, True, False]
    assert budget.take(11.0, limits)


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=200), st.floats(0, 2), st.integers(0, 5))
def test_a_budget_is_never_overspent(steps: list[tuple[float, bool]], share: float, floor: int) -> None:
    budget, limits = RetryBudget(), Retries(share=share, floor=floor)
    now, requests, taken = 0.0, 0, 0
    for pause, retry in steps:
        now += pause
        if retry:
            taken += budget.take(now, limits)
        else:
            requests += 1
            budget.request(now)
    # Over everything: what is forgotten of requests and retries alike gives each window its floor anew.
    assert taken <= max(floor, share * requests) + (now // 9 + 1) * max(floor, 1) + share * requests


@given(st.integers(1, 10), st.none() | st.floats(0, 100))
def test_a_wait_is_between_what_was_asked_and_ten_seconds(number: int, asked: float | None) -> None:
    wait = backoff(number, asked)
    if wait is None:
        assert asked is not None
        assert asked > 10
    else:
        assert (asked or 0) <= wait <= 10
