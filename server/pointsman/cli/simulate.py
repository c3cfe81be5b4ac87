"""Ask a running server what it would decide if things were otherwise; nothing is called, spent, pinned or recorded."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from pointsman.cli import answers, asking
from pointsman.cli.connecting import connect
from pointsman.cli.figures import micros, usd
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.config.scalars import nano_usd
from pointsman.engine.suppose import HealthOverride, Suppositions
from pointsman.errors import PointsmanError
from pointsman.model.snapshot import HealthState
from pointsman.rpc.client.views import CallFailed, DecisionView, Failure, SimulationView
from pointsman.rpc.simulation import Simulation


class Unreadable(PointsmanError):
    """The configuration to simulate cannot be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    asking.add_arguments(parser)
    supposed = parser.add_argument_group("what if")
    supposed.add_argument("--config", type=Path, metavar="FILE", help="under this configuration, beside the active one")
    supposed.add_argument(
        "--health",
        type=_health,
        action="append",
        default=[],
        metavar="PROVIDER[/MODEL]=STATE",
        help="up, degraded, down, probing or disabled; /MODEL names a model alone; may be repeated",
    )
    supposed.add_argument(
        "--budget", type=_budget, action="append", default=[], metavar="NAME=USD", help="what is left; may be repeated"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    document = _text(options.config) if options.config else ""
    supposed = Suppositions(options.health, dict(options.budget))
    simulation = Simulation(asking.request_of(options), supposed, document)
    try:
        with connect(options) as client:
            seen = client.simulate(simulation, options.timeout)
    except CallFailed as failed:
        return answers.refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"simulation": seen})
    else:
        terminal.show(*_parts(seen, options))
    return 1 if seen.error else 0


def _parts(seen: SimulationView, options: argparse.Namespace) -> Iterator[RenderableType]:
    if options.config:
        yield table("", ("", f"*{options.config}", "*active configuration"), _beside(seen))
    else:
        yield _line(seen.decision, seen.error)
        if seen.decision and not seen.error:
            yield Text(f"{_cost(seen.decision)}; then {', '.join(seen.decision.plan[1:]) or 'nothing else'}")
    if seen.decision:
        yield Text()
        yield answers.candidates_table(seen.decision.candidates)
        yield answers.verdicts_table(seen.decision.trace)
        yield Text(f"configuration {seen.decision.config_version}, decided in {micros(seen.decision.seconds * 1e6)}")


def _line(decision: DecisionView | None, error: Failure | None) -> Text:
    if error:
        return Text.assemble(("refused with ", ""), (error.reason, "bold red"), f": {printable(error.message)}")
    assert decision
    return answers.decision_line(decision)


def _beside(seen: SimulationView) -> Iterator[list[RenderableType]]:
    pairs = ((seen.decision, seen.error), (seen.active_decision, seen.active_error))
    yield ["decision", *(_line(decision, error) for decision, error in pairs)]
    yield ["cost", *("-" if error or not decision else _cost(decision) for decision, error in pairs)]
    yield ["plan", *("-" if error or not decision else " → ".join(decision.plan) for decision, error in pairs)]
    yield ["excluded", *(_excluded(decision) for decision, _ in pairs)]


def _cost(decision: DecisionView) -> str:
    estimate = decision.estimate
    return f"expected {usd(estimate.expected_nano_usd)}, at most {usd(estimate.worst_case_nano_usd)}"


def _excluded(decision: DecisionView | None) -> str:
    excluded = [c for c in decision.candidates if not c.eligible] if decision else []
    return "\n".join(printable(f"{c.model}, by {c.excluded_by}: {c.excluded_reason}") for c in excluded) or "-"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path} is not UTF-8; save it in that encoding") from None


def _health(text: str) -> HealthOverride:
    named, mark, state = text.partition("=")
    provider, _, model = named.partition("/")
    if not mark or not named or state not in set(HealthState):
        states = ", ".join(HealthState)
        raise argparse.ArgumentTypeError(f"{text!r} is not PROVIDER=STATE or /MODEL=STATE with a state of {states}")
    return HealthOverride(HealthState(state), provider, model)


def _budget(text: str) -> tuple[str, int]:
    name, mark, usd_left = text.rpartition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=USD, such as acme=0.5")
    try:
        return name, nano_usd(usd_left)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
