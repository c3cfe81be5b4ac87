from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from pointsman.telemetry import names
from pointsman.telemetry.logs import JsonLines, Lines, Masked
from pointsman.telemetry.masking import Mask

CANARY = "canary-4711"


@pytest.fixture
def mask() -> Mask:
    mask = Mask()
    mask.register_secrets([CANARY])
    return mask


def made(message: object, *args: object, **extra: object) -> logging.LogRecord:
    """A record as a logger makes it, with the exception that is being handled."""
    error = sys.exc_info()
    return logging.getLogger("pointsman.test").makeRecord(
        "pointsman.test", logging.WARNING, __file__, 1, message, args, error if error[0] else None, extra=extra
    )


def failure() -> logging.LogRecord:
    """A record of an exception whose chain and notes tell a secret."""
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            error = ValueError(f"refused {CANARY}")
            error.add_note(f"with {CANARY}")
            raise error from cause
    except ValueError:
        return made("it failed with %s", CANARY)


# Any: what JSON holds.
def line(mask: Mask, record: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines(mask).format(record)
    assert "\n" not in text
    fields: dict[str, Any] = json.loads(text)
    return fields


def test_a_json_line(mask: Mask) -> None:
    record = made("policy %s is %d\nlines", "tags", 2, decision_id="d1")
    record.created = 1_700_000_000.25
    assert line(mask, record) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "logger": "pointsman.test",
        "message": "policy tags is 2\nlines",
        "decision_id": "d1",
    }


def test_json_has_the_declared_fields_only(mask: Mask) -> None:
    assert line(mask, made("hello")).keys() == {"time", "level", "logger", "message"}
    try:
        raise ValueError("no")
    except ValueError:
        record = made("hello", decision_id="d1")
    fields = [field.name for field in names.LOG_FIELDS]
    fields.remove("trace_id")
    fields.remove("worker")
    assert list(line(mask, record)) == fields


@pytest.mark.parametrize("message", ['"quoted"', "\ud800 alone", "\x1b[2J\x00", "naïve \u2028 line"])
def test_any_text_is_valid_json(mask: Mask, message: str) -> None:
    assert line(mask, made(message))["message"] == message


@pytest.mark.parametrize("formatter", [JsonLines, Lines])
def test_secrets_are_masked_in_messages_and_tracebacks(mask: Mask, formatter: type[Masked]) -> None:
    text = formatter(mask).format(failure())
    assert "4711" not in text
    assert "it failed with [masked]" in text
    assert "KeyError: '[masked]'" in text
    assert "ValueError: refused [masked]" in text
    assert "with [masked]" in text


def test_a_traceback_is_left_unmasked_for_nobody(mask: Mask) -> None:
    record = failure()
    JsonLines(mask).format(record)
    assert record.exc_text is None


@pytest.mark.parametrize("formatter", [JsonLines, Lines])
def test_arguments_that_do_not_fit_are_not_printed(mask: Mask, formatter: type[Masked]) -> None:
    text = formatter(mask).format(made("%d rows", CANARY))
    assert "%d rows (its arguments do not fit)" in text
    assert "4711" not in text


def test_one_of_several_workers_says_which(mask: Mask) -> None:
    record = made("hello")
    assert json.loads(JsonLines(mask, 0).format(record))["worker"] == 0
    assert Lines(mask, 0).format(record).endswith("warning worker 0: hello")


def test_a_line_for_people(mask: Mask) -> None:
    text = Lines(mask).format(made("first\nsecond \x1b[2J", decision_id="d1"))
    _, rest = text.split(" ", 1)
    assert rest == "warning first\n    second \\x1b[2J [d1]"


SCRIPT = """
import logging
from pointsman.telemetry.logs import configure

logging.getLogger().addHandler(logging.StreamHandler())
mask = configure("info", json=True)
logging.getLogger("a").warning("before canary")
mask.register_secrets(["canary"])
logging.getLogger("a").debug("not seen")
logging.getLogger("a").info("after canary")
"""


def test_configured_it_logs_to_standard_error_only() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == ""
    assert [json.loads(each)["message"] for each in done.stderr.splitlines()] == ["before canary", "after [masked]"]
