"""The command line of the simulator, mounted as `pointsman sim`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import msgspec

from pointsman.errors import ConfigInvalid
from pointsman.sim.calls import CallRecord
from pointsman.sim.faults import FAULTS, summary
from pointsman.sim.server import serve
from pointsman.sim.settings import SimSettings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator until interrupted; 0 for a clean end, 2 for a wrong option."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.list_faults:
        width = max(map(len, FAULTS))
        print("\n".join(f"{name:<{width}}  {summary(name)}" for name in FAULTS))
        return 0
    settings = SimSettings(
        host=options.host,
        port=options.port,
        seed=options.seed,
        ttft_median=options.ttft_median,
        ttft_sigma=options.ttft_sigma,
        slow_share=options.slow_share,
        token_interval=options.token_interval,
        faults=dict(options.fault),
    )
    with ExitStack() as stack:
        log = _opened(options.json_log, stack)
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_until_stopped(settings, None if log is None else _writer(log)))
        except (ConfigInvalid, OSError) as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All options; docs/simulator.md is checked against it."""
    given = SimSettings()
    parser = argparse.ArgumentParser(prog="pointsman sim", description="A provider that fails on demand.")
    parser.add_argument("--host", default=given.host)
    parser.add_argument("--port", type=int, default=given.port, help="0 takes a free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=given.seed, help="other seeds give other answers")
    parser.add_argument("--ttft-median", type=_seconds, default=given.ttft_median, help="s (%(default)s)")
    parser.add_argument("--ttft-sigma", type=_seconds, default=given.ttft_sigma, help="spread (%(default)s)")
    parser.add_argument(
        "--slow-share", type=_share, default=given.slow_share, help="of calls that take about 4 s (%(default)s)"
    )
    parser.add_argument("--token-interval", type=_seconds, default=given.token_interval, help="s (%(default)s)")
    where = "PROVIDER[/MODEL]=FAULT"
    parser.add_argument("--fault", type=_fault, action="append", default=[], metavar=where, help="may be repeated")
    parser.add_argument("--list-faults", action="store_true", help="print all faults and exit")
    parser.add_argument("--json-log", metavar="FILE", help="append one JSON object per call; - for standard output")
    return parser


async def _until_stopped(settings: SimSettings, on_call: Callable[[CallRecord], None] | None) -> None:
    loop = asyncio.get_running_loop()
    serving = loop.create_task(serve(settings, _announce, on_call))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


def _announce(url: str) -> None:
    print(f"simulator at {url}/PROVIDER/v1 (any PROVIDER, any key)", file=sys.stderr, flush=True)


def _opened(path: str | None, stack: ExitStack) -> TextIO | None:
    if path is None or path == "-":
        return sys.stdout if path else None
    return stack.enter_context(Path(path).open("a", encoding="utf-8", buffering=1))


def _writer(log: TextIO) -> Callable[[CallRecord], None]:
    def write(record: CallRecord) -> None:
        log.write(msgspec.json.encode(record).decode() + "\n")
        log.flush()

    return write


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


def _fault(text: str) -> tuple[str, str]:
    where, mark, spec = text.partition("=")
    if not where or not mark:
        raise argparse.ArgumentTypeError(f"{text!r} is not PROVIDER[/MODEL]=FAULT, such as groq=http-500")
    return where, spec


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return number
