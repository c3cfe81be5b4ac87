"""Check a configuration: every problem at once, its JSON Schema, or what its chain and its routing table come to."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rich.text import Text

from pointsman.chain.loading import Chain, build_chain
from pointsman.cli.terminal import Terminal, table
from pointsman.config.json_schema import json_schema
from pointsman.config.load import load
from pointsman.config.settings import Config
from pointsman.engine.rules import NO_COMPLIANCE
from pointsman.model.catalogue import Catalogue, Task
from pointsman.model.request import Mode

_WRONG = 2
_PHASES = ("gather", "assess", "shape", "exclude", "choose", "plan", "admit", "settle", "observe")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="unset: pointsman.yaml")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the same, as the other commands name it")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema, for editors, and check nothing")
    parser.add_argument("--explain", action="store_true", help="print the chain in order, and the routing table")
    parser.add_argument("--simulated", action="store_true", help="as `serve --simulated` would: no key is needed")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    if options.file and options.config:
        terminal.error("pointsman check-config: FILE and --config name the same; leave one of them out")
        return _WRONG
    # Where problems are told of, too, this is the file that has them.
    options.config = options.file or options.config or Path("pointsman.yaml")
    if options.schema:
        terminal.dump(json_schema())
        return 0
    simulated = "http://127.0.0.1:8900" if options.simulated else None
    # Keys are where the server runs; here, what is written may be good without them.
    config = load(options.config, os.environ, simulated=simulated, require_provider=False, serving=True)
    chain, refused = build_chain(config.entries, config.catalogue)
    if terminal.json:
        explained = _explained(config, chain) if options.explain else {}
        terminal.dump({"problems": config.warnings, "version": config.version, **explained})
        return 0
    terminal.problems(str(options.config), config.warnings)
    for refusal in refused:
        terminal.note(f"{options.config}: warning: {refusal}; left out")
    if options.explain:
        _explain(config, chain, terminal)
    terminal.show(f"{options.config}: good, version {config.version}, {_summary(config)}")
    return 0


# JSON-like, as below.
def _explained(config: Config, chain: Chain) -> dict[str, object]:
    told: dict[str, object] = {"chain": _entries(chain), "routes": _routes(config.catalogue)}
    if config.compliance != NO_COMPLIANCE:
        tenants = None if config.compliance.everyone else sorted(config.compliance.tenants)
        told["compliance"] = {"tenants": tenants, "decide": _deciding(chain), "passed_over": _passed_over(chain)}
    return told


def _deciding(chain: Chain) -> list[str]:
    """Who may assess, shape, choose and plan in compliance mode."""
    hooks = (*chain.assess, *chain.shape, *chain.choose, *chain.plan)
    asked = {hook.entry.id for hook in hooks if hook.entry.plugin.deterministic}
    return [entry.id for entry in chain.entries if entry.id in asked]


def _passed_over(chain: Chain) -> list[str]:
    return [entry.id for entry in chain.entries if not entry.plugin.deterministic]


def _compliance(config: Config, chain: Chain) -> Text:
    compliance = config.compliance
    whose = "every tenant" if compliance.everyone else f"tenant {', '.join(sorted(compliance.tenants))}"
    over = ", ".join(_passed_over(chain)) or "nobody"
    return Text(
        f"Compliance mode for {whose}: {', '.join(_deciding(chain)) or 'nobody'} may decide; passed over: {over}"
    )


def _summary(config: Config) -> str:
    catalogue = config.catalogue
    enabled = sum(model.enabled for model in catalogue.models.values())
    return (
        f"{enabled} of {len(catalogue.models)} models enabled, {len(config.entries)} policies, "
        f"{len(catalogue.tasks)} tasks"
    )


# JSON-like rows, so that both outputs tell the same.
def _entries(chain: Chain) -> list[dict[str, object]]:
    return [
        {
            "id": entry.id,
            "use": entry.use,
            "kind": entry.plugin.kind,
            "hooks": [phase for phase in _PHASES if any(hook.entry is entry for hook in getattr(chain, phase))],
            "honours": sorted(entry.plugin.honours),
            "deterministic": entry.plugin.deterministic,
            "on_error": entry.on_error,
            "shadow": entry.shadow,
        }
        for entry in chain.entries
    ]


def _routes(catalogue: Catalogue) -> dict[str, dict[str, list[str]]]:
    return {name: {mode: list(task.route[mode]) for mode in Mode} for name, task in catalogue.tasks.items()}


def _explain(config: Config, chain: Chain, terminal: Terminal) -> None:
    rows = [_entry_row(number, entry) for number, entry in enumerate(_entries(chain), start=1)]
    columns = (">", "entry", "policy", "kind", "*implements", "*honours", "*notes")
    terminal.show(table("Chain, in this order", columns, rows))
    catalogue = config.catalogue
    default = catalogue.default_task
    rows = [_task_row(task, catalogue, default) for task in catalogue.tasks.values()]
    terminal.show(table("Routing table", ("task", "select", *(f"*{mode}" for mode in Mode), "*output"), rows))
    if catalogue.tags:
        named = ", ".join(f"{tag} → {task}" for tag, task in catalogue.tags.items())
        terminal.show(Text(f"Tags: {named}"))
    if config.compliance != NO_COMPLIANCE:
        terminal.show(_compliance(config, chain))
    off = [model.id for model in catalogue.models.values() if not model.enabled]
    if off:
        terminal.show(Text(f"Disabled, marked with -: {', '.join(off)}", style="yellow"))
    terminal.show("")


def _entry_row(number: int, entry: dict[str, object]) -> list[str]:
    notes = [
        *(["shadow: decides nothing"] if entry["shadow"] else []),
        *([] if entry["deterministic"] else ["not deterministic"]),
        *([f"on_error: {entry['on_error']}"] if entry["on_error"] else []),
    ]
    hooks, honours = entry["hooks"], entry["honours"]
    assert isinstance(hooks, list)
    assert isinstance(honours, list)
    names = [str(entry[key]) for key in ("id", "use", "kind")]
    return [str(number), *names, ", ".join(hooks), ", ".join(honours) or "-", ", ".join(notes) or "-"]


def _task_row(task: Task, catalogue: Catalogue, default: str) -> list[str]:
    routes = [
        "\n".join(name if catalogue.models[name].enabled else f"-{name}" for name in task.route[mode]) for mode in Mode
    ]
    name = f"{task.name} (default)" if task.name == default else task.name
    return [name, task.select, *routes, "\n".join(filter(None, (task.doc, task.output)))]
