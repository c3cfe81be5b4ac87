"""Performing the plan: failover, what stops it, and what the caller is told when nothing is left."""

from __future__ import annotations

import pytest
from tests.unit.engine.bench import Bench, down, failure, refusing, rows

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Ending, FinishReason, ReasoningDelta, TextDelta, Usage
from pointsman.model.attempt import AttemptOutcome, CostSource
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Hints, ModelOverride, Params, Reasoning, Text
from pointsman.testing import ACCEPTED, FakeProvider, RecordingSink, Script, answering, make_request, make_rules
from pointsman_policies import feasibility, limits, override

DOWN = FakeProvider(answering(down()))


def failing(*errors: ProviderError) -> dict[str, FakeProvider]:
    """Providers that fail in the order of the default plan."""
    google, *openai = errors
    return {"google": FakeProvider(answering(google)), "openai": FakeProvider(*map(answering, openai))}


async def test_the_first_target_answers() -> None:
    bench, sink = Bench(), RecordingSink()
    completion = await bench.stream(sink)
    assert (sink.text, sink.events) == ("Hello", ["decided", "started", "deltas"])
    assert rows(completion) == [("flash", "served")]
    assert completion.served is not None
    assert (completion.served.ending.reason, completion.served.answer) == (FinishReason.STOP, None)
    assert completion.output_started


async def test_a_whole_answer() -> None:
    completion = await Bench().unary()
    assert completion.served is not None
    assert completion.served.answer is not None
    assert completion.served.answer.parts == (Text("Hello"),)


async def test_a_streamed_answer_is_kept_where_the_caller_wants_it_whole_as_well() -> None:
    bench = Bench({"google": FakeProvider(answering("Hel", "lo"))})
    completion = await bench.stream(RecordingSink(), bench.terms(keep_answer=True))
    assert completion.served is not None
    assert completion.served.answer is not None
    assert completion.served.answer.parts == (Text("Hello"),)


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_next_target_takes_over(streaming: bool) -> None:
    bench, sink = Bench(failing(down())), RecordingSink()
    completion = await (bench.stream(sink) if streaming else bench.unary())
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    first, second = completion.attempts
    assert (first.number, first.kind, first.error_reason, first.upstream_status) == (
        1,
        AttemptKind.PRIMARY,
        "ALL_PROVIDERS_DOWN",
        500,
    )
    assert (second.number, second.kind, second.error_reason) == (2, AttemptKind.FAILOVER, "")
    if streaming:
        assert sink.events == ["decided", "started", "failed", "started", "deltas"]
        assert [(number, planned.target) for number, planned, _ in sink.attempts] == [(1, "flash"), (2, "mini")]


async def test_a_provider_that_fails_after_accepting_but_before_content_is_replaced() -> None:
    bench, sink = Bench({"google": FakeProvider(answering(ACCEPTED, down("error event")))}), RecordingSink()
    assert rows(await bench.stream(sink)) == [("flash", "failed"), ("mini", "served")]
    assert sink.text == "Hello"


@pytest.mark.parametrize("reason", [Reason.PROVIDER_REFUSED, Reason.CONTENT_BLOCKED])
async def test_what_no_other_target_could_do_better_stops(reason: Reason) -> None:
    completion = await Bench(failing(refusing(reason))).unary()
    assert rows(completion) == [("flash", "failed")]
    assert failure(completion).reason is reason


async def test_a_bad_key_is_not_tried_with_the_providers_other_models() -> None:
    bad = ProviderError(Reason.PROVIDER_AUTH_FAILED, "HTTP 401", status=401, provider_wide=True)
    bench = Bench({"google": FakeProvider(answering(down())), "openai": FakeProvider(answering(bad))})
    assert rows(await bench.unary()) == [("flash", "failed"), ("mini", "failed"), ("sonnet", "served")]


async def test_what_the_call_could_not_express_is_named() -> None:
    bench, sink = Bench({"google": FakeProvider(drops=["reasoning parts"])}), RecordingSink()
    completion = await bench.stream(sink)
    assert sink.attempts[0][2] == completion.attempts[0].dropped == ("reasoning parts",)
    assert (await bench.unary()).attempts[0].dropped == ("reasoning parts",)


async def test_all_down() -> None:
    bench = Bench({"google": DOWN, "openai": DOWN, "anthropic": DOWN})
    error = failure(await bench.unary())
    assert (error.reason, error.retry_delay) == (Reason.ALL_PROVIDERS_DOWN, 1.0)
    assert error.message == "no provider answered: HTTP 500; HTTP 500; HTTP 500; HTTP 500"


