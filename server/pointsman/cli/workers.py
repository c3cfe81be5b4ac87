"""Several processes that serve on the same ports: the first prepares, the others follow, one that dies is replaced."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pointsman.config.settings import Config
from pointsman.errors import CannotListen, ConfigInvalid, PointsmanError, Problem
from pointsman.telemetry.siblings import Worker, bury

log = logging.getLogger(__name__)

_FIRST, _MOST = 0.5, 30.0
"""Seconds before a worker that died is replaced, doubled each time."""

_STEADY = 60.0
"""Seconds after which dying is no habit of a worker's."""

_NOT_PASSED_ON = frozenset({"workers", "worker", "json", "grpc", "http", "api"})
"""Options that the workers are given in another form."""


class WorkerFailed(PointsmanError):
    """A worker ended before it was ready; why is in its log."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"a worker ended with status {status} before it was ready")


class Workers:
    """Runs `count` of them, each as the `command` says. They stop with the process that started them, however it ends.

    A signal to stop is passed on to all, each time that it comes, and so is one to read the configuration again.
    """

    def __init__(self, command: Sequence[str], count: int, directory: Path) -> None:
        self._command, self._count, self._directory = command, count, directory
        self._running: dict[int, tuple[Worker, Process]] = {}
        self._starts = [0] * count
        self._serving: set[int] = set()
        self._stopping = asyncio.Event()
        self._at_terminal = os.isatty(0)

    async def run(self, ready: Callable[[], None]) -> int:
        """Until they have stopped; 0 if all did so in order. `ready` is called once all serve."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        try:
            # One alone prepares what all of them use, such as the ledger's tables.
            await self._start(0)
            await asyncio.gather(*[self._start(place) for place in range(1, self._count)])
        except WorkerFailed as failed:
            log.error("%s", failed)
            told = self._stopping.is_set()
            self._stop()
            await asyncio.gather(*[process.wait() for _, process in self._running.values()])
            return 0 if told else abs(failed.status)
        ready()
        statuses = await asyncio.gather(*[self._keep(place) for place in range(self._count)])
        return int(any(statuses))

    def _stop(self) -> None:
        self._stopping.set()
        for _, process in self._running.values():
            with suppress(ProcessLookupError):
                process.terminate()

    def _hang_up(self) -> None:
        # A terminal that closes says so with the same signal.
        if self._at_terminal and not os.isatty(0):
            self._stop()
            return
        # Those that are still starting read the file anyway, and would die of the signal.
        for place in self._serving:
            with suppress(ProcessLookupError):
                self._running[place][1].send_signal(signal.SIGHUP)

    async def _start(self, place: int) -> None:
        """Start one and return once it serves; WorkerFailed where it ends before."""
        worker = Worker(place, self._starts[place], self._directory)
        self._starts[place] += 1
        # A session of its own: Ctrl-C is for us, and we pass it on. Its standard input ends when we do.
        process = await asyncio.create_subprocess_exec(
            *self._command,
            f"--worker={worker.name}:{worker.directory}",
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
        )
        self._running[place] = worker, process
        assert process.stdout is not None
        if not await process.stdout.readline():
            raise WorkerFailed(await process.wait())
        self._serving.add(place)

    async def _keep(self, place: int) -> int:
        """See that there is one, until all have to stop; its last exit status."""
        seconds, loop = _FIRST, asyncio.get_running_loop()
        while True:
            began = loop.time()
            worker, process = self._running[place]
            status = await process.wait()
            self._serving.discard(place)
            bury(worker)
            if self._stopping.is_set():
                return status
            seconds = _FIRST if loop.time() - began > _STEADY else seconds
            log.error("worker %d ended with status %d; the next is started in %g s", place, status, seconds)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopping.wait()
                return 0
            seconds = min(2 * seconds, _MOST)
            with suppress(WorkerFailed):
                await self._start(place)
                log.warning("worker %d serves again", place)


def serve(options: argparse.Namespace, config: Config, ready: Callable[[Mapping[str, str]], None]) -> int:
    """Run `options.workers` of them on the doors of this configuration; `ready` is told their addresses."""
    if config.state is None:
        why = (
            f"--workers {options.workers} needs a store that all of them share, or each would have budgets and pins of "
            'its own; say `state: {store: redis, url: "${REDIS_URL}"}`, or leave --workers out'
        )
        raise ConfigInvalid([Problem("state.store", why)])
    with ExitStack() as stack:
        server = config.server
        doors = {
            name: stack.enter_context(_reserved(address, f"server.{name}")) if address else ""
            for name, address in (("grpc", server.grpc), ("http", server.http), ("api", server.api))
        }
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="pointsman-")))
        command = [sys.executable, "-m", "pointsman", "serve", *_passed_on(options)]
        command += [f"--{name}={address or 'off'}" for name, address in doors.items()]

        async def run() -> int:
            return await Workers(command, options.workers, directory).run(lambda: ready(doors))

        return asyncio.run(run())


def _passed_on(options: argparse.Namespace) -> Iterator[str]:
    """What the command line says, for every worker."""
    for name, value in vars(options).items():
        if name in _NOT_PASSED_ON or value is None or value is False:
            continue
        flag = f"--{name.replace('_', '-')}"
        yield flag if value is True else f"{flag}={value}"


@contextmanager
def _reserved(address: str, key: str) -> Iterator[str]:
    """The address with its real port, kept from others while workers come and go on it."""
    host, _, port = address.rpartition(":")
    try:
        family, kind, _, _, where = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as alone:
            # Where workers share it with each other, another server could join them in silence.
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(where)
            alone.listen()
            where = alone.getsockname()
        with socket.socket(family, kind) as shared:
            shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            shared.bind(where)
            yield f"{host}:{where[1]}"
    except OSError as error:
        raise CannotListen(f"cannot listen on {address}: {error.strerror}; correct `{key}`") from None
