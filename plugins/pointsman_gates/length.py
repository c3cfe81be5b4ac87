"""Is the answer long enough, and not too long?"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.one_by_one import judge_each, only_calls

POINTSMAN_API = 1


class LengthOptions(BaseModel):
    """Options of the gate `length`; at least one of them is given, bounds are included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_words: StrictInt | None = Field(default=None, ge=1, description="At least so many words.")
    max_words: StrictInt | None = Field(default=None, ge=1, description="At most so many words.")
    min_characters: StrictInt | None = Field(default=None, ge=1, description="At least so many characters.")
    max_characters: StrictInt | None = Field(default=None, ge=1, description="At most so many characters.")

    @model_validator(mode="after")
    def _bounds(self) -> LengthOptions:
        pairs = (("words", self.min_words, self.max_words), ("characters", self.min_characters, self.max_characters))
        for what, low, high in pairs:
            if low is not None and high is not None and low > high:
                raise ValueError(f"can never hold: min_{what} is above max_{what}")
        if all(low is None and high is None for _, low, high in pairs):
            raise ValueError("says no length; add `min_words`, `max_words`, `min_characters` or `max_characters`")
        return self


class Length:
    """Counts what the caller would read: words between white space, characters without that around the text."""

    def __init__(self, options: LengthOptions, setup: PolicySetup) -> None:
        self._words = options.min_words, options.max_words
        self._characters = options.min_characters, options.max_characters

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        # A call of a tool is an answer whose length says nothing.
        if only_calls(answer):
            return ""
        text = answer.text.strip()
        words = _outside(len(text.split()), "words", self._words)
        return words or _outside(len(text), "characters", self._characters)


def _outside(count: int, what: str, bounds: tuple[int | None, int | None]) -> str:
    low, high = bounds
    if low is not None and count < low:
        return f"{count:,} {what}, at least {low:,} are wanted"
    if high is not None and count > high:
        return f"{count:,} {what}, at most {high:,} are wanted"
    return ""


plugin = register_gate(Length, config=LengthOptions)
