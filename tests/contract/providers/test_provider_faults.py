from __future__ import annotations

import asyncio
import socket

import pytest
from tests.contract.providers.conftest import KEY, LIMITS, World, calling

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Delta
from pointsman.ports import Limits, Provider, ProviderCall
from pointsman.sim import FAULTS

pytestmark = pytest.mark.anyio

DOWN = (Reason.ALL_PROVIDERS_DOWN, True)
GARBAGE = (Reason.PROVIDER_PROTOCOL_ERROR, True)
DEADLINE = (Reason.DEADLINE_EXCEEDED, False)

EXPECTED = {
    "http-500": DOWN,
    "http-503": DOWN,
    "http-401": (Reason.PROVIDER_AUTH_FAILED, True),
    "http-400": (Reason.PROVIDER_REFUSED, False),
    "http-422": (Reason.PROVIDER_REFUSED, False),
    "http-status=529": DOWN,
    "http-429": (Reason.PROVIDER_RATE_LIMITED, True),
    "http-429-date": (Reason.PROVIDER_RATE_LIMITED, True),
    "content-filter": (Reason.CONTENT_BLOCKED, False),
    "context-length": (Reason.CONTEXT_TOO_LONG, True),
    "html-200": GARBAGE,
    "hang-accept": DOWN,
    "headers-then-silence": DOWN,
    "close-after-headers": DOWN,
    "pings-forever=0.1": DEADLINE,
    "role-forever=0.1": DEADLINE,
    "stall-after-20": DOWN,
    "reset-mid-stream": DOWN,
    "eof-mid-stream": DOWN,
    "error-event-first": DOWN,
    "error-event-mid": DOWN,
    "malformed-line": GARBAGE,
    "malformed-line-first": GARBAGE,
    "short-body=1000": DOWN,
    "huge-line=2": GARBAGE,
    "drip": DEADLINE,
    "slow=5": DOWN,
}
# Half of a JSON object with a proper end looks like broken JSON.
OF_BODIES = {"eof-mid-stream": GARBAGE}
GOOD = {"empty-length", "no-usage", "tool-calls-parallel", "runs-on", "split-every-byte"}
AFTER_OUTPUT = {
    "stall-after-20",
    "reset-mid-stream",
    "eof-mid-stream",
    "error-event-mid",
    "malformed-line",
    "short-body",
}
# Nothing but time ends these, so they are waited for together; each has one limit that it meets.
SHORT = Limits(connect=20, headers=0.4, idle=0.4, total=40)
SILENT = {
    "hang-accept": SHORT,
    "headers-then-silence": SHORT,
    "slow=5": SHORT,
    "stall-after-20": Limits(connect=20, headers=20, idle=0.6, total=40),
    **dict.fromkeys(
        (fault for fault, told in EXPECTED.items() if told is DEADLINE),
        Limits(connect=20, headers=20, idle=20, total=0.8),
    ),
}
PROMPT = [fault for fault in EXPECTED if fault not in SILENT]


def limits(fault: str) -> Limits:
    return SILENT.get(fault, LIMITS)


def expected(fault: str, *, stream: bool) -> tuple[Reason, bool]:
    return EXPECTED[fault] if stream else OF_BODIES.get(fault, EXPECTED[fault])


async def failure(provider: Provider, call: ProviderCall, *, stream: bool) -> tuple[list[Delta], ProviderError]:
    """The deltas before the error that a call ends with, and the error."""
    deltas: list[Delta] = []
    try:
        if stream:
            async with provider.stream(call) as answer:
                while some := await answer.read():
                    deltas += some
        else:
            await provider.complete(call)
    except ProviderError as error:
        return deltas, checked(error)
    pytest.fail("no error")


def checked(error: ProviderError) -> ProviderError:
    assert KEY not in f"{error!r} {error} {error.__cause__!r}"
    assert "tides" not in str(error)
    return error


def test_every_fault_has_its_reason() -> None:
    assert {fault.partition("=")[0] for fault in EXPECTED} | GOOD == FAULTS.keys()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", PROMPT)
async def test_every_fault_is_a_provider_error_of_its_reason(world: World, fault: str, stream: bool) -> None:
    await check_fails(world, fault, stream=stream)
    await world.last()
    assert (await world.active()).count == 0
    await world.provider().complete(calling())


