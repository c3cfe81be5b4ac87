"""The quality gates of a configuration: found among what is installed, imported, their `with:` validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pointsman.chain.discovery import Installed, load_gate
from pointsman.chain.gates import GateEntry
from pointsman.chain.plugin import GatePlugin
from pointsman.config.policies import Policies, options_model, read_options
from pointsman.config.positions import Source, YamlPath
from pointsman.config.references import Outline, mapping
from pointsman.config.schema.policies import Gate
from pointsman.errors import PluginRefused, Problem
from pointsman.nearest import nearest


@dataclass(frozen=True, slots=True)
class Gates:
    """What could be loaded, by the gate's id, with its options (an instance of its `config`, or None)."""

    loaded: Mapping[str, tuple[GatePlugin, object]]
    problems: tuple[Problem, ...]

    # JSON-like, as the document itself.
    def read_elsewhere(self, data: Any) -> list[Any]:
        """Options that say more than the document does, because they read a file: the version must know of it."""
        rows = mapping(mapping(data).get("gates"))
        more: list[Any] = []
        for name, (_, options) in self.loaded.items():
            if isinstance(options, BaseModel):
                read = options.model_dump(mode="json", by_alias=True, exclude_unset=True)
                if read != (mapping(rows.get(name)).get("with") or {}):
                    more.append([name, read])
        return more

    def entries(self, rows: Mapping[str, Gate]) -> tuple[GateEntry, ...]:
        return tuple(_entry(name, row, *self.loaded[name]) for name, row in rows.items() if name in self.loaded)


def load_gates(source: Source, installed: Policies) -> Gates:
    """Load what `gates:` names, each on its own."""
    loaded: dict[str, tuple[GatePlugin, object]] = {}
    problems: list[Problem] = []
    names = Outline.of(source.data).names()
    for name, row in mapping(mapping(source.data).get("gates")).items():
        use = mapping(row).get("use")
        if not isinstance(use, str):
            continue
        path: YamlPath = ("gates", name)
        try:
            plugin = import_gate(use, installed)
        except PluginRefused as refused:
            problems.append(source.problem((*path, "use"), str(refused)))
            continue
        options = read_options(plugin, row, source, path, names)
        if isinstance(options, list):
            problems.extend(options)
        else:
            loaded[name] = plugin, options
    return Gates(loaded, tuple(problems))


def import_gate(use: str, installed: Mapping[str, tuple[Installed, ...]]) -> GatePlugin:
    """Import one gate; PluginRefused says why not, and what is installed instead."""
    candidates = installed.get(use)
    if not candidates:
        raise PluginRefused(use, f"no such gate is installed{nearest(use, installed)}")
    plugin = load_gate(candidates)
    options_model(use, plugin)
    return plugin


def _entry(name: str, row: Gate, plugin: GatePlugin, options: object) -> GateEntry:
    return GateEntry(name, row.use, plugin, options, row.timeout, row.on_error == "accept")
