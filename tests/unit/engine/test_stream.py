"""Streams that break off: never two models spliced, and nothing taken back that the caller cannot drop."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench, broken, down, failure, refusing, rows
from tests.unit.engine.policies import Admits, entry

from pointsman.engine.stream import assemble, without_reasoning
from pointsman.errors import Reason
from pointsman.model.answer import Delta, Ending, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.attempt import CostSource
from pointsman.model.catalogue import PriceStep
from pointsman.model.decision import Cause
from pointsman.model.request import Hints, Params, ProviderState, Reasoning, Request, Text, ToolCall
from pointsman.services import Denial
from pointsman.testing import FakeProvider, Hold, RecordingSink, answering, make_catalogue, make_request, make_rules
from pointsman_policies import feasibility, limits

BROKEN = FakeProvider(answering("Hel", broken()))


async def test_a_broken_stream_is_aborted() -> None:
    bench, sink = Bench({"google": BROKEN}), RecordingSink()
    completion = await bench.stream(sink)
    error = failure(completion)
    assert (error.reason, error.metadata) == (Reason.STREAM_INTERRUPTED, {"output_started": "true"})
    assert error.message == "the answer of flash broke off: connection reset"
    assert (sink.generations, sink.resets) == ([[TextDelta(0, "Hel")]], [])
    assert rows(completion) == [("flash", "failed")]
    assert completion.output_started


async def test_its_partial_usage_is_charged() -> None:
    script = answering("Hello there", broken())
    (attempt,) = (await Bench({"google": FakeProvider(script)}).stream(RecordingSink())).attempts
    assert (attempt.cost_source, attempt.usage.output_tokens, attempt.usage.estimated) == (CostSource.ESTIMATE, 3, True)


async def test_a_caller_that_can_drop_output_gets_a_new_answer() -> None:
    bench, sink = Bench({"google": BROKEN}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    assert [(number, planned.target) for number, planned in sink.resets] == [(2, "mini")]
    assert sink.generations == [[TextDelta(0, "Hel")], [TextDelta(0, "Hello")]]
    assert sink.events == ["decided", "started", "deltas", "failed", "reset", "started", "deltas"]


async def test_each_restart_is_a_generation() -> None:
    bench, sink = Bench({"google": BROKEN, "openai": BROKEN}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert rows(completion) == [("flash", "failed"), ("mini", "failed"), ("medium", "failed"), ("sonnet", "served")]
    assert [number for number, _ in sink.resets] == [2, 3, 4]
    assert (len(sink.generations), sink.text) == (4, "Hello")


async def test_what_no_other_target_could_do_better_is_not_restarted() -> None:
    bench, sink = Bench({"google": FakeProvider(answering("Hel", refusing()))}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert (failure(completion).reason, sink.resets) == (Reason.STREAM_INTERRUPTED, [])


async def test_with_nothing_left_to_try_there_is_no_reset() -> None:
    bench, sink = Bench({"google": BROKEN}, make_rules(max_attempts=1)), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert (failure(completion).reason, sink.resets) == (Reason.STREAM_INTERRUPTED, [])


async def test_with_no_money_left_for_another_there_is_no_reset() -> None:
    bench, sink = Bench({"google": BROKEN}, make_rules(limits.plugin, feasibility.plugin)), RecordingSink()
    # "Hel" cost 2,500 nano-USD, and mini could cost 4,500,000 for the output alone.
    hints = Hints(max_cost_nano_usd=4_502_499, input_tokens=0)
    request = make_request(hints=hints, params=Params(max_output_tokens=1000))
    completion = await bench.stream(sink, bench.terms(restart=True), request)
    assert (failure(completion).reason, sink.resets) == (Reason.STREAM_INTERRUPTED, [])


FIFTY = "x" * 150
"""As many tokens, as characters are counted where a model ignores its limit."""


def paid(nano_usd: int) -> Request:
    """At most so much is paid, for 100 output tokens at most: 250,000 at flash, 450,000 at mini."""
    return make_request(hints=Hints(max_cost_nano_usd=nano_usd, input_tokens=0), params=Params(max_output_tokens=100))


def minding_costs(*providers: FakeProvider) -> Bench:
    rules = make_rules(limits.plugin, feasibility.plugin)
    return Bench(dict(zip(("google", "openai"), providers, strict=False)), rules)


async def test_a_model_that_ignores_its_limit_is_stopped() -> None:
    # It never ends, and what it says of its usage on the way is not what it comes to.
    early = Ending(reason=FinishReason.OTHER, usage=Usage(1000, 1))
    bench, sink = minding_costs(FakeProvider(answering(early, *[FIFTY] * 3, Hold()))), RecordingSink()
    completion = await bench.stream(sink, request=paid(250_000))
    assert completion.served is not None
    assert completion.served.ending.reason is FinishReason.COST_LIMIT
    assert sink.text == FIFTY * 3
    assert rows(completion) == [("flash", "served")]
    (attempt,) = completion.attempts
    assert (attempt.cost_source, attempt.usage.estimated) == (CostSource.ESTIMATE, True)
    assert attempt.usage.output_tokens > 1
    assert bench.providers["google"].open_streams == 0
    (record,) = bench.ledger.records
    assert (record.status, record.finish) == ("OK", FinishReason.COST_LIMIT)


async def test_what_a_long_request_may_say_is_reckoned_at_its_own_price() -> None:
    catalogue = make_catalogue()
    flash = catalogue.models["flash"]
    dear = PriceStep(100, replace(flash.price, output=2 * flash.price.output))
    long = replace(flash, price=replace(flash.price, above=(dear,)))
    rules = make_rules(
        limits.plugin, feasibility.plugin, catalogue=replace(catalogue, models={**catalogue.models, "flash": long})
    )
    bench, sink = Bench({"google": FakeProvider(answering(*[FIFTY] * 5, Hold()))}, rules), RecordingSink()
    limit = 101 * flash.price.input // 10**6 + 2 * 250_000
    hints = Hints(max_cost_nano_usd=limit, input_tokens=101, exclude_providers=("openai",))
    completion = await bench.stream(sink, request=make_request(hints=hints, params=Params(max_output_tokens=100)))
    assert rows(completion) == [("flash", "served")]
    assert sink.text == FIFTY * 3


async def test_an_answer_that_is_just_paid_for_is_whole() -> None:
    bench, sink = minding_costs(FakeProvider(answering(*[FIFTY] * 2))), RecordingSink()
    completion = await bench.stream(sink, request=paid(250_000))
    assert completion.served is not None
    assert completion.served.ending.reason is FinishReason.STOP
    assert sink.text == FIFTY * 2


async def test_what_another_attempt_cost_is_no_longer_there_to_spend() -> None:
    broken_off, endless = answering(FIFTY, broken()), answering(*["y" * 3] * 200, Hold())
    bench, sink = minding_costs(FakeProvider(broken_off), FakeProvider(endless)), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True), paid(600_000))
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    left = 600_000 - completion.attempts[0].cost_nano_usd
    assert sink.text == "y" * 3 * (left // 4500 + 1)


async def test_the_reset_names_whoever_really_answers() -> None:
    rules = make_rules(entry(Admits({"mini": Denial(Cause.POLICY, "too many at once")}), "door"))
    bench, sink = Bench({"google": BROKEN}, rules), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert rows(completion) == [("flash", "failed"), ("medium", "served")]
    assert [(number, planned.target) for number, planned in sink.resets] == [(2, "medium")]


async def test_when_every_restart_fails_the_stream_was_interrupted() -> None:
    dead = FakeProvider(answering(down()))
    bench, sink = Bench({"google": BROKEN, "openai": dead, "anthropic": dead}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(restart=True))
    assert len(completion.attempts) == 4
    # UNAVAILABLE is retried blindly by common middleware, even after good messages.
    assert failure(completion).reason is Reason.STREAM_INTERRUPTED


THINKING = answering(
    ReasoningDelta(0, "Hm."),
    TextDelta(1, "Hel"),
    ReasoningDelta(2, "Hm?"),
    TextDelta(1, "lo"),
    ToolCallDelta(3, "call-1", "lookup", "{}"),
)


async def test_withheld_reasoning_leaves_no_gaps() -> None:
    bench, sink = Bench({"google": FakeProvider(THINKING)}), RecordingSink()
    await bench.stream(sink)
    assert [delta.part for delta in sink.generations[0]] == [0, 0, 1]
    assert sink.parts == (Text("Hello"), ToolCall("call-1", "lookup", "{}"))


async def test_wanted_reasoning_is_passed_on_as_it_came() -> None:
    bench, sink = Bench({"google": FakeProvider(THINKING)}), RecordingSink()
    await bench.stream(sink, bench.terms(include_reasoning=True))
    assert [delta.part for delta in sink.generations[0]] == [0, 1, 2, 1, 3]
    assert sink.parts == (Reasoning("Hm."), Text("Hello"), Reasoning("Hm?"), ToolCall("call-1", "lookup", "{}"))


async def test_withheld_reasoning_does_not_commit() -> None:
    bench, sink = Bench({"google": FakeProvider(answering(ReasoningDelta(0, "Hm."), broken()))}), RecordingSink()
    assert rows(await bench.stream(sink)) == [("flash", "failed"), ("mini", "served")]
    assert sink.generations == [[TextDelta(0, "Hello")]]


async def test_reasoning_that_was_passed_on_commits() -> None:
    bench, sink = Bench({"google": FakeProvider(answering(ReasoningDelta(0, "Hm."), broken()))}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(include_reasoning=True))
    assert failure(completion).reason is Reason.STREAM_INTERRUPTED


@pytest.mark.parametrize("include", [True, False])
async def test_withheld_reasoning_is_charged_all_the_same(include: bool) -> None:
    script = answering(ReasoningDelta(0, "four by four by four"), "Hi", ending=Ending(reason=FinishReason.STOP))
    bench = Bench({"google": FakeProvider(script)})
    (attempt,) = (await bench.stream(RecordingSink(), bench.terms(include_reasoning=include))).attempts
    assert attempt.usage.output_tokens == 6
    assert attempt.usage.estimated


@pytest.mark.parametrize("used", [None, Usage(20, 300)])
async def test_withheld_reasoning_alone_is_an_empty_answer(used: Usage | None) -> None:
    ending = Ending(reason=FinishReason.MAX_TOKENS, usage=used)
    bench, sink = Bench({"google": FakeProvider(answering(ReasoningDelta(0, "Hm."), ending=ending))}), RecordingSink()
    assert rows(await bench.stream(sink)) == [("flash", "failed"), ("mini", "served")]
    assert sink.text == "Hello"


SIGNED, SEALED = ProviderState("google", b"signed"), ProviderState("google", b"\0sealed")
STATEFUL = answering(
    ReasoningDelta(0, "Hm."),
    ReasoningDelta(0, "", SIGNED),
    ReasoningDelta(1, "", SEALED),
    "",
    TextDelta(2, "Hel"),
    TextDelta(2, "lo"),
    ToolCallDelta(3, "call-1", "lookup", "", SIGNED),
    TextDelta(2, "", SEALED),
)


async def test_state_is_passed_on_without_the_reasoning_it_belongs_to() -> None:
    bench, sink = Bench({"google": FakeProvider(STATEFUL)}), RecordingSink()
    await bench.stream(sink)
    assert sink.parts == (
        Reasoning("", SIGNED),
        Reasoning("", SEALED),
        Text("Hello", SEALED),
        ToolCall("call-1", "lookup", "", SIGNED),
    )


async def test_state_is_passed_on_with_reasoning() -> None:
    bench, sink = Bench({"google": FakeProvider(STATEFUL)}), RecordingSink()
    await bench.stream(sink, bench.terms(include_reasoning=True))
    assert sink.parts[:2] == (Reasoning("Hm.", SIGNED), Reasoning("", SEALED))


@pytest.mark.parametrize("include", [True, False])
async def test_state_alone_does_not_commit(include: bool) -> None:
    script = answering(ReasoningDelta(0, "", SEALED), TextDelta(1, "", SIGNED), broken())
    bench, sink = Bench({"google": FakeProvider(script)}), RecordingSink()
    assert rows(await bench.stream(sink, bench.terms(include_reasoning=include))) == [
        ("flash", "failed"),
        ("mini", "served"),
    ]
    assert sink.generations == [[TextDelta(0, "Hello")]]


def test_of_reasoning_that_is_not_wanted_its_state_is_left() -> None:
    parts = (Reasoning("Hm.", SIGNED), Reasoning("Hm?"), Text("Hello"))
    assert without_reasoning(parts) == (Reasoning("", SIGNED), Text("Hello"))


def test_parts_of_interleaved_deltas() -> None:
    deltas: list[Delta] = [
        ToolCallDelta(1, "b", "second", "{"),
        TextDelta(0, "Hel"),
        ToolCallDelta(1, "", "", "}"),
        TextDelta(0, "lo"),
        ReasoningDelta(2, "Hm."),
    ]
    assert assemble(deltas, reasoning=False) == (Text("Hello"), ToolCall("b", "second", "{}"))
    assert assemble(deltas, reasoning=True)[2] == Reasoning("Hm.")
    assert assemble([], reasoning=True) == ()
