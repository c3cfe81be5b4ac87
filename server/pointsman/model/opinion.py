"""What a policy answered, as it is recorded: a decision can then be made again where the prompt's text was not kept."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pointsman.model.decision import Assessment, Choice, Exclusion, NoOpinion, Shape
from pointsman.model.plan import Plan


class Opinion(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one entry answered to one hook. At most one of the other fields is set; none: it answered None.

    `shapes` are by target, or one for all of them by ""; `silent` is the reason of a `NoOpinion`; `failed` says why the
    entry failed.
    """

    entry: str
    hook: str
    assessment: Assessment | None = None
    shapes: Mapping[str, Shape] | None = None
    exclusions: tuple[Exclusion, ...] | None = None
    choice: Choice | None = None
    plan: Plan | None = None
    silent: str | None = None
    failed: str | None = None

    @classmethod
    def of(cls, entry: str, hook: str, answer: object) -> Opinion:
        """The record of a valid answer."""
        match answer:
            case Assessment():
                return cls(entry=entry, hook=hook, assessment=answer)
            case Choice():
                return cls(entry=entry, hook=hook, choice=answer)
            case Plan():
                return cls(entry=entry, hook=hook, plan=answer)
            case NoOpinion():
                return cls(entry=entry, hook=hook, silent=answer.reason)
            case None:
                return cls(entry=entry, hook=hook)
            case tuple() | list():
                return cls(entry=entry, hook=hook, exclusions=tuple(answer))
            # Last: asking an abstract class is many times slower.
            case Mapping():
                return cls(entry=entry, hook=hook, shapes=dict(answer))
        raise TypeError(f"a {type(answer).__name__} is no answer to {hook}")

    def answer(self) -> object:
        """What the policy returned; of one that failed, nothing."""
        if self.silent is not None:
            return NoOpinion(self.silent)
        told = (self.assessment, self.shapes, self.exclusions, self.choice, self.plan)
        return next((answer for answer in told if answer is not None), None)
