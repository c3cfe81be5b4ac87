"""Health observed by one request and heeded by the next: exclusion, trials, panic, probes."""

from __future__ import annotations

import asyncio
import logging

import pytest
from tests.contract.stores.suite import failed
from tests.unit.engine.bench import Bench, down, failure, rows
from tests.unit.engine.policies import Admits, entry

from pointsman.engine.panic import QUIET, PanicAlarm
from pointsman.engine.probing import Probe, Prober
from pointsman.errors import ProviderError, Reason
from pointsman.model.decision import Cause, Decision
from pointsman.model.events import Decided
from pointsman.model.request import Hints, ModelOverride
from pointsman.model.snapshot import HealthState
from pointsman.services import Denial
from pointsman.testing import (
    FakeProvider,
    Hold,
    RecordingSink,
    answering,
    fake_provider,
    make_entry,
    make_request,
    make_rules,
)
from pointsman_policies import health, override, pinning

OPEN_FOR = 5.0
UNAVAILABLE = down("HTTP 503")


def bench(google: FakeProvider, *policies: object, openai: FakeProvider | None = None) -> Bench:
    """Flash is google's only small model, and what is tried first."""
    providers = {"google": google} | ({"openai": openai} if openai else {})
    return Bench(providers, make_rules(*(policies or (health.plugin,))))


async def flash_is(b: Bench) -> HealthState:
    found = (await b.store.read()).health.get("flash")
    return found.state if found else HealthState.UP


async def until_flash_is_down(b: Bench) -> None:
    for _ in range(5):
        assert rows(await b.unary())[0] == ("flash", "failed")
    assert await flash_is(b) is HealthState.DOWN


async def test_what_failed_is_passed_over_and_its_equivalent_serves() -> None:
    b = bench(fake_provider(UNAVAILABLE))
    await until_flash_is_down(b)
    completion = await b.unary()
    assert rows(completion) == [("mini", "served")]
    decision = b.ledger.records[-1].decision
    assert isinstance(decision, Decision)
    excluded = {c.target: (c.excluded_by, c.excluded_reason) for c in decision.excluded}
    assert set(excluded) == {"flash"}
    by, why = excluded["flash"]
    assert by == "health"
    assert why.endswith("5 failures in a row, the last: HTTP 500")


async def test_without_the_policy_nobody_acts_on_it() -> None:
    b = bench(fake_provider(UNAVAILABLE), entry(Admits()))
    for _ in range(9):
        assert rows(await b.unary()) == [("flash", "failed"), ("mini", "served")]
    assert await flash_is(b) is HealthState.DOWN


async def test_degraded_last_with_states_that_were_observed() -> None:
    google = FakeProvider(*[answering(UNAVAILABLE) if i % 3 == 0 else answering("Hello") for i in range(10)])
    b = bench(google, make_entry(health.plugin, options=health.HealthOptions(degraded_last=True)))
    served = [rows(await b.unary())[-1][0] for _ in range(12)]
    assert await flash_is(b) is HealthState.DEGRADED
    assert served[-2:] == ["mini", "mini"]
    assert len(google.calls) == 10


async def test_a_pin_breaks_with_the_reason() -> None:
    google = fake_provider("Hello", UNAVAILABLE)
    b = bench(google, health.plugin, pinning.plugin)
    request = make_request(hints=Hints(session_id="s1"))
    assert rows(await b.unary(request=request)) == [("flash", "served")]
    await until_flash_is_down(b)
    assert rows(await b.unary(request=request)) == [("mini", "served")]
    decision = b.ledger.records[-1].decision
    assert isinstance(decision, Decision)
    (said,) = [v.reason for v in decision.trace if (v.policy, v.hook) == ("health", "exclude_targets")]
    assert "5 failures in a row" in said
    (broke,) = [v.reason for v in decision.trace if v.policy == "pinning" and "the pin breaks" in v.reason]
    assert "; excluded by health: down until" in broke


async def test_only_a_few_try_it_again_and_the_others_go_elsewhere() -> None:
    hold = Hold()
    google = FakeProvider(*[answering(UNAVAILABLE)] * 5, answering(hold, "Hello"))
    b = bench(google)
    await until_flash_is_down(b)
    await asyncio.sleep(OPEN_FOR)
    running = [b.start(RecordingSink()) for _ in range(20)]
    await hold.reached()
    await asyncio.sleep(1)
    assert len(google.calls) == 5 + 3
    hold.release()
    completions = await asyncio.gather(*running)
    assert sorted(row for c in completions for row in rows(c)) == [("flash", "served")] * 3 + [("mini", "served")] * 17
    assert await flash_is(b) is HealthState.UP


async def test_callers_who_leave_take_no_trial_with_them() -> None:
    hold = Hold()
    b = bench(FakeProvider(*[answering(UNAVAILABLE)] * 5, answering(hold, "Hello")))
    await until_flash_is_down(b)
    await asyncio.sleep(OPEN_FOR)
    running = [b.start(RecordingSink()) for _ in range(3)]
    await hold.reached()
    assert await flash_is(b) is HealthState.DOWN
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert await flash_is(b) is HealthState.PROBING


