"""JSON Schemas, compiled so that nothing they or their instances hold can fetch anything or take long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import jsonschema_rs

from pointsman_gates.json_text import read_json

MAX_CHARACTERS = 256 * 1024
"""Of a schema's text."""

_MAX_SIZE = 10_000
"""Of a schema with its references written out, in values."""
_MAX_WORK = 1_000_000
"""Size of a schema times size of what is checked: at worst every part of the one meets every part of the other."""
_CHARACTERS_A_VALUE = 16
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_ANCHORS = ("$anchor", "$dynamicAnchor")


class SchemaUnusable(ValueError):
    """A schema that cannot be used, or not on what it was to be used on; the message says why and quotes neither."""


class Schema:
    """A compiled schema. SchemaUnusable where it is none, or one that could take long.

    Schema('{"type": "object"}').fits({}) is True
    """

    def __init__(self, text: str) -> None:
        document = _document(text)
        self._size = _expanded(document)
        if self._size > _MAX_SIZE:
            raise SchemaUnusable(
                f"holds more than {_MAX_SIZE:,} values with its references written out; make it smaller"
            )
        # Patterns of this engine take linear time; `offline` and the references checked above keep it from fetching.
        engine = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)
        try:
            self._validator = jsonschema_rs.validator_for(document, offline=True, pattern_options=engine)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise SchemaUnusable(_told(error)) from None

    # JSON, of any shape.
    def fits(self, value: Any) -> bool:
        """Whether `value` matches; SchemaUnusable where finding out could take long."""
        if self._size * _values(value) > _MAX_WORK:
            raise SchemaUnusable("is too large for an answer of this size; make it smaller")
        # Only this remembers what it has seen of a recursive schema; to list errors takes exponential time there.
        return self._validator.is_valid(value)


class Schemas:
    """The schemas of callers, compiled once: the latest few, by the hash of their text."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Schema] = OrderedDict()

    def get(self, text: str) -> Schema:
        """The compiled schema; SchemaUnusable as `Schema` raises it."""
        if len(text) > MAX_CHARACTERS:
            raise SchemaUnusable(f"is longer than {MAX_CHARACTERS:,} characters; make it smaller")
        key = sha256(text.encode(errors="replace")).digest()
        if key not in self._kept:
            made = Schema(text)
            if len(self._kept) >= self._most:
                self._kept.popitem(last=False)
            self._kept[key] = made
        self._kept.move_to_end(key)
        return self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)


def _document(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise SchemaUnusable(f"is longer than {MAX_CHARACTERS:,} characters; make it smaller")
    try:
        document = read_json(text)
    except ValueError as error:
        raise SchemaUnusable(f"is {error}") from None
    if not isinstance(document, dict | bool):
        raise SchemaUnusable("is no JSON Schema: that is an object, or true or false")
    return document


def _expanded(document: Any) -> int:
    """How many values it holds with references written out; those that lead back into themselves count once.

    Without a bound on this, a kilobyte of references to references takes hours.
    """
    anchors = {name: node for node in _nodes(document) if isinstance(node, dict) for name in _named(node)}
    sizes: dict[int, int] = {}

    def size(node: Any, depth: int) -> int:
        if not isinstance(node, dict | list):
            return 1
        if (known := sizes.get(id(node))) is not None:
            return known
        if depth > 200:
            raise SchemaUnusable("is nested too deep; make it flatter")
        # While it is looked at, a reference back to it adds one.
        sizes[id(node)] = 1
        total = 1 + sum(size(child, depth + 1) for child in _children(node))
        if isinstance(node, dict):
            for reference in _referred(node):
                total += size(_target(document, reference, anchors), depth + 1)
        sizes[id(node)] = min(total, _MAX_SIZE + 1)
        return sizes[id(node)]

    return size(document, 0)


def _nodes(document: Any) -> Iterator[Any]:
    left = [document]
    while left:
        node = left.pop()
        yield node
        left.extend(_children(node))


def _children(node: Any) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []


def _named(node: Mapping[str, Any]) -> Iterator[str]:
    return (name for key in _ANCHORS if isinstance(name := node.get(key), str))


def _referred(node: Mapping[str, Any]) -> Iterator[str]:
    return (reference for key in _REFERENCES if isinstance(reference := node.get(key), str))


def _target(document: Any, reference: str, anchors: Mapping[str, Any]) -> Any:
    if not reference.startswith("#"):
        raise SchemaUnusable("refers to another document; write out what it refers to, under `$defs`")
    if reference[1:] in anchors:
        return anchors[reference[1:]]
    node = document
    for step in reference[1:].split("/")[1:]:
        step = step.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            raise SchemaUnusable("refers to a part that it does not have; correct its `$ref`")
    return node


def _values(value: Any) -> int:
    """How many values it holds; long texts count as several."""
    return sum(
        1 + len(node) // _CHARACTERS_A_VALUE if isinstance(node, str) else 1 + _keys(node) for node in _nodes(value)
    )


def _keys(node: Any) -> int:
    return sum(map(len, node)) // _CHARACTERS_A_VALUE if isinstance(node, dict) else 0


def _told(error: Exception) -> str:
    path = getattr(error, "instance_path", None)
    if not path:
        return "is no JSON Schema that can be used: it refers to what it does not have, or to a dialect we do not know"
    at = "".join(f"/{step}" for step in path)
    return f"is no JSON Schema at {at}: that value is none of those allowed there; patterns look around nowhere"
