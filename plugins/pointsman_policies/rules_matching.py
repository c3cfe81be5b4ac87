"""Which rules a request matches: conditions compiled once, and one pass of RE2 over a text for all its patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import re2

from pointsman import Mode, Request, Role, Text, ToolResult

if TYPE_CHECKING:
    from pointsman_policies.rules_file import Counts, Rule, When

READ_CHARACTERS = 20_000
"""How much of a text patterns see, unless configured otherwise."""

MAX_STEPS = 4_000
"""Steps of a pattern's compiled program: what bounds its memory."""
MAX_PLACES = 100
"""Places of a pattern at which a search may be at once: what bounds its time on a text that is made to be slow."""

# What is there of Markdown when somebody shows code: a fence, something in backticks, or an indented line.
_CODE = r"(?m)^ {0,3}(?:```|~~~)|`[^`\n]+`|^(?: {4}|\t)[ \t]*\S"
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|$) | \\(?:[xpP]\{[^}]*\} | .) | \[\^?\]?(?:\[:\^?\w+:\] | \\. | [^\]\\])*\]"
    r"| (?P<open>\((?:\?(?:P?<\w+>|[A-Za-z-]*:?))?) | \{(?P<low>\d+)(?:,(?P<high>\d*))?\} | .",
    re.DOTALL | re.VERBOSE,
)
_WIDE = frozenset(f"\\{kind}" for kind in "wWsSdDpPC")
_UNSUPPORTED = (
    (("(?=", "(?!", "(?<=", "(?<!"), "looks around; match the words themselves, and put what must be absent in `not`"),
    (("(?P=", "\\g<"), "refers back to a group; write out what is repeated"),
    (("(?>", "*+", "++", "?+", "}+"), "is atomic or possessive; remove that, because nothing here backtracks"),
    (("(?#", "(?x"), "holds a comment or free spacing; put comments in `note`"),
    (("(?(",), "is conditional; write two rules"),
    (("\\Z",), r"has \Z; write $ or \z"),
    (("\\u", "\\U", "\\N"), r"has a Unicode escape; write the character itself, or \x{E9}"),
)
_SEE = "see https://github.com/google/re2/wiki/Syntax"

# A text that patterns are searched in, and a pattern's place among those of that text.
Key = tuple[str, int]
Test = Callable[["Reading"], bool]

TEXT, ANY_TEXT, SYSTEM, LABEL = "text", "any_text", "system", "label:"


class Compiled(Protocol):
    """What is used of RE2's own regular expressions, which come without types."""

    programsize: int

    def search(self, text: bytes) -> object | None: ...


def compiled(pattern: str) -> Compiled:
    """Compile one pattern; ValueError says in a sentence what RE2 does not do, and the remedy."""
    try:
        made: Compiled = re2.compile(pattern.encode(), _options())
    except UnicodeEncodeError:
        raise ValueError("is no valid text: it holds half of a surrogate pair") from None
    except re2.error as error:
        raise ValueError(_refusal(pattern, error)) from None
    if made.programsize > MAX_STEPS:
        raise ValueError(
            f"is too large: {made.programsize:,} steps when compiled, at most {MAX_STEPS:,} are allowed; split it into "
            "several rules"
        )
    if (places := _places(pattern)) > MAX_PLACES:
        raise ValueError(
            f"is too large: it counts or leaves open {places:,} characters, at most {MAX_PLACES} are allowed; lower "
            "the bounds in {}, write * in their place, or use two conditions"
        )
    return made


def _places(pattern: str) -> int:
    """Characters that are any of several, and those in counted repetitions, written out.

    A search can be at all of these at once, while of plain words it can be only at few.
    """
    # Of each open group: all its characters, those that count here; then the same of what was read last.
    groups, last = [(0, 0)], (0, 0)
    for token in _TOKEN.finditer(pattern):
        size, places = groups[-1]
        text = token[0]
        if token["open"]:
            groups.append((0, 0))
        elif text == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] = groups[-1][0] + last[0], groups[-1][1] + last[1]
        elif token["low"]:
            times = max(int(token["low"]), int(token["high"] or 1))
            if times > 1:
                groups[-1] = size + last[0] * (times - 1), places + last[0] * times - last[1]
                last = last[0] * times, last[0] * times
        elif text not in "*+?|^$":
            last = 1, int(text == "." or text[0] == "[" or text[:2] in _WIDE)
            groups[-1] = size + last[0], places + last[1]
    return max(places for _, places in groups)


def _options() -> re2.Options:
    options = re2.Options()
    # Refusals are ours to word, and RE2 would write its own to standard error.
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 1 << 20
    return options


