"""Reads files of rules: whatever is wrong with one is told with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails

from pointsman import Names
from pointsman_policies.rules_schema import (
    Exclude,
    Label,
    Rule,
    RulesFile,
    Steps,
    Then,
    When,
    WordCounts,
    line_error,
    nearest,
)

_MAX_CHARACTERS = 1 << 20
_MAX_DEPTH = 40
_MAX_NODES = 100_000
# The pure Python loader is the same, ten times slower; PyYAML's stubs know only that one.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_rules(path: str, context: Names | None = None) -> RulesFile:
    """Read a rules file; a ValidationError holds all that is wrong with it, each with its path and line.

    Its errors are of type `elsewhere`, whose message needs no more wording.

        read_rules("rules.yaml").rules[0].id
    """
    document = _Document(path)
    document.parse(_text(path))
    if document.wrong:
        raise ValidationError.from_exception_data(path, document.wrong)
    try:
        return RulesFile.model_validate(document.data, context=context)
    except ValidationError as error:
        details = error.errors(include_url=False)
    places = [_existing(detail, document.data) for detail in details]
    # What is wrong inside makes what is around it wrong too: a list without its invalid items is too short.
    inner = {at[:length] for at in places for length in range(len(at))}
    wrong = [
        document.error(at, _sentence(detail, at)) for at, detail in zip(places, details, strict=True) if at not in inner
    ]
    raise ValidationError.from_exception_data(path, wrong)


def spell(at: Steps) -> str:
    """`rules[3].when.text` of ("rules", 3, "when", "text")."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).removeprefix(".")


class _Document:
    """A parsed file: plain values, the line of each path, and what is wrong with the YAML itself."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: dict[Steps, int] = {(): 1}
        self._nodes = 0
        # Whatever the YAML holds.
        self.data: Any = None
        self.wrong: list[InitErrorDetails] = []

    def error(self, at: Steps, message: str) -> InitErrorDetails:
        """A problem of this file, with the line of its path or of what is nearest above it."""
        line = next(self._lines[at[:length]] for length in range(len(at), -1, -1) if at[:length] in self._lines)
        return line_error(at, f"{self._path}:{line}: {message}", "elsewhere")

    def parse(self, text: str) -> None:
        try:
            _check_depth(text)
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
                self.data = None if node is None else self._value(node, (), loader)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            if mark := error.problem_mark or error.context_mark:
                self._lines[()] = mark.line + 1
            said = error.problem or error.context
            self.wrong = [self.error((), f"is not YAML: {said}; check indentation and quotes")]
        except (yaml.YAMLError, UnicodeError, ValueError, OverflowError):
            self.wrong = [self.error((), "is not YAML, or holds a value that YAML cannot read")]

    # The same.
    def _value(self, node: yaml.Node, at: Steps, loader: yaml.SafeLoader) -> Any:
        self._nodes += 1
        # Aliases are followed, and may contain themselves.
        if self._nodes > _MAX_NODES or len(at) > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="its aliases expand to too much")
        self._lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*at, index), loader) for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return loader.construct_object(node)
        made: dict[str, Any] = {}
        for key, value in node.value:
            step = (*at, str(key.value))
            written = str(key.value) in made
            self._lines[step] = key.start_mark.line + 1
            if written:
                self.wrong.append(self.error(step, "is written twice; remove one"))
            made[str(key.value)] = self._value(value, step, loader)
        return made


def _check_depth(text: str) -> None:
    # Composing recurses, in C: too deep a nesting must be seen before.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested more than {_MAX_DEPTH} deep")


def _text(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(_MAX_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or "no path"
        raise ValueError(f"{path!r} cannot be read: {why}; name a rules file") from None
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"{path!r} is too long; at most {_MAX_CHARACTERS:,} characters are read")
    return text


# Whatever the YAML holds.
def _existing(detail: ErrorDetails, data: Any) -> Steps:
    """Where the error is, without the steps that are not in the document: those are pydantic's own."""
    at: Steps = ()
    for step in detail["loc"]:
        held = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if step in held:
            at, data = (*at, step), data[step]
        elif detail["type"] == "missing":
            at = (*at, step)
    return at


def _sentence(detail: ErrorDetails, at: Steps) -> str:
    kind, last = detail["type"], str(at[-1]) if at else ""
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "extra_forbidden":
        return f"unknown key {last!r}{nearest(last, _KEYS)}"
    if kind == "missing":
        return f"required key {last!r} is missing"
    return _EXPECTED.get(kind) or detail["msg"]


_KEYS = frozenset(
    field.alias or name
    for model in (RulesFile, Rule, When, Then, Exclude, WordCounts, Label)
    for name, field in model.model_fields.items()
)
_EXPECTED: Mapping[str, str] = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
}
