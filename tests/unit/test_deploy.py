"""What stands in deploy/ asks for metrics that there are, with labels and values that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.errors import Reason
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.plan import AttemptKind
from pointsman.model.snapshot import HealthState
from pointsman.telemetry.names import METRICS, Kind, Metric

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "pointsman.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())

BY_NAME = {metric.name: metric for metric in METRICS}
# What prometheus_client exports of the process.
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
# What Prometheus adds to every series.
ADDED = {"job", "instance"}
# Of labels with a closed list, that list; others are the operator's own names.
VALUES: Mapping[str, set[str]] = {
    "reason": {"OK", *Reason},
    "kind": {*AttemptKind},
    "outcome": {*AttemptOutcome},
    "state": {*HealthState},
    "part": {"answer", "overhead"},
    "method": {"Route", "RouteBatch", "Complete", "CompleteUnary"},
}
SELECTOR = re.compile(r"\b((?:pointsman|process)_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'\s*([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"\s*')
GROUPING = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")


def panels() -> Iterator[tuple[str, str, str]]:
    """Title, expression and legend of everything that the dashboard draws."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"], annotation["titleFormat"]


def rules() -> Iterator[tuple[str, str, str]]:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"], rule["annotations"]["summary"]


QUERIES = [*panels(), *rules()]


def labels_of(name: str) -> set[str]:
    """The labels of a series, by its name in a query; KeyError where there is no such metric."""
    if name in PROCESS:
        return set()
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    if base in BY_NAME and BY_NAME[base].kind is Kind.HISTOGRAM and name != base:
        return {*BY_NAME[base].labels} | ({"le"} if name.endswith("_bucket") else set())
    metric = BY_NAME[name]
    assert metric.kind is not Kind.HISTOGRAM, f"{name} is a histogram: ask for its _bucket, _sum or _count"
    return {*metric.labels}


def words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",") if word.strip()}


@pytest.mark.parametrize(("title", "expr", "legend"), QUERIES, ids=[f"{q[0]}-{i}" for i, q in enumerate(QUERIES)])
def test_every_query_asks_for_what_there_is(title: str, expr: str, legend: str) -> None:
    names = SELECTOR.findall(expr)
    assert names
    known: set[str] = set()
    for name, matchers in names:
        labels = labels_of(name) | ADDED
        known |= labels
        found = MATCHER.findall(matchers)
        assert len(found) == len(words(re.sub(r'"[^"]*"', "", matchers))), f"{matchers} is not understood"
        for label, value in found:
            assert label in labels, f"{name} has no label {label}"
            if label in VALUES:
                assert {*value.split("|")} <= VALUES[label], f"{label} is never {value}"
    grouped = {label for group in GROUPING.findall(expr) for label in words(group)}
    assert grouped <= known
    # What a legend names must have survived the aggregation.
    told = {*re.findall(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}", legend)}
    assert told <= (grouped if GROUPING.search(expr) else known)


@pytest.mark.parametrize(("title", "expr", "legend"), QUERIES, ids=[f"{q[0]}-{i}" for i, q in enumerate(QUERIES)])
def test_counters_are_asked_for_their_rate_and_gauges_are_not(title: str, expr: str, legend: str) -> None:
    for name, _ in SELECTOR.findall(expr):
        rated = re.search(rf"\b(?:rate|increase)\({name}\b", expr) is not None
        assert rated == name.endswith(("_total", "_bucket", "_sum", "_count")), name


def test_every_metric_of_requests_is_on_the_dashboard() -> None:
    shown = " ".join(expr for _, expr, _ in panels())
    missing = [metric.name for metric in METRICS if not _shown(metric, shown)]
    assert missing == ["pointsman_build_info"]


def _shown(metric: Metric, queries: str) -> bool:
    return re.search(rf"\b{metric.name}(?:_bucket)?\b", queries) is not None


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    placed = DASHBOARD["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    taken: set[tuple[int, int]] = set()
    for panel in placed:
        cells = _cells(panel["gridPos"])
        assert not cells & taken, panel["title"]
        taken |= cells
    assert all(x < 24 for x, _ in taken)


def _cells(at: Mapping[str, Any]) -> set[tuple[int, int]]:
    return {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}


def test_every_alert_says_what_to_do() -> None:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "remedy"}
            assert rule["labels"]["severity"] in {"page", "warn", "info"}
