"""Feedback as it is submitted."""

from __future__ import annotations

from pointsman.model.feedback import Feedback
from pointsman.rpc.enums import FEEDBACK_SOURCES
from pointsman.v1 import feedback_service_pb2 as wire


def feedback_to_submit(said: Feedback) -> wire.SubmitFeedbackRequest:
    return wire.SubmitFeedbackRequest(
        feedback_id=said.feedback_id,
        decision_id=said.decision_id,
        source=FEEDBACK_SOURCES[said.source],
        score=said.score,
        correct_task=said.correct_task,
        preferred_model=said.preferred_model,
        preferred_tier=said.preferred_tier,
        comment=said.comment,
        labels=said.labels,
    )
