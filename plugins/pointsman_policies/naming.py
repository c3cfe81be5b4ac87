"""Names in options of policies that plan: do they lead anywhere, and which models do they stand for?"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import ValidationInfo

from pointsman import Catalogue, Names, did_you_mean


def known_gates(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """The value, if every one of it is a configured gate; ValueError otherwise."""
    names = info.context
    _check("gate", value, names.gates if isinstance(names, Names) else None)
    return value


def known_targets(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """The same for tiers, models and aliases."""
    names = info.context
    if isinstance(names, Names) and names.models is not None and names.tiers is not None:
        _check("tier or model", value, names.models | names.tiers)
    return value


def known_tasks(value: Iterable[str], info: ValidationInfo) -> None:
    """The same for tasks."""
    names = info.context
    _check("task", value, names.tasks if isinstance(names, Names) else None)


def targets_behind(name: str, catalogue: Catalogue) -> Collection[str]:
    """The ids of the models that a tier, a model or an alias stands for."""
    model = catalogue.find(name)
    return {model.id} if model else {m.id for m in catalogue.models.values() if m.tier == name}


def _check(kind: str, named: Iterable[str], known: Collection[str] | None) -> None:
    for name in named:
        if known is not None and name not in known:
            raise ValueError(f"there is no {kind} {name!r}{did_you_mean(name, known)}")
