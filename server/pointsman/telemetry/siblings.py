"""Metrics of several workers added up: each shows its own to the others, and whichever is asked shows the sum."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from pointsman.telemetry import names
from pointsman.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds that another worker has to show its metrics."""

_EVERY = 5.0
"""Seconds after which a worker writes down what it has counted."""

_SUMMED_GAUGES = frozenset({names.REQUESTS_RUNNING.name})
"""Of every other gauge the highest is shown: what one worker says, all mean."""

_OWN = ("process_", "python_")
"""What is a process's own is told apart by the label `worker`, and never added up."""

_ENDED = "ended"


class Sample(msgspec.Struct, frozen=True, array_like=True):
    name: str
    labels: dict[str, str]
    value: float


class Shown(msgspec.Struct, array_like=True):
    """One metric of one worker."""

    name: str
    help: str
    kind: str
    samples: list[Sample]


class Ended(msgspec.Struct, array_like=True):
    """What the workers of these names have counted together."""

    names: list[str] = []
    shown: list[Shown] = []


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several processes that share a `directory`: its place among them, and its `start`, counted from 0.

    No two processes have both: one that ended keeps what it counted, and the one after it begins at 0.
    """

    place: int
    start: int
    directory: Path

    @property
    def name(self) -> str:
        return f"{self.place}.{self.start}"


class Siblings:
    """The workers beside this one, and what all of them count.

        async with Siblings(worker, metrics) as siblings:
            body, content_type = await siblings.exposition()

    What was shown once is never lost: it is written down before it is shown. What a worker counted after that, in its
    last seconds, goes with it where it is killed outright; the ledger has those requests.
    """

    def __init__(self, worker: Worker, metrics: Metrics) -> None:
        self._worker, self._directory, self._metrics = worker, worker.directory, metrics
        self._server: asyncio.Server | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._show, _socket(self._directory, self._worker.name))
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._keeping is not None
        self._server.close()
        self._keeping.cancel()
        await asyncio.wait([self._keeping])
        self._write_down()

    async def exposition(self) -> tuple[bytes, str]:
        """Everything of every worker in the Prometheus text format, and its content type."""
        ended = _ended(self._directory)
        found = {path.stem for path in self._directory.glob("*.sock")}
        # Those that ended meanwhile have left what they counted, and leave it there for a while.
        asked = await asyncio.gather(*[self._ask(name) for name in sorted(found.difference(ended.names))])
        registry = CollectorRegistry()
        registry.register(_Sum([ended.shown, *asked]))
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4

    async def _ask(self, name: str) -> list[Shown]:
        """What a worker shows; of one that does not answer, what it counted when it was last asked."""
        if name == self._worker.name:
            return self._own()
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(_socket(self._directory, name))
                try:
                    return msgspec.msgpack.decode(await reader.read(-1), type=list[Shown])
                finally:
                    writer.close()
        except (OSError, TimeoutError, msgspec.MsgspecError):
            return _counted(self._directory, name)

    async def _show(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._metrics.refresh()
        # Whoever asked may have gone.
        with suppress(OSError):
            writer.write(msgspec.msgpack.encode(self._own()))
            await writer.drain()
        writer.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            self._write_down()

    def _own(self) -> list[Shown]:
        self._write_down()
        return [_shown(family, self._worker.place) for family in self._metrics.families()]

    def _write_down(self) -> None:
        counted = [_shown(family, self._worker.place) for family in self._metrics.collect()]
        _write(self._directory, self._worker.name, list(filter(_counts, counted)))


def bury(worker: Worker) -> None:
    """Add what a worker that has ended counted to what those before it did. One process only does this."""
    ended = _ended(worker.directory)
    counted = _counted(worker.directory, worker.name)
    names = [*ended.names, worker.name]
    _write(worker.directory, _ENDED, Ended(names, list(_added_up([ended.shown, counted]))))
    # Not this one's: somebody may be about to read it, who found it among the living.
    for name in ended.names:
        _path(worker.directory, name).unlink(missing_ok=True)
        _socket(worker.directory, name).unlink(missing_ok=True)


class _Sum:
    """What prometheus_client calls a collector."""

    def __init__(self, workers: Sequence[Sequence[Shown]]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Family]:
        for shown in _added_up(self._workers):
            family = Family(shown.name, shown.help, shown.kind)
            for sample in shown.samples:
                family.add_sample(sample.name, sample.labels, sample.value)
            yield family


def _added_up(workers: Iterable[Iterable[Shown]]) -> Iterator[Shown]:
    total: dict[str, tuple[Shown, dict[tuple[str, ...], Sample]]] = {}
    for shown in [shown for worker in workers for shown in worker]:
        _, samples = total.setdefault(shown.name, (shown, {}))
        summed = _counts(shown) or shown.name in _SUMMED_GAUGES
        for sample in shown.samples:
            key = (sample.name, *[text for pair in sample.labels.items() for text in pair])
            before = samples.get(key)
            value = sample.value
            if before:
                value = before.value + value if summed else max(before.value, value)
            samples[key] = Sample(sample.name, sample.labels, value)
    for shown, samples in total.values():
        yield Shown(shown.name, shown.help, shown.kind, list(samples.values()))


def _shown(family: Family, place: int) -> Shown:
    more = {"worker": str(place)} if family.name.startswith(_OWN) else {}
    samples = [Sample(sample.name, {**sample.labels, **more}, sample.value) for sample in family.samples]
    return Shown(family.name, family.documentation, family.type, samples)


def _counts(shown: Shown) -> bool:
    """Does it count on, whoever has ended?"""
    return shown.kind in ("counter", "histogram") and not shown.name.startswith(_OWN)


def _socket(directory: Path, name: str) -> Path:
    return directory / f"{name}.sock"


def _path(directory: Path, name: str) -> Path:
    return directory / f"{name}.metrics"


def _counted(directory: Path, name: str) -> list[Shown]:
    try:
        return msgspec.msgpack.decode(_path(directory, name).read_bytes(), type=list[Shown])
    except (OSError, msgspec.MsgspecError):
        return []


def _ended(directory: Path) -> Ended:
    try:
        return msgspec.msgpack.decode(_path(directory, _ENDED).read_bytes(), type=Ended)
    except (OSError, msgspec.MsgspecError):
        return Ended()


def _write(directory: Path, name: str, content: Sequence[Shown] | Ended) -> None:
    new = directory / f"{name}.new"
    try:
        new.write_bytes(msgspec.msgpack.encode(content))
        os.replace(new, _path(directory, name))
    except OSError as error:
        log.warning("what workers count is not kept: %s", error.strerror)
