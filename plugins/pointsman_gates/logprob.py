"""How sure was the model of its tokens?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.one_by_one import judge_each

POINTSMAN_API = 1


class LogprobOptions(BaseModel):
    """Options of the gate `logprob`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float = Field(
        ge=-100,
        le=0,
        strict=True,
        allow_inf_nan=False,
        description="Least mean of the natural logarithms of the tokens' probabilities; -0.1 is a mean of about 90 %.",
    )
    missing: Literal["accept", "reject"] = Field(
        default="reject", description="What becomes of an answer whose provider tells no probabilities."
    )


class Logprob:
    """Accepts an answer whose tokens the model held for likely."""

    def __init__(self, options: LogprobOptions, setup: PolicySetup) -> None:
        self._min, self._missing = options.min, options.missing

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        mean = answer.answer.ending.mean_logprob
        if mean is None:
            return "" if self._missing == "accept" else "its provider tells no probabilities"
        return "" if mean >= self._min else f"a mean log-probability of {mean:.3g}, at least {self._min:g} is wanted"


plugin = register_gate(Logprob, config=LogprobOptions, wants=["logprobs"])
