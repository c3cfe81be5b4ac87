from __future__ import annotations

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from tests.contract.ledger.records import CANARY, assist, attempt, decision, record

from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Assessed, Decision, Refusal
from pointsman.model.events import AttemptEnded, AttemptSkipped, Decided, RequestEnded
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.model.record import Record
from pointsman.model.request import Hints, Mode, Request
from pointsman.rpc.status import CODES
from pointsman.telemetry import names
from pointsman.telemetry.metrics import Metrics

FAILED = attempt(1, "mini", AttemptOutcome.FAILED)
SERVED = attempt(2, "sonnet")

REFUSAL = Refusal(
    reason="NO_CANDIDATE",
    message="policies exclude every model",
    assessed=Assessed("simple", Mode.ECO, 0.0, "default"),
    excluded=(),
    violations=(),
    metadata=(),
    trace=(),
    config_version="v1",
)

Series = tuple[str, frozenset[tuple[str, str]]]


def tell(metrics: Metrics, ended: Record, shadow: Decision | Refusal | None = None) -> None:
    """All events of a request, as the engine emits them."""
    if ended.decision:
        metrics(Decided(ended.decision_id, ended.decision, 0.0003, shadow))
    for made in ended.attempts:
        metrics(AttemptEnded(ended.decision_id, made))
    metrics(RequestEnded(ended))


def text(metrics: Metrics) -> str:
    return metrics.exposition()[0].decode()


def samples(metrics: Metrics) -> dict[Series, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text(metrics))
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((name, frozenset(labels.items())))


def failed_over() -> Metrics:
    metrics = Metrics("v1", CODES)
    tell(metrics, record("r1", FAILED, SERVED))
    metrics(AttemptSkipped("r1", PlannedAttempt("opus", AttemptKind.HEDGE, 0.5), "anthropic", "too many"))
    return metrics


def test_a_request_that_failed_over() -> None:
    metrics = failed_over()

    assert value(metrics, "pointsman_requests_total", method="Complete", code="OK", reason="OK") == 1
    assert value(
        metrics, "pointsman_decisions_total", decided_by_kind="tag", tier="small", mode="eco", task="simple"
    ) == 1  # fmt: skip
    assert value(
        metrics, "pointsman_attempts_total", provider="openai", model="mini", kind="primary", outcome="failed"
    ) == 1  # fmt: skip
    assert value(
        metrics, "pointsman_attempts_total", provider="openai", model="sonnet", kind="failover", outcome="served"
    ) == 1  # fmt: skip


def test_cost_is_split_as_the_ledger_splits_it_and_exact() -> None:
    metrics = Metrics("v1", CODES)
    for _ in range(1000):
        tell(metrics, record("r1", replace(FAILED, cost_nano_usd=1), replace(SERVED, cost_nano_usd=100_000_001)))

    cost = "pointsman_cost_usd_total"
    assert value(metrics, cost, provider="openai", model="sonnet", part="answer") == 100.000001
    assert value(metrics, cost, provider="openai", model="mini", part="overhead") == 0.000001


def test_tokens_of_every_type_are_there_from_the_start() -> None:
    types = ("input", "output", "cached_input", "cache_write_input", "reasoning")
    fresh, metrics = Metrics("v1", CODES), failed_over()
    assert [value(fresh, "pointsman_tokens_total", type=t) for t in types] == [0, 0, 0, 0, 0]
    assert [value(metrics, "pointsman_tokens_total", type=t) for t in types] == [1800, 200, 300, 50, 20]


def test_histograms_are_cumulative() -> None:
    metrics = failed_over()
    decide, policy, ttft = (metric.name for metric in (names.DECIDE_DURATION, names.POLICY_DURATION, names.TTFT))

    assert value(metrics, f"{decide}_bucket", le="0.0002") == 0
    assert value(metrics, f"{decide}_bucket", le="0.0005") == 1
    assert value(metrics, f"{decide}_bucket", le="+Inf") == value(metrics, f"{decide}_count") == 1
    assert value(metrics, f"{decide}_sum") == 0.0003
    assert value(metrics, f"{policy}_bucket", policy="tags", le="5e-06") == 1
    assert value(metrics, f"{ttft}_bucket", model="sonnet", le="0.2") == 0
    assert value(metrics, f"{ttft}_bucket", model="sonnet", le="0.3") == 1
    assert value(metrics, f"{ttft}_count", model="mini") is None


def test_a_value_on_a_bound_is_within_it() -> None:
    metrics = Metrics("v1", CODES)
    metrics(Decided("r1", decision(), 0.001))
    assert value(metrics, "pointsman_decide_duration_seconds_bucket", le="0.001") == 1


def test_unstreamed_answers_have_no_time_to_first_token() -> None:
    metrics = Metrics("v1", CODES)
    tell(metrics, replace(record("r1", SERVED), method="CompleteUnary", ttft=None))
    assert value(metrics, "pointsman_ttft_seconds_count", model="sonnet") is None


def test_an_interrupted_stream() -> None:
    metrics = Metrics("v1", CODES)
    assert value(metrics, "pointsman_stream_interrupted_total") == 0
    tell(metrics, replace(record("r1", FAILED), status="STREAM_INTERRUPTED"))
    assert value(metrics, "pointsman_stream_interrupted_total") == 1


def test_a_refusal_is_a_request_but_no_decision() -> None:
    metrics = Metrics("v1", CODES)
    tell(metrics, replace(record("r1"), decision=REFUSAL, attempts=(), status="NO_CANDIDATE", tier=""))
    assert (
        value(metrics, "pointsman_requests_total", method="Complete", code="FAILED_PRECONDITION", reason="NO_CANDIDATE")
        == 1
    )
    assert "pointsman_decisions_total{" not in text(metrics)


