"""Routing hints by name: `X-Pointsman-…` headers, and the same as `pointsman_…` in a body's metadata. A closed list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pointsman.doors.callers import require, tenant_for
from pointsman.doors.checks import check_labels, check_names
from pointsman.doors.limits import NAME_BYTES, PROVIDERS, REGIONS, SESSION_BYTES, TAGS
from pointsman.doors.violations import Violations
from pointsman.model.caller import Caller, Permission
from pointsman.model.request import Hints, Mode, ModelOverride
from pointsman.nearest import nearest

HEADER, KEY = "x-pointsman-", "pointsman_"

MODELS = "pointsman/"
"""What the names of models begin with that are none, but say how one is to be chosen."""

T = TypeVar("T")

_NANO = 10**9
_MOST_NANO = 2**63 - 1


class Hinted(Struct, frozen=True):
    """What a caller said of the route and of the answer, beside the API's own fields.

    `timeout` is seconds, None where none was given; `reasoning`: reasoning text is wanted; `details`: the field
    `pointsman` is wanted in the answer. `said` is all of it as it was said, by name.
    """

    caller: Caller
    tenant: str
    hints: Hints = Hints()
    timeout: float | None = None
    reasoning: bool = False
    details: bool = False
    said: Mapping[str, Said] = {}


class Said(NamedTuple):
    """One hint as it was said, and the field that said it."""

    value: str
    field: str


class Hint(NamedTuple):
    """One hint. `values` and `meaning` are for the docs."""

    name: str
    values: str
    meaning: str

    @property
    def header(self) -> str:
        return "X-Pointsman-" + "-".join(part.capitalize() for part in self.name.split("_"))


HINTS = (
    Hint("task", "a task row", "What the request is. Wins over every other opinion on the task."),
    Hint("tags", "words, by commas", "The caller's own words for it, by the operator's table of tags."),
    Hint("mode", "`eco`, `balanced`, `sport`", "How cost weighs against quality and speed."),
    Hint("session_id", "at most 256 bytes", "Keeps a conversation on one model."),
    Hint("tenant", "a tenant", "Whom the request is for; another than the key's own needs the permission `admin`."),
    Hint("provider", "a provider", "Any model of it, or the one that `model` names; needs the permission `override`."),
    Hint("strict", "`true`, `false`", "Fail rather than use another than `model` and Provider name."),
    Hint("max_cost_usd", "dollars, such as 0.002", "Hard cap of what each attempt can cost at worst."),
    Hint("input_tokens", "a number", "The exact count of input tokens, instead of our estimate."),
    Hint("project", "at most 256 bytes", "The label `project`: for policies, budgets, ledger and reports."),
    Hint("feature", "at most 256 bytes", "The label `feature`."),
    Hint("labels", "`key=value`, by commas", "Other labels, at most 16 in all; keys match `[a-z0-9_.-]{1,64}`."),
    Hint("exclude_providers", "providers, by commas", "Not these."),
    Hint("allowed_regions", "regions, by commas", "Data residency: only deployments that declare one of these."),
    Hint("allow_hedging", "`true`, `false`", "`false`: no second attempt races a slow one."),
    Hint("allow_cascade", "`true`, `false`", "`false`: no answer of a cheap model is judged first."),
    Hint(
        "timeout_ms", "milliseconds", "The deadline, at most `server.max_deadline`. Unset: `server.default_deadline`."
    ),
    Hint("reasoning", "`true`, `false`", "`true`: reasoning text comes with the answer, where the model gives any."),
    Hint("details", "`true`, `false`", "`true`: the answer has the field `pointsman`."),
)
_BY_NAME = {hint.name: hint for hint in HINTS}
_NAMES = ("task", "session_id", "tenant", "provider")
_SWITCHES = {"true": True, "false": False}


def hints_of_headers(headers: Mapping[str, str], caller: Caller) -> Hinted:
    """What the headers say; RequestError for one that there is none of, or whose value cannot be read."""
    said: dict[str, Said] = {}
    found = Violations()
    for header, value in headers.items():
        lower = header.lower()
        if lower.startswith(HEADER):
            _say(said, lower.removeprefix(HEADER).replace("-", "_"), Said(value.strip(), lower), found)
    hinted = _hinted(caller, said, {}, found)
    found.raise_if_any()
    return hinted


def with_metadata(hinted: Hinted, metadata: Mapping[str, str], field: str, found: Violations) -> Hinted:
    """The same with what a body's metadata says: keys with our prefix are hints, the others labels."""
    said, labels = dict(hinted.said), dict[str, str]()
    for key, value in metadata.items():
        if key.startswith(KEY):
            _say(said, key.removeprefix(KEY), Said(value, f"{field}.{key}"), found)
        else:
            labels[key] = value
    return _hinted(hinted.caller, said, labels, found, field)


def with_model(hinted: Hinted, model: str, found: Violations) -> Hinted:
    """The same with what `model` says: a model or alias, which needs the permission `override`, or one of our names."""
    hints = hinted.hints
    strict, provider = hinted.said.get("strict"), hinted.said.get("provider")
    if not model.startswith(MODELS):
        require(hinted.caller, Permission.OVERRIDE, "a model by name (`pointsman/auto` lets this server choose)")
        if not model:
            found.add("model", "must not be empty; `pointsman/auto` lets this server choose")
        found.check_bytes("model", model, NAME_BYTES)
        named = ModelOverride(model, provider.value if provider else "", _switch(hinted.said, "strict", found) is True)
        return replace(hinted, hints=replace(hints, model_override=named))
    if provider:
        require(hinted.caller, Permission.OVERRIDE, provider.field)
        named = ModelOverride("", provider.value, _switch(hinted.said, "strict", found) is True)
        hints = replace(hints, model_override=named)
    elif strict and strict.value == "true":
        found.add(strict.field, "is true, and `model` names no model; name one, or a provider")
    return replace(hinted, hints=_choosing(hints, model.removeprefix(MODELS), found))


