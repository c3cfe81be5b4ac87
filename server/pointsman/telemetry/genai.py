"""The histograms of the GenAI conventions: an observer that adds up provider calls, sampled or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from pointsman.model.attempt import Attempt
from pointsman.model.events import AttemptEnded, Event
from pointsman.telemetry import semconv
from pointsman.telemetry.semconv import Histogram
from pointsman.telemetry.tallies import Distribution, Labels

_LABELS = (semconv.OPERATION, semconv.PROVIDER, semconv.REQUEST_MODEL, semconv.RESPONSE_MODEL, semconv.ERROR_TYPE)
# Enough for every model that is configured and what its provider calls it; a provider that made up a name for each
# answer would otherwise fill our memory.
_MOST = 2000


class Point(Struct, frozen=True):
    """The observations of one histogram with one set of attributes. `counts` has one more than there are bounds."""

    attributes: Mapping[str, str]
    counts: tuple[int, ...]
    total: float


class GenAiMetrics:
    """Adds up `AttemptEnded` on the event loop's thread; `points` may be read from another."""

    histograms = (
        semconv.DURATION,
        semconv.TOKEN_USAGE,
        semconv.TIME_TO_FIRST_CHUNK,
        semconv.TIME_PER_OUTPUT_CHUNK,
    )

    def __init__(self) -> None:
        self._durations: dict[Labels, Distribution] = {}
        self._tokens: dict[Labels, Distribution] = {}
        self._first: dict[Labels, Distribution] = {}
        self._later: dict[Labels, Distribution] = {}

    def __call__(self, event: Event) -> None:
        """Add an attempt that ended."""
        if not isinstance(event, AttemptEnded):
            return
        attempt = event.attempt
        labels = self._labels(attempt)
        _at(self._durations, labels, semconv.DURATION).observe(attempt.duration)
        usage = attempt.usage
        if usage.input_tokens:
            _at(self._tokens, (*labels, "input"), semconv.TOKEN_USAGE).observe(usage.input_tokens)
        if usage.output_tokens:
            _at(self._tokens, (*labels, "output"), semconv.TOKEN_USAGE).observe(usage.output_tokens)
        if attempt.ttft is not None:
            _at(self._first, labels, semconv.TIME_TO_FIRST_CHUNK).observe(attempt.ttft)
            if attempt.chunks > 1:
                mean = (attempt.duration - attempt.ttft) / (attempt.chunks - 1)
                _at(self._later, labels, semconv.TIME_PER_OUTPUT_CHUNK).observe(mean, attempt.chunks - 1)

    def points(self, histogram: Histogram) -> Iterator[Point]:
        """What it has counted since the start."""
        kinds = {
            semconv.DURATION.name: self._durations,
            semconv.TOKEN_USAGE.name: self._tokens,
            semconv.TIME_TO_FIRST_CHUNK.name: self._first,
            semconv.TIME_PER_OUTPUT_CHUNK.name: self._later,
        }
        names = (*_LABELS, semconv.KIND_OF_TOKENS) if histogram is semconv.TOKEN_USAGE else _LABELS
        # A copy in one step: the event loop goes on adding.
        for labels, distribution in list(kinds[histogram.name].items()):
            attributes = {name: value for name, value in zip(names, labels, strict=True) if value}
            yield Point(attributes, tuple(distribution.counts), distribution.total)

    def _labels(self, attempt: Attempt) -> Labels:
        labels = (semconv.CHAT, attempt.provider, attempt.upstream, attempt.served_model, attempt.error_reason)
        if len(self._durations) >= _MOST and labels not in self._durations:
            return (semconv.CHAT, attempt.provider, attempt.upstream, "", attempt.error_reason)
        return labels


def _at(distributions: dict[Labels, Distribution], labels: Labels, histogram: Histogram) -> Distribution:
    found = distributions.get(labels)
    if found is None:
        found = distributions[labels] = Distribution(histogram.buckets)
    return found
