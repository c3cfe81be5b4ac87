"""Reading YAML with the line of every value, so that each problem can say where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from pointsman.errors import Problem

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 100_000
"""Counted with aliases followed, so that a few of them cannot stand for billions of values."""

_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
# The pure Python loader is the same, ten times slower; PyYAML's stubs know only that one.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed document: plain values, the 1-based line of each path, and what was wrong with the YAML itself."""

    # Whatever the YAML holds.
    data: Any
    lines: Mapping[YamlPath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    readable: bool = True
    text: str = field(default="", repr=False)

    def line(self, path: YamlPath) -> int:
        """The line of this path, or of what is nearest above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: YamlPath, message: str, *, fatal: bool = True) -> Problem:
        return Problem(spell(path), message, self.line(path), fatal)


def spell(path: YamlPath) -> str:
    """`chain[2].with.file` of ("chain", 2, "with", "file")."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text or "document"


def read(text: str) -> Source:
    """Parse YAML; syntax errors, duplicate keys and tags are problems, never exceptions."""
    if len(text) > MAX_CHARACTERS:
        return _unreadable(f"is {len(text):,} characters long; at most {MAX_CHARACTERS:,} are read", 1)
    try:
        _check_depth(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            build = _Build(loader)
            data = {} if node is None else build.value(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return _unreadable(f"is not YAML: {said}; check indentation and quotes", line)
    except (yaml.YAMLError, UnicodeError):
        return _unreadable("holds a character that YAML does not allow", 1)
    return Source(data, build.lines, tuple(build.problems), text=text)


def _unreadable(message: str, line: int) -> Source:
    return Source({}, {}, (Problem("document", message, line),), readable=False)


def _refusal(why: str, at: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    # The C parser's marks are not the class that PyYAML's stubs name.
    mark: Any = at.start_mark
    return yaml.MarkedYAMLError(problem=why, problem_mark=mark)


def _check_depth(text: str) -> None:
    # Composing recurses, in C: too deep a nesting must be seen before.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _refusal(f"nested more than {MAX_DEPTH} deep", event)


class _Build:
    """One walk over the composed nodes, which may share parts through aliases."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._nodes = 0
        self.lines: dict[YamlPath, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: YamlPath) -> Any:
        self._nodes += 1
        # An alias may contain itself, hence the depth once more.
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise _refusal("its aliases expand to too much", node)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag in _TAGS:
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag in _TAGS:
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._add(path, node, f"tag {_short(node.tag)} means nothing here; remove it")
        return None

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, Any]:
        made: dict[str, Any] = {}
        own: dict[str, int] = {}
        for key_node, value_node in self._pairs(node, path):
            key = self._key(key_node, path)
            line = key_node.start_mark.line + 1
            if key in own:
                self._add((*path, key), key_node, f"is written twice, on lines {own[key]} and {line}; remove one")
                continue
            own[key] = line
            self.lines[*path, key] = line
            made[key] = self.value(value_node, (*path, key))
        return self._merged(node, path, made)

    def _merged(self, node: yaml.MappingNode, path: YamlPath, made: dict[str, Any]) -> dict[str, Any]:
        for key_node, value_node in node.value:
            if key_node.tag != _MERGE:
                continue
            sources = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            for source in sources:
                if not isinstance(source, yaml.MappingNode):
                    self._add(path, key_node, "`<<` merges mappings, by alias; this is none")
                    continue
                lines = dict(self.lines)
                inherited = self.value(source, path)
                self.lines.update(lines)
                made = inherited | made
        return made

    def _pairs(self, node: yaml.MappingNode, path: YamlPath) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        return ((key, value) for key, value in node.value if key.tag != _MERGE)

    def _key(self, node: yaml.Node, path: YamlPath) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _refusal("a key must be text", node)
        if node.tag != "tag:yaml.org,2002:str":
            kind = _short(node.tag)
            self._add((*path, node.value), node, f"key {node.value!r} is read as {kind} by YAML; put it in quotes")
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: YamlPath) -> Any:
        if node.tag == _TIMESTAMP:
            return node.value
        if node.tag not in _TAGS:
            self._add(path, node, f"tag {_short(node.tag)} means nothing here; remove it")
            return None
        try:
            value = self._loader.construct_object(node)
        # A tag given by hand need not fit the text: `!!int x`.
        except (ValueError, KeyError, IndexError, OverflowError):
            self._add(path, node, f"is not what its tag {_short(node.tag)} says")
            return None
        if isinstance(value, int) and abs(value) >= 1 << 63:
            self._add(path, node, "is a number too large for anything here")
            return None
        return value

    def _add(self, path: YamlPath, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(spell(path), message, node.start_mark.line + 1))


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
