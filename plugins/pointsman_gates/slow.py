"""Did the answer come in time?"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pointsman import (
    Accepted,
    Assessed,
    Duration,
    GatedAnswer,
    PolicySetup,
    Rejected,
    Request,
    Services,
    register_gate,
)
from pointsman_gates.one_by_one import judge_each

POINTSMAN_API = 1


class SlowOptions(BaseModel):
    """Options of the gate `slow`; at least one of them is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_token: Duration | None = Field(
        default=None, gt=0, description="Most time to the first token; where none was streamed, it counts as in time."
    )
    total: Duration | None = Field(default=None, gt=0, description="Most time to the end of the answer.")

    @model_validator(mode="after")
    def _something(self) -> SlowOptions:
        if self.first_token is None and self.total is None:
            raise ValueError("says no time; add `first_token` or `total`")
        return self


class Slow:
    """Accepts an answer that came within its limits."""

    def __init__(self, options: SlowOptions, setup: PolicySetup) -> None:
        self._first_token, self._total = options.first_token, options.total

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        first, limit = answer.ttft, self._first_token
        if first is not None and limit is not None and first > limit:
            return f"its first token took {first:.3g} s, at most {limit:g} s is wanted"
        if self._total is not None and answer.duration > self._total:
            return f"took {answer.duration:.3g} s, at most {self._total:g} s is wanted"
        return ""


plugin = register_gate(Slow, config=SlowOptions)
