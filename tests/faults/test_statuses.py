"""Every status a provider may answer with: who is asked next, and what the caller is told when nobody is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire, row
from tests.faults.world import World

from pointsman.model.attempt import CostSource

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Then:
    """What follows. `again`: the same model is asked once more; `another`: one at another provider is."""

    code: StatusCode
    reason: str
    again: bool = False
    another: bool = True


DOWN = Then(StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN", again=True)
LIMITED = Then(StatusCode.RESOURCE_EXHAUSTED, "PROVIDER_RATE_LIMITED")
# Asked twice, it has failed twice, and one limit is told as it is only where it is all that happened.
LIMITED_TWICE = Then(StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN", again=True)
KEY = Then(StatusCode.INTERNAL, "PROVIDER_AUTH_FAILED")
REFUSED = Then(StatusCode.FAILED_PRECONDITION, "PROVIDER_REFUSED", another=False)
ELSEWHERE = Then(StatusCode.FAILED_PRECONDITION, "PROVIDER_REFUSED")
GARBAGE = Then(StatusCode.INTERNAL, "PROVIDER_PROTOCOL_ERROR")

STATUSES: Mapping[int, Then] = {
    204: GARBAGE,
    301: GARBAGE,
    304: GARBAGE,
    400: REFUSED,
    401: KEY,
    402: LIMITED,
    403: KEY,
    404: ELSEWHERE,
    405: ELSEWHERE,
    406: ELSEWHERE,
    408: DOWN,
    409: DOWN,
    410: ELSEWHERE,
    413: Then(StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE"),
    418: ELSEWHERE,
    422: REFUSED,
    425: DOWN,
    429: LIMITED_TWICE,
    451: ELSEWHERE,
    498: DOWN,
    499: ELSEWHERE,
    500: DOWN,
    501: DOWN,
    502: DOWN,
    503: DOWN,
    504: DOWN,
    520: DOWN,
    529: DOWN,
    599: DOWN,
}


@pytest.fixture
def text(wire: str) -> str:
    """A model for each status, and a task for each that may fall back; retries of all of them are allowed."""
    models = "".join(row(f"s{status}", "first", f"fault-http-status={status}") for status in STATUSES)
    tasks = "".join(f"  s{status}: {{route: [s{status}, standby], select: priority}}\n" for status in STATUSES)
    whole = document(wire=wire, models=models, fallback=True, failover="retries: 1, retry_budget: 100%")
    return whole.replace("tasks:\n", f"tasks:\n{tasks}")


@every_wire
async def test_alone(start: Start, text: str) -> None:
    world = await start(text)
    asked = [world.caller.ask_both(Question(model=f"s{status}")) for status in STATUSES]
    for status, pair in zip(STATUSES, await asyncio.gather(*asked), strict=True):
        for reply in pair:
            check_told(reply, status)
    check_attempts(world, again=True)
    await world.check_afterwards()


@every_wire
async def test_with_a_fallback(start: Start, text: str) -> None:
    world = await start(text)
    asked = [world.caller.ask_both(Question(task=f"s{status}")) for status in STATUSES]
    for status, pair in zip(STATUSES, await asyncio.gather(*asked), strict=True):
        for reply in pair:
            if STATUSES[status].another:
                assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "standby"), status
            else:
                check_told(reply, status)
    check_attempts(world, again=False)
    await world.check_afterwards()


def check_told(reply: Reply, status: int) -> None:
    then = STATUSES[status]
    assert (reply.code, reply.reason) == (then.code, then.reason), status
    assert {attempt.upstream_status for attempt in reply.failure.attempts} == {status}
    assert (reply.retry_delay is None) == (then not in (DOWN, LIMITED, LIMITED_TWICE)), status


def check_attempts(world: World, *, again: bool) -> None:
    """Streamed and whole, each asked it once, or twice where nobody else was left; an error status is not charged."""
    attempts = [attempt for record in world.records() for attempt in record.attempts if attempt.provider == "first"]
    made = Counter(attempt.target for attempt in attempts)
    assert made == {f"s{status}": 4 if again and then.again else 2 for status, then in STATUSES.items()}
    refused = [attempt for attempt in attempts if attempt.upstream_status >= 400]
    assert {attempt.cost_source for attempt in refused} == {CostSource.NONE}
