from __future__ import annotations

from time import monotonic

import pytest
from tests.contract.stores.clocks import HeldClock

from pointsman.doors.limits import KEPT_ANSWER_BYTES
from pointsman.doors.once import KEPT_SECONDS, Asked, Once
from pointsman.errors import Reason, RequestError
from pointsman.rpc.repeats import Tape, asked_of, unary
from pointsman.stores.memory import MemoryStore
from pointsman.v1 import router_service_pb2 as wire


def request(text: str = "hello", request_id: str = "r-1") -> wire.CompleteUnaryRequest:
    asked = wire.CompleteUnaryRequest(request_id=request_id)
    asked.input.messages.add().parts.add(text=text)
    asked.hints.labels.update({"project": "apollo", "feature": "search"})
    return asked


def asked(tenant: str = "default", session: str = "", text: str = "hello", request_id: str = "r-1") -> Asked:
    return asked_of(request(text, request_id), tenant, session, monotonic() + 60)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def once(clock: HeldClock) -> Once:
    return Once(MemoryStore(clock))


async def refusal(once: Once, asked: Asked) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await once.claim(asked)
    return caught.value


async def test_one_runs_and_the_others_wait(once: Once) -> None:
    assert await once.claim(asked()) is None
    assert (await refusal(once, asked())).reason is Reason.REQUEST_IN_PROGRESS


async def test_an_answer_is_given_again_for_ten_minutes(once: Once, clock: HeldClock) -> None:
    await once.claim(asked())
    await once.keep(asked(), "d-1", (b"1", b"2"))
    clock.seconds += KEPT_SECONDS - 1
    kept = await once.claim(asked())
    assert kept
    assert (kept.decision_id, kept.messages) == ("d-1", (b"1", b"2"))
    clock.seconds += 1
    assert await once.claim(asked()) is None


@pytest.mark.parametrize("other", [asked(text="goodbye"), asked(session="s-1")])
async def test_another_payload_is_refused(once: Once, other: Asked) -> None:
    await once.claim(asked())
    assert (await refusal(once, other)).reason is Reason.REQUEST_ID_REUSED
    await once.keep(asked(), "d-1", (b"1",))
    assert (await refusal(once, other)).reason is Reason.REQUEST_ID_REUSED


async def test_ids_are_a_tenants_and_a_methods_own(once: Once) -> None:
    route = wire.RouteRequest(request_id="r-1")
    others = (asked("acme"), asked(request_id="r-2"), asked_of(route, "default", "", monotonic()))
    assert [await once.claim(each) for each in (asked(), *others)] == [None] * 4


async def test_what_came_to_nothing_may_run_again(once: Once) -> None:
    await once.claim(asked())
    once.release(asked())
    await once.settle()
    assert await once.claim(asked()) is None


async def test_a_claim_of_a_process_that_died_ends(once: Once, clock: HeldClock) -> None:
    await once.claim(asked())
    clock.seconds += 91
    assert await once.claim(asked()) is None


async def test_too_large_an_answer_is_not_kept_and_said_so(once: Once) -> None:
    await once.claim(asked())
    await once.keep(asked(), "d-1", (b"x" * KEPT_ANSWER_BYTES, b"x"))
    error = await refusal(once, asked())
    assert (error.reason, error.metadata) == (Reason.FEATURE_DISABLED, {"decision_id": "d-1"})


async def test_the_order_of_labels_is_no_difference() -> None:
    shuffled = request()
    shuffled.hints.ClearField("labels")
    shuffled.hints.labels.update({"feature": "search", "project": "apollo"})
    assert asked_of(shuffled, "default", "", 0.0).payload == asked().payload


async def test_failures_are_not_kept(once: Once) -> None:
    async def fail() -> wire.RouteResponse:
        raise RequestError(Reason.OVERLOADED, "too much")

    async def answer() -> wire.RouteResponse:
        response = wire.RouteResponse()
        response.decision.decision_id = "d-1"
        return response

    with pytest.raises(RequestError):
        await unary(once, asked(), wire.RouteResponse, fail)
    await once.settle()
    first, again = await unary(once, asked(), wire.RouteResponse, answer)
    assert not again
    assert await unary(once, asked(), wire.RouteResponse, fail) == (first, True)


def event(**member: object) -> wire.CompleteResponse:
    return wire.CompleteResponse(seq=7, generation=2, **member)  # type: ignore[arg-type]  # one member of the oneof


async def test_a_tape_holds_the_last_generation(once: Once) -> None:
    await once.claim(asked())
    tape = Tape(once, asked())
    decision = event(decision={"decision_id": "d-1"})
    last = [event(usage={}), event(finish={})]
    for message in (
        decision,
        event(notice={}),
        event(text_delta={"text": "no"}),
        event(reset={}),
        event(text_delta={"text": "yes"}),
        event(heartbeat={}),
    ):
        tape.add(message)
    await tape.keep(last)
    kept = await once.claim(asked())
    assert kept
    told = [wire.CompleteResponse.FromString(message) for message in kept.messages]
    assert told == [decision, event(text_delta={"text": "yes"}), *last]
    assert tape.kept


async def test_a_tape_holds_no_more_than_can_be_kept(once: Once) -> None:
    await once.claim(asked())
    tape = Tape(once, asked())
    tape.add(event(decision={"decision_id": "d-1"}))
    for _ in range(40):
        tape.add(event(text_delta={"text": "x" * 60_000}))
    await tape.keep([event(finish={})])
    assert (await refusal(once, asked())).reason is Reason.FEATURE_DISABLED


class Failing(MemoryStore):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        if ttl == KEPT_SECONDS:
            raise OSError
        await super().put(key, value, ttl)


async def test_a_store_that_fails_costs_no_answer(clock: HeldClock, caplog: pytest.LogCaptureFixture) -> None:
    once = Once(Failing(clock))

    async def answer() -> wire.RouteResponse:
        return wire.RouteResponse()

    assert await unary(once, asked(), wire.RouteResponse, answer) == (wire.RouteResponse(), False)
    assert "cannot be kept" in caplog.text
