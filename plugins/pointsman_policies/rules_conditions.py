"""Conditions of rules as trees over facets of a request, and the alternatives that they come down to."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pointsman_policies.rules_reading import (
    ANY_TEXT,
    IMAGES,
    LABEL,
    LABEL_TEXT,
    MODE,
    SCHEMA,
    SYSTEM,
    TASK_HINT,
    TENANT,
    TEXT,
    TOKENS,
    TOOLS,
    TURNS,
    WORDS,
)

if TYPE_CHECKING:
    from pointsman_policies.rules_schema import When

# What there is of Markdown when somebody shows code: a fence, something in backticks, or an indented line.
CODE = r"(?m)^ {0,3}(?:```|~~~)|`[^`\n]+`|^(?: {4}|\t)[ \t]*\S"

# Registers a pattern for a text, and returns its place among those of that text.
Register = Callable[[str, str], int]
# What was read of a request by facet: numbers, names, or the places of the patterns found.
Values = Mapping[str, Any]

MAX_ALTERNATIVES = 16
"""Of one rule; what branches further is asked as a whole, which takes longer."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number within bounds, which belong to it; `high` None: unbounded."""

    facet: str
    low: int
    high: int | None

    def accepts(self, value: int) -> bool:
        return self.low <= value and (self.high is None or value <= self.high)

    def holds(self, values: Values) -> bool:
        return self.accepts(values[self.facet])


@dataclass(frozen=True, slots=True)
class OneOf:
    """A name, or another value, among some."""

    facet: str
    among: frozenset[object]

    def accepts(self, value: object) -> bool:
        return value in self.among

    def holds(self, values: Values) -> bool:
        return values[self.facet] in self.among


@dataclass(frozen=True, slots=True)
class Finds:
    """A pattern that is found in a text; `place` is its own among those of the text."""

    facet: str
    place: int

    def accepts(self, value: Container[int]) -> bool:
        return self.place in value

    def holds(self, values: Values) -> bool:
        return self.place in values[self.facet]


@dataclass(frozen=True, slots=True)
class Not:
    leaf: Count | OneOf | Finds

    @property
    def facet(self) -> str:
        return self.leaf.facet

    # As the leaf.
    def accepts(self, value: Any) -> bool:
        return not self.leaf.accepts(value)

    def holds(self, values: Values) -> bool:
        return not self.leaf.holds(values)


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; without any, it always holds."""

    parts: tuple[Condition, ...]

    def holds(self, values: Values) -> bool:
        return all(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    parts: tuple[Condition, ...]

    def holds(self, values: Values) -> bool:
        return any(part.holds(values) for part in self.parts)


Leaf = Count | OneOf | Finds | Not
Condition = Leaf | Every | Either


def tree_of(when: When, register: Register) -> Condition:
    """The conditions of a rule; what is negated are leaves."""
    parts: list[Condition] = [*_counts(when), *_names(when), *_patterns(when, register)]
    parts.extend(tree_of(part, register) for part in when.all or ())
    if when.any:
        parts.append(Either(tuple(tree_of(part, register) for part in when.any)))
    if when.not_:
        parts.append(_negated(tree_of(when.not_, register)))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _negated(tree: Condition) -> Condition:
    if isinstance(tree, Every):
        return Either(tuple(_negated(part) for part in tree.parts))
    if isinstance(tree, Either):
        return Every(tuple(_negated(part) for part in tree.parts))
    return tree.leaf if isinstance(tree, Not) else Not(tree)


def alternatives(tree: Condition) -> list[tuple[Condition, ...]]:
    """Ways for a rule to hold: one of these must hold in all its parts. Parts are leaves, or branch too far."""
    if isinstance(tree, Either):
        ways = [way for part in tree.parts for way in alternatives(part)]
        return ways if len(ways) <= MAX_ALTERNATIVES else [(tree,)]
    if not isinstance(tree, Every):
        return [(tree,)]
    ways = [()]
    for part in tree.parts:
        more = alternatives(part)
        if len(ways) * len(more) > MAX_ALTERNATIVES:
            more = [(part,)]
        ways = [(*way, *other) for way in ways for other in more]
    return ways


def leaves(tree: Condition) -> Iterator[Leaf]:
    """Everything that is asked of a request."""
    if isinstance(tree, Every | Either):
        for part in tree.parts:
            yield from leaves(part)
    else:
        yield tree


def _counts(when: When) -> Iterator[Condition]:
    counted = (
        (WORDS, when.words),
        (TOKENS, when.tokens),
        (TURNS, when.turns),
        (IMAGES, when.images),
        (TOOLS, when.tools),
    )
    for facet, bounds in counted:
        if bounds:
            yield Count(facet, bounds.min or 0, bounds.max)


def _names(when: When) -> Iterator[Condition]:
    if when.schema_ is not None:
        yield OneOf(SCHEMA, frozenset({when.schema_}))
    for facet, names in ((TENANT, when.tenant), (MODE, when.mode), (TASK_HINT, when.task_hint)):
        if names:
            yield OneOf(facet, frozenset(names))
    for key, label in (when.labels or {}).items():
        if label.is_:
            yield OneOf(f"{LABEL}{key}", frozenset(label.is_))


def _patterns(when: When, register: Register) -> Iterator[Condition]:
    for facet, pattern in ((TEXT, when.text), (ANY_TEXT, when.any_text), (SYSTEM, when.system)):
        if pattern is not None:
            yield Finds(facet, register(facet, pattern))
    for key, label in (when.labels or {}).items():
        if label.matches is not None:
            facet = f"{LABEL_TEXT}{key}"
            yield Finds(facet, register(facet, label.matches))
    if when.code is not None:
        shows = Finds(TEXT, register(TEXT, CODE))
        yield shows if when.code else Not(shows)
