"""Sending spans and the GenAI metrics to an OpenTelemetry collector, from a thread of its own.

The only module that needs the extra `pointsman[otel]`; imported where the configuration has `telemetry.otlp`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import time_ns
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.metrics.export import Histogram as HistogramData
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from pointsman.telemetry import semconv
from pointsman.telemetry.genai import GenAiMetrics, Point
from pointsman.telemetry.semconv import Histogram
from pointsman.telemetry.settings import OtlpSettings
from pointsman.telemetry.spans import Span, spans_of
from pointsman.telemetry.tracing import Context, Trace

log = logging.getLogger(__name__)

QUEUE = 4096
"""Calls that wait to be sent; of more, none is kept: a collector that is slow must not cost us memory."""

_BATCH = 512
_SPANS_EVERY, _METRICS_EVERY = 1.0, 60.0
_LEAVE = 3.0
"""Seconds that a stop waits for the last of it."""

_KINDS = {kind.name: kind for kind in SpanKind}


class OtlpExporter:
    """Takes calls that are over, never blocks, and sends them in the background.

    `codes` are gRPC's status codes by reason. `dropped` counts the calls whose spans were given up.
    """

    def __init__(self, settings: OtlpSettings, version: str, codes: Mapping[str, str], metrics: GenAiMetrics) -> None:
        self._codes, self._metrics = codes, metrics
        self._resource, self._scope = _resource(version), InstrumentationScope(semconv.SCOPE, version)
        self._queue: deque[Trace] = deque()
        self._began = time_ns()
        self._stop = threading.Event()
        # Two, because each is counted by another thread.
        self._overflowed = self._unsent = 0
        self._thread = threading.Thread(target=self._run, name="pointsman-otlp", daemon=True)
        # What it says of each failure, we say once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        headers, timeout = dict(settings.headers), settings.timeout
        self._traces = _Outlet("traces", f"{settings.endpoint}/v1/traces")
        self._to_traces = OTLPSpanExporter(self._traces.url, headers=headers, timeout=timeout)
        self._histograms = _Outlet("metrics", f"{settings.endpoint}/v1/metrics")
        self._to_metrics = OTLPMetricExporter(self._histograms.url, headers=headers, timeout=timeout)

    @property
    def dropped(self) -> int:
        """How many so far."""
        return self._overflowed + self._unsent

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, for a few seconds at most. Blocks."""
        self._stop.set()
        self._thread.join(_LEAVE)
        # Ends a wait between two tries.
        self._to_traces.shutdown()  # type: ignore[no-untyped-call]  # the SDK has not annotated it
        self._to_metrics.shutdown()

    def __call__(self, trace: Trace) -> None:
        """Take a call that is over."""
        if len(self._queue) < QUEUE:
            self._queue.append(trace)
        else:
            self._overflowed += 1

    def _run(self) -> None:
        due = 0.0
        while not self._stop.wait(_SPANS_EVERY):
            self._send_spans()
            due += _SPANS_EVERY
            if due >= _METRICS_EVERY:
                due = 0.0
                self._send_metrics()
        self._send_spans()
        self._send_metrics()

    def _send_spans(self) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
            if not self._traces.sent(partial(self._export_spans, batch)):
                self._unsent += len(batch)

    def _export_spans(self, batch: Sequence[Trace]) -> bool:
        spans = [self._readable(span) for trace in batch for span in spans_of(trace, self._codes)]
        return self._to_traces.export(spans) is SpanExportResult.SUCCESS

    def _send_metrics(self) -> None:
        self._histograms.sent(self._export_metrics)

    def _export_metrics(self) -> bool:
        made = [self._metric(histogram) for histogram in self._metrics.histograms]
        whole = MetricsData([ResourceMetrics(self._resource, [ScopeMetrics(self._scope, made, "")], "")])
        return self._to_metrics.export(whole) is MetricExportResult.SUCCESS

    def _readable(self, span: Span) -> ReadableSpan:
        """The SDK's own kind of span, made at once: its tracer would cost a request many times as much."""
        return ReadableSpan(
            span.name,
            context=_context(span.context),
            parent=_context(span.parent, remote=span.remote) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.at) for event in span.events],
            links=[Link(_context(span.link))] if span.link else (),
            kind=_KINDS[span.kind.name],
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.start,
            end_time=span.end,
            instrumentation_scope=self._scope,
        )

    def _metric(self, histogram: Histogram) -> Metric:
        now = time_ns()
        points = [self._point(point, histogram, now) for point in self._metrics.points(histogram)]
        data = HistogramData(points, AggregationTemporality.CUMULATIVE)
        return Metric(histogram.name, histogram.help, histogram.unit, data)

    def _point(self, point: Point, histogram: Histogram, now: int) -> HistogramDataPoint:
        # Minimum and maximum are optional in OTLP, and not kept; the SDK has no other way to leave them out.
        return HistogramDataPoint(
            point.attributes,
            self._began,
            now,
            sum(point.counts),
            point.total,
            point.counts,
            histogram.buckets,
            None,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
        )


class _Outlet:
    """One signal's way out; the log is told when it ceases to work, and when it works again."""

    def __init__(self, what: str, url: str) -> None:
        self.url = url
        self._what, self._works = what, True

    def sent(self, send: Callable[[], bool]) -> bool:
        """Whether it arrived."""
        try:
            works = send()
        # The boundary of the thread: whatever the library raises, the next batch may be taken again.
        except Exception:  # noqa: BLE001
            works = False
        if works is not self._works:
            self._works = works
            self._tell()
        return works

    def _tell(self) -> None:
        if self._works:
            log.info("%s go to %s again", self._what, self.url)
        else:
            log.warning(
                "%s cannot be sent to %s and are dropped until they can; see whether a collector takes OTLP over HTTP "
                "there, or correct telemetry.otlp",
                self._what,
                self.url,
            )


def _resource(version: str) -> Resource:
    """Who we are; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say it better."""
    ours = {
        semconv.SERVICE_NAME: "pointsman",
        semconv.SERVICE_VERSION: version,
        semconv.SERVICE_INSTANCE: str(uuid4()),
    }
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})


def _context(context: Context, *, remote: bool = False) -> SpanContext:
    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        remote,
        TraceFlags(context.flags),
        TraceState.from_header([context.state]) if context.state else TraceState(),
    )
