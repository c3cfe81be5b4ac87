"""What a caller reports of money, when that is absurd: nobody else's records wait for it."""

from __future__ import annotations

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document

from pointsman.v1 import feedback_service_pb2 as feedback
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

pytestmark = pytest.mark.anyio


async def test_absurd_costs_are_refused_and_stop_no_ledger(start: Start) -> None:
    """Two of them were more than the database can add up: it took nothing more, and the spool never emptied."""
    world = await start(document())
    asked = wire.RouteRequest()
    asked.input.messages.add(role="ROLE_USER").parts.add(text="hello")
    routed = await RouterServiceStub(world.caller.channel).Route(asked)
    report = FeedbackServiceStub(world.caller.channel).ReportOutcome
    for attempt in (1, 2):
        outcome = feedback.ReportOutcomeRequest(decision_id=routed.decision.decision_id, attempt=attempt)
        outcome.cost_nano_usd = 2**63 - 1
        with pytest.raises(AioRpcError) as refused:
            await report(outcome, timeout=10)
        assert refused.value.code() is StatusCode.INVALID_ARGUMENT
    for _ in range(3):
        reply = await world.caller.ask(Question(), streamed=False)
        assert reply.code is StatusCode.OK
    assert len(world.records()) == 4
