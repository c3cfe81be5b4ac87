"""Commands that installed packages bring: `pointsman NAME …` for an entry point NAME of group `pointsman.commands`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, runtime_checkable

from pointsman.errors import PluginRefused

GROUP = "pointsman.commands"
_OURS = "pointsman"
# Their own `help`, which importing them for would take longer than anything else that a list of commands does.
_HELP = {
    "classifier": "train, measure and lint the task classifier",
    "rules": "try a rules file on prompts",
}


@runtime_checkable
class PluginCommand(Protocol):
    """What such an entry point names. `help` is one sentence; `run` returns the exit status, like a command of ours.

    A PointsmanError that `run` raises becomes one sentence on standard error, and status 1.
    """

    help: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> int: ...


def listed() -> Mapping[str, str]:
    """Names, and where they come from, or what ours do; nothing is imported for a list."""
    found = {name: sorted(map(_distribution, points)) for name, points in sorted(_installed().items())}
    return {name: _summary(name, owners) for name, owners in found.items()}


def _summary(name: str, owners: list[str]) -> str:
    if owners == [_OURS] and name in _HELP:
        return _HELP[name]
    return f"of package {' and '.join(owners)}"


def run(name: str, arguments: list[str]) -> int:
    """Import a command and run it; PluginRefused says by name why it cannot be used."""
    command = _load(name, _installed()[name])
    parser = argparse.ArgumentParser(prog=f"pointsman {name}", description=command.help)
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def _installed() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _load(name: str, points: list[EntryPoint]) -> PluginCommand:
    if len(points) > 1:
        owners = ", ".join(sorted(map(_distribution, points)))
        raise PluginRefused(name, f"several distributions provide this command ({owners}); uninstall all but one")
    try:
        command = points[0].load()
    # Importing runs the package's own code: whatever it raises must be told by its name.
    except Exception as error:
        raise PluginRefused(name, f"importing its command raised {type(error).__name__}: {error}") from error
    if not isinstance(command, PluginCommand):
        kind = type(command).__name__
        raise PluginRefused(name, f"its entry point names a {kind} without help, add_arguments or run")
    return command


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown"
