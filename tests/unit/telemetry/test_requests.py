from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, assist, attempt, decision, record

from pointsman.model.attempt import AttemptOutcome
from pointsman.model.events import Decided, RequestEnded
from pointsman.model.record import Record
from pointsman.model.request import Hints
from pointsman.telemetry import names
from pointsman.telemetry.logs import JsonLines, Lines
from pointsman.telemetry.masking import Mask
from pointsman.telemetry.requests import RequestLine, RequestLog, told
from pointsman.telemetry.tracing import Tracing

FAILED = attempt(1, "mini", AttemptOutcome.FAILED)


def logged(caplog: pytest.LogCaptureFixture, which: Any, *records: Record) -> list[logging.LogRecord]:
    caplog.set_level(logging.INFO)
    observer = RequestLog(which)
    observer(Decided("d-1", decision(), 0.001))
    for kept in records:
        observer(RequestEnded(kept))
    return [entry for entry in caplog.records if told(entry)]


# Any: what JSON holds.
def line(entry: logging.LogRecord) -> dict[str, Any]:
    mask = Mask()
    mask.register_secrets(["hunter2-secret"])
    fields: dict[str, Any] = json.loads(JsonLines(mask).format(entry))
    return fields


def test_the_line_of_a_request(caplog: pytest.LogCaptureFixture) -> None:
    kept = record("d-1", assist(1), replace(FAILED, number=2), attempt(3, "sonnet"))
    request = replace(kept.request, hints=replace(kept.request.hints, session_id="ada@example.org"))
    (entry,) = logged(caplog, "all", replace(kept, request=request))
    said = line(entry)
    assert said.pop("time")
    assert said.pop("prompt_hash")
    assert len(said.pop("session")) == 16
    assert said == {
        "level": "info",
        "logger": "pointsman.requests",
        "message": "request OK",
        "decision_id": "d-1",
        "method": "Complete",
        "status": "OK",
        "tenant": "acme",
        "duration": 3.0,
        "task": "simple",
        "task_source": "tag nightly",
        "mode": "eco",
        "tier": "small",
        "model": "sonnet",
        "provider": "openai",
        "reported_model": "upstream-sonnet-1",
        "decided_by": "tags",
        "why": "tag nightly names the row",
        "input_tokens": 2800,
        "output_tokens": 400,
        "reasoning_tokens": 40,
        "cached_input_tokens": 600,
        "cost_usd": 0.000005,
        "overhead_usd": 0.000001,
        "estimated": True,
        "ttft": 1.75,
        "attempts": 2,
        "fallback": True,
        "project": "apollo",
        "feature": "search",
        "config_version": "v1",
    }
    assert CANARY not in json.dumps(said)


def test_every_field_is_documented() -> None:
    assert {field.name for field in names.REQUEST_FIELDS} == {*RequestLine.__struct_fields__}
    assert not {field.name for field in names.REQUEST_FIELDS} & {field.name for field in names.LOG_FIELDS}


def test_failures_alone(caplog: pytest.LogCaptureFixture) -> None:
    bad = replace(record("d-2", FAILED), status="ALL_PROVIDERS_DOWN", message="every provider is down")
    gone = replace(record("d-3"), status="CALLER_CANCELLED")
    (entry,) = logged(caplog, "failures", record("d-1"), bad, gone)
    assert entry.levelno == logging.WARNING
    assert (line(entry)["status"], line(entry)["why"]) == ("ALL_PROVIDERS_DOWN", "every provider is down")


def test_a_request_of_which_little_is_known(caplog: pytest.LogCaptureFixture) -> None:
    nothing = replace(record("d-1"), decision=None, attempts=(), tier="", provider="", status="UNKNOWN_TASK")
    (entry,) = logged(caplog, "failures", nothing)
    assert line(entry).keys().isdisjoint({"task", "model", "decided_by", "attempts"})


def test_secrets_that_callers_put_into_labels_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    kept = record("d-1")
    labels = {"feature": "hunter2-secret", "project": "Bearer abcdefgh"}
    request = replace(kept.request, hints=Hints(labels=labels))
    (entry,) = logged(caplog, "all", replace(kept, request=request, message="with sk-abcdefgh12345"))
    said = line(entry)
    assert (said["feature"], said["project"], said["why"]) == ("[masked]", "Bearer [masked]", "with [masked]")


def test_for_people(caplog: pytest.LogCaptureFixture) -> None:
    (entry,) = logged(caplog, "all", record("d-1"))
    text = Lines(Mask()).format(entry)
    assert text.endswith("info    Complete OK, simple -> sonnet (tags), 1800+200 tokens, $0.000005, 3.000 s [d-1]")


def test_the_trace_that_a_line_belongs_to(caplog: pytest.LogCaptureFixture) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    Tracing(None).begin("Complete", [("traceparent", f"00-{trace_id}-00f067aa0ba902b7-01")])
    (entry,) = logged(caplog, "all", record("d-1"))
    assert line(entry)["trace_id"] == trace_id


def test_a_level_that_is_off_costs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="pointsman.requests")
    RequestLog("all")(RequestEnded(record("d-1")))
    assert caplog.records == []