async def test_the_earliest_that_anybody_is_back() -> None:
    limited = ProviderError(Reason.PROVIDER_RATE_LIMITED, "HTTP 429", status=429, retry_after=7)
    bench = Bench(failing(down(retry_after=30), limited), make_rules(max_attempts=2))
    error = failure(await bench.unary())
    assert (error.reason, error.retry_delay) == (Reason.ALL_PROVIDERS_DOWN, 7)


async def test_only_a_strict_choice_hears_of_its_providers_rate_limit() -> None:
    limited = ProviderError(Reason.PROVIDER_RATE_LIMITED, "HTTP 429", status=429, retry_after=7)
    bench = Bench({"google": FakeProvider(answering(limited))}, make_rules(override.plugin, max_attempts=1))
    strictly = make_request(hints=Hints(model_override=ModelOverride("flash", strict=True)))
    error = failure(await bench.unary(request=strictly))
    assert (error.reason, error.retry_delay) == (Reason.PROVIDER_RATE_LIMITED, 7)
    assert failure(await bench.unary()).reason is Reason.ALL_PROVIDERS_DOWN


async def test_that_providers_are_down_outweighs_garbage() -> None:
    garbage = ProviderError(Reason.PROVIDER_PROTOCOL_ERROR, "not JSON", status=200)
    rules = make_rules(max_attempts=2)
    assert failure(await Bench(failing(down(), garbage), rules).unary()).reason is Reason.ALL_PROVIDERS_DOWN
    assert failure(await Bench(failing(garbage, garbage), rules).unary()).reason is Reason.PROVIDER_PROTOCOL_ERROR


def thought_only(tokens: int = 300) -> Script:
    ending = Ending(reason=FinishReason.MAX_TOKENS, usage=Usage(20, tokens, reasoning_tokens=tokens))
    return answering(ending=ending)


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_empty_answer_fails_over(streaming: bool) -> None:
    bench, sink = Bench({"google": FakeProvider(thought_only())}), RecordingSink()
    completion = await (bench.stream(sink) if streaming else bench.unary())
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    failed = completion.attempts[0]
    assert (failed.error_reason, failed.usage.reasoning_tokens) == ("EMPTY_ANSWER", 300)
    assert (failed.cost_nano_usd, failed.cost_source) == (20 * 300 + 300 * 2500, CostSource.PRICE)


@pytest.mark.parametrize(("used", "needed"), [(300, "4096"), (5000, "10000")])
async def test_only_empty_answers_say_how_much_it_would_take(used: int, needed: str) -> None:
    empty = FakeProvider(thought_only(used))
    error = failure(await Bench({"google": empty, "openai": empty}, make_rules(max_attempts=2)).unary())
    assert (error.reason, error.metadata) == (Reason.EMPTY_ANSWER, {"min_output_tokens": needed})


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_empty_text_is_an_empty_answer(streaming: bool) -> None:
    ending = Ending(reason=FinishReason.MAX_TOKENS)
    bench = Bench({"google": FakeProvider(answering("", ending=ending))}, make_rules(max_attempts=1))
    completion = await (bench.stream(RecordingSink()) if streaming else bench.unary())
    assert failure(completion).reason in {Reason.EMPTY_ANSWER, Reason.STREAM_INTERRUPTED}


async def test_an_answer_cut_at_the_limit_is_an_answer() -> None:
    bench = Bench({"google": FakeProvider(answering("Hel", ending=Ending(reason=FinishReason.MAX_TOKENS)))})
    assert rows(await bench.unary()) == [("flash", "served")]


async def test_withheld_reasoning_is_not_in_the_answer() -> None:
    script = answering(ReasoningDelta(0, "Hm."), TextDelta(1, "Hello"))
    bench = Bench({"google": FakeProvider(script)})
    plain = (await bench.unary()).served
    full = (await bench.unary(bench.terms(include_reasoning=True))).served
    assert plain is not None
    assert plain.answer is not None
    assert plain.answer.parts == (Text("Hello"),)
    assert full is not None
    assert full.answer is not None
    assert full.answer.parts == (Reasoning("Hm."), Text("Hello"))


async def test_the_provider_is_given_the_shaped_call() -> None:
    bench = Bench()
    request = make_request(params=Params(max_output_tokens=7, temperature=0.5))
    await bench.unary(bench.terms(20), request)
    (call,) = bench.providers["google"].calls
    assert (call.model.id, call.request) == ("flash", request)
    assert (call.shaped.target, call.shaped.max_output_tokens, call.shaped.temperature) == ("flash", 7, 0.5)
    assert (call.limits.connect, call.limits.total) == (5.0, 20)


