"""Is the answer JSON?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.json_text import read_json
from pointsman_gates.one_by_one import judge_each, only_calls

POINTSMAN_API = 1


class JsonOptions(BaseModel):
    """Options of the gate `json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["any", "object", "array"] = Field(default="any", description="What the JSON must be.")
    fence: StrictBool = Field(
        default=False,
        description="Whether a ``` fence around it is good; the caller is given the answer with its fence.",
    )


class Json:
    """Accepts an answer that is JSON and nothing else; of one that only calls tools, the arguments must be objects."""

    def __init__(self, options: JsonOptions, setup: PolicySetup) -> None:
        self._fence = options.fence
        self._kind = {"any": object, "object": dict, "array": list}[options.kind]
        self._wrong = f"JSON, but no {options.kind}"

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        try:
            if only_calls(answer):
                arguments = [read_json(call.arguments_json or "{}") for call in answer.tool_calls]
                return (
                    "" if all(isinstance(one, dict) for one in arguments) else "a tool call's arguments are no object"
                )
            return "" if isinstance(read_json(answer.text, fence=self._fence), self._kind) else self._wrong
        except ValueError as error:
            return str(error)


plugin = register_gate(Json, config=JsonOptions)
