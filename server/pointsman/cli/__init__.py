"""The `pointsman` command: which commands there are, and what their failures look like."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version

from pointsman.errors import ConfigInvalid, PointsmanError

COMMANDS: Mapping[str, str] = {
    "serve": "run the router",
    "demo": "a router, a client and simulated providers, without any key",
    "route": "ask a running server how it would route a prompt",
    "complete": "send a prompt to a running server and stream the answer",
    "simulate": "what a running server would decide if things were otherwise",
    "explain": "why a recorded request went where it did, and what it cost",
    "feedback": "say how good an answer was, or where it should have gone",
    "health": "how the providers behind a running server are doing",
    "models": "the models of a running server, and what they cost",
    "budgets": "how the budgets of a running server stand",
    "report": "what the recorded requests add up to, and what routing saved",
    "keys": "create, list and revoke the API keys of callers",
    "export": "the recorded requests as JSON lines",
    "check-config": "every problem of a configuration, with path and line",
    "reload": "have a running server read its configuration again",
    "config": "which configurations a server had, and going back to one",
    "plugins": "the installed policies, and which of them are refused",
    "sim": "providers that need no key and fail on demand",
}

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a failure, 2 for wrong options or a configuration that cannot be used.

    `explain` has statuses of its own where it decides again.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    options = _parser(_commands(arguments)).parse_args(arguments[:1])
    try:
        return _run(options.command, arguments[1:])
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not fail once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _commands(arguments: Sequence[str]) -> Mapping[str, str]:
    # Looking through everything that is installed takes longer than some of our own commands do.
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS
    from pointsman.cli import plugin_commands

    theirs = plugin_commands.listed()
    return {**COMMANDS, **{name: theirs[name] for name in theirs if name not in COMMANDS}}


def _parser(commands: Mapping[str, str]) -> argparse.ArgumentParser:
    width = max(map(len, commands))
    listed = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in commands.items())
    parser = argparse.ArgumentParser(
        prog="pointsman",
        usage="pointsman COMMAND [OPTION ...]",
        description="Pointsman, an LLM router.",
        epilog=f"commands:\n{listed}\n\n`pointsman COMMAND --help` explains each. All of ours but sim take --json.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pointsman {version('pointsman')}")
    parser.add_argument("command", choices=commands, metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


def _run(name: str, arguments: list[str]) -> int:
    # gRPC's core writes to standard error by itself; what matters of it we say in our own words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Each command is imported when it is asked for: none has to wait for what another needs.
    if name == "sim":
        from pointsman.sim.command import main as simulate

        return simulate(arguments)
    from pointsman.cli.terminal import Terminal

    if name not in COMMANDS:
        from pointsman.cli import plugin_commands

        try:
            return plugin_commands.run(name, arguments)
        except PointsmanError as error:
            Terminal(json=False).error(f"pointsman {name}: {error}")
            return 1
    command = import_module(f"pointsman.cli.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"pointsman {name}", description=command.__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    command.add_arguments(parser)
    options = parser.parse_args(arguments)
    terminal = Terminal(options.json)
    try:
        status: int = command.run(options, terminal)
    except ConfigInvalid as invalid:
        terminal.problems(str(getattr(options, "config", "")), invalid.problems)
        return 2
    except PointsmanError as error:
        terminal.error(f"pointsman {name}: {error}")
        return 1
    return status
