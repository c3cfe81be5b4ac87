"""`--what-if KEY=VALUE`: what should have been otherwise about a recorded request, and the request and world then."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pointsman.config.scalars import nano_usd
from pointsman.engine.suppose import HealthOverride, Suppositions, suppose
from pointsman.errors import Reason, RequestError
from pointsman.model.catalogue import Catalogue
from pointsman.model.record import Record
from pointsman.model.request import Hints, Mode, ModelOverride, Request
from pointsman.model.snapshot import HealthState, Snapshot
from pointsman.nearest import nearest

E = TypeVar("E", bound=StrEnum)


class Wish(Struct, frozen=True):
    """One thing changed. `name` is what follows a dot in the key: a label, provider, model or budget."""

    key: str
    name: str
    # Of the type that belongs to the key; None takes the hint away.
    value: Any


class Granted(Struct, frozen=True):
    """The request and the world as wished; `notes` say what stays as it was recorded although it might not have."""

    request: Request
    snapshot: Snapshot
    notes: tuple[str, ...] = ()


def wish(text: str) -> Wish:
    """For argparse: `mode=eco`, `label.project=apollo`, `health.openai=down`; a value of "" takes a hint away."""
    left, mark, value = text.partition("=")
    key, _, name = left.partition(".")
    readers = _NAMED if name else _PLAIN
    if not mark or key not in readers:
        known = [*_PLAIN, *(f"{key}.NAME" for key in _NAMED)]
        raise argparse.ArgumentTypeError(
            f"{text!r} is not KEY=VALUE with a key of {', '.join(known)}{nearest(key, _PLAIN) if mark else ''}"
        )
    try:
        return Wish(key, name, readers[key](value))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f"{value!r} must be true or false")
    return value == "true"


def _count(value: str) -> int | None:
    if not value:
        return None
    if not value.isdecimal():
        raise ValueError(f"{value!r} must be a whole number")
    return int(value)


def _usd(value: str) -> int | None:
    return nano_usd(value) if value else None


def _money(value: str) -> int:
    return nano_usd(value)


def _mode(value: str) -> Mode | None:
    return _one_of(Mode, value) if value else None


def _health(value: str) -> HealthState:
    return _one_of(HealthState, value)


def _one_of(kind: type[E], value: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{value!r} is none of {', '.join(kind)}") from None


def _given(value: str) -> str:
    if not value:
        raise ValueError("needs a value")
    return value


_PLAIN: Mapping[str, Callable[[str], object]] = {
    "mode": _mode,
    "task": str,
    "tag": str,
    "model": str,
    "provider": str,
    "strict": _flag,
    "exclude-provider": str,
    "region": str,
    "max-cost": _usd,
    "input-tokens": _count,
    "max-tokens": _count,
    "session": str,
    "tenant": _given,
}
_NAMED: Mapping[str, Callable[[str], object]] = {"label": str, "health": _health, "budget": _money}


def grant(wishes: Sequence[Wish], record: Record, catalogue: Catalogue) -> Granted:
    """Apply them all; RequestError for a provider, model or budget that is not there."""
    request = replace(record.request, hints=_hints(record.request.hints, wishes))
    for each in wishes:
        if each.key == "tenant":
            request = replace(request, tenant=each.value)
        elif each.key == "max-tokens":
            request = replace(request, params=replace(request.params, max_output_tokens=each.value))
    snapshot, notes = record.snapshot, list[str]()
    if request.session != record.request.session and snapshot.pin is not None:
        snapshot = replace(snapshot, pin=None)
        notes.append("the session is another one: whether that is pinned was not recorded")
    if (snapshot.balances or snapshot.rates) and (request.tenant, request.hints.labels) != (
        record.request.tenant,
        _labels(record),
    ):
        notes.append("budgets stand as recorded: how those of another tenant or label stood was not")
    supposed = Suppositions(
        [_override(each, catalogue) for each in wishes if each.key == "health"],
        {each.name: each.value for each in wishes if each.key == "budget"},
    )
    return Granted(request, suppose(snapshot, supposed, catalogue), tuple(notes))


def _labels(record: Record) -> Mapping[str, str]:
    return record.request.hints.labels


def _hints(hints: Hints, wishes: Sequence[Wish]) -> Hints:
    plain = {each.key: each.value for each in wishes if not each.name}
    named = {"max-cost": "max_cost_nano_usd", "input-tokens": "input_tokens", "session": "session_id"}
    simple = {named.get(key, key): plain[key] for key in ("mode", "task", *named) if key in plain}
    several = {"tag": "tags", "exclude-provider": "exclude_providers", "region": "allowed_regions"}
    lists = {several[key]: _all(key, wishes) for key in several if key in plain}
    labels = dict(hints.labels) | {each.name: each.value for each in wishes if each.key == "label"}
    return replace(
        hints,
        **simple,
        **lists,
        labels={key: value for key, value in labels.items() if value},
        model_override=_model_override(hints.model_override, plain),
    )


def _all(key: str, wishes: Iterable[Wish]) -> tuple[str, ...]:
    """Every value of a key that may be repeated, instead of those recorded."""
    return tuple(each.value for each in wishes if each.key == key and each.value)


# The values of the wishes.
def _model_override(recorded: ModelOverride | None, plain: Mapping[str, Any]) -> ModelOverride | None:
    if not plain.keys() & {"model", "provider", "strict"}:
        return recorded
    before = recorded or ModelOverride()
    # A model stands at one provider: naming another one asks for that model alone.
    provider = plain.get("provider", "" if "model" in plain else before.provider)
    override = ModelOverride(plain.get("model", before.model), provider, plain.get("strict", before.strict))
    return override if override.model or override.provider else None


def _override(wished: Wish, catalogue: Catalogue) -> HealthOverride:
    if wished.name in catalogue.providers():
        return HealthOverride(wished.value, provider=wished.name)
    if catalogue.find(wished.name) is None:
        known = [*catalogue.providers(), *catalogue.models, *catalogue.aliases]
        what = f"no provider or model {wished.name!r} is configured{nearest(wished.name, known)}"
        raise RequestError(Reason.UNKNOWN_MODEL, what)
    return HealthOverride(wished.value, model=wished.name)
