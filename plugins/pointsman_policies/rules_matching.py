"""Which rules a request matches: sets of rules narrowed facet by facet, so that most are never looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pointsman import Mode, Request
from pointsman_policies.rules_conditions import alternatives, tree_of
from pointsman_policies.rules_index import exact, facets_of
from pointsman_policies.rules_patterns import Patterns
from pointsman_policies.rules_reading import (
    IMAGES,
    LABEL,
    MODE,
    SCHEMA,
    TASK_HINT,
    TENANT,
    TOKENS,
    TOOLS,
    TURNS,
    WORDS,
    Reader,
    label_of,
    text_of,
    tokens_of,
    words_of,
)

if TYPE_CHECKING:
    from pointsman_policies.rules_schema import Rule, When


_NOTHING: frozenset[int] = frozenset()


class Program:
    """Rules compiled into one; `matching` costs little where most rules are about what most requests are not like."""

    def __init__(self, rules: Sequence[Rule], default_mode: Mode, read_characters: int) -> None:
        patterns: dict[str, Patterns] = {}
        trees = [tree_of(rule.when, lambda text, p: patterns.setdefault(text, Patterns()).add(p)) for rule in rules]
        ways = [(position, parts) for position, tree in enumerate(trees) for parts in alternatives(tree)]
        # As many words need not be counted on as no rule tells apart.
        words = max((bound for rule in rules for bound in _word_bounds(rule.when)), default=0) + 1
        self._rules = tuple(position for position, _ in ways)
        self._parts = tuple(parts for _, parts in ways)
        self._everything = (1 << len(ways)) - 1
        self._exact = exact(self._parts)
        self._facets = tuple(
            (facet.name, facet.asking, reader, facet.possible)
            for facet in facets_of(self._parts)
            for reader in [
                _searching(facet.name, patterns[facet.name], read_characters)
                if facet.name in patterns
                else _reader(facet.name, default_mode, words)
            ]
        )

    def matching(self, request: Request) -> Iterator[int]:
        """Positions of the rules that match, in order."""
        left, values = self._everything, {}
        for name, asking, read, possible in self._facets:
            # So whatever is left in the end, all that it asks for has been read.
            if left & asking:
                value = values[name] = read(request)
                left &= possible(value)
        matched = -1
        while left:
            bit = left & -left
            left ^= bit
            way = bit.bit_length() - 1
            rule = self._rules[way]
            if rule != matched and (bit & self._exact or all(part.holds(values) for part in self._parts[way])):
                matched = rule
                yield rule


def _searching(text: str, patterns: Patterns, read_characters: int) -> Reader:
    patterns.compile()
    read = text_of(text, read_characters)

    def found(request: Request) -> frozenset[int]:
        said = read(request)
        return _NOTHING if said is None else patterns.found(said)

    return found


def _reader(facet: str, default_mode: Mode, words: int) -> Reader:
    if facet.startswith(LABEL):
        return label_of(facet.removeprefix(LABEL))
    readers: dict[str, Reader] = {
        WORDS: words_of(words),
        TOKENS: tokens_of,
        TURNS: lambda request: request.facts.turns,
        IMAGES: lambda request: request.facts.images,
        TOOLS: lambda request: request.facts.tools,
        SCHEMA: lambda request: request.response_format is not None,
        TENANT: lambda request: request.tenant,
        MODE: lambda request: request.hints.mode or default_mode,
        TASK_HINT: lambda request: request.hints.task,
    }
    return readers[facet]


def _word_bounds(when: When) -> Iterator[int]:
    """Every number of words that the condition compares with."""
    if when.words:
        yield from (bound for bound in (when.words.min, when.words.max) if bound is not None)
    for part in (*(when.all or ()), *(when.any or ()), *([when.not_] if when.not_ else ())):
        yield from _word_bounds(part)
