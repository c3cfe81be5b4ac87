"""`budgets` across sections: what they name must be there, and no two may be the same; and from rows to values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pointsman.config.positions import Source
from pointsman.config.references import Outline, mapping, unknown
from pointsman.config.scalars import share
from pointsman.config.schema import budgets as rows
from pointsman.config.schema.document import Document
from pointsman.errors import Problem
from pointsman.model.balance import BudgetAction, BudgetStep, BudgetUnit
from pointsman.model.budget import ANY, Budget, Cap, Dimension, Period

_CAPS: Mapping[str, tuple[str, BudgetUnit, Period]] = {
    "minute_usd": ("minute", BudgetUnit.NANO_USD, Period.MINUTE),
    "daily_usd": ("day", BudgetUnit.NANO_USD, Period.DAY),
    "weekly_usd": ("week", BudgetUnit.NANO_USD, Period.WEEK),
    "monthly_usd": ("month", BudgetUnit.NANO_USD, Period.MONTH),
    "requests_per_minute": ("requests", BudgetUnit.REQUESTS, Period.MINUTE),
    "tokens_per_minute": ("tokens", BudgetUnit.TOKENS, Period.MINUTE),
}


_KNOWN = frozenset([dimension.value for dimension in Dimension])


def check_budgets(source: Source) -> Iterator[Problem]:
    """Whatever is wrong with budgets beside each other and beside the rest of the document; on plain values."""
    outline = Outline.of(source.data)
    listed = mapping(source.data).get("budgets")
    names: dict[str, int] = {}
    counters: dict[tuple[tuple[tuple[str, str], ...], str], int] = {}
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        row = mapping(item)
        match = {
            key: value for key, value in mapping(row.get("match")).items() if key in _KNOWN and isinstance(value, str)
        }
        path = ("budgets", index)
        for dimension, known in (("task", outline.tasks), ("model", _models(outline))):
            if match.get(dimension) != ANY:
                yield from unknown(source, (*path, "match", dimension), dimension, match.get(dimension), known)
        name = row.get("name", _name(match) if len(match) == len(mapping(row.get("match"))) else None)
        if isinstance(name, str) and name in names:
            yield source.problem((*path, "name"), f"budgets[{names[name]}] is called {name!r} too; give each a `name`")
        elif isinstance(name, str):
            names[name] = index
        for cap in _CAPS:
            same = tuple(sorted(match.items())), cap
            if row.get(cap) is not None and same in counters:
                message = f"budgets[{counters[same]}] counts the same in the same window; keep the lower of both"
                yield source.problem((*path, cap), message)
            elif row.get(cap) is not None:
                counters[same] = index


def build_budgets(document: Document) -> tuple[Budget, ...]:
    """The budgets of a document without problems."""
    aliases = {alias: name for name, row in document.models.items() for alias in row.aliases}
    return tuple([_budget(row, aliases) for row in document.budgets])


def _budget(row: rows.Budget, aliases: Mapping[str, str]) -> Budget:
    match = row.match.model_dump(exclude_none=True)
    name = row.name or _name(match)
    if "model" in match:
        match["model"] = aliases.get(match["model"], match["model"])
    if "session" in match:
        # A session id is a tenant's own: the same one of another tenant is another conversation.
        match.setdefault("tenant", ANY)
    return Budget(
        name=name,
        match=tuple([(Dimension(dimension), value) for dimension, value in match.items()]),
        caps=tuple([Cap(*kind, limit) for key, kind in _CAPS.items() if (limit := getattr(row, key)) is not None]),
        steps=tuple([BudgetStep(share(at), BudgetAction(row.at[at])) for at in sorted(row.at, key=share)]),
        zone=row.time_zone,
    )


# Values as YAML gave them.
def _name(match: Mapping[str, Any]) -> str:
    """`acme.user` of {tenant: acme, user: "*"}; `all` of nothing."""
    order = [dimension.value for dimension in Dimension]
    told = [key if match[key] == ANY else match[key] for key in order if key in match]
    return ".".join(told) or "all"


def _models(outline: Outline) -> set[str] | None:
    return None if outline.models is None else {*outline.models, *outline.aliases()}
