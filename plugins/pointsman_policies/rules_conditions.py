"""Conditions of rules as trees: whether they hold of a request, and whether they still may where one facet is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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
    Reading,
)

if TYPE_CHECKING:
    from pointsman_policies.rules_file import When

# What there is of Markdown when somebody shows code: a fence, something in backticks, or an indented line.
CODE = r"(?m)^ {0,3}(?:```|~~~)|`[^`\n]+`|^(?: {4}|\t)[ \t]*\S"

# Registers a pattern for a text, and returns its place among those of that text.
Register = Callable[[str, str], int]


class Condition(Protocol):
    """Part of a tree."""

    def holds(self, reading: Reading) -> bool: ...

    # Whatever values the facet has.
    def known(self, facet: str, value: Any) -> bool | None:
        """Whether it holds where only that facet's value is known; None: that depends on others."""
        ...

    def leaves(self) -> Iterator[Leaf]: ...


@dataclass(frozen=True, slots=True)
class Count:
    """A number within bounds, which belong to it; `high` None: unbounded."""

    facet: str
    low: int
    high: int | None

    def accepts(self, value: int) -> bool:
        return self.low <= value and (self.high is None or value <= self.high)

    def holds(self, reading: Reading) -> bool:
        return self.accepts(reading.value(self.facet))

    def known(self, facet: str, value: Any) -> bool | None:
        return self.accepts(value) if facet == self.facet else None

    def leaves(self) -> Iterator[Leaf]:
        yield self


@dataclass(frozen=True, slots=True)
class OneOf:
    """A name, or another value, among some."""

    facet: str
    values: frozenset[object]

    def holds(self, reading: Reading) -> bool:
        return reading.value(self.facet) in self.values

    def known(self, facet: str, value: Any) -> bool | None:
        return value in self.values if facet == self.facet else None

    def leaves(self) -> Iterator[Leaf]:
        yield self


@dataclass(frozen=True, slots=True)
class Finds:
    """A pattern that is found in a text; `place` is its own among those of the text."""

    facet: str
    place: int

    def holds(self, reading: Reading) -> bool:
        return self.place in reading.value(self.facet)

    def known(self, facet: str, value: Any) -> bool | None:
        return self.place in value if facet == self.facet else None

    def leaves(self) -> Iterator[Leaf]:
        yield self


Leaf = Count | OneOf | Finds


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; without any, it always holds."""

    parts: tuple[Condition, ...]

    def holds(self, reading: Reading) -> bool:
        # A loop, because `all` over a generator costs three times as much, hundreds of times a decision.
        for part in self.parts:  # noqa: SIM110
            if not part.holds(reading):
                return False
        return True

    def known(self, facet: str, value: Any) -> bool | None:
        known = [part.known(facet, value) for part in self.parts]
        return False if False in known else None if None in known else True

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    parts: tuple[Condition, ...]

    def holds(self, reading: Reading) -> bool:
        # As above.
        for part in self.parts:  # noqa: SIM110
            if part.holds(reading):
                return True
        return False

    def known(self, facet: str, value: Any) -> bool | None:
        known = [part.known(facet, value) for part in self.parts]
        return True if True in known else None if None in known else False

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Negated:
    part: Condition

    def holds(self, reading: Reading) -> bool:
        return not self.part.holds(reading)

    def known(self, facet: str, value: Any) -> bool | None:
        known = self.part.known(facet, value)
        return None if known is None else not known

    def leaves(self) -> Iterator[Leaf]:
        yield from self.part.leaves()


def tree_of(when: When, register: Register) -> Condition:
    """The conditions of a rule; one that stands alone is not wrapped."""
    parts = [*_counts(when), *_names(when), *_patterns(when, register)]
    parts.extend(tree_of(part, register) for part in when.all or ())
    if when.any:
        parts.append(Either(tuple(tree_of(part, register) for part in when.any)))
    if when.not_:
        parts.append(Negated(tree_of(when.not_, register)))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def together(tree: Condition) -> Sequence[Condition]:
    """What must all hold, for the tree to hold."""
    if not isinstance(tree, Every):
        return (tree,)
    return [part for inner in tree.parts for part in together(inner)]


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
        yield shows if when.code else Negated(shows)
