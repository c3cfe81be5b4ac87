"""Do all answers say the same? Then the first, which the plan has cheapest, is as good as any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.extraction import ExtractOptions

POINTSMAN_API = 1


class AgreementOptions(ExtractOptions):
    """Options of the gate `agreement`."""

    otherwise: Literal["last", "reject"] = Field(
        default="last",
        description="Where they differ: give the `last` answer, which is the stronger model's, or `reject` all.",
    )
    alone: Literal["accept", "reject"] = Field(
        default="reject", description="What becomes of an answer that is left alone, because the others failed."
    )


class Agreement:
    """Accepts the first answer where all say the same, otherwise the last or none."""

    def __init__(self, options: AgreementOptions, setup: PolicySetup) -> None:
        self._extract = options.extractor()
        self._otherwise, self._alone = options.otherwise, options.alone

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        count = len(answers)
        if count == 1:
            why = "only one answer came"
            return Accepted(why) if self._alone == "accept" else Rejected(why)
        said = [self._extract(answer) for answer in answers]
        # What says nothing agrees with nothing.
        if said[0] is not None and all(one == said[0] for one in said):
            return Accepted(f"all {count} agree", 0, tuple(range(1, count)))
        if self._otherwise == "reject":
            return Rejected("they differ")
        return Accepted("they differ", count - 1)


plugin = register_gate(Agreement, config=AgreementOptions)