def _refusal(pattern: str, error: Exception) -> str:
    said = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
    if re.match(r"invalid escape sequence: \\[1-9]", said):
        return f"refers back to a group, which linear time does not allow; write out what is repeated ({said}; {_SEE})"
    for marks, what in _UNSUPPORTED:
        if any(mark in said or (mark in pattern and "operator" in said) for mark in marks):
            return f"{what} ({said}; {_SEE})"
    return f"is no regular expression of RE2: {said}; {_SEE}"


class Patterns:
    """All patterns for one text. RE2's filter looks for their literal words in one pass, then tries the few left.

    Half a thousand patterns cost a tenth of what one automaton for all of them does on text not seen before.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._filter = re2.Filter()

    def add(self, pattern: str) -> int:
        """The place of a pattern; equal ones share it."""
        if pattern not in self._places:
            self._places[pattern] = self._filter.Add(pattern.encode(), _options())
        return self._places[pattern]

    def compile(self) -> None:
        self._filter.Compile()

    def found(self, text: str) -> frozenset[int]:
        """The places of the patterns found in `text`."""
        # A JSON door may let half of a surrogate pair pass, which UTF-8 cannot say.
        return frozenset(self._filter.Match(text.encode(errors="replace")) or ())


class Reading:
    """One request, each of its texts searched at most once, and only if a rule asks for it."""

    __slots__ = ("_found", "_program", "request")

    def __init__(self, request: Request, program: Program) -> None:
        self.request = request
        self._program = program
        self._found: dict[str, frozenset[int]] = {}

    def found(self, subject: str) -> frozenset[int]:
        """The places of the patterns found in one text."""
        places = self._found.get(subject)
        if places is None:
            places = self._found[subject] = self._search(subject)
        return places

    def _search(self, subject: str) -> frozenset[int]:
        patterns, limit = self._program.patterns[subject], self._program.read_characters
        if subject.startswith(LABEL):
            label = self.request.hints.labels.get(subject.removeprefix(LABEL))
            return frozenset() if label is None else patterns.found(clipped([label], limit))
        return patterns.found(clipped(_texts(self.request, subject), limit))


class Program:
    """Rules compiled into one: `matching` is fast where most rules are about words that most texts do not hold."""

    def __init__(self, rules: Sequence[Rule], default_mode: Mode, read_characters: int) -> None:
        self.read_characters = read_characters
        self.default_mode = default_mode
        self.patterns: dict[str, Patterns] = {}
        # As many words need not be counted on as no rule tells apart.
        self.words = max((bound for rule in rules for bound in _bounds(rule.when)), default=0) + 1
        self._tests = tuple(self._compile(rule.when) for rule in rules)
        self._unkeyed: list[int] = []
        self._keyed: dict[str, dict[int, list[int]]] = {}
        for position, rule in enumerate(rules):
            self._file(position, self._keys(rule.when))
        for patterns in self.patterns.values():
            patterns.compile()

    def matching(self, request: Request) -> Iterator[int]:
        """Positions of the rules that match, in order."""
        reading = Reading(request, self)
        for position in self._candidates(reading):
            if self._tests[position](reading):
                yield position

    def _candidates(self, reading: Reading) -> Sequence[int]:
        """Rules that may match: without any of its key patterns a rule cannot."""
        hits: set[int] = set()
        for subject, keyed in self._keyed.items():
            for place in reading.found(subject) & keyed.keys():
                hits.update(keyed[place])
        return sorted(hits.union(self._unkeyed)) if hits else self._unkeyed

    def _file(self, position: int, keys: frozenset[Key] | None) -> None:
        if keys is None:
            self._unkeyed.append(position)
            return
        for subject, place in keys:
            self._keyed.setdefault(subject, {}).setdefault(place, []).append(position)

    def _keys(self, when: When) -> frozenset[Key] | None:
        """Patterns of which at least one must be found for `when` to hold; None: it may hold without any."""
        options = [frozenset({self._key(subject, pattern)}) for subject, pattern in _searched(when)]
        options.extend(keys for part in when.all or () if (keys := self._keys(part)) is not None)
        branches = [self._keys(part) for part in when.any or ()]
        if branches and None not in branches:
            options.append(frozenset(chain.from_iterable(keys for keys in branches if keys)))
        return min(options, key=len, default=None)

    def _key(self, subject: str, pattern: str) -> Key:
        return subject, self.patterns.setdefault(subject, Patterns()).add(pattern)

    def _compile(self, when: When) -> Test:
        tests: list[Test] = [_finds(*self._key(subject, pattern)) for subject, pattern in _searched(when)]
        if when.code is False:
            tests.append(_negated(_finds(*self._key(TEXT, _CODE))))
        tests.extend(_plain(when, self.default_mode, self.words))
        tests.extend(self._compile(part) for part in when.all or ())
        if when.any:
            tests.append(_either([self._compile(part) for part in when.any]))
        if when.not_:
            tests.append(_negated(self._compile(when.not_)))
        return tests[0] if len(tests) == 1 else _every(tests)


def clipped(texts: Sequence[str], limit: int) -> str:
    """The texts joined by newlines; beyond `limit` characters only the first four fifths of it and the last fifth."""
    if sum(map(len, texts)) + len(texts) <= limit + 1:
        return "\n".join(texts)
    first, last = limit - limit // 5, limit // 5
    return f"{_start(texts, first)}\n{_end(texts, last)}"


# A conversation may be a thousand times longer than what is read of it, so it is not joined first.
def _start(texts: Sequence[str], limit: int) -> str:
    return "\n".join(_enough(texts, limit))[:limit]


def _end(texts: Sequence[str], limit: int) -> str:
    return "\n".join(reversed([text[-limit:] for text in _enough(reversed(texts), limit)]))[-limit:]


def _enough(texts: Iterable[str], limit: int) -> list[str]:
    """As many texts as have `limit` characters, with the newlines between them."""
    taken: list[str] = []
    for text in texts:
        taken.append(text)
        limit -= len(text) + 1
        if limit < 0:
            break
    return taken


def _texts(request: Request, subject: str) -> list[str]:
    if subject == TEXT:
        return [request.text()]
    told = (Role.SYSTEM, Role.DEVELOPER) if subject == SYSTEM else tuple(Role)
    return [
        part.text
        for message in request.messages
        if message.role in told
        for part in message.parts
        if isinstance(part, Text | ToolResult)
    ]


def _searched(when: When) -> Iterator[tuple[str, str]]:
    """The patterns that must be found, each with its text."""
    for subject, pattern in ((TEXT, when.text), (ANY_TEXT, when.any_text), (SYSTEM, when.system)):
        if pattern is not None:
            yield subject, pattern
    if when.code:
        yield TEXT, _CODE
    for key, label in (when.labels or {}).items():
        if label.matches is not None:
            yield f"{LABEL}{key}", label.matches


def _plain(when: When, default_mode: Mode, words: int) -> Iterator[Test]:
    """The conditions that read no pattern."""
    if when.words:
        # Splitting stops where it can no longer make a difference.
        yield _counted(lambda request: len(request.text().split(None, words)), when.words)
    if when.tokens:
        yield _counted(_tokens, when.tokens)
    if when.turns:
        yield _counted(lambda request: request.facts.turns, when.turns)
    if when.images:
        yield _counted(lambda request: request.facts.images, when.images)
    if when.tools:
        yield _counted(lambda request: request.facts.tools, when.tools)
    if (schema := when.schema_) is not None:
        yield lambda reading: (reading.request.response_format is not None) is schema
    for key, label in (when.labels or {}).items():
        if label.is_:
            yield _labelled(key, frozenset(label.is_))
    yield from _named(when, default_mode)


def _named(when: When, default_mode: Mode) -> Iterator[Test]:
    if when.tenant:
        tenants = frozenset(when.tenant)
        yield lambda reading: reading.request.tenant in tenants
    if when.mode:
        modes = frozenset(when.mode)
        yield lambda reading: (reading.request.hints.mode or default_mode) in modes
    if when.task_hint:
        tasks = frozenset(when.task_hint)
        yield lambda reading: reading.request.hints.task in tasks


def _tokens(request: Request) -> int:
    told = request.hints.input_tokens
    return request.facts.input_tokens if told is None else told


def _bounds(when: When) -> Iterator[int]:
    """Every number of words that the condition compares with."""
    if when.words:
        yield from (bound for bound in (when.words.min, when.words.max) if bound is not None)
    for part in (*(when.all or ()), *(when.any or ()), *([when.not_] if when.not_ else ())):
        yield from _bounds(part)


def _counted(count: Callable[[Request], int], bounds: Counts) -> Test:
    low, high = bounds.min or 0, bounds.max
    if high is None:
        return lambda reading: count(reading.request) >= low
    return lambda reading: low <= count(reading.request) <= high


def _labelled(key: str, wanted: frozenset[str]) -> Test:
    def test(reading: Reading) -> bool:
        labels: Mapping[str, str] = reading.request.hints.labels
        return labels.get(key) in wanted

    return test


def _finds(subject: str, place: int) -> Test:
    return lambda reading: place in reading.found(subject)


def _negated(test: Test) -> Test:
    return lambda reading: not test(reading)


# Loops, because `all` and `any` over a generator cost three times as much, five hundred times a decision.
def _every(tests: Sequence[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda reading: first(reading) and second(reading)

    def every(reading: Reading) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(reading):
                return False
        return True

    return every


def _either(tests: Sequence[Test]) -> Test:
    def either(reading: Reading) -> bool:
        for test in tests:  # noqa: SIM110
            if test(reading):
                return True
        return False

    return either
