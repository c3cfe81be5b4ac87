"""Do most of several answers say the same?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import Field, StrictInt

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.extraction import ExtractOptions

POINTSMAN_API = 1


class ConsistencyOptions(ExtractOptions):
    """Options of the gate `consistency`."""

    share: float = Field(
        default=0.6, gt=0, le=1, strict=True, description="At least this share of the answers says the same."
    )
    answers: StrictInt = Field(
        default=2, ge=1, le=100, description="With fewer answers than these there is no majority to speak of."
    )


class Consistency:
    """Accepts the first of the largest group of answers that say the same; an answer that says nothing has no group."""

    def __init__(self, options: ConsistencyOptions, setup: PolicySetup) -> None:
        self._extract = options.extractor()
        self._share, self._answers = options.share, options.answers

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        count = len(answers)
        if count < self._answers:
            return Rejected(f"{count} of {self._answers} answers came")
        said = [self._extract(answer) for answer in answers]
        votes = Counter(one for one in said if one is not None)
        if not votes:
            return Rejected(f"none of {count} answers has what is compared")
        # Of groups of the same size, the one that came first.
        winner, most = votes.most_common(1)[0]
        told = f"{most} of {count} answers agree"
        if most < self._share * count:
            return Rejected(f"{told}, at least {self._share:.0%} are wanted")
        first, *others = (index for index, one in enumerate(said) if one == winner)
        return Accepted(told, first, tuple(others))


plugin = register_gate(Consistency, config=ConsistencyOptions)
