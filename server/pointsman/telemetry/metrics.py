"""Metrics: an observer that adds up events, and what Prometheus is shown of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from pointsman.errors import Reason
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Decision, Refusal
from pointsman.model.events import AttemptEnded, AttemptSkipped, Decided, Event, RequestEnded
from pointsman.model.record import Record
from pointsman.telemetry import names
from pointsman.telemetry.tallies import Counts, Distributions, Gauge, Labels

_NANO = 10**9
_MICRO = 1e-6
_TYPES = ("input", "output", "cached_input", "cache_write_input", "reasoning")


class Metrics:
    """Adds up the events of one server, on its event loop's thread only. `codes` are gRPC's status codes by reason.

        metrics = Metrics(config.version, CODES)
        engine = Engine(rules, world, watchdog, observers=(metrics,))
        body, content_type = metrics.exposition()

    `config_version` is set anew when the configuration is.
    """

    def __init__(self, config_version: str, codes: Mapping[str, str]) -> None:
        self.config_version, self._codes = config_version, codes
        self._decisions = Counts(names.DECISIONS)
        self._decide = Distributions(names.DECIDE_DURATION)
        self._policies = Distributions(names.POLICY_DURATION)
        self._requests = Counts(names.REQUESTS)
        self._attempts = Counts(names.ATTEMPTS)
        self._skipped = Counts(names.SKIPPED)
        self._ttft = Distributions(names.TTFT)
        self._interrupted = Counts(names.STREAM_INTERRUPTED)
        # Summed in nano-USD: dollars as floats would drift from the ledger.
        self._cost = Counts(names.COST, _NANO)
        self._tokens = Counts(names.TOKENS)
        self._tokens.update({(kind,): 0 for kind in _TYPES})
        self._disagreements = Counts(names.SHADOW_DISAGREEMENTS)
        self._panics = Counts(names.PANICS)
        self._tallies: list[Counts | Distributions | Gauge] = [
            self._decisions,
            self._decide,
            self._policies,
            self._requests,
            self._attempts,
            self._skipped,
            self._ttft,
            self._interrupted,
            self._cost,
            self._tokens,
            self._disagreements,
            self._panics,
        ]
        self._refreshing: list[Callable[[], Awaitable[None]]] = []
        build = version("pointsman")
        self.gauge(names.BUILD_INFO, lambda: {(build,): 1})
        self.gauge(names.CONFIG_INFO, lambda: {(self.config_version,): 1})
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(self)

    def __call__(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, AttemptEnded):
            self._attempt_ended(event.attempt)
        elif isinstance(event, Decided):
            self._decided(event)
        elif isinstance(event, AttemptSkipped):
            self._skipped[event.provider, event.planned.target, event.planned.kind] += 1
        elif isinstance(event, RequestEnded):
            self._request_ended(event.record)

    def request_ended(self, method: str, reason: str) -> None:
        """Count a call that no event tells of: one that the engine never saw."""
        self._requests[method, self._codes[reason], reason] += 1

    def gauge(
        self,
        metric: names.Metric,
        read: Callable[[], Mapping[Labels, float]],
        refresh: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Show a gauge, or a counter that is kept elsewhere.

        `read` gives the values by label values at every scrape, without labels as `{(): 7}`; `refresh`, which raises
        nothing, is awaited before.
        """
        self._tallies.append(Gauge(metric, read))
        if refresh:
            self._refreshing.append(refresh)

    async def refresh(self) -> None:
        """What gauges have to ask for before an exposition."""
        for refresh in self._refreshing:
            await refresh()

    def exposition(self) -> tuple[bytes, str]:
        """Everything in the Prometheus text format, and its content type."""
        # The library's own negotiation fails on Accept headers that it does not understand.
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def families(self) -> Iterator[Family]:
        """Everything, as metric families."""
        return iter(self._registry.collect())

    def collect(self) -> Iterator[Family]:
        """What prometheus_client asks of a collector."""
        for tally in self._tallies:
            yield tally.family()

    def _decided(self, event: Decided) -> None:
        self._decide[()].observe(event.seconds)
        if isinstance(event.decision, Decision) and event.decision.panicked:
            self._panics[()] += 1
        if event.shadow is not None and _target(event.shadow) != _target(event.decision):
            self._disagreements[()] += 1

    def _attempt_ended(self, attempt: Attempt) -> None:
        provider, target, outcome = attempt.provider, attempt.target, attempt.outcome
        self._attempts[provider, target, attempt.kind, outcome] += 1
        if cost := attempt.cost_nano_usd:
            self._cost[provider, target, "answer" if attempt.served else "overhead"] += cost
        usage, tokens = attempt.usage, self._tokens
        tokens["input",] += usage.input_tokens
        tokens["output",] += usage.output_tokens
        tokens["cached_input",] += usage.cached_input_tokens
        tokens["cache_write_input",] += usage.cache_write_input_tokens
        tokens["reasoning",] += usage.reasoning_tokens

    def _request_ended(self, record: Record) -> None:
        self.request_ended(record.method, record.status)
        if record.status == Reason.STREAM_INTERRUPTED:
            self._interrupted[()] += 1
        decision = record.decision
        # Only here: an attempt may change the decision, and the event of deciding does not know the tier.
        if isinstance(decision, Decision):
            assessed = decision.assessed
            self._decisions[decision.decided_by_kind, record.tier, assessed.mode, assessed.task] += 1
        policies = self._policies
        for policy, micros in record.policy_micros.items():
            policies[policy,].observe(micros * _MICRO)
        # Unstreamed, the first token comes with the last and would say nothing of the model.
        if record.ttft is not None:
            for attempt in record.attempts:
                if attempt.ttft is not None:
                    self._ttft[attempt.target,].observe(attempt.ttft)


def _target(decision: Decision | Refusal) -> str | None:
    return decision.target if isinstance(decision, Decision) else None
