"""Run the router until it is told to stop; a first SIGTERM or Ctrl-C lets running requests end, a second not.

SIGHUP has it read its configuration again.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import gc
import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pointsman import heap
from pointsman.app import App
from pointsman.cli import workers
from pointsman.cli.ledger_option import ledger
from pointsman.cli.terminal import Terminal, problem_line
from pointsman.config.load import load
from pointsman.config.reload import Origin
from pointsman.config.scalars import address
from pointsman.config.settings import Config
from pointsman.config.watch import Files
from pointsman.ledger.place import Postgres
from pointsman.model.activation import ActivatedBy
from pointsman.telemetry import logs
from pointsman.telemetry.masking import Mask
from pointsman.telemetry.siblings import Worker

SIMULATOR = "http://127.0.0.1:8900"

_GIVEN = "--ledger"

_GARBAGE = 10_000
"""Objects more than there were, at which the collector looks for cycles; Python's own number is 700."""

_MOST_WORKERS = 256

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
    parser.add_argument(
        "--api",
        type=_address_or_off,
        metavar="ADDR",
        help="where the HTTP API listens, or `off`, instead of `server.api`",
    )
    parser.add_argument(
        "--ledger", type=_place, metavar="PLACE", help="a file or a postgresql:// URL, instead of what `ledger` says"
    )
    parser.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="so many processes on one port; needs a shared `state`"
    )
    # How such a process is told that it is one.
    parser.add_argument("--worker", type=_worker, help=argparse.SUPPRESS)
    parser.add_argument("--log-json", action="store_true", help="log JSON, one object a line")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    heap.set_up()
    # Before it is loaded: a change that comes later than this is noticed.
    known = Files(options.config).look()
    config = configuration(options)
    mask = logs.configure(options.log_level, options.log_json, options.worker.place if options.worker else None)

    def again(document: Path | str) -> Config:
        loaded = configuration(options, document)
        _register(mask, loaded, options)
        return loaded

    _register(mask, config, options)
    if options.worker is None:
        for warning in config.warnings:
            terminal.err.print(problem_line(str(options.config), warning), soft_wrap=True)
    if options.workers > 1:
        return workers.serve(options, config, lambda doors: _announce(terminal, doors, options.workers))
    app = App(config, Origin(options.config, again, known, shared=options.worker is not None), worker=options.worker)
    with asyncio.Runner(loop_factory=_loop_factory(config)) as runner:
        return runner.run(_serve(app, lambda: _announce(terminal, app.doors)))


def configuration(options: argparse.Namespace, document: Path | str | None = None) -> Config:
    """The file's, or that of a document's text, with what the command line says instead."""
    read = options.config if document is None else document
    config = load(read, os.environ, simulated=options.simulated, serving=True)
    doors = {"grpc": options.grpc, "http": options.http, "api": options.api}
    wanted = {name: None if value == "off" else value for name, value in doors.items() if value is not None}
    # They were checked as they were parsed: pydantic would not do it again.
    server = config.server.model_copy(update=wanted)
    config = replace(config, server=server)
    if options.ledger is None:
        return config
    place = ledger(options.ledger)
    if isinstance(place, Postgres):
        return replace(config, ledger=config.ledger.model_copy(update={"url": _GIVEN}), ledger_url=place.url)
    return replace(config, ledger=config.ledger.model_copy(update={"path": str(place), "url": None}))


def _register(mask: Mask, config: Config, options: argparse.Namespace) -> None:
    if config.state is not None:
        mask.register_secrets([config.state.address.password])
    mask.register_secrets(_database_secrets(config))
    if config.otlp is not None:
        mask.register_secrets(config.otlp.headers.values())
    if options.simulated is None:
        mask.register_secrets(_secrets(config))


def _secrets(config: Config) -> Iterator[str]:
    # Any header may come from a reference; masking one too many costs a word in the log.
    for account in config.providers.values():
        yield account.settings.api_key
        yield from account.settings.headers.values()


def _database_secrets(config: Config) -> Iterator[str]:
    return Postgres(config.ledger_url).secrets() if config.ledger_url else iter(())


async def _serve(app: App, ready: Callable[[], None]) -> int:
    loop, task, stopping = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None
    at_terminal = os.isatty(0)

    def stop() -> None:
        if stopping.is_set():
            task.cancel()
        stopping.set()

    def hang_up() -> None:
        # A terminal that closes says so with the same signal.
        if at_terminal and not os.isatty(0):
            stop()
        else:
            app.reload_soon(ActivatedBy.SIGNAL)

    def orphaned() -> None:
        assert app.worker
        loop.remove_reader(0)
        # Nobody else is left to do it.
        atexit.register(shutil.rmtree, app.worker.directory, ignore_errors=True)
        if not stopping.is_set():
            stop()

    if app.worker:
        # Nothing is ever said there: it ends when the process that started the workers does.
        loop.add_reader(0, orphaned)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        async with app:
            _settle_garbage()
            ready()
            await stopping.wait()
            log.info("stopping: running requests get %g s; a second signal ends them now", app.drain)
    except asyncio.CancelledError:
        log.warning("stopped at once; requests that were running have been cut off")
        return 1
    return 0


def _settle_garbage() -> None:
    """What is there once we are ready stays; requests leave no cycles to speak of. Looking less often saves 5 %."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, 10, 10)


def _announce(terminal: Terminal, doors: Mapping[str, str], count: int = 1) -> None:
    if terminal.json:
        terminal.dump({"ready": {**doors, "pid": os.getpid(), "workers": count}})
    else:
        several = f", {count} workers" if count > 1 else ""
        where = ", ".join(f"{door} {address or 'off'}" for door, address in doors.items())
        terminal.show(f"pointsman ready: {where}{several}")
    terminal.out.file.flush()


def _loop_factory(config: Config) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not config.server.uvloop or find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


def _place(text: str) -> str:
    """As it is written, for workers are told the same; what a reference stands for belongs on no command line."""
    ledger(text)
    return text


def _address(text: str) -> str:
    try:
        return address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number from 1 to {_MOST_WORKERS}")
    return int(text)


def _worker(text: str) -> Worker:
    name, _, directory = text.partition(":")
    place, _, start = name.partition(".")
    return Worker(int(place), int(start), Path(directory))


def _address_or_off(text: str) -> str:
    return text if text == "off" else _address(text)