async def test_every_silence_is_a_provider_error_of_its_reason(world: World) -> None:
    asked = [(fault, stream) for fault in SILENT for stream in (False, True)]
    await asyncio.gather(*(check_fails(world, fault, stream=stream) for fault, stream in asked))
    for _ in asked:
        await world.last()
    assert (await world.active()).count == 0
    await world.provider().complete(calling())


async def check_fails(world: World, fault: str, *, stream: bool) -> None:
    deltas, error = await failure(world.provider(), calling(f"m:fault-{fault}", limits=limits(fault)), stream=stream)
    assert (error.reason, error.retryable) == expected(fault, stream=stream), fault
    assert error.sent, fault
    assert bool(deltas) == (stream and fault.partition("=")[0] in AFTER_OUTPUT), fault


@pytest.mark.parametrize("fault", ["http-429=7", "http-429-date=7"])
async def test_when_to_come_back(world: World, fault: str) -> None:
    for stream in (False, True):
        _, error = await failure(world.provider(), calling(f"m:fault-{fault}"), stream=stream)
        assert error.retry_after is not None
        assert 6 <= error.retry_after <= 8
        assert error.status == 429
        assert error.upstream_request_id.startswith("req_sim_")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_bad_key_is_not_shown(world: World, stream: bool) -> None:
    _, error = await failure(world.provider(api_key="bad-key"), calling(), stream=stream)
    assert error.reason is Reason.PROVIDER_AUTH_FAILED
    assert error.message == f"openai answered {400 if world.wire == 'gemini' else 401} (invalid_api_key)"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_unknown_model_may_be_known_elsewhere(world: World, stream: bool) -> None:
    _, error = await failure(world.provider(), calling("no-such-model"), stream=stream)
    assert (error.reason, error.retryable) == (Reason.PROVIDER_REFUSED, True)


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_there(world: World, stream: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        world.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    _, error = await failure(world.provider(), calling(), stream=stream)
    assert (error.reason, error.retryable, error.sent, error.status) == (*DOWN, False, 0)


async def test_many_faults_at_once_leave_nothing_behind(world: World) -> None:
    faults = [fault for fault in EXPECTED for _ in range(4)]
    found = await asyncio.gather(
        *(
            failure(world.provider(), calling(f"m:fault-{fault}", limits=limits(fault)), stream=bool(at % 2))
            for at, fault in enumerate(faults)
        )
    )
    assert [(error.reason, error.retryable) for _, error in found] == [
        expected(fault, stream=bool(at % 2)) for at, fault in enumerate(faults)
    ]
    for _ in faults:
        await world.last()
    assert (await world.active()).count == 0


async def test_a_probe_finds_who_is_there(world: World) -> None:
    await world.provider().probe(LIMITS)
    assert world.ended.empty()


@pytest.mark.parametrize("fault", ["http-500", "http-429", "hang-accept", "headers-then-silence"])
async def test_a_probe_finds_who_is_not(world: World, fault: str) -> None:
    await world.fail({"openai": fault})
    with pytest.raises(ProviderError) as caught:
        await world.provider().probe(SHORT if fault in SILENT else LIMITS)
    assert caught.value.reason in (Reason.ALL_PROVIDERS_DOWN, Reason.PROVIDER_RATE_LIMITED)


async def test_a_probe_finds_a_key_that_is_refused(world: World) -> None:
    with pytest.raises(ProviderError) as caught:
        await world.provider(api_key="bad-key").probe(LIMITS)
    assert (caught.value.reason, caught.value.provider_wide) == (Reason.PROVIDER_AUTH_FAILED, True)
    assert "bad-key" not in str(caught.value)


async def test_a_probe_that_finds_nobody(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        world.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with pytest.raises(ProviderError):
        await world.provider().probe(LIMITS)


@pytest.mark.parametrize(
    ("fault", "wide"), [("http-401", True), ("http-429", False), ("http-500", False), ("http-400", False)]
)
async def test_what_concerns_all_models_of_a_provider(world: World, fault: str, wide: bool) -> None:
    _, error = await failure(world.provider(), calling(f"m:fault-{fault}"), stream=False)
    assert error.provider_wide == wide
