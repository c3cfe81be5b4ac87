"""The installed policies and gates: where each comes from, what it implements, whether a configuration names it, and
why one is refused. `pointsman plugins new NAME` begins a new policy.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pointsman.chain import discovery
from pointsman.chain.discovery import Installed
from pointsman.chain.entry import Entry
from pointsman.chain.loading import implemented
from pointsman.chain.plugin import GATES
from pointsman.cli.plugin_package import write_package
from pointsman.cli.terminal import Terminal, table
from pointsman.config.gates import import_gate
from pointsman.config.policies import import_policy
from pointsman.config.positions import read
from pointsman.config.references import mapping
from pointsman.config.schema.policies import DEFAULT_CHAIN
from pointsman.errors import ConfigInvalid, PluginRefused, Problem
from pointsman.hookspecs import API_VERSION

_CONFIGURED = {True: "yes", False: "no", None: "-"}


class Row(Struct, frozen=True, kw_only=True):
    """One policy. `configured` None: no configuration was named; `refused` is "" where it can be used.

    `hooks` None: only an instance would show them.
    """

    name: str
    distribution: str
    version: str
    configured: bool | None
    kind: str = ""
    deterministic: bool | None = None
    honours: tuple[str, ...] = ()
    hooks: tuple[str, ...] | None = None
    refused: str = ""


class GateRow(Struct, frozen=True, kw_only=True):
    """One gate. `configured` and `refused` as above; `wants` is what it wants providers to be asked for."""

    name: str
    distribution: str
    version: str
    configured: bool | None
    wants: tuple[str, ...] = ()
    refused: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="say which of them this configuration uses")
    actions = parser.add_subparsers(dest="action", metavar="")
    new = actions.add_parser("new", help="write a new policy package, with tests that pass")
    new.add_argument("name", metavar="NAME", help="such as acme-policy; also the `use:` name")
    new.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="where its directory is made (here)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    return _new(options, terminal) if options.action == "new" else _list(options, terminal)


def _new(options: argparse.Namespace, terminal: Terminal) -> int:
    directory = write_package(options.name, options.into)
    if terminal.json:
        terminal.dump({"written": str(directory)})
        return 0
    terminal.show(f"Wrote {directory}. Next:")
    for command in (f"cd {directory}", "python -m pip install -e '.[dev]'", "python -m pytest"):
        terminal.show(f"  {command}")
    return 0


def _list(options: argparse.Namespace, terminal: Terminal) -> int:
    used = None if options.config is None else _used(options.config)
    policies, gates = discovery.installed(), discovery.installed(GATES)
    rows = [_row(name, candidates, used and used[0]) for name, candidates in sorted(policies.items())]
    gate_rows = [_gate_row(name, candidates, used and used[1]) for name, candidates in sorted(gates.items())]
    missing = [] if used is None else sorted({*(used[0] - set(policies)), *(used[1] - set(gates))})
    if terminal.json:
        terminal.dump({"api": API_VERSION, "policies": rows, "gates": gate_rows, "missing": missing})
        return 0
    columns = ("policy", "distribution", "version", "kind", "configured", "*implements", "*honours", "*status")
    title = f"{len(rows)} policies installed; this server offers plugin API {API_VERSION}"
    terminal.show(table(title, columns, map(_cells, rows)))
    of_gates = ("gate", "distribution", "version", "configured", "*wants", "*status")
    terminal.show(table(f"{len(gate_rows)} gates installed", of_gates, map(_gate_cells, gate_rows)))
    for name in missing:
        terminal.show(f"{options.config} uses {name!r}, which is not installed")
    return 0


def _row(name: str, candidates: tuple[Installed, ...], used: set[str] | None) -> Row:
    owners = " and ".join(sorted(candidate.distribution for candidate in candidates))
    configured = None if used is None else name in used
    version = candidates[0].version
    try:
        plugin = import_policy(name, {name: candidates})
        hooks = implemented(Entry(name, name, plugin))
    except PluginRefused as refused:
        return Row(name=name, distribution=owners, version=version, configured=configured, refused=refused.why)
    return Row(
        name=name,
        distribution=owners,
        version=version,
        configured=configured,
        kind=plugin.kind,
        deterministic=plugin.deterministic,
        honours=tuple(sorted(plugin.honours)),
        hooks=hooks,
    )


def _gate_row(name: str, candidates: tuple[Installed, ...], used: set[str] | None) -> GateRow:
    owners = " and ".join(sorted(candidate.distribution for candidate in candidates))
    row = GateRow(
        name=name,
        distribution=owners,
        version=candidates[0].version,
        configured=None if used is None else name in used,
    )
    try:
        plugin = import_gate(name, {name: candidates})
    except PluginRefused as refused:
        return replace(row, refused=refused.why)
    return replace(row, wants=tuple(sorted(plugin.wants)))


def _gate_cells(row: GateRow) -> list[str]:
    status = f"refused: {row.refused}" if row.refused else "good"
    configured = _CONFIGURED[row.configured]
    return [row.name, row.distribution, row.version, configured, ", ".join(row.wants) or "-", status]


def _cells(row: Row) -> list[str]:
    configured = _CONFIGURED[row.configured]
    status = f"refused: {row.refused}" if row.refused else "good" if row.deterministic else "good, not deterministic"
    lists = [", ".join(names or ()) or "-" for names in (row.hooks, row.honours)]
    return [row.name, row.distribution, row.version, row.kind or "-", configured, *lists, status]


def _used(path: Path) -> tuple[set[str], set[str]]:
    """The policies and gates that it names. Read leniently: one that is refused must not keep us from saying why."""
    try:
        source = read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigInvalid([Problem(str(path), f"cannot be read: {error.strerror}; name an existing file")]) from None
    except UnicodeDecodeError:
        raise ConfigInvalid([Problem(str(path), "is not UTF-8; save it in that encoding")]) from None
    if not source.readable:
        raise ConfigInvalid(source.problems)
    chain = mapping(source.data).get("chain", [{"use": use} for use in DEFAULT_CHAIN])
    gates = mapping(mapping(source.data).get("gates")).values()
    return _uses(chain if isinstance(chain, list) else ()), _uses(gates)


# Whatever the document holds.
def _uses(rows: Iterable[Any]) -> set[str]:
    uses = (mapping(row).get("use") for row in rows)
    return {use for use in uses if isinstance(use, str)}
