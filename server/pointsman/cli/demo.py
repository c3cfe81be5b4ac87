"""Everything at once, without any key: simulated providers, one of them broken, a server, and requests to it."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from rich.text import Text

import pointsman
from pointsman.cli.children import Child, ChildFailed, child
from pointsman.cli.demo_scenes import DemoFailed, Play
from pointsman.cli.terminal import Terminal
from pointsman.errors import PointsmanError
from pointsman.rpc.client.calls import Client

_EXAMPLE = Path("examples/pointsman.yaml")
_BROKEN = "mistral"
# Quick, so that the demo is; with enough tokens a second to see them come.
_PACE = ("--ttft-median", "0.1", "--token-interval", "0.004")


class NoExample(PointsmanError):
    """The configuration of the demo is not where it is looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"another configuration than {_EXAMPLE} of the checkout"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    config = options.config or _example()
    began = time.monotonic()
    with _terminable(), ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pointsman-demo-")))
        simulator = stack.enter_context(
            child(["sim", "--port", "0", "--fault", f"{_BROKEN}=http-503", *_PACE], directory)
        )
        url = simulator.wait_for(r"simulator at (http://[^/]+)/")
        ledger = directory / "demo.db"
        server = stack.enter_context(child(_server(config, url, ledger), directory))
        address = server.wait_for(r"ready: grpc ([^,\s]+)")
        terminal.show(
            Text(f"Simulated providers at {url}; {_BROKEN} answers everything with 503."),
            Text(f"Server at {address}, configuration {config}, ledger {ledger}.\n"),
        )
        try:
            client = stack.enter_context(Client(address))
            play = Play(client, url, ledger, terminal)
            play.perform(config)
        except DemoFailed as failed:
            raise ChildFailed(f"{failed}\n{_said(simulator, server)}") from None
    play.end(time.monotonic() - began)
    return 0


def _server(config: Path, url: str, ledger: Path) -> list[str]:
    doors = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    return ["serve", "--config", str(config), "--simulated", url, *doors, "--ledger", str(ledger)]


def _example() -> Path:
    """From the working directory, or from the checkout that this package runs from."""
    checkout = Path(pointsman.__file__).parents[2]
    for directory in (Path(), checkout):
        if (directory / _EXAMPLE).is_file():
            return directory / _EXAMPLE
    raise NoExample(f"{_EXAMPLE} is neither here nor in {checkout}; run this from a checkout, or give --config FILE")


def _said(*children: Child) -> str:
    return "\n".join(f"--- standard error of `{one.name}`:\n{one.errors() or '(nothing)'}" for one in children)


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into an exit, so that the children are stopped then too."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
