"""Checks of what requests say, the same at every door; `field` is the path that its callers know it by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from pointsman.doors.limits import LABEL_VALUE_BYTES, LABELS, NAME_BYTES, SCHEMA_BYTES, STOP_SEQUENCES, TEXT_BYTES
from pointsman.doors.violations import Violations
from pointsman.errors import Reason

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TOOL_NAME_RULE = "must match [a-zA-Z0-9_-]{1,64}"

_LABEL = re.compile(r"[a-z0-9_.-]{1,64}")
# Checks the syntax of every member and builds none.
_SCHEMA = msgspec.json.Decoder(dict[str, msgspec.Raw])


def check_names(field: str, names: Sequence[str], limit: int, found: Violations) -> tuple[str, ...]:
    """At most `limit` names, none of them empty."""
    if not names or not found.check_count(field, len(names), limit):
        return ()
    for index, name in enumerate(names):
        if not name:
            found.add(f"{field}[{index}]", "must not be empty")
        found.check_bytes(f"{field}[{index}]", name, NAME_BYTES)
    return tuple(names)


def check_labels(field: str, labels: Mapping[str, str], found: Violations) -> dict[str, str]:
    """The labels, sorted: what is reported and recorded must not depend on the order in which they came."""
    if not found.check_count(field, len(labels), LABELS):
        return {}
    checked = dict(sorted(labels.items()))
    for key, value in checked.items():
        if not _LABEL.fullmatch(key):
            found.add(field, f"key {key[:64]!r} must match [a-z0-9_.-]{{1,64}}")
        found.check_bytes(f"{field}[{key[:64]!r}]", value, LABEL_VALUE_BYTES)
    return checked


def check_positive(field: str, value: int, unset: str, found: Violations) -> int:
    """A count that is at least 1; `unset` is what holds where it is not given."""
    if value < 1:
        found.add(field, f"is {value}, and must be at least 1; unset: {unset}")
    return value


def check_range(field: str, value: float, bounds: tuple[float, float], found: Violations) -> float:
    """A number within bounds, both included."""
    # Written so that NaN, which compares with nothing, fails too.
    if not bounds[0] <= value <= bounds[1]:
        found.add(field, f"is {value}, and must be between {bounds[0]:g} and {bounds[1]:g}")
    return value


def check_stop_sequences(field: str, sequences: Sequence[str], found: Violations) -> tuple[str, ...]:
    """A few texts, none of them empty."""
    if not sequences or not found.check_count(field, len(sequences), STOP_SEQUENCES):
        return ()
    for index, sequence in enumerate(sequences):
        if not sequence:
            found.add(f"{field}[{index}]", "must not be empty")
    return tuple(sequences)


def check_text(field: str, size: int, found: Violations) -> None:
    """A request of so many bytes, those of images left out."""
    if size > TEXT_BYTES:
        limit = f"at most {TEXT_BYTES:,} are taken; send a shorter conversation"
        found.add(field, f"is {size:,} bytes without the data of images, and {limit}", Reason.REQUEST_TOO_LARGE)


def check_schema(field: str, schema: str, found: Violations) -> None:
    """The text of a JSON object, as JSON Schemas are."""
    if not found.check_bytes(field, schema, SCHEMA_BYTES):
        return
    try:
        _SCHEMA.decode(schema)
    except msgspec.ValidationError:
        found.add(field, "must be a JSON object")
    except msgspec.DecodeError as error:
        # msgspec names the byte and never what stands there: a schema is the caller's own.
        found.add(field, f"is no JSON: {error}")
    except RecursionError:
        found.add(field, "is nested too deeply")
