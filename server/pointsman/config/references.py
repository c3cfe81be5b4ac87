"""What names what: checks across the sections of a document, on whatever of it is readable.

They run on the plain values, so that a mistake in one section hides none in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.chain.plugin import Names
from pointsman.config.positions import Source, YamlPath
from pointsman.config.schema.tasks import MODES
from pointsman.errors import Problem
from pointsman.nearest import nearest

# Rows as YAML gave them: a mapping of anything.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outline:
    """The names in a document. None stands for a section that cannot be read: nothing is checked against it."""

    providers: Mapping[str, Row] | None
    models: Mapping[str, Row] | None
    tiers: tuple[str, ...] | None
    tasks: Mapping[str, Row] | None
    gates: Collection[str] | None

    @classmethod
    def of(cls, data: Any) -> Outline:
        document = mapping(data)
        return cls(
            _rows(document.get("providers")),
            _rows(document.get("models")),
            _tiers(document.get("tiers")),
            _rows(document.get("tasks")),
            _rows(document.get("gates", {})),
        )

    def aliases(self) -> dict[str, str]:
        return {alias: name for name, row in (self.models or {}).items() for alias in texts(row.get("aliases"))}

    def names(self) -> Names:
        """The same for the validators of policies' options."""
        return Names(
            models=None if self.models is None else frozenset({*self.models, *self.aliases()}),
            tiers=None if self.tiers is None else frozenset(self.tiers),
            tasks=None if self.tasks is None else frozenset(self.tasks),
            providers=None if self.providers is None else frozenset(self.providers),
            gates=None if self.gates is None else frozenset(self.gates),
        )

    def targets(self) -> set[str]:
        """All that a route may name."""
        return {*(self.models or ()), *(self.tiers or ()), *self.aliases()}

    def behind(self, target: str) -> tuple[str, ...]:
        """The ids of the models that a target of a route stands for."""
        models = self.models or {}
        if target in (self.tiers or ()):
            return tuple(name for name, row in models.items() if row.get("tier") == target)
        name = self.aliases().get(target, target)
        return (name,) if name in models else ()

    def all_placed(self) -> bool:
        """Whether every model is in a tier; one that is not may be what a tier without models lacks."""
        return all(row.get("tier") in (self.tiers or ()) for row in (self.models or {}).values())


def check(source: Source) -> Iterator[Problem]:
    """Every reference that leads nowhere, every name that means two things."""
    outline = Outline.of(source.data)
    yield from _models(source, outline)
    yield from _names(source, outline)
    yield from _tasks(source, outline)
    yield from _defaults(source, outline)
    yield from _entries(source)


