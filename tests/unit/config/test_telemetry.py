"""`telemetry` and `log`: what is on, off, and missing."""

from __future__ import annotations

import sys

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman.config.load import load
from pointsman.config.policies import Policies

TOKEN = "collector-token-4711"
OTLP = DOCUMENT + 'telemetry:\n  otlp:\n    headers: {authorization: "${COLLECTOR}"}\n'


def test_nothing_is_sent_and_failures_are_logged_unless_said_otherwise(policies: Policies) -> None:
    config = load(DOCUMENT, KEYS, installed=policies)
    assert config.otlp is None
    assert config.log.requests == "failures"
    assert {account.propagate for account in config.providers.values()} == {"none"}


def test_an_empty_section_is_a_collector_on_this_machine(policies: Policies) -> None:
    otlp = load(DOCUMENT + "telemetry: {otlp: {}}\n", KEYS, installed=policies).otlp
    assert otlp
    assert (otlp.endpoint, otlp.sample, otlp.timeout) == ("http://localhost:4318", 0.1, 10.0)


@pytest.mark.parametrize("simulated", [None, "http://127.0.0.1:8900"])
def test_its_headers_are_secrets(policies: Policies, simulated: str | None) -> None:
    config = load(OTLP, {**KEYS, "COLLECTOR": TOKEN}, installed=policies, simulated=simulated)
    assert config.otlp
    assert config.otlp.headers == {"authorization": TOKEN}
    assert TOKEN not in repr(config)


def test_a_secret_that_is_missing_costs_the_traces_alone(policies: Policies) -> None:
    config = load(OTLP, KEYS, installed=policies)
    assert config.otlp is None
    (warning,) = config.warnings
    assert (warning.path, warning.fatal) == ("telemetry.otlp.headers.authorization", False)
    assert "environment variable COLLECTOR is not set" in warning.message


def test_a_token_written_down_is_refused(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(OTLP.replace("${COLLECTOR}", TOKEN))
    assert problem.path == "telemetry.otlp.headers"
    assert "as a reference" in problem.message
    assert TOKEN not in problem.message


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("telemetry: {otlp: {sample: 150%}}", "telemetry.otlp.sample"),
        ("telemetry: {otlp: {timeout: 0s}}", "telemetry.otlp.timeout"),
        ("telemetry: {otlp: {endpoint: collector}}", "telemetry.otlp.endpoint"),
        ("telemetry: {otel: {}}", "telemetry.otel"),
        ("log: {requests: some}", "log.requests"),
    ],
)
def test_what_cannot_be_is_named(problems_of: ProblemsOf, section: str, path: str) -> None:
    assert [problem.path for problem in problems_of(f"{DOCUMENT}{section}\n")] == [path]


def test_off_is_what_yaml_takes_for_false(policies: Policies) -> None:
    assert load(DOCUMENT + "log: {requests: off}\n", KEYS, installed=policies).log.requests == "off"


def test_what_a_provider_is_told(policies: Policies) -> None:
    text = DOCUMENT.replace("groq: {wire: openai,", "groq: {wire: openai, propagate: trace,")
    config = load(text, KEYS, installed=policies)
    assert config.providers["groq"].propagate == "trace"
    assert config.providers["openai"].propagate == "none"


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.sdk"])
def test_without_the_extra_the_start_is_refused(
    problems_of: ProblemsOf, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for imported in [name for name in sys.modules if name.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, imported)
    monkeypatch.setitem(sys.modules, missing, None)
    (problem,) = problems_of(DOCUMENT + "telemetry: {otlp: {}}\n")
    assert (problem.path, problem.fatal) == ("telemetry.otlp", True)
    assert "pip install 'pointsman[otel]'" in problem.message
    assert problems_of(DOCUMENT) == []
