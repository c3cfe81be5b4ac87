"""The chain's policies: found among what is installed, imported, their `with:` validated by their own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pointsman.chain.discovery import Installed, load_plugin
from pointsman.chain.entry import Entry, OnError
from pointsman.chain.plugin import GatePlugin, Names, PolicyPlugin
from pointsman.config.positions import Source, YamlPath
from pointsman.config.problems import validate
from pointsman.config.references import Outline, mapping
from pointsman.config.schema.policies import DEFAULT_CHAIN, ChainEntry
from pointsman.errors import PluginRefused, Problem
from pointsman.nearest import nearest

Policies = Mapping[str, tuple[Installed, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy that could be imported, with its validated options: an instance of its `config`, or None."""

    plugin: PolicyPlugin
    options: object


@dataclass(frozen=True, slots=True)
class Chain:
    """What could be loaded, by index in the document's chain, and what could not."""

    loaded: Mapping[int, Loaded]
    problems: tuple[Problem, ...]
    # Such as "acme-policies 2.1": where what was loaded comes from.
    packages: frozenset[str] = frozenset()

    # JSON-like, as the document itself.
    def read_elsewhere(self, data: Any) -> list[Any]:
        """Options that say more than the document does, because they read a file: the version must know of it."""
        rows = mapping(data).get("chain", ())
        more: list[Any] = []
        for index, loaded in self.loaded.items():
            if isinstance(loaded.options, BaseModel) and index < len(rows):
                read = loaded.options.model_dump(mode="json", by_alias=True, exclude_unset=True)
                if read != (mapping(rows[index]).get("with") or {}):
                    more.append([index, read])
        return more

    def entries(self, chain: Sequence[ChainEntry]) -> tuple[Entry, ...]:
        return tuple(_entry(row, self.loaded[index]) for index, row in enumerate(chain) if index in self.loaded)


def load_chain(source: Source, installed: Policies) -> Chain:
    """Load what the chain names, each entry on its own."""
    loaded: dict[int, Loaded] = {}
    problems: list[Problem] = []
    packages: set[str] = set()
    names = Outline.of(source.data).names()
    chain = mapping(source.data).get("chain", [{"use": use} for use in DEFAULT_CHAIN])
    for index, row in enumerate(chain if isinstance(chain, list) else ()):
        use = mapping(row).get("use")
        if not isinstance(use, str):
            continue
        path: YamlPath = ("chain", index)
        try:
            plugin = import_policy(use, installed)
        except PluginRefused as refused:
            optional = row.get("optional") is True
            message = f"{refused}; left out, because the entry is optional" if optional else str(refused)
            problems.append(source.problem((*path, "use"), message, fatal=not optional))
            continue
        options = read_options(plugin, row, source, path, names)
        if isinstance(options, list):
            problems.extend(options)
        else:
            loaded[index] = Loaded(plugin, options)
            packages.add(f"{installed[use][0].distribution} {installed[use][0].version}".strip())
    if chain and len(problems) == len(chain) and not any(problem.fatal for problem in problems):
        problems.append(source.problem(("chain",), "nothing of it could be loaded; install one of its policies"))
    return Chain(loaded, tuple(problems), frozenset(packages))


def options_model(use: str, plugin: PolicyPlugin | GatePlugin) -> type[BaseModel] | None:
    """The pydantic model of the `with:` of a policy or a gate."""
    # Typed plugins give a class; nothing has checked the others.
    config: object = plugin.config
    if config is None:
        return None
    if isinstance(config, type) and issubclass(config, BaseModel):
        return config
    raise PluginRefused(use, f"its config {config!r} is not a pydantic model")


def import_policy(use: str, installed: Policies) -> PolicyPlugin:
    """Import one policy; PluginRefused says why not, and what is installed instead."""
    candidates = installed.get(use)
    if not candidates:
        raise PluginRefused(use, f"no such policy is installed{nearest(use, installed)}")
    plugin = load_plugin(candidates)
    options_model(use, plugin)
    return plugin


def read_options(
    plugin: PolicyPlugin | GatePlugin, row: Mapping[str, Any], source: Source, path: YamlPath, names: Names
) -> object | list[Problem]:
    """The validated `with:` of the row at `path`, None where there is none; or what is wrong with it."""
    use, given = row["use"], row.get("with")
    kind = "policy" if isinstance(plugin, PolicyPlugin) else "gate"
    at = (*path, "with")
    if given is not None and not isinstance(given, dict):
        return []
    model = options_model(use, plugin)
    if model is None:
        return [source.problem(at, f"{kind} {use!r} takes no options; remove `with`")] if given else None
    # A policy that says nothing of unknown keys would ignore them, and with them what the operator meant.
    extra = model.model_config.get("extra", "forbid")
    try:
        return validate(model, source, at, lambda: model.model_validate(given or {}, extra=extra, context=names))
    # The model's validators are the plugin's own code.
    except Exception as error:  # noqa: BLE001
        return [source.problem(at, f"{kind} {use!r} failed to check its options: {type(error).__name__}")]


def _entry(row: ChainEntry, loaded: Loaded) -> Entry:
    return Entry(
        id=row.id or row.use,
        use=row.use,
        plugin=loaded.plugin,
        options=loaded.options,
        on_error=OnError(row.on_error) if row.on_error else None,
        timeout=row.timeout,
        shadow=row.shadow,
        optional=row.optional,
    )
