"""Single values as people write them in YAML: durations, dollars, names, addresses, references to secrets."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

NANO = 10**9
MAX_USD = 1_000_000
_MOST_SHARES = 10
DAY = 24 * 3600.0

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?(ms|s|m|h|d)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,6})?)\s?%", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}", re.ASCII)
_REFERENCE = re.compile(r"\$\{(?:file:(?P<file>[^{}]+)|(?P<variable>[A-Za-z_][A-Za-z0-9_]*))\}", re.ASCII)
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})", re.ASCII)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_SECRET_NAME = re.compile(r"authorization|cookie|key|token|secret|password", re.IGNORECASE)


# What these functions are given is whatever YAML held, hence Any.


def duration(value: Any, days: int = 30) -> float:
    """Seconds of `30s`, `200ms`, `5m`, `1h`, `1d` or a plain number of seconds, at most so many days."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        seconds = float(match[1]) * _UNITS[match[2]]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise ValueError("must be a duration such as 200ms, 30s, 5m or 1h, or a number of seconds")
    if not 0 <= seconds <= days * DAY:
        raise ValueError(f"must be between 0 and {days:,} days")
    return seconds


def long_duration(value: Any) -> float:
    """The same, up to a hundred years."""
    return duration(value, 36_500)


def nano_usd(value: Any) -> int:
    """Exact nano-USD of an amount in USD; a float counts as the decimal it is written as."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be an amount in USD such as 0.75")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("must be an amount in USD such as 0.75") from None
    if not amount.is_finite() or not 0 <= amount <= MAX_USD:
        raise ValueError(f"must be an amount in USD from 0 to {MAX_USD:,}")
    if amount != (exact := amount.quantize(Decimal("1e-9"))):
        raise ValueError("must have at most nine decimals: amounts are counted in whole nano-USD")
    return int(exact.scaleb(9))


def share(value: Any) -> float:
    """0.2 of `20%` or of 0.2; more than a whole is meant too, as in 150%."""
    number: Any = value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        number = float(match[1]) / 100
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _MOST_SHARES:
        raise ValueError("must be a share such as 20% or 0.2, at most 1000%")
    return float(number)


def name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be a name of at most 64 letters, digits and . _ -, a letter or digit first")
    return value


def model_name(value: str) -> str:
    if not _MODEL_NAME.fullmatch(value):
        raise ValueError("must be a model id of at most 128 letters, digits and . _ : / @ + -, a letter or digit first")
    return value


def reference(value: Any) -> str:
    """A reference to a secret, as written. The message never repeats the value: it may be the secret itself."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise ValueError(
            "must be a reference such as ${OPENAI_API_KEY} or ${file:/run/secrets/openai}, never the key itself; put"
            " the key into the environment or a file (and replace it at the provider, if this file was shared)"
        )
    return value


def parse_reference(value: str) -> tuple[str, str] | None:
    """("file", path) or ("variable", name) of a reference; None for anything else."""
    match = _REFERENCE.fullmatch(value)
    return (match.lastgroup, match[match.lastgroup]) if match and match.lastgroup else None


def headers(value: dict[str, str]) -> dict[str, str]:
    for key, text in value.items():
        if not _HEADER.fullmatch(key):
            raise ValueError(f"{key!r} is not the name of an HTTP header")
        if parse_reference(text):
            continue
        if _SECRET_NAME.search(key):
            raise ValueError(f"header {key} sounds secret: give it as a reference such as ${{NAME}}, not as a value")
        if not text.isascii() or not text.isprintable():
            raise ValueError(f"header {key} may hold printable ASCII only")
    return value


def base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be a URL such as https://api.openai.com/v1")
    if parts.username is not None or parts.fragment or _SECRET_NAME.search(parts.query):
        raise ValueError("must hold no credentials and no fragment; a key belongs into api_key")
    return value.rstrip("/")


def address(value: str) -> str:
    match = _ADDRESS.fullmatch(value)
    if not match or int(match[1]) > 65535:
        raise ValueError("must be HOST:PORT such as 127.0.0.1:50051, 0.0.0.0:50051 or [::]:50051")
    return value


def _off(value: Any) -> Any:
    # YAML 1.1 reads a bare `off` as false.
    if value is False or value == "off":
        return None
    if value is None:
        raise ValueError("must be HOST:PORT, or off")
    return value


def _duration_or_off(value: Any) -> float | None:
    return None if value is False or value == "off" else duration(value)


Duration = Annotated[float, BeforeValidator(duration, json_schema_input_type=str | float)]
OptionalDuration = Annotated[float | None, BeforeValidator(_duration_or_off, json_schema_input_type=str | float)]
LongDuration = Annotated[float, BeforeValidator(long_duration, json_schema_input_type=str | float)]
Share = Annotated[float, BeforeValidator(share, json_schema_input_type=str | float)]
Usd = Annotated[int, BeforeValidator(nano_usd, json_schema_input_type=float | str)]
Name = Annotated[str, AfterValidator(name)]
ModelName = Annotated[str, AfterValidator(model_name)]
SecretReference = Annotated[str, BeforeValidator(reference, json_schema_input_type=str)]
Headers = Annotated[dict[str, str], AfterValidator(headers)]
BaseUrl = Annotated[str, AfterValidator(base_url)]
Address = Annotated[str, AfterValidator(address)]
OptionalAddress = Annotated[Address | None, BeforeValidator(_off, json_schema_input_type=str)]
