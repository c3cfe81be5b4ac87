"""What callers' JSON Schemas are good for."""

from __future__ import annotations

from typing import Any

import msgspec


def fits_strict(schema: str) -> bool:
    """Can every provider that knows strict schemas keep to this one? They want objects closed, and nothing optional."""
    try:
        return _closed(msgspec.json.decode(schema))
    # Whatever is no JSON has been refused, or will be.
    except (msgspec.DecodeError, RecursionError):
        return False


# Any: a JSON document of any shape.
def _closed(node: Any) -> bool:
    if isinstance(node, list):
        return all(map(_closed, node))
    if not isinstance(node, dict):
        return True
    properties = node.get("properties")
    if node.get("type") == "object" or properties is not None:
        required = node.get("required", [])
        if node.get("additionalProperties") is not False or not isinstance(properties, dict):
            return False
        if not isinstance(required, list) or set(properties) - {name for name in required if isinstance(name, str)}:
            return False
    return all(map(_closed, node.values()))
