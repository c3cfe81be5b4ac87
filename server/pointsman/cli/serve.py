"""Run the router until it is told to stop; a first SIGTERM or Ctrl-C lets running requests end, a second not."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pointsman.app import App
from pointsman.cli.terminal import Terminal, problem_line
from pointsman.config.load import load
from pointsman.config.scalars import address
from pointsman.config.settings import Config
from pointsman.telemetry import logs

SIMULATOR = "http://127.0.0.1:8900"

_GARBAGE = 10_000
"""Objects more than there were, at which the collector looks for cycles; Python's own number is 700."""

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("pointsman.yaml"), metavar="FILE", help="(%(default)s)")
    parser.add_argument(
        "--simulated",
        nargs="?",
        const=SIMULATOR,
        metavar="URL",
        help=f"send everything to a simulator instead of the providers, without keys ({SIMULATOR}: `pointsman sim`)",
    )
    parser.add_argument("--grpc", type=_address, metavar="ADDR", help="where gRPC listens, instead of `server.grpc`")
    parser.add_argument(
        "--http", type=_address_or_off, metavar="ADDR", help="where HTTP listens, or `off`, instead of `server.http`"
    )
    parser.add_argument("--ledger", metavar="PATH", help="the ledger's file, instead of `ledger.path`")
    parser.add_argument("--log-json", action="store_true", help="log JSON, one object a line")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    config = configuration(options)
    mask = logs.configure(options.log_level, options.log_json)
    if options.simulated is None:
        mask.register_secrets(_secrets(config))
    for warning in config.warnings:
        terminal.err.print(problem_line(str(options.config), warning), soft_wrap=True)
    with asyncio.Runner(loop_factory=_loop_factory(config)) as runner:
        return runner.run(_serve(config, lambda app: _announce(app, terminal)))


def configuration(options: argparse.Namespace) -> Config:
    """The file's, with what the command line says instead."""
    config = load(options.config, os.environ, simulated=options.simulated)
    doors = {"grpc": options.grpc, "http": None if options.http == "off" else options.http}
    wanted = {name: value for name, value in doors.items() if getattr(options, name) is not None}
    # Both were checked as they were parsed: pydantic would not do it again.
    server = config.server.model_copy(update=wanted)
    ledger = config.ledger.model_copy(update={"path": options.ledger} if options.ledger else {})
    return replace(config, server=server, ledger=ledger)


def _secrets(config: Config) -> Iterator[str]:
    # Any header may come from a reference; masking one too many costs a word in the log.
    for account in config.providers.values():
        yield account.settings.api_key
        yield from account.settings.headers.values()
    if config.otlp:
        yield from config.otlp.headers.values()


async def _serve(config: Config, ready: Callable[[App], None]) -> int:
    loop, task, stopping = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None

    def stop() -> None:
        if stopping.is_set():
            task.cancel()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        async with App(config) as app:
            _settle_garbage()
            ready(app)
            await stopping.wait()
            log.info("stopping: running requests get %g s; a second signal ends them now", config.server.drain)
    except asyncio.CancelledError:
        log.warning("stopped at once; requests that were running have been cut off")
        return 1
    return 0


def _settle_garbage() -> None:
    """What is there once we are ready stays; requests leave no cycles to speak of. Looking less often saves 5 %."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, 10, 10)


def _announce(app: App, terminal: Terminal) -> None:
    if terminal.json:
        terminal.dump({"ready": {"grpc": app.grpc_address, "http": app.http_address, "pid": os.getpid()}})
        return
    http = f"http {app.http_address}" if app.http_address else "http off"
    terminal.show(f"pointsman ready: grpc {app.grpc_address}, {http}")
    terminal.out.file.flush()


def _loop_factory(config: Config) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not config.server.uvloop or find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


def _address(text: str) -> str:
    try:
        return address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def _address_or_off(text: str) -> str:
    return text if text == "off" else _address(text)
