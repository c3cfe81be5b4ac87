"""JSON bodies into types, and what is wrong with them in words that quote nothing of them but names."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from pointsman.doors.violations import Violations
from pointsman.errors import InvalidRequest, Reason

T = TypeVar("T")

_AT = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_VALUE = re.compile(r"Invalid enum value (?P<value>.*)", re.DOTALL)
_KIND = re.compile(r"Invalid value '(?P<kind>.*)'", re.DOTALL)
_MOST = 200


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body, or InvalidRequest with the first field that is not as it must be."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        field, why, reason = _violation(str(error))
        raise InvalidRequest([(field, why)], reason) from None
    except msgspec.DecodeError as error:
        # msgspec names the byte and never what stands there.
        raise InvalidRequest([("request", f"is no JSON: {error}")]) from None
    except UnicodeDecodeError:
        raise InvalidRequest([("request", "is no JSON: it holds text that is not UTF-8")]) from None
    except RecursionError:
        raise InvalidRequest([("request", "is nested too deeply")]) from None


def json_text(raw: msgspec.Raw, field: str, found: Violations) -> str:
    """A member of a body as it is written there; `{}` where it cannot be read."""
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        found.add(field, "is not UTF-8")
        return "{}"


def _violation(said: str) -> tuple[str, str, Reason]:
    at = _AT.search(said)
    path, what = (at["path"], said[: at.start()]) if at else ("", said)
    if unknown := _UNKNOWN.fullmatch(what):
        name = unknown["name"][:64]
        why = "is no field that this server takes here; leave it out"
        return f"{path}.{name}" if path else name, why, Reason.INVALID_REQUEST
    # What is told apart by its type are the kinds of content.
    if (kind := _KIND.fullmatch(what)) and path.endswith(".type"):
        return path, f"{kind['kind'][:64]!r} is no content that this server takes", Reason.UNSUPPORTED_CONTENT_PART
    if value := _VALUE.fullmatch(what):
        return path, f"{value['value'][:64]} is not supported here", Reason.INVALID_REQUEST
    if what.startswith("Expected `null`"):
        return path, "is not supported here; leave it out", Reason.INVALID_REQUEST
    return path or "request", what[:_MOST], Reason.INVALID_REQUEST
