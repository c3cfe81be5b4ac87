"""What a quality gate is: an object that says whether an answer is good enough to be the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pointsman.model.decision import Assessed
from pointsman.model.gate import Accepted, GatedAnswer, Rejected
from pointsman.model.request import Request
from pointsman.services import Services


class Gate(Protocol):
    """A package registers one with `pointsman.register_gate` under the entry-point group `pointsman.gates`.

    class Short:
        async def judge(self, request, assessment, answers, services):
            return Accepted() if len(answers[0].text) < 200 else Rejected("longer than 200 characters")

    plugin = register_gate(lambda options, setup: Short())
    """

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        """Judge all answers of a stage together, in the order of its plan; there is at least one.

        Most gates look at each and accept the first that is good; consistency and agreement look at all. A gate may ask
        a model through `services`. Has the gate's `timeout`; failing or late, it counts as its `on_error` says.
        """
