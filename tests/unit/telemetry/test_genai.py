from __future__ import annotations

from msgspec.structs import replace
from tests.contract.ledger.records import attempt, decision

from pointsman.model.attempt import AttemptOutcome
from pointsman.model.events import AttemptEnded, Decided
from pointsman.telemetry import semconv
from pointsman.telemetry.genai import GenAiMetrics


def test_an_attempt_in_four_histograms() -> None:
    metrics = GenAiMetrics()
    metrics(Decided("d-1", decision(), 0.001))
    metrics(AttemptEnded("d-1", replace(attempt(), chunks=6)))
    asked = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "upstream-mini"}
    whole = asked | {"gen_ai.response.model": "upstream-mini-1"}

    (duration,) = metrics.points(semconv.DURATION)
    assert (duration.attributes, duration.total, sum(duration.counts)) == (whole, 1.5, 1)
    told = {point.attributes["gen_ai.token.type"]: point.total for point in metrics.points(semconv.TOKEN_USAGE)}
    assert told == {"input": 1000, "output": 200}
    (first,) = metrics.points(semconv.TIME_TO_FIRST_CHUNK)
    assert first.total == 0.25
    (later,) = metrics.points(semconv.TIME_PER_OUTPUT_CHUNK)
    assert (sum(later.counts), later.total) == (5, 1.25)


def test_a_failure_names_its_reason_and_streams_nothing() -> None:
    metrics = GenAiMetrics()
    metrics(AttemptEnded("d-1", attempt(outcome=AttemptOutcome.FAILED)))
    (duration,) = metrics.points(semconv.DURATION)
    assert duration.attributes["error.type"] == "ALL_PROVIDERS_DOWN"
    assert "gen_ai.response.model" not in duration.attributes
    assert [*metrics.points(semconv.TIME_TO_FIRST_CHUNK)] == []


def test_a_provider_that_makes_up_names_does_not_fill_the_memory() -> None:
    metrics = GenAiMetrics()
    for number in range(5000):
        metrics(AttemptEnded("d-1", replace(attempt(), served_model=f"made-up-{number}")))
    points = [*metrics.points(semconv.DURATION)]
    assert len(points) <= 2001
    assert sum(sum(point.counts) for point in points) == 5000
