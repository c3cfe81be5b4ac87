"""What callers said of a decision afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class FeedbackSource(StrEnum):
    """Who judged; the names of `FeedbackSource` in feedback_service.proto. PROGRAM: tests ran, JSON parsed."""

    END_USER = "end_user"
    REVIEWER = "reviewer"
    JUDGE_MODEL = "judge_model"
    PROGRAM = "program"


class Feedback(Struct, frozen=True, kw_only=True):
    """One judgement. `received` is Unix seconds, `score` 0 worst to 1 best, None for none; "" is no opinion.

    `feedback_id` is unique for its decision: a later one of the same id replaces it. `comment` may quote a prompt: it
    is "" where those are not kept.
    """

    feedback_id: str
    decision_id: str
    received: float
    source: FeedbackSource = FeedbackSource.END_USER
    score: float | None = None
    correct_task: str = ""
    preferred_model: str = ""
    preferred_tier: str = ""
    comment: str = ""
    labels: Mapping[str, str] = {}