def mapping(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _tiers(value: Any) -> tuple[str, ...] | None:
    """The names of a list, or of a mapping that has any."""
    if isinstance(value, dict) and value:
        return tuple(texts(list(value)))
    return tuple(texts(value)) if isinstance(value, list) else None


def texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _rows(value: Any) -> dict[str, Row] | None:
    return {name: mapping(row) for name, row in value.items()} if isinstance(value, dict) else None


def unknown(source: Source, path: YamlPath, kind: str, name: Any, known: Collection[str] | None) -> Iterator[Problem]:
    """A problem where a name is none of those known."""
    if isinstance(name, str) and known is not None and name not in known:
        yield source.problem(path, f"there is no {kind} {name!r}{nearest(name, known)}")


def _models(source: Source, outline: Outline) -> Iterator[Problem]:
    for name, row in (outline.models or {}).items():
        path = ("models", name)
        yield from unknown(source, (*path, "provider"), "provider", row.get("provider"), outline.providers)
        yield from unknown(source, (*path, "tier"), "tier", row.get("tier"), outline.tiers)
        yield from _apis(source, (*path, "api"), outline, row)


def _apis(source: Source, path: YamlPath, outline: Outline, row: Row) -> Iterator[Problem]:
    """Only providers on the wire `openai` have two."""
    wire = next(
        (provider.get("wire") for name, provider in (outline.providers or {}).items() if name == row.get("provider")),
        None,
    )
    if row.get("api") is not None and wire not in (None, "openai"):
        yield source.problem(path, f"belongs to models of the wire 'openai', and this one's is {wire!r}: leave it out")


def _names(source: Source, outline: Outline) -> Iterator[Problem]:
    """Routes name tiers, models and aliases alike, so each name may mean one thing only."""
    taken: dict[str, str] = {}
    for index, tier in enumerate(outline.tiers or ()):
        if tier in taken:
            yield source.problem(("tiers", index), f"tier {tier!r} is listed twice; remove one")
        taken[tier] = f"tier {tier!r}"
    for name in outline.models or {}:
        if name in taken:
            yield source.problem(("models", name), f"a model may not be called like {taken[name]}; rename one of them")
        taken[name] = f"model {name!r}"
    for name, row in (outline.models or {}).items():
        for index, alias in enumerate(texts(row.get("aliases"))):
            path = ("models", name, "aliases", index)
            if alias in taken:
                yield source.problem(path, f"alias {alias!r} is taken by {taken[alias]}; choose another")
            taken.setdefault(alias, f"an alias of model {name!r}")


def _tasks(source: Source, outline: Outline) -> Iterator[Problem]:
    for task, row in (outline.tasks or {}).items():
        path = ("tasks", task, "route")
        route = row.get("route")
        yield from _weights(source, task, outline, row)
        yield from _waived(source, task, row)
        yield from _gated(source, task, outline, row)
        if not isinstance(route, dict):
            yield from _targets(source, path, outline, route)
            yield from _floor(source, task, outline, row, route)
            continue
        if missing := [mode for mode in MODES if route.get(mode) is None and route.get("balanced") is None]:
            modes = " and ".join(missing)
            yield source.problem(path, f"says nothing for {modes}; add `balanced`, which every mode left out follows")
        for mode in MODES:
            yield from _targets(source, (*path, mode), outline, route.get(mode))
        for mode in MODES:
            yield from _floor(source, task, outline, row, route.get(mode))


def _targets(source: Source, path: YamlPath, outline: Outline, value: Any) -> Iterator[Problem]:
    if outline.models is None or outline.tiers is None:
        return
    listed: list[tuple[YamlPath, Any]]
    listed = (
        [((*path, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
    )
    for where, target in listed:
        if not isinstance(target, str):
            continue
        yield from unknown(source, where, "tier or model", target, outline.targets())
        if target in outline.tiers and not outline.behind(target) and outline.all_placed():
            yield source.problem(where, f"tier {target!r} has no model; add one, or name another tier")


def _waived(source: Source, task: str, row: Row) -> Iterator[Problem]:
    if row.get("blast_radius") == "high" and not row.get("waiver") and not row.get("gate"):
        message = "is high, and nothing checks the answers of this task; name a `gate`, or say in `waiver` why not"
        yield source.problem(("tasks", task, "blast_radius"), message, fatal=False)


def _gated(source: Source, task: str, outline: Outline, row: Row) -> Iterator[Problem]:
    named, path = row.get("gate"), ("tasks", task, "gate")
    if not isinstance(named, list):
        yield from unknown(source, path, "gate", named, outline.gates)
        return
    for index, gate in enumerate(named):
        yield from unknown(source, (*path, index), "gate", gate, outline.gates)


def _weights(source: Source, task: str, outline: Outline, row: Row) -> Iterator[Problem]:
    """A weight that nothing reads is a mistake: of the model's name, or of `select`."""
    weights, route = mapping(row.get("weights")), row.get("route")
    path: YamlPath = ("tasks", task, "weights")
    if weights and row.get("select") != "weighted":
        yield source.problem(path, "are read where select is weighted, and nowhere else; add `select: weighted`")
    if outline.models is None or outline.tiers is None:
        return
    values = route.values() if isinstance(route, dict) else [route]
    named = {target for value in values for target in ([value] if isinstance(value, str) else texts(value))}
    models = {model for target in named for model in outline.behind(target)}
    reachable = models | {alias for alias, model in outline.aliases().items() if model in models}
    for target in weights:
        yield from unknown(source, (*path, target), "model in this task's route called", target, reachable)


def _floor(source: Source, task: str, outline: Outline, row: Row, value: Any) -> Iterator[Problem]:
    """A floor that no model of a mode reaches makes that mode unanswerable."""
    floor = row.get("min_output_tokens")
    names = [value] if isinstance(value, str) else texts(value)
    models = {model for target in names for model in outline.behind(target)}
    limits = {model: (outline.models or {})[model].get("max_output") for model in models}
    if not isinstance(floor, int):
        return
    low = sorted(model for model, limit in limits.items() if isinstance(limit, int) and 0 < limit < floor)
    if not low:
        return
    path = ("tasks", task, "min_output_tokens")
    if len(low) == len(models):
        yield source.problem(
            path, f"{floor} is above max_output of every model in a route ({', '.join(low)}); lower it"
        )
    else:
        message = (
            f"{floor} is above max_output of {', '.join(low)}, which this task only uses where a caller allows less"
        )
        yield source.problem(path, message, fatal=False)


def _defaults(source: Source, outline: Outline) -> Iterator[Problem]:
    document = mapping(source.data)
    yield from unknown(source, ("default",), "task", document.get("default"), outline.tasks)
    for tag, task in mapping(document.get("tags")).items():
        yield from unknown(source, ("tags", tag), "task", task, outline.tasks)
        if tag in (outline.tasks or {}) and task != tag:
            yield source.problem(("tags", tag), f"task {tag!r} exists, so a tag of that name may not lead to {task!r}")


def _entries(source: Source) -> Iterator[Problem]:
    chain = mapping(source.data).get("chain")
    first: dict[str, int] = {}
    for index, item in enumerate(chain if isinstance(chain, list) else ()):
        entry = mapping(item)
        name = entry.get("id", entry.get("use"))
        if not isinstance(name, str):
            continue
        if name in first:
            path: YamlPath = ("chain", index, "id") if "id" in entry else ("chain", index)
            yield source.problem(path, f"id {name!r} is that of chain[{first[name]}] too; give each entry its own `id`")
        first.setdefault(name, index)