def test_shadows_disagree_where_the_target_differs() -> None:
    metrics = Metrics("v1", CODES)
    decided = replace(record("r1"), decision=decision("mini"))
    for shadow in (None, decision("mini", decided_by="shadow"), decision("sonnet"), REFUSAL):
        tell(metrics, decided, shadow)
    tell(metrics, replace(decided, decision=REFUSAL), REFUSAL)
    assert value(metrics, "pointsman_shadow_disagreements_total") == 2


def test_gauges_are_read_at_every_scrape() -> None:
    metrics, running = Metrics("v1", CODES), [1, 2]
    metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): len(running)})
    assert value(metrics, "pointsman_config_info", version="v1") == 1
    assert value(metrics, "pointsman_requests_running") == 2

    metrics.config_version = "v2"
    running.clear()
    assert value(metrics, "pointsman_config_info", version="v1") is None
    assert value(metrics, "pointsman_config_info", version="v2") == 1
    assert value(metrics, "pointsman_requests_running") == 0


def junk(number: int) -> Record:
    """A request with made-up names in every field that a caller or a provider fills in."""
    name = f"junk-{number}"
    hints = Hints(task=name, tags=(name,), labels={name: name})
    made: tuple[Attempt, ...] = ()
    if number % 2:
        made = (replace(SERVED, served_model=name, upstream_request_id=name, error_message=name),)
    return replace(
        record(name),
        request=Request(messages=(), hints=hints, tenant=name),
        decision=decision() if made else None,
        attempts=made,
        status="OK" if made else "UNKNOWN_MODEL",
        message=name,
    )


def test_junk_adds_no_series() -> None:
    metrics = Metrics("v1", CODES)
    for number in range(2):
        tell(metrics, junk(number))
    before = samples(metrics).keys()
    for number in range(10_000):
        tell(metrics, junk(number))
    assert samples(metrics).keys() == before
    assert "junk" not in text(metrics)


def test_nothing_that_a_caller_said_is_shown() -> None:
    assert CANARY not in text(failed_over())


def test_every_series_is_declared_and_every_declaration_shown() -> None:
    metrics = failed_over()
    metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): 0})
    metrics.gauge(names.LEDGER_SPOOLED, lambda: {(): 0})
    metrics.gauge(names.PROVIDER_STATE, lambda: {("openai", "up"): 1})
    metrics.gauge(names.UNAUTHENTICATED, lambda: {("CREDENTIALS_MISSING",): 0})
    metrics.gauge(names.STATE_DEGRADED, lambda: {(): 0})
    metrics.gauge(names.BUDGET_USED_RATIO, lambda: {("acme/day",): 0.5})
    metrics.gauge(names.TRACES_DROPPED, lambda: {(): 0})
    declared = {metric.name: metric for metric in names.METRICS}
    shown = {f.name: f for f in text_string_to_metric_families(text(metrics)) if f.name.startswith("pointsman_")}
    assert shown.keys() == {name.removesuffix("_total") for name in declared}
    for name, metric in declared.items():
        family = shown[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        assert {tuple(sorted(s.labels.keys() - {"le"})) for s in family.samples} == {tuple(sorted(metric.labels))}


def test_declarations_are_sound() -> None:
    for metric in names.METRICS:
        assert (metric.kind is names.Kind.COUNTER) == metric.name.endswith("_total"), metric.name
        assert (metric.kind is names.Kind.HISTOGRAM) == bool(metric.buckets), metric.name
        assert list(metric.buckets) == sorted(set(metric.buckets)), metric.name
        assert not {"tenant", "session", "labels"} & set(metric.labels), metric.name


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = failed_over(), Metrics("v1", CODES)
    assert value(one, "pointsman_requests_total", method="Complete", code="OK", reason="OK") == 1
    assert value(other, "pointsman_requests_total", method="Complete", code="OK", reason="OK") is None


def test_the_process_is_shown() -> None:
    assert "process_cpu_seconds_total" in text(Metrics("v1", CODES))


def test_what_a_policy_asked_is_overhead() -> None:
    metrics = Metrics("v1", CODES)
    tell(metrics, record("r1", assist(1), SERVED))
    assert value(metrics, "pointsman_cost_usd_total", provider="openai", model="nano", part="overhead") == 3e-07
    assert value(metrics, "pointsman_cost_usd_total", provider="openai", model="nano", part="answer") is None
    assert value(
        metrics, "pointsman_attempts_total", provider="openai", model="nano", kind="assist", outcome="served"
    ) == 1  # fmt: skip


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("pointsman_decisions_total", ("decided_by_kind", "tier", "mode", "task")),
        ("pointsman_decide_duration_seconds", ()),
        ("pointsman_policy_duration_seconds", ("policy",)),
        ("pointsman_requests_total", ("method", "code", "reason")),
        ("pointsman_attempts_total", ("provider", "model", "kind", "outcome")),
        ("pointsman_ttft_seconds", ("model",)),
        ("pointsman_stream_interrupted_total", ()),
        ("pointsman_cost_usd_total", ("provider", "model", "part")),
        ("pointsman_tokens_total", ("type",)),
        ("pointsman_provider_state", ("provider", "state")),
        ("pointsman_shadow_disagreements_total", ()),
    ],
)
def test_what_others_build_upon_keeps_its_name_and_labels(name: str, labels: tuple[str, ...]) -> None:
    assert {metric.name: metric.labels for metric in names.METRICS}[name] == labels


def test_a_call_that_the_engine_never_saw_is_counted() -> None:
    metrics = Metrics("v1", CODES)
    metrics.request_ended("Complete", "OVERLOADED")
    assert value(metrics, "pointsman_requests_total", method="Complete", code="UNAVAILABLE", reason="OVERLOADED") == 1
