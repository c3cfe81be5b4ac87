"""Counts and histograms as plain values for one event loop: many times cheaper to add to than prometheus_client's own,
which lock for threads that we do not have. A scrape turns them into its metric families."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from pointsman.telemetry.names import Kind, Metric

Labels = tuple[str, ...]


class Counts(defaultdict[Labels, int]):
    """A counter: whole numbers by label values, `per_unit` of which make one of the metric's unit."""

    def __init__(self, metric: Metric, per_unit: int = 1) -> None:
        super().__init__(int)
        self._metric, self._per_unit = metric, per_unit
        if not metric.labels:
            self[()] = 0

    def family(self) -> CounterMetricFamily:
        family = CounterMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, count in self.items():
            family.add_metric(labels, count / self._per_unit)
        return family


class Distribution:
    """The observations of one histogram with one set of label values."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self._bounds, value)] += times
        self.total += value * times


class Distributions(dict[Labels, Distribution]):
    """A histogram: distributions by label values, made when first asked for."""

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self._metric = metric
        self._bounds = [*map(repr, metric.buckets), "+Inf"]
        if not metric.labels:
            self[()] = Distribution(metric.buckets)

    def __missing__(self, labels: Labels) -> Distribution:
        made = self[labels] = Distribution(self._metric.buckets)
        return made

    def family(self) -> HistogramMetricFamily:
        family = HistogramMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, distribution in self.items():
            buckets = list(zip(self._bounds, accumulate(distribution.counts), strict=True))
            family.add_metric(labels, buckets, distribution.total)
        return family


class Gauge:
    """Values by label values, read when somebody looks; of a counter too, where somebody else counts."""

    def __init__(self, metric: Metric, read: Callable[[], Mapping[Labels, float]]) -> None:
        self._metric, self._read = metric, read

    def family(self) -> GaugeMetricFamily | CounterMetricFamily:
        kind = CounterMetricFamily if self._metric.kind is Kind.COUNTER else GaugeMetricFamily
        family = kind(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, value in self._read().items():
            family.add_metric(labels, value)
        return family