def _choosing(hints: Hints, how: str, found: Violations) -> Hints:
    """`how` is what follows `pointsman/` in a model's name."""
    kind, _, value = how.partition(":")
    if kind == "auto" and (value in tuple(Mode) or how == "auto"):
        if not value:
            return hints
        if hints.mode not in (None, Mode(value)):
            found.add("model", f"asks for the mode {value}, and a hint for {hints.mode}; give one of them")
        return replace(hints, mode=Mode(value))
    if kind == "task" and value:
        found.check_bytes("model", value, NAME_BYTES)
        if hints.task not in ("", value):
            found.add(
                "model", f"asks for the task {value[:64]!r}, and a hint for {hints.task[:64]!r}; give one of them"
            )
        return replace(hints, task=value)
    known = "pointsman/auto, pointsman/auto:eco, :balanced or :sport, and pointsman/task:NAME"
    found.add("model", f"no name {MODELS + how[:64]!r} is known; there are {known}")
    return hints


def _say(said: dict[str, Said], name: str, value: Said, found: Violations) -> None:
    if name not in _BY_NAME:
        found.add(value.field[:128], f"is no hint that this server knows{nearest(name, _BY_NAME)}; see docs/http.md")
    elif name in said and said[name].value != value.value:
        found.add(value.field, f"differs from {said[name].field}; give one of them")
    elif found.check_utf8(value.field, value.value):
        said[name] = value


def _hinted(
    caller: Caller, said: Mapping[str, Said], labels: Mapping[str, str], found: Violations, field: str = "metadata"
) -> Hinted:
    for name in _NAMES:
        if name in said and not said[name].value:
            found.add(said[name].field, "must not be empty; leave it out")
    tenant = said.get("tenant", Said("", ""))
    session = said.get("session_id", Said("", ""))
    task = said.get("task", Said("", ""))
    found.check_bytes(session.field, session.value, SESSION_BYTES)
    found.check_bytes(task.field, task.value, NAME_BYTES)
    if provider := said.get("provider"):
        found.check_bytes(provider.field, provider.value, NAME_BYTES)
    tokens = _number(said, "input_tokens", 0, found)
    timeout = _number(said, "timeout_ms", 1, found)
    hints = Hints(
        task=task.value,
        tags=_listed(said, "tags", TAGS, found),
        mode=_mode(said, found),
        max_cost_nano_usd=_nano(said, found),
        input_tokens=tokens,
        labels=_labels(said, labels, field, found),
        exclude_providers=_listed(said, "exclude_providers", PROVIDERS, found),
        allowed_regions=_listed(said, "allowed_regions", REGIONS, found),
        session_id=session.value,
        allow_hedging=_switch(said, "allow_hedging", found),
        allow_cascade=_switch(said, "allow_cascade", found),
    )
    _switch(said, "strict", found)
    return Hinted(
        caller=caller,
        tenant=tenant_for(tenant.value, caller, tenant.field),
        hints=hints,
        timeout=None if timeout is None else timeout / 1000,
        reasoning=_switch(said, "reasoning", found) is True,
        details=_switch(said, "details", found) is True,
        said=said,
    )


def _mode(said: Mapping[str, Said], found: Violations) -> Mode | None:
    return _read(said, "mode", Mode, f"must be one of {', '.join(Mode)}", found)


def _switch(said: Mapping[str, Said], name: str, found: Violations) -> bool | None:
    return _read(said, name, _SWITCHES.__getitem__, "must be true or false", found)


def _number(said: Mapping[str, Said], name: str, least: int, found: Violations) -> int | None:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
            raise ValueError
        return int(text)

    return _read(said, name, read, f"must be a whole number from {least} to 999,999,999", found)


def _nano(said: Mapping[str, Said], found: Violations) -> int | None:
    def read(text: str) -> int:
        nano = Decimal(text) * _NANO
        if not nano.is_finite() or not 0 <= nano <= _MOST_NANO or nano != nano.to_integral_value():
            raise ValueError
        return int(nano)

    return _read(said, "max_cost_usd", read, "must be dollars, such as 0.002, with at most nine decimals", found)


def _read(said: Mapping[str, Said], name: str, read: Callable[[str], T], rule: str, found: Violations) -> T | None:
    if (given := said.get(name)) is None:
        return None
    try:
        return read(given.value)
    except (ValueError, KeyError, ArithmeticError):
        found.add(given.field, f"is {given.value[:64]!r}, and {rule}")
        return None


def _listed(said: Mapping[str, Said], name: str, limit: int, found: Violations) -> tuple[str, ...]:
    if (given := said.get(name)) is None:
        return ()
    return check_names(given.field, [one.strip() for one in given.value.split(",")], limit, found)


def _labels(said: Mapping[str, Said], others: Mapping[str, str], field: str, found: Violations) -> dict[str, str]:
    labels = dict(others)
    if given := said.get("labels"):
        field = given.field
        for one in given.value.split(","):
            key, equals, value = one.partition("=")
            if not equals:
                found.add(given.field, f"holds {one[:64]!r}, and must be key=value, by commas")
            _label(labels, key.strip(), Said(value.strip(), given.field), found)
    for name in ("project", "feature"):
        if name in said:
            _label(labels, name, said[name], found)
    return check_labels(field, labels, found) if labels else {}


def _label(labels: dict[str, str], key: str, said: Said, found: Violations) -> None:
    if labels.get(key, said.value) != said.value:
        found.add(said.field, f"gives the label {key[:64]!r} a second value; give one")
    labels[key] = said.value
