from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from pointsman.engine.outcomes import Outcome
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.answer import Usage
from pointsman.model.feedback import Feedback, FeedbackSource
from pointsman.rpc.feedback import feedback_from_wire, feedback_to_wire, outcome_from_wire
from pointsman.testing import make_catalogue
from pointsman.v1 import feedback_service_pb2 as wire

CATALOGUE = make_catalogue()


def said(*, keep: bool = True, **fields: Any) -> Feedback:
    return feedback_from_wire(
        ParseDict({"decision_id": "d-1"} | fields, wire.SubmitFeedbackRequest()), CATALOGUE, keep_comment=keep
    )


def reported(**fields: Any) -> Outcome:
    return outcome_from_wire(ParseDict({"decision_id": "d-1"} | fields, wire.ReportOutcomeRequest()))


def test_everything_that_can_be_said() -> None:
    feedback = said(
        feedback_id="f-1",
        source="FEEDBACK_SOURCE_PROGRAM",
        score=0.5,
        correct_task="code",
        preferred_model="sonnet",
        preferred_tier="mid",
        comment="it did not compile",
        labels={"team": "search"},
    )
    assert (feedback.feedback_id, feedback.source, feedback.score) == ("f-1", FeedbackSource.PROGRAM, 0.5)
    assert (feedback.correct_task, feedback.preferred_model, feedback.preferred_tier) == ("code", "sonnet", "mid")
    written = wire.Feedback()
    feedback_to_wire(feedback, written)
    assert (written.score, written.comment, dict(written.labels)) == (0.5, "it did not compile", {"team": "search"})


def test_a_score_of_zero_is_one() -> None:
    assert said(score=0.0).score == 0.0
    assert said(correct_task="code").score is None


def test_without_an_id_each_is_new() -> None:
    assert said(score=1.0).feedback_id != said(score=1.0).feedback_id
    assert said(score=1.0).source is FeedbackSource.END_USER


def test_comments_are_kept_as_prompts_are() -> None:
    assert said(comment="secret", keep=False).comment == ""


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"decision_id": "", "score": 1.0}, "decision_id: must not be empty"),
        ({}, "score: must be set"),
        ({"score": 1.5}, "score: is 1.5"),
        ({"score": "NaN"}, "score: is nan"),
        ({"score": 1.0, "source": 9}, "source: 9"),
        ({"correct_task": "cod"}, "correct_task: no task 'cod' is configured; did you mean 'code'"),
        ({"preferred_tier": "middle"}, "preferred_tier: no tier 'middle'"),
        ({"comment": "x" * 2049}, "comment: is 2,049 bytes"),
        ({"score": 1.0, "feedback_id": "x" * 129}, "feedback_id: is 129 bytes"),
        ({"score": 1.0, "labels": {str(i): "" for i in range(17)}}, "labels: has 17 entries"),
        ({"score": 1.0, "labels": {"a": "x" * 257}}, "labels"),
    ],
)
def test_what_cannot_be_said(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        said(**fields)
    assert told in caught.value.message


def test_a_model_that_nobody_configured() -> None:
    with pytest.raises(RequestError) as caught:
        said(preferred_model="sonet")
    assert caught.value.reason is Reason.UNKNOWN_MODEL


def test_everything_that_can_be_reported() -> None:
    assert reported(
        attempt=2,
        provider="openai",
        model="mini",
        error={
            "reason": "ERROR_REASON_PROVIDER_RATE_LIMITED",
            "metadata": {"upstream_status": "429"},
            "retry_delay": "7s",
        },
        ttft="0.250s",
        duration="2s",
        usage={"input_tokens": 5, "output_tokens": 1},
        cost_nano_usd=0,
    ) == Outcome(
        decision_id="d-1",
        number=2,
        model="mini",
        provider="openai",
        error="PROVIDER_RATE_LIMITED",
        upstream_status=429,
        retry_after=7.0,
        ttft=0.25,
        duration=2.0,
        usage=Usage(5, 1),
        cost_nano_usd=0,
    )
    assert reported() == Outcome(decision_id="d-1")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"attempt": 21}, "attempt: is 21"),
        ({"duration": "86401s"}, "duration: is 86401 s"),
        ({"duration": "-1s"}, "duration: is -1 s"),
        ({"duration": "1s", "ttft": "2s"}, "ttft: is 2 s"),
        ({"error": {}}, "error.reason"),
        ({"error": {"reason": "ERROR_REASON_BUDGET_EXHAUSTED"}}, "error.reason: is BUDGET_EXHAUSTED"),
        (
            {"error": {"reason": "ERROR_REASON_PROVIDER_RATE_LIMITED", "retry_delay": "999999s"}},
            "error.retry_delay: is 999999 s",
        ),
        (
            {"error": {"reason": "ERROR_REASON_PROVIDER_REFUSED", "metadata": {"upstream_status": "many"}}},
            "error.metadata[upstream_status]",
        ),
        ({"usage": {"input_tokens": -1}}, "usage.input_tokens: is -1"),
        ({"cost_nano_usd": -1}, "cost_nano_usd: is -1"),
    ],
)
def test_what_cannot_be_reported(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        reported(**fields)
    assert told in caught.value.message
