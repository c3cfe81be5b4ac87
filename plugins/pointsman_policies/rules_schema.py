"""What rules may say, as their authors write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pointsman import Mode, Names
from pointsman_policies.rules_patterns import compiled

MAX_RULES = 2_000
_LISTED = 8
MAX_WORDS = 10_000
"""As far as words are counted; longer texts are told apart by tokens, which are counted already."""

Steps = tuple[str | int, ...]


def _regex(pattern: str) -> str:
    compiled(pattern)
    return pattern


def _one_of(kind: str, *sections: str) -> Callable[[str, ValidationInfo], str]:
    """Checks names against the document that is being loaded; without one there is nothing to check against."""

    def check(name: str, info: ValidationInfo) -> str:
        if isinstance(info.context, Names):
            known = [getattr(info.context, section) for section in sections]
            if None not in known and name not in (names := frozenset().union(*known)):
                raise ValueError(f"there is no {kind} {name!r} in the configuration{nearest(name, names)}")
        return name

    return check


def nearest(name: str, known: Sequence[str] | frozenset[str]) -> str:
    """The remedy for an unknown name."""
    if close := get_close_matches(name[:64], sorted(known), n=2):
        return f"; did you mean {' or '.join(map(repr, close))}?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"; known are {', '.join(map(repr, sorted(known)[:_LISTED]))}{more}" if known else ""


Name = Annotated[StrictStr, Field(min_length=1)]
Regex = Annotated[StrictStr, Field(min_length=1, max_length=2_000), AfterValidator(_regex)]
Task = Annotated[Name, AfterValidator(_one_of("task", "tasks"))]
Target = Annotated[Name, AfterValidator(_one_of("model or tier", "models", "tiers"))]
Model = Annotated[Name, AfterValidator(_one_of("model", "models"))]
Tier = Annotated[Name, AfterValidator(_one_of("tier", "tiers"))]
Provider = Annotated[Name, AfterValidator(_one_of("provider", "providers"))]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Counts(_Strict):
    """How many, bounds included."""

    min: StrictInt | None = Field(default=None, ge=0, description="At least so many.")
    max: StrictInt | None = Field(default=None, ge=0, description="At most so many.")

    @model_validator(mode="after")
    def _bounded(self) -> Counts:
        if self.min is None and self.max is None:
            raise ValueError("says no number; add `min` or `max`")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("can never hold: min is above max")
        return self


class WordCounts(Counts):
    """How many words, bounds included."""

    min: StrictInt | None = Field(default=None, ge=0, le=MAX_WORDS, description="At least so many.")
    max: StrictInt | None = Field(default=None, ge=0, le=MAX_WORDS, description="At most so many.")


class Label(_Strict):
    """What one label must be like."""

    is_: Annotated[tuple[Name, ...], Field(min_length=1)] | None = Field(
        default=None, alias="is", description="The values that it may have."
    )
    matches: Regex | None = Field(default=None, description="A regular expression to find in its value.")

    @model_validator(mode="after")
    def _something(self) -> Label:
        if self.is_ is None and self.matches is None:
            raise ValueError("says nothing; give a value, a list of values, or `matches`")
        return self


# What is written short is written out before it is checked, so that no error is about an alternative nobody meant.
# Validators are handed whatever the YAML held.
def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _label(value: Any) -> Any:
    return {"is": _listed(value)} if isinstance(value, str | list | tuple) else value


def _any_or_none(value: Any) -> Any:
    return ({"min": 1} if value else {"max": 0}) if isinstance(value, bool) else value


AnyOrCounts = Annotated[Counts, BeforeValidator(_any_or_none, json_schema_input_type=bool | Counts)]
Texts = Annotated[
    tuple[Name, ...], Field(min_length=1), BeforeValidator(_listed, json_schema_input_type=str | tuple[Name, ...])
]
Modes = Annotated[
    tuple[Mode, ...], Field(min_length=1), BeforeValidator(_listed, json_schema_input_type=Mode | tuple[Mode, ...])
]
Tasks = Annotated[
    tuple[Task, ...], Field(min_length=1), BeforeValidator(_listed, json_schema_input_type=str | tuple[Name, ...])
]
Labelled = Annotated[Label, BeforeValidator(_label, json_schema_input_type=str | tuple[Name, ...] | Label)]


class When(_Strict):
    """Conditions; all of those given must hold, and with none the rule matches every request."""

    text: Regex | None = Field(default=None, description="A regular expression to find in the last user message.")
    any_text: Regex | None = Field(
        default=None, description="A regular expression to find in all messages, joined by newlines."
    )
    system: Regex | None = Field(
        default=None, description="A regular expression to find in the system and developer messages."
    )
    words: WordCounts | None = Field(default=None, description="Words of the last user message.")
    tokens: Counts | None = Field(
        default=None, description="Tokens of the whole prompt: the caller's own count, otherwise our estimate."
    )
    turns: Counts | None = Field(default=None, description="User messages in the conversation.")
    images: AnyOrCounts | None = Field(default=None, description="Images in the prompt: any, or how many.")
    tools: AnyOrCounts | None = Field(default=None, description="Tools that are offered: any, or how many.")
    code: StrictBool | None = Field(
        default=None,
        description="Whether the last user message shows code: a fence, something in backticks or an indented line.",
    )
    schema_: StrictBool | None = Field(
        default=None, alias="schema", description="Whether JSON is asked for, by a schema or free, and not open text."
    )
    labels: Annotated[dict[Name, Labelled], Field(min_length=1)] | None = Field(
        default=None, description="Labels of the request: a value, a list of which one must be it, or a pattern."
    )
    tenant: Texts | None = Field(default=None, description="The tenant, or several.")
    mode: Modes | None = Field(
        default=None, description="The mode that the caller asked for, otherwise the configured one; or several."
    )
    task_hint: Tasks | None = Field(default=None, description="The task that the caller named, or several.")
    all: Annotated[tuple[When, ...], Field(min_length=1)] | None = Field(
        default=None, description="Conditions that must all hold."
    )
    any: Annotated[tuple[When, ...], Field(min_length=1)] | None = Field(
        default=None, description="Conditions of which one must hold."
    )
    not_: When | None = Field(default=None, alias="not", description="Conditions that must not all hold.")


class Exclude(_Strict):
    """What must not be used."""

    models: tuple[Model, ...] = Field(default=(), description="Models, by id or alias.")
    providers: tuple[Provider, ...] = Field(default=(), description="Every model of these providers.")
    tiers: tuple[Tier, ...] = Field(default=(), description="Every model of these tiers.")
    reason: StrictStr = Field(default="", description="Why, as a caller who is refused will read it.")

    @model_validator(mode="after")
    def _something(self) -> Exclude:
        if not (self.models or self.providers or self.tiers):
            raise ValueError("excludes nothing; add `models`, `providers` or `tiers`")
        return self


class Then(_Strict):
    """What a rule gives; at least one of task, mode, models and exclude."""

    task: Task | None = Field(default=None, description="The task row that the request belongs to.")
    mode: Mode | None = Field(default=None, description="The mode to run in, unless the caller asked for one.")
    models: Annotated[tuple[Target, ...], Field(min_length=1)] | None = Field(
        default=None, description="Models to use, in this order: ids, aliases, or tiers, of which the cheapest first."
    )
    only: StrictBool = Field(default=False, description="Use those models and no others, whatever fails.")
    exclude: Exclude | None = Field(default=None, description="Models that must not be used.")

    @model_validator(mode="after")
    def _something(self) -> Then:
        if self.only and not self.models:
            raise ValueError("says `only`, but names no models; add `models`")
        if self.task is None and self.mode is None and self.models is None and self.exclude is None:
            raise ValueError("gives nothing; add `task`, `mode`, `models` or `exclude`")
        return self


class Rule(_Strict):
    """When a request is like this, then do that."""

    id: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = Field(
        description="The rule's name in decisions and reasons: up to 64 letters, digits, `.`, `_` or `-`."
    )
    when: When = Field(description="What must hold; `{}` for every request.")
    then: Then = Field(description="What follows.")
    note: StrictStr = Field(default="", description="For whoever reads the rules; nothing else reads it.")


def _distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    first: dict[str, int] = {}
    wrong = [
        line_error((index, "id"), f"rule {rule.id!r} is written at position {first[rule.id]} too; rename one of them")
        for index, rule in enumerate(rules)
        if first.setdefault(rule.id, index) != index
    ]
    if wrong:
        raise ValidationError.from_exception_data("rules", wrong)
    return rules


RuleList = Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES), AfterValidator(_distinct)]


class RulesFile(_Strict):
    """What a rules file holds."""

    rules: RuleList = Field(description="The rules, of which earlier ones win.")


def line_error(at: Steps, message: str, kind: Literal["value_error", "elsewhere"] = "value_error") -> InitErrorDetails:
    """A problem for a ValidationError; of the kind `elsewhere`, its message needs no more wording."""
    return InitErrorDetails(type=PydanticCustomError(kind, "{error}", {"error": message}), loc=at, input=None)