async def test_what_failed_attempts_cost_counts_against_the_callers_limit() -> None:
    # Row by row: flash costs up to 2,500,000 nano-USD, mini up to 4,500,000; the failed attempt spent 2,000,000.
    spent = Ending(reason=FinishReason.MAX_TOKENS, usage=Usage(0, 800))
    bench = Bench({"google": FakeProvider(answering(ending=spent))}, make_rules(limits.plugin, feasibility.plugin))

    async def attempted(limit: int) -> list[tuple[str, str]]:
        hints = Hints(max_cost_nano_usd=limit, input_tokens=0)
        return rows(await bench.unary(request=make_request(hints=hints, params=Params(max_output_tokens=1000))))

    assert await attempted(6_500_000) == [("flash", "failed"), ("mini", "served")]
    assert await attempted(6_499_999) == [("flash", "failed")]
    hints = Hints(max_cost_nano_usd=6_499_999, input_tokens=0)
    request = make_request(hints=hints, params=Params(max_output_tokens=1000))
    assert failure(await bench.unary(request=request)).reason is Reason.MAX_COST_UNSATISFIABLE


@pytest.mark.parametrize(
    ("ending", "cost", "source"),
    [
        (Ending(reason=FinishReason.STOP, usage=Usage(100, 10)), 100 * 300 + 10 * 2500, CostSource.PRICE),
        (Ending(reason=FinishReason.STOP, usage=Usage(100, 10), cost_nano_usd=7), 7, CostSource.PROVIDER),
        (Ending(reason=FinishReason.STOP, usage=Usage(100, 10), cost_nano_usd=0), 0, CostSource.PROVIDER),
        # 50 input tokens by the caller's count; "Hello" is two tokens by ours.
        (Ending(reason=FinishReason.STOP), 50 * 300 + 2 * 2500, CostSource.ESTIMATE),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
async def test_costs(streaming: bool, ending: Ending, cost: int, source: CostSource) -> None:
    bench = Bench({"google": FakeProvider(answering("Hello", ending=ending))}, make_rules(feasibility.plugin))
    request = make_request(hints=Hints(input_tokens=50))
    completion = await (bench.stream(RecordingSink(), request=request) if streaming else bench.unary(request=request))
    (attempt,) = completion.attempts
    assert (attempt.cost_nano_usd, attempt.cost_source) == (cost, source)
    assert attempt.usage.estimated == (source is CostSource.ESTIMATE)
    assert (completion.cost.answer, completion.cost.overhead) == (cost, 0)


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (down("HTTP 500"), False),
        (ProviderError(Reason.ALL_PROVIDERS_DOWN, "refused", sent=False), False),
        (ProviderError(Reason.ALL_PROVIDERS_DOWN, "silence"), True),
        (ProviderError(Reason.PROVIDER_PROTOCOL_ERROR, "not JSON", status=200), True),
    ],
    ids=["status", "not sent", "silence", "garbage"],
)
async def test_what_a_failed_attempt_cost(error: ProviderError, charged: bool) -> None:
    completion = await Bench(failing(error)).unary()
    failed, served = completion.attempts
    assert failed.cost_source is (CostSource.ESTIMATE if charged else CostSource.NONE)
    assert (failed.cost_nano_usd > 0) == charged
    assert completion.cost.overhead == failed.cost_nano_usd
    assert completion.cost.answer == served.cost_nano_usd


async def test_what_an_attempt_reports_of_its_provider() -> None:
    ending = Ending(reason=FinishReason.STOP, served_model="flash-002", upstream_request_id="req-9")
    completion = await Bench({"google": FakeProvider(answering("Hi", ending=ending))}).unary()
    (attempt,) = completion.attempts
    assert (attempt.provider, attempt.upstream, attempt.served_model) == ("google", "flash-upstream", "flash-002")
    assert (attempt.upstream_request_id, attempt.upstream_status) == ("req-9", 200)
    assert attempt.outcome is AttemptOutcome.SERVED


async def test_every_attempt_teaches_the_store() -> None:
    bench = Bench(failing(down()))
    await bench.stream(RecordingSink(), request=make_request("word " * 400))
    state = await bench.store.read()
    assert set(state.latencies) == {"mini"}
    assert state.token_ratios["mini"] < 1


async def test_token_ratios_settle_at_the_truth() -> None:
    request = make_request("word " * 400)
    twice = Ending(reason=FinishReason.STOP, usage=Usage(2 * request.facts.input_tokens, 10))
    bench = Bench({"google": FakeProvider(answering("Hello", ending=twice))})
    for _ in range(300):
        await bench.unary(request=request)
    state = await bench.store.read()
    assert state.token_ratios["flash"] == pytest.approx(2.0, rel=0.01)
