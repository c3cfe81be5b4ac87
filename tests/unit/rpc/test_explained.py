"""Past decisions on the wire."""

from __future__ import annotations

from msgspec.structs import replace
from tests.contract.ledger.records import decision, record

from pointsman.engine.explain import Explained
from pointsman.model.decision import Refusal
from pointsman.rpc.explained_to_wire import explained_to_wire
from pointsman.testing import make_model
from pointsman.v1 import errors_pb2, router_service_pb2, routing_pb2

MODELS = {id: make_model(id) for id in ("mini", "sonnet", "opus")}


def test_everything_that_came_of_it() -> None:
    told = record("d-1")
    wire = explained_to_wire(Explained(told, MODELS, partial=False))
    assert (wire.decision.decision_id, wire.decision.model, wire.decision.config_version) == ("d-1", "mini", "v1")
    assert [(c.model, c.eligible) for c in wire.decision.candidates] == [("mini", True), ("opus", False)]
    assert [verdict.policy for verdict in wire.decision.trace] == ["tags"]
    assert wire.decision.trace[0].duration.ToNanoseconds() == 3500
    assert [(a.ref.model, a.outcome) for a in wire.attempts] == [
        ("mini", routing_pb2.ATTEMPT_OUTCOME_FAILED),
        ("sonnet", routing_pb2.ATTEMPT_OUTCOME_SERVED),
    ]
    assert list(wire.attempts[0].dropped) == ["reasoning parts", "seed"]
    assert (wire.cost.total_nano_usd, wire.cost.estimated) == (5000, True)
    assert (wire.method, wire.receive_time.seconds, wire.duration.seconds) == ("Complete", 1_700_000_000, 3)
    assert wire.ttft.ToMilliseconds() == 1750
    assert wire.finish_reason == router_service_pb2.FINISH_REASON_STOP
    assert not wire.HasField("error")
    assert not wire.partial
    assert not wire.decision.HasField("decide_duration")


def test_a_refused_request_has_its_trace_and_its_error() -> None:
    decided = decision()
    refusal = Refusal(
        reason="NO_CANDIDATE",
        message="no model is left",
        assessed=decided.assessed,
        excluded=decided.excluded,
        violations=(),
        metadata=(),
        trace=decided.trace,
        config_version="v1",
    )
    told = replace(
        record("d-1"), decision=refusal, attempts=(), status="NO_CANDIDATE", message="no model is left", ttft=None
    )
    wire = explained_to_wire(Explained(told, MODELS, partial=True))
    assert (wire.decision.model, wire.decision.reason, wire.decision.task.task) == ("", "no model is left", "simple")
    assert (len(wire.decision.candidates), len(wire.decision.trace)) == (1, 1)
    assert wire.error.reason == errors_pb2.ERROR_REASON_NO_CANDIDATE
    assert wire.partial
    assert not wire.HasField("ttft")
    assert not wire.HasField("cost")


def test_what_was_never_decided() -> None:
    told = replace(record("d-1"), decision=None, attempts=(), status="UNKNOWN_TASK", message="no task", finish=None)
    wire = explained_to_wire(Explained(told, {}, partial=False))
    assert (wire.decision.decision_id, wire.decision.config_version, wire.decision.model) == ("d-1", "v1", "")
    assert wire.error.message == "no task"
    assert wire.finish_reason == router_service_pb2.FINISH_REASON_UNSPECIFIED
