"""What went wrong, in an operator's words: pydantic's errors as problems with path, line and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pointsman.config.positions import Source, YamlPath
from pointsman.errors import Problem
from pointsman.nearest import nearest

ELSEWHERE = "elsewhere"
"""Type of an error in a file that an option names: its path goes on in there, and its message says the line of it."""

# A node of a JSON Schema, or a value of a document: whatever JSON holds.
Node = Mapping[str, Any]
T = TypeVar("T", bound=BaseModel)

_EXPECTED: Mapping[str, str] = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "mapping_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must hold at least {min_length}",
}


def validate(model: type[T], source: Source, at: YamlPath, check: Callable[[], T]) -> T | list[Problem]:
    """What `check` returns, or the problems of `model` that it raised, found under `at` in the document."""
    try:
        return check()
    except ValidationError as error:
        # No exception is chained to what becomes of these: pydantic's text would show values, keys among them.
        details = error.errors(include_url=False)
    return [_problem(detail, source, at, model) for detail in details if not _long_enough(detail)]


def show(value: object) -> str:
    """A value for a message, short; "" for one that is not a single value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        return ""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _long_enough(detail: ErrorDetails) -> bool:
    """Whether pydantic calls a list too short only because it has not counted its invalid items."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _problem(detail: ErrorDetails, source: Source, at: YamlPath, model: type[BaseModel]) -> Problem:
    if detail["type"] == ELSEWHERE:
        return source.problem((*at, *detail["loc"]), detail["msg"])
    path = _path((*at, *detail["loc"]), source.data)
    return source.problem(path, _message(detail, path, at, model))


def _path(loc: YamlPath, data: Any) -> YamlPath:
    """`loc` without the steps that are pydantic's own, such as `[key]` and the branches of a union."""
    path: YamlPath = ()
    for step in loc:
        if isinstance(data, Mapping) and isinstance(step, str):
            if step == "[key]":
                break
            path, data = (*path, step), data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            path, data = (*path, step), data[step]
        else:
            break
    return path


def _message(detail: ErrorDetails, path: YamlPath, at: YamlPath, model: type[BaseModel]) -> str:
    kind, context, last = detail["type"], detail.get("ctx", {}), str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return f"unknown key {last!r}{nearest(last, _keys(model.model_json_schema(), path[len(at) : -1]))}"
    if kind == "missing":
        return f"required key {last!r} is missing"
    if kind == "value_error":
        message = str(context["error"])
    elif kind == "literal_error":
        message = f"must be {context['expected']}"
    elif kind in _EXPECTED:
        message = _EXPECTED[kind].format_map(context)
    else:
        message = detail["msg"]
    quoted = show(detail["input"]) if _quotable(path) else ""
    return f"{message}, not {quoted}" if quoted else message


def _quotable(path: YamlPath) -> bool:
    # A provider's values may be secrets put in the wrong place, and so may those that say where ledger and state are.
    if path[:1] == ("providers",) or path[:2] in (("ledger", "url"), ("ledger", "path"), ("state", "url")):
        return False
    # Of a policy's options we cannot know.
    return not (path[:1] in (("chain",), ("gates",)) and "with" in path)


def _keys(schema: Node, path: YamlPath) -> set[str]:
    """The keys that an object may have at `path` of what `schema` describes."""
    nodes = list(_objects(schema, schema))
    for step in path:
        below: list[Node] = []
        for node in nodes:
            if isinstance(step, int):
                child = node.get("items")
            else:
                child = node.get("properties", {}).get(step, node.get("additionalProperties"))
            if isinstance(child, Mapping):
                below.extend(_objects(child, schema))
        nodes = below
    return {key for node in nodes for key in node.get("properties", {})}


def _objects(node: Node, root: Node) -> Iterator[Node]:
    """What a node stands for, references and alternatives followed."""
    if "$ref" in node:
        yield from _objects(root["$defs"][node["$ref"].rpartition("/")[2]], root)
    for kind in ("anyOf", "oneOf", "allOf"):
        for choice in node.get(kind, ()):
            yield from _objects(choice, root)
    yield node
