"""What the benchmark of peers found, as figures, as ratios with their budgets, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine, versions
from benchmarks.overhead import CONCURRENCY, PACKAGES
from benchmarks.peer_servers import Goal

OURS = "pointsman"
RESULTS = Path(__file__).parent / "results" / "peers.json"


@dataclass(frozen=True, slots=True)
class Slice:
    """Calls to one server: seconds of each that was answered, what the others said, and what the upstream was asked.

    `cpu` and `elapsed` are seconds of all of them, failed ones included; `tokens` left the upstream.
    """

    latencies: tuple[float, ...]
    failures: tuple[str, ...]
    cpu: float
    elapsed: float
    upstream_calls: int
    tokens: int

    @property
    def micros(self) -> float:
        """CPU microseconds of the server per answered call."""
        return _per(self.cpu * 1e6, len(self.latencies), self.failures)

    @property
    def token_micros(self) -> float:
        """CPU microseconds of the server per token of answered calls."""
        return _per(self.cpu * 1e6, self.tokens if self.latencies else 0, self.failures)


def _per(what: float, count: int, failures: Sequence[str]) -> float:
    if not count:
        raise SystemExit(f"no call of a slice was answered; the first said: {failures[0] if failures else 'nothing'}")
    return what / count


@dataclass(slots=True)
class Gateway:
    """All that was measured of one: slices by round, many calls at a time, one, and streams; memory in bytes."""

    name: str
    version: str = ""
    goal: Goal | None = None
    busy: list[Slice] = field(default_factory=list)
    alone: list[Slice] = field(default_factory=list)
    streams: list[Slice] = field(default_factory=list)
    idle: int = 0
    loaded: int = 0
    start_seconds: float = 0.0
    start_cpu: float = 0.0
    no_streams: str = ""

    def failures(self) -> list[str]:
        return [said for one in (*self.busy, *self.alone, *self.streams) for said in one.failures]

    def figures(self) -> dict[str, float]:
        """By name and unit; those of streams only where they work."""
        busy, alone = pooled(self.busy), pooled(self.alone)
        answered = len(busy) + len(alone)
        found = {
            f"CPU of a call, {CONCURRENCY} at a time (us)": median(one.micros for one in self.busy),
            "CPU of a call, alone (us)": median(one.micros for one in self.alone),
            "calls a second on one core": median(len(one.latencies) / one.elapsed for one in self.busy),
            "latency alone, p50 (ms)": quantile(alone, 0.50) * 1e3,
            "latency alone, p95 (ms)": quantile(alone, 0.95) * 1e3,
            f"latency, {CONCURRENCY} at a time, p50 (ms)": quantile(busy, 0.50) * 1e3,
            f"latency, {CONCURRENCY} at a time, p95 (ms)": quantile(busy, 0.95) * 1e3,
            "memory, idle (MB)": self.idle / 1e6,
            "memory, loaded (MB)": self.loaded / 1e6,
            "start to first answer (s)": self.start_seconds,
            "CPU of that start (s)": self.start_cpu,
            "upstream calls per answered call": sum(one.upstream_calls for one in (*self.busy, *self.alone)) / answered,
            "answered unary calls": answered,
            "failed calls": len(self.failures()),
        }
        if self.streams:
            found["CPU of a streamed token (us)"] = median(one.token_micros for one in self.streams)
        return found


def pooled(slices: Sequence[Slice]) -> list[float]:
    """The latencies of all rounds, sorted."""
    return sorted(latency for one in slices for latency in one.latencies)


def quantile(values: Sequence[float], share: float) -> float:
    """Of sorted values, by nearest rank."""
    return values[min(int(len(values) * share), len(values) - 1)]


def ratios(ours: Gateway, peer: Gateway) -> dict[str, list[float]]:
    """Our CPU as a share of the peer's, round by round."""
    found = {
        f"unary_vs_{peer.name}": _shares(ours.busy, peer.busy, lambda one: one.micros),
        f"unary_alone_vs_{peer.name}": _shares(ours.alone, peer.alone, lambda one: one.micros),
    }
    if peer.streams:
        found[f"token_vs_{peer.name}"] = _shares(ours.streams, peer.streams, lambda one: one.token_micros)
    return found


def _shares(ours: Sequence[Slice], theirs: Sequence[Slice], of: Callable[[Slice], float]) -> list[float]:
    return [of(mine) / of(other) for mine, other in zip(ours, theirs, strict=True)]


def summary(ours: Gateway, peers: Sequence[Gateway]) -> dict[str, dict[str, Any]]:
    """Each ratio as it is kept: median, least and most of the rounds, and the budget of those that have one."""
    found: dict[str, dict[str, Any]] = {}
    for peer in peers:
        for name, values in ratios(ours, peer).items():
            goal = peer.goal if name == f"unary_vs_{peer.name}" else None
            found[name] = {
                "ratio": median(values),
                "least": min(values),
                "most": max(values),
                "n": len(values),
                "budget": goal and goal.budget,
                "aim": goal and goal.aim,
            }
    return found


def verdict(ratio: dict[str, Any]) -> str:
    """Whether a ratio keeps its budget, in a word or two."""
    if ratio["budget"] is None:
        return ""
    if ratio["aim"] is not None and ratio["ratio"] <= ratio["aim"]:
        return "aim kept"
    return "kept" if ratio["ratio"] <= ratio["budget"] else "MISSED"


def report(gateways: Sequence[Gateway]) -> int:
    """Print and write what was measured; 1 where calls failed, because then the work was not the same."""
    ours, *peers = gateways
    measured = f"{versions(PACKAGES)}, {', '.join(f'{peer.name} {peer.version}' for peer in peers)}"
    figures = {one.name: one.figures() for one in gateways}
    kept = summary(ours, peers)
    console = Console(width=110)
    console.print(f"{machine()}\n{measured}", _figures_table(figures), _verdict_table(kept, len(ours.busy)), sep="\n")
    for gateway in gateways:
        if gateway.no_streams:
            console.print(f"{gateway.name} does not stream here: {gateway.no_streams}", markup=False)
        for said in gateway.failures()[:1]:
            console.print(f"FAILED: {len(gateway.failures())} calls of {gateway.name}; the first: {said}", markup=False)
    result = {"machine": machine(), "versions": measured, "figures": figures, **kept}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    console.print(f"written to {RESULTS.relative_to(RESULTS.parents[2])}")
    return int(any(gateway.failures() for gateway in gateways))


def _figures_table(figures: dict[str, dict[str, float]]) -> Table:
    table = Table("what", *figures)
    for what in figures[OURS]:
        table.add_row(what, *(_cell(of.get(what)) for of in figures.values()))
    return table


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def _verdict_table(kept: dict[str, dict[str, Any]], rounds: int) -> Table:
    table = Table("ratio", "median", "least", "most", "1 /", "budget", "", title=f"n = {rounds} rounds")
    for name, ratio in kept.items():
        numbers = (f"{ratio[key]:.4f}" for key in ("ratio", "least", "most"))
        budget = f"{ratio['budget']:.4f}" if ratio["budget"] else ""
        table.add_row(name, *numbers, f"{1 / ratio['ratio']:.1f}", budget, verdict(ratio))
    return table
