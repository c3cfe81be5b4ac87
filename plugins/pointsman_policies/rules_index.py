"""Which rules a facet of a request leaves possible: sets of them as the bits of integers, made when rules are loaded.

A bit stands for one alternative of a rule, a sequence of conditions that must all hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from pointsman_policies.rules_conditions import Condition, Count, Either, Every, Finds, Leaf, Not, OneOf, leaves

Alternative = Sequence[Condition]

_OTHER = object()
"""A value that no rule names."""


@dataclass(frozen=True, slots=True)
class Facet:
    """The alternatives that ask for a facet, and those that may hold where it has some value."""

    name: str
    asking: int
    # Whatever values the facet has.
    possible: Callable[[Any], int]


def facets_of(alternatives: Sequence[Alternative]) -> list[Facet]:
    """Every facet that is asked for, those first that cost least to look at."""
    asking: dict[str, set[int]] = {}
    kinds: dict[str, type] = {}
    for position, parts in enumerate(alternatives):
        for leaf in (leaf for part in parts for leaf in leaves(part)):
            asking.setdefault(leaf.facet, set()).add(position)
            kinds[leaf.facet] = type(leaf.leaf if isinstance(leaf, Not) else leaf)
    made = {}
    for name, positions in asking.items():
        asked = _Asked(name, {position: _own(alternatives[position], name) for position in sorted(positions)})
        others = (1 << len(alternatives)) - 1 & ~_bits(positions)
        made[name] = Facet(name, _bits(positions), _WAYS[kinds[name]](asked, others))
    # Names are at hand, words must be counted, and patterns searched.
    costs = {OneOf: 0, Count: 1, Finds: 2}
    return sorted(made.values(), key=lambda facet: (costs[kinds[facet.name]], facet.name))


def exact(alternatives: Sequence[Alternative]) -> int:
    """Those that hold if every facet leaves them possible, so that nothing more need be asked.

    Of several patterns in one text only those that must be absent are told apart.
    """

    def is_exact(parts: Alternative) -> bool:
        found = [part.facet for part in parts if isinstance(part, Finds)]
        return len(found) == len(set(found)) and not any(isinstance(part, Every | Either) for part in parts)

    return _bits(position for position, parts in enumerate(alternatives) if is_exact(parts))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What alternatives, by position, ask of one facet."""

    facet: str
    leaves: Mapping[int, Sequence[Leaf]]

    def bare(self) -> Iterable[tuple[int, Count | OneOf | Finds]]:
        """The leaves, whether negated or not."""
        for position, asked in self.leaves.items():
            for leaf in asked:
                yield position, leaf.leaf if isinstance(leaf, Not) else leaf

    # Whatever values the facet has.
    def update(self, possible: int, positions: Iterable[int], value: Any) -> int:
        """`possible` with these alternatives in it or not, as this value has it."""
        for position in positions:
            bit = 1 << position
            holds = all(leaf.accepts(value) for leaf in self.leaves[position])
            possible = possible | bit if holds else possible & ~bit
        return possible


def _by_value(asked: _Asked, others: int) -> Callable[[object], int]:
    unnamed = asked.update(others, asked.leaves, _OTHER)
    named: dict[object, int] = {}
    for position, leaf in asked.bare():
        assert isinstance(leaf, OneOf)
        for value in leaf.among:
            named[value] = asked.update(named.get(value, unnamed), (position,), value)
    return lambda value: named.get(value, unnamed)


def _by_count(asked: _Asked, others: int) -> Callable[[int], int]:
    # Between two of these numbers no rule changes its mind.
    changes: dict[float, list[int]] = {-inf: list(asked.leaves)}
    for position, leaf in asked.bare():
        assert isinstance(leaf, Count)
        for number in (leaf.low, *(() if leaf.high is None else (leaf.high + 1,))):
            changes.setdefault(number, []).append(position)
    numbers, possible, sets = sorted(changes), others, []
    for number in numbers:
        possible = asked.update(possible, changes[number], number)
        sets.append(possible)
    return lambda value: sets[bisect_right(numbers, value) - 1]


def _by_places(asked: _Asked, others: int) -> Callable[[Iterable[int]], int]:
    without = asked.update(others, asked.leaves, ())
    wanting: dict[int, int] = {}
    barring: dict[int, int] = {}
    for position, own in asked.leaves.items():
        for leaf in own:
            bare, places = (leaf.leaf, barring) if isinstance(leaf, Not) else (leaf, wanting)
            assert isinstance(bare, Finds)
            places[bare.place] = places.get(bare.place, 0) | 1 << position

    def possible(found: Iterable[int]) -> int:
        some, barred = without, 0
        for place in found:
            some |= wanting.get(place, 0)
            barred |= barring.get(place, 0)
        return some & ~barred

    return possible


_WAYS: Mapping[type, Callable[[_Asked, int], Callable[[Any], int]]] = {
    OneOf: _by_value,
    Count: _by_count,
    Finds: _by_places,
}


def _own(parts: Alternative, facet: str) -> list[Leaf]:
    """Leaves of one facet; those inside of what branches too far leave everything possible."""
    return [part for part in parts if not isinstance(part, Every | Either) and part.facet == facet]


def _bits(positions: Iterable[int]) -> int:
    return sum(1 << position for position in set(positions))
