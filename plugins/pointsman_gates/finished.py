"""Did the model finish, and say anything?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pointsman import (
    Accepted,
    Assessed,
    FinishReason,
    GatedAnswer,
    PolicySetup,
    Rejected,
    Request,
    Services,
    register_gate,
)
from pointsman_gates.one_by_one import judge_each

POINTSMAN_API = 1


# A validator is handed whatever the YAML held.
def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Reasons = Annotated[
    tuple[FinishReason, ...],
    BeforeValidator(_listed, json_schema_input_type=FinishReason | tuple[FinishReason, ...]),
]


class FinishedOptions(BaseModel):
    """Options of the gate `finished`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reject: Reasons = Field(
        default=(FinishReason.MAX_TOKENS, FinishReason.CONTENT_FILTER, FinishReason.REFUSAL, FinishReason.COST_LIMIT),
        description="Reasons to have stopped that are not good; one, or a list.",
    )


class Finished:
    """Accepts an answer that has content, and that ended as it should."""

    def __init__(self, options: FinishedOptions, setup: PolicySetup) -> None:
        self._reject = frozenset(options.reject)

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        reason = answer.answer.ending.reason
        if reason in self._reject:
            return f"ended with {reason}"
        return "" if answer.tool_calls or answer.text.strip() else "empty"


plugin = register_gate(Finished, config=FinishedOptions)
