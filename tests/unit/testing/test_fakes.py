from __future__ import annotations

import asyncio

import pytest

from pointsman.engine.exchange import Sink
from pointsman.errors import AskFailed, ProviderError, Reason
from pointsman.model.answer import Ending, FinishReason, TextDelta
from pointsman.model.request import Text
from pointsman.ports import Clock, Ledger, Limits, Provider, ProviderCall
from pointsman.services import Ask
from pointsman.stores.memory import MemoryStore
from pointsman.testing import (
    ACCEPTED,
    Asked,
    FakeAsk,
    FakeClock,
    FakeLedger,
    FakeProvider,
    Hold,
    RecordingSink,
    answering,
    fake_provider,
    make_catalogue,
    make_request,
    make_rules,
    make_services,
    shaped_targets,
)

# What a type checker proves of the fakes.
ASK: Ask = FakeAsk()
CLOCK: Clock = FakeClock()
PROVIDER: Provider = FakeProvider()
LEDGER: Ledger = FakeLedger()


def call() -> ProviderCall:
    shaped = shaped_targets(make_request(), make_rules())["mini"]
    return ProviderCall(make_catalogue().models["mini"], make_request(), shaped, Limits())


async def test_a_sink() -> None:
    sink: Sink = RecordingSink()
    await sink.deltas([TextDelta(0, "Hi")])
    assert isinstance(sink, RecordingSink)
    await sink.output_started()
    assert sink.text == "Hi"


def test_a_clock() -> None:
    clock = FakeClock(now=100)
    before = clock.monotonic()
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic() - before) == (102.5, 2.5)


async def test_scripts_are_performed_in_turn_and_the_last_again() -> None:
    error = ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 500")
    provider = FakeProvider(answering(error), answering("Hel", "lo"))
    with pytest.raises(ProviderError):
        await provider.complete(call())
    assert (await provider.complete(call())).parts == (Text("Hello"),)
    assert (await provider.complete(call())).parts == (Text("Hello"),)
    assert len(provider.calls) == 3


@pytest.mark.parametrize("accepted", [True, False])
async def test_where_a_stream_fails(accepted: bool) -> None:
    error = ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 500")
    provider = FakeProvider(answering(*([ACCEPTED] if accepted else []), error))
    seen: list[int] = []

    async def read() -> None:
        async with provider.stream(call()) as stream:
            seen.append(provider.open_streams)
            await stream.read()

    with pytest.raises(ProviderError):
        await read()
    assert (seen, provider.open_streams) == ([1] if accepted else [], 0)


async def test_what_is_known_of_a_stream_so_far() -> None:
    ending = Ending(reason=FinishReason.STOP, upstream_request_id="req-1", cost_nano_usd=7)
    async with FakeProvider(answering("a", "b", ending=ending)).stream(call()) as stream:
        assert await stream.read() == (TextDelta(0, "a"),)
        assert (stream.ending.reason, stream.ending.cost_nano_usd) == (FinishReason.OTHER, None)
        assert await stream.read() == (TextDelta(0, "b"),)
        assert await stream.read() == ()
        assert stream.ending is ending


async def test_a_hold_holds_until_it_is_released() -> None:
    hold = Hold()
    task = asyncio.create_task(FakeProvider(answering("Hi", hold)).complete(call()))
    await hold.reached()
    assert not task.done()
    hold.release()
    assert (await task).parts == (Text("Hi"),)


async def test_a_ledger_keeps_the_first_of_each_configuration() -> None:
    ledger = FakeLedger()
    await ledger.add_config("v1", "models: {}")
    await ledger.add_config("v1", "other")
    assert ledger.configs == {"v1": "models: {}"}


async def test_a_provider_of_texts_and_errors() -> None:
    down = ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 500")
    provider = fake_provider(down, "Hello")
    with pytest.raises(ProviderError):
        await provider.complete(call())
    assert (await provider.complete(call())).parts == (Text("Hello"),)


async def test_models_answer_by_script_and_questions_are_kept() -> None:
    ask = FakeAsk("spam", AskFailed("mini", "it is not enabled"))
    services = make_services("mine", ask=ask)
    answer = await services.ask("mini", make_request("Is it?"), max_cost_nano_usd=5)
    assert answer.parts == (Text("spam"),)
    with pytest.raises(AskFailed, match="not enabled"):
        await services.ask("mini", make_request())
    assert ask.asked[0] == Asked("mini", make_request("Is it?"), 5)


async def test_without_a_script_no_model_answers() -> None:
    with pytest.raises(AskFailed, match="nobody answers here"):
        await make_services().ask("mini", make_request())


async def test_a_model_that_hangs() -> None:
    hold = Hold()
    asking = asyncio.create_task(FakeAsk(hold)("mini", make_request()))
    await hold.reached()
    hold.release()
    assert (await asking).parts == (Text(""),)


async def test_services_share_a_store_where_it_is_given() -> None:
    store = MemoryStore(FakeClock())
    await make_services("mine", store=store).store.put("seen", b"1", 60)
    assert await make_services("mine", store=store).store.get("seen") == b"1"
    assert await make_services("other", store=store).store.get("seen") is None
