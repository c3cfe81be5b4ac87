"""A chat completion from OpenAI's JSON."""

from __future__ import annotations

from pointsman.errors import Reason, RequestError
from pointsman.http.api import Question
from pointsman.http.hints import Hinted


def read_question(body: bytes, hinted: Hinted) -> Question:
    raise RequestError(Reason.FEATURE_DISABLED, "chat completions are not there yet")
