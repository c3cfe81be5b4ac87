"""Which policies and gates are installed, and importing one that the configuration names."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TypeVar

from pointsman.chain.plugin import GROUP, GatePlugin, PolicyPlugin
from pointsman.errors import PluginRefused
from pointsman.hookspecs import API_VERSION

P = TypeVar("P", PolicyPlugin, GatePlugin)

_REGISTER = {PolicyPlugin: "pointsman.register()", GatePlugin: "pointsman.register_gate()"}


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point, not imported yet, and the distribution it comes from."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint


def installed(group: str = GROUP) -> dict[str, tuple[Installed, ...]]:
    """Policies, or gates, by `use:` name; more than one where distributions claim the same name."""
    found: dict[str, tuple[Installed, ...]] = {}
    # Each question for a name or a version parses the metadata of a distribution anew, and ours has many entry points.
    origin = cache(_origin)
    for point in entry_points(group=group):
        found[point.name] = (*found.get(point.name, ()), Installed(point.name, *origin(point.dist), point))
    return found


def _origin(distribution: Distribution | None) -> tuple[str, str]:
    """Name and version."""
    if distribution is None:
        return "unknown", ""
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


def load_plugin(candidates: tuple[Installed, ...]) -> PolicyPlugin:
    """Import the policy that these entry points name; PluginRefused says why it must not be used."""
    return _load(candidates, PolicyPlugin)


def load_gate(candidates: tuple[Installed, ...]) -> GatePlugin:
    """The same for a gate."""
    return _load(candidates, GatePlugin)


def _load(candidates: tuple[Installed, ...], registered: type[P]) -> P:
    first = candidates[0]
    if len(candidates) > 1:
        owners = ", ".join(sorted(c.distribution for c in candidates))
        raise PluginRefused(first.name, f"several distributions provide it ({owners}); uninstall all but one")
    try:
        plugin = first.entry_point.load()
    # Importing runs the plugin's own code: whatever it raises, SystemExit included, must not stop us unnamed.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginRefused(first.name, f"importing it raised {type(error).__name__}: {error}") from error
    if not isinstance(plugin, registered):
        kind = type(plugin).__name__
        wanted = _REGISTER[registered]
        raise PluginRefused(first.name, f"its entry point names a {kind}, not what {wanted} returned")
    _check_api(first)
    return plugin


def _check_api(policy: Installed) -> None:
    declared = getattr(sys.modules[policy.entry_point.module], "POINTSMAN_API", None)
    if declared is None:
        module = policy.entry_point.module
        raise PluginRefused(policy.name, f"module {module} declares no POINTSMAN_API; this server offers {API_VERSION}")
    if declared != API_VERSION:
        raise PluginRefused(policy.name, f"it was written for plugin API {declared}; this server offers {API_VERSION}")