async def test_an_attempt_that_is_denied_takes_no_trial() -> None:
    policy = Admits({"flash": Denial(Cause.POLICY, "full")})
    b = bench(fake_provider(UNAVAILABLE), health.plugin)
    await until_flash_is_down(b)
    await asyncio.sleep(OPEN_FOR)
    b.adopt(make_rules(health.plugin, entry(policy)))
    for _ in range(9):
        assert rows(await b.unary()) == [("mini", "served")]
    assert await flash_is(b) is HealthState.PROBING


async def test_what_went_down_meanwhile_is_not_failed_over_to() -> None:
    hold = Hold()
    b = bench(FakeProvider(answering(hold, UNAVAILABLE)))
    slow = b.start(None)
    await hold.reached()
    for _ in range(5):
        b.store.record(failed("mini"), 0)
    hold.release()
    assert rows(await slow) == [("flash", "failed"), ("medium", "served")]


async def test_where_all_is_down_one_attempt_is_made() -> None:
    failing = [fake_provider(UNAVAILABLE) for _ in range(3)]
    b = Bench(dict(zip(("google", "openai", "anthropic"), failing, strict=True)), make_rules(health.plugin))
    while len((await b.store.read()).health) < 6:
        await b.unary()
    before = sum(len(provider.calls) for provider in failing)
    completions = [await b.unary() for _ in range(10)]
    assert {failure(c).reason for c in completions} == {Reason.ALL_PROVIDERS_DOWN}
    assert sum(len(provider.calls) for provider in failing) == before + 10
    decisions = [event.decision for event in b.events if isinstance(event, Decided)]
    assert all(isinstance(d, Decision) and d.panicked for d in decisions[-10:])


async def test_a_caller_who_insists_gets_it_tried_and_an_answer_is_a_step_back() -> None:
    google = FakeProvider(*[answering(UNAVAILABLE)] * 5, answering("Hello"))
    b = bench(google, override.plugin, health.plugin)
    await until_flash_is_down(b)
    insisting = make_request(hints=Hints(model_override=ModelOverride("flash", strict=True)))
    assert [rows(await b.unary(request=insisting)) for _ in range(3)] == [[("flash", "served")]] * 3
    assert await flash_is(b) is HealthState.UP


async def test_what_the_provider_asked_for_is_told_to_the_caller() -> None:
    limits = ProviderError(Reason.PROVIDER_RATE_LIMITED, "HTTP 429", status=429, retry_after=30.0)
    providers = {name: fake_provider(limits) for name in ("google", "openai", "anthropic")}
    b = Bench(providers, make_rules(health.plugin))
    await b.unary()
    await b.unary()
    completion = await b.unary()
    assert (failure(completion).reason, completion.attempts) == (Reason.ALL_PROVIDERS_DOWN, ())
    delay = failure(completion).retry_delay
    assert delay is not None
    assert 29 < delay <= 30


async def test_a_short_deadline_is_not_the_providers_fault() -> None:
    b = bench(FakeProvider(answering(Hold())))
    for _ in range(9):
        completion = await b.stream(RecordingSink(), b.terms(4))
        assert rows(completion) == [("flash", "failed"), ("mini", "served")]
        assert completion.attempts[0].error_reason == Reason.DEADLINE_EXCEEDED
    assert await flash_is(b) is HealthState.UP


async def test_silence_for_long_enough_is() -> None:
    b = bench(FakeProvider(answering(Hold())))
    for _ in range(5):
        await b.stream(RecordingSink(), b.terms(10))
    assert await flash_is(b) is HealthState.DOWN


async def test_a_probe_that_is_answered_lets_requests_try_at_once() -> None:
    google = fake_provider(UNAVAILABLE)
    b = bench(google)
    google.unreachable = UNAVAILABLE
    prober = Prober(b.providers, {"google": Probe(0.5, 0.2)}, b.store)
    async with prober.running():
        await asyncio.sleep(2.9)
        assert google.probes == 0
        await until_flash_is_down(b)
        await asyncio.sleep(0.9)
        assert (google.probes, await flash_is(b)) == (2, HealthState.DOWN)
        google.unreachable = None
        await asyncio.sleep(0.5)
        assert (google.probes, await flash_is(b)) == (3, HealthState.PROBING)
    await asyncio.sleep(3)
    assert google.probes == 3


async def test_a_probe_that_breaks_does_not_end_probing(caplog: pytest.LogCaptureFixture) -> None:
    google = fake_provider(UNAVAILABLE)
    b = bench(google)
    google.unreachable = RuntimeError("secret")
    await until_flash_is_down(b)
    async with Prober(b.providers, {"google": Probe(1, 1)}, b.store).running():
        await asyncio.sleep(2.5)
    assert google.probes == 2
    assert [r.getMessage() for r in caplog.records if "probing" in r.getMessage()] == [
        "probing google failed: RuntimeError"
    ] * 2


async def test_panic_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    failing = {name: fake_provider(UNAVAILABLE) for name in ("google", "openai", "anthropic")}
    b = Bench(failing, make_rules(health.plugin))
    alarm = PanicAlarm(b.clock)
    while len((await b.store.read()).health) < 6:
        await b.unary()
    for _ in range(3):
        await b.unary()
    for event in b.events:
        alarm(event)
    calm = next(event for event in b.events if isinstance(event, Decided))
    alarm(calm)
    await asyncio.sleep(QUIET)
    alarm(calm)
    alarm(calm)
    said = [record.getMessage() for record in caplog.records if record.name == "pointsman.engine.panic"]
    assert said == [
        "health left nothing for a request: flash is tried although it is down",
        "requests find models that are up again",
    ]
