"""Rules: what a request is like decides its task, its mode and its models, without asking any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from pointsman import (
    Assessment,
    Catalogue,
    Cause,
    Choice,
    Exclusion,
    Names,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    hookimpl,
    register,
)
from pointsman_policies.rules_file import read_rules
from pointsman_policies.rules_matching import Program
from pointsman_policies.rules_reading import READ_CHARACTERS
from pointsman_policies.rules_schema import Exclude, Rule, RuleList, RulesFile

POINTSMAN_API = 1


# A validator is handed whatever the YAML held.
def _read(path: Any, info: ValidationInfo) -> Any:
    if not isinstance(path, str):
        return path
    return read_rules(path, info.context if isinstance(info.context, Names) else None)


class RulesOptions(BaseModel):
    """Options of the `rules` policy: either `file` or `rules`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[RulesFile, BeforeValidator(_read), WithJsonSchema({"type": "string"})] | None = Field(
        default=None,
        description="A YAML file whose key `rules` holds the rules; a relative path starts at the working directory.",
    )
    rules: RuleList | None = Field(default=None, description="The rules themselves.")
    read_characters: StrictInt = Field(
        default=READ_CHARACTERS,
        ge=100,
        le=200_000,
        description="Characters of a text that patterns see. Of a longer one they see the first four fifths of this "
        "and the last fifth, as if a newline stood between them.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> RulesOptions:
        if (self.file is None) is (self.rules is None):
            raise ValueError("give either `file` or `rules`")
        return self

    def all_rules(self) -> tuple[Rule, ...]:
        """The rules, wherever they stand."""
        return self.rules or (self.file.rules if self.file else ())


class Rules:
    """The first rule that matches and gives a task, a mode or models wins that; exclusions add up.

    Each hook asks only the rules that have something to say to it, so nothing has to be kept between hooks.
    """

    def __init__(self, options: RulesOptions, setup: PolicySetup) -> None:
        catalogue = setup.catalogue
        rules = options.all_rules()
        for rule in rules:
            _check_names(rule, catalogue)

        def program(gives: Callable[[Rule], object]) -> tuple[Sequence[Rule], Program]:
            some = tuple(rule for rule in rules if gives(rule))
            return some, Program(some, catalogue.default_mode, options.read_characters)

        self._assessing, self._assess = program(lambda rule: rule.then.task or rule.then.mode)
        excluding, self._exclude = program(lambda rule: rule.then.exclude)
        choosing, self._choose = program(lambda rule: rule.then.models)
        self._exclusions = tuple(tuple(_exclusions(rule, catalogue)) for rule in excluding)
        self._choices = tuple(_Models(rule, catalogue) for rule in choosing)
        # The chain is asked twice of a request where a policy gathers signals.
        self._last: tuple[Request | None, Assessment | None] = (None, None)

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        if not self._assessing:
            return None
        if self._last[0] is not request:
            self._last = request, self._assessed(request)
        return self._last[1]

    def _assessed(self, request: Request) -> Assessment | None:
        task: Rule | None = None
        mode: Rule | None = None
        for position in self._assess.matching(request):
            rule = self._assessing[position]
            task = task or (rule if rule.then.task else None)
            mode = mode or (rule if rule.then.mode else None)
            if task and mode:
                break
        source = " and ".join(dict.fromkeys(f"rule {rule.id}" for rule in (task, mode) if rule))
        if not source:
            return None
        named = task.then.task if task else None
        return Assessment(named, mode.then.mode if mode else None, 1.0 if named else None, source)

    @hookimpl
    def pointsman_exclude_targets(self, request: Request, shaped: Mapping[str, Shaped]) -> Sequence[Exclusion]:
        if not self._exclusions:
            return ()
        return [
            exclusion
            for position in self._exclude.matching(request)
            for exclusion in self._exclusions[position]
            if exclusion.target in shaped
        ]

    @hookimpl
    def pointsman_choose_targets(self, request: Request, candidates: Mapping[str, Shaped]) -> Choice | None:
        if not self._choices:
            return None
        position = next(self._choose.matching(request), None)
        return None if position is None else self._choices[position].choice(candidates)


class _Models:
    """The models of one rule, tiers still to be ordered by what they would cost."""

    def __init__(self, rule: Rule, catalogue: Catalogue) -> None:
        self._groups = tuple(_group(name, catalogue) for name in rule.then.models or ())
        self._only = rule.then.only
        self._reason = f"rule {rule.id}{' and nothing else' if rule.then.only else ''}"
        if not any(self._groups):
            raise ValueError(f"rule {rule.id!r} names only tiers without a model; name another tier, or a model")

    def choice(self, candidates: Mapping[str, Shaped]) -> Choice:
        targets = dict.fromkeys(target for group in self._groups for target in _cheapest_first(group, candidates))
        return Choice(tuple(targets), self._reason, exclusive=self._only)


def _cheapest_first(group: tuple[str, ...], candidates: Mapping[str, Shaped]) -> Iterator[str]:
    """Candidates by cost, then the excluded ones; the engine passes those over."""
    eligible = (target for target in group if target in candidates)
    yield from sorted(eligible, key=lambda target: (candidates[target].estimate.expected_nano_usd, target))
    yield from (target for target in group if target not in candidates)


def _group(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    if name in catalogue.tiers:
        return tuple(id for id, model in catalogue.models.items() if model.tier == name)
    model = catalogue.find(name)
    return (model.id,) if model else ()


def _exclusions(rule: Rule, catalogue: Catalogue) -> Iterator[Exclusion]:
    exclude = rule.then.exclude or Exclude(models=("",))
    named = {model.id for name in exclude.models if (model := catalogue.find(name))}
    reason = f"rule {rule.id}: {exclude.reason}" if exclude.reason else f"rule {rule.id} excludes it"
    for id, model in catalogue.models.items():
        if id in named or model.provider in exclude.providers or model.tier in exclude.tiers:
            yield Exclusion(id, Cause.POLICY, reason)


def _check_names(rule: Rule, catalogue: Catalogue) -> None:
    """ValueError for a name that the catalogue lacks. A loaded configuration has been checked, with lines, before."""
    then = rule.then
    exclude = then.exclude
    known = {*catalogue.models, *catalogue.aliases}
    for kind, names, among in (
        ("task", [then.task] if then.task else [], set(catalogue.tasks)),
        ("model or tier", then.models or (), known | set(catalogue.tiers)),
        ("model", exclude.models if exclude else (), known),
        ("tier", exclude.tiers if exclude else (), set(catalogue.tiers)),
        ("provider", exclude.providers if exclude else (), catalogue.providers()),
    ):
        if missing := sorted(set(names) - among):
            raise ValueError(f"rule {rule.id!r} names {kind} {missing[0]!r}, which is not configured")


plugin = register(Rules, config=RulesOptions, kind=PolicyKind.RULE, deterministic=True)
