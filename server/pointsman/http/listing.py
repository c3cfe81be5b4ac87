"""What `model` may hold: the names that say how a model is to be chosen, and for whoever may name them, the models."""

from __future__ import annotations

from pointsman.doors.callers import denied
from pointsman.engine.rules import Rules, not_found
from pointsman.errors import Reason
from pointsman.http.api import Listed
from pointsman.http.hints import MODELS
from pointsman.model.caller import Caller, Permission
from pointsman.model.request import Mode

_US = "pointsman"


def listed(rules: Rules, caller: Caller) -> list[Listed]:
    """Names of ours, then models and aliases, each in order."""
    names = [f"{MODELS}auto", *(f"{MODELS}auto:{mode}" for mode in Mode)]
    names += [f"{MODELS}task:{task}" for task in sorted(rules.catalogue.tasks)]
    found = [Listed(name, _US) for name in names]
    if caller.may(Permission.OVERRIDE):
        models = rules.catalogue.open_to(caller.tenant).models.values()
        found += sorted(
            (
                Listed(name, model.provider, model.context or None, model.max_output or None)
                for model in models
                if model.enabled
                for name in (model.id, *model.aliases)
            ),
            key=lambda one: one.id,
        )
    return found


def find(name: str, rules: Rules, caller: Caller) -> Listed:
    """One of them. RequestError UNKNOWN_MODEL; PERMISSION_DENIED for who may name no model, whatever there is."""
    names = listed(rules, caller)
    for one in names:
        if one.id == name:
            return one
    if not name.startswith(MODELS) and not caller.may(Permission.OVERRIDE):
        raise denied(f"a model by name needs a key with the permission {Permission.OVERRIDE}")
    raise not_found(Reason.UNKNOWN_MODEL, "model", name, [one.id for one in names])
