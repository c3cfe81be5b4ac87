"""Which rules a facet of a request leaves possible: sets of rules as the bits of integers, made when rules are loaded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from pointsman_policies.rules_conditions import Condition, Count, Finds, Leaf, OneOf, together

_OTHER = object()
"""A value that no rule names."""


@dataclass(frozen=True, slots=True)
class Facet:
    """The rules that ask for a facet, and those that may hold where it has some value; both as bits."""

    name: str
    asking: int
    # Whatever values the facet has.
    may_hold: Callable[[Any], int]


def facets_of(trees: Sequence[Condition]) -> list[Facet]:
    """Every facet that a rule asks for, those first that cost least to look at."""
    asking: dict[str, dict[int, list[Leaf]]] = {}
    for position, tree in enumerate(trees):
        for leaf in tree.leaves():
            asking.setdefault(leaf.facet, {}).setdefault(position, []).append(leaf)
    everyone = (1 << len(trees)) - 1
    made = [_facet(name, trees, leaves, everyone) for name, leaves in asking.items()]
    return [facet for _, facet in sorted(made, key=lambda one: (one[0], one[1].name))]


def _facet(
    name: str, trees: Sequence[Condition], leaves: Mapping[int, Sequence[Leaf]], everyone: int
) -> tuple[int, Facet]:
    """A facet after what it costs to look at: names are at hand, words must be counted, patterns searched."""
    asking = _bits(leaves)
    mine = _Asking(name, {position: trees[position] for position in leaves}, leaves, everyone & ~asking)
    kind = type(next(iter(leaves.values()))[0])
    cost, may_hold = {OneOf: (0, mine.by_value), Count: (1, mine.by_count), Finds: (2, mine.by_places)}[kind]
    return cost, Facet(name, asking, may_hold())


@dataclass(frozen=True, slots=True)
class _Asking:
    """The rules that ask for one facet, by position, and what they ask of it; `others` are the bits of the rest."""

    facet: str
    trees: Mapping[int, Condition]
    leaves: Mapping[int, Sequence[Leaf]]
    others: int

    def by_value(self) -> Callable[[object], int]:
        unnamed = self._may(self.others, self.trees, _OTHER)
        named: dict[object, int] = {}
        for position, leaves in self.leaves.items():
            for value in {value for leaf in leaves if isinstance(leaf, OneOf) for value in leaf.values}:
                named[value] = self._may(named.get(value, unnamed), (position,), value)
        return lambda value: named.get(value, unnamed)

    def by_count(self) -> Callable[[int], int]:
        # Between two of these numbers no rule changes its mind.
        changes: dict[float, list[int]] = {-inf: list(self.trees)}
        for position, leaves in self.leaves.items():
            for leaf in leaves:
                assert isinstance(leaf, Count)
                changes.setdefault(leaf.low, []).append(position)
                if leaf.high is not None:
                    changes.setdefault(leaf.high + 1, []).append(position)
        numbers, left, sets = sorted(changes), self.others, []
        for number in numbers:
            left = self._may(left, changes[number], number)
            sets.append(left)
        return lambda value: sets[bisect_right(numbers, value) - 1]

    def by_places(self) -> Callable[[frozenset[int]], int]:
        without = self._may(self.others, self.trees, frozenset())
        with_place: dict[int, int] = {}
        for position, leaves in self.leaves.items():
            for leaf in leaves:
                assert isinstance(leaf, Finds)
                with_place[leaf.place] = with_place.get(leaf.place, 0) | 1 << position

        def may_hold(found: frozenset[int]) -> int:
            left = without
            for place in found:
                left |= with_place[place]
            return left

        return may_hold

    def _may(self, rules: int, positions: Iterable[int], value: object) -> int:
        """`rules`, with the bits of these positions set where the value leaves them possible, and else not."""
        for position in positions:
            bit = 1 << position
            impossible = self.trees[position].known(self.facet, value) is False
            rules = rules & ~bit if impossible else rules | bit
        return rules


def exact(trees: Sequence[Condition]) -> int:
    """The rules that hold if every facet leaves them possible, so that nothing more need be asked, as bits."""
    return _bits(position for position, tree in enumerate(trees) if _is_exact(tree))


def _is_exact(tree: Condition) -> bool:
    """Is every part about one facet, and about one pattern of it? Patterns found together are not in the index."""
    searched: set[str] = set()
    for part in together(tree):
        leaves = list(part.leaves())
        if len({leaf.facet for leaf in leaves}) != 1:
            return False
        if isinstance(leaves[0], Finds):
            if part is not leaves[0] or leaves[0].facet in searched:
                return False
            searched.add(leaves[0].facet)
    return True


def _bits(positions: Iterable[int]) -> int:
    return sum(1 << position for position in positions)
