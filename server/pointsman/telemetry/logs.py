"""Logs on standard error: one JSON object a line, or short lines for people; secrets masked in either."""

from __future__ import annotations

import json as jsons
import logging
import re
import sys
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from pointsman.telemetry import names
from pointsman.telemetry.masking import Mask
from pointsman.telemetry.requests import RequestLine, in_words, told
from pointsman.telemetry.tracing import CURRENT

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str, json: bool, worker: int | None = None) -> Mask:
    """Log to standard error and nowhere else, from `level` (debug, info, warning or error) up.

    `worker` is this one's place among several that share standard error. Returns the mask that
    every line passes: register the secrets of each configuration with it.
    """
    mask = Mask()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonLines if json else Lines)(mask, worker))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return mask


class Masked(logging.Formatter):
    """The parts of a log record, free of secrets."""

    def __init__(self, mask: Mask, worker: int | None = None) -> None:
        super().__init__()
        self._mask, self._worker = mask, worker

    def message(self, record: logging.LogRecord) -> str:
        try:
            return self._mask(record.getMessage())
        # Left to logging, arguments that fit no message would be printed as they are; their __str__ may raise anything.
        except Exception:  # noqa: BLE001
            return self._mask(f"{record.msg} (its arguments do not fit)")

    def decision_id(self, record: logging.LogRecord) -> str:
        """Given as `extra={"decision_id": ...}`, otherwise empty."""
        return self._mask(str(getattr(record, names.DECISION_ID.name, "")))

    def trace_id(self) -> str:
        """Of the call that is being worked on, where somebody traces it."""
        trace = CURRENT.get()
        return trace.trace_id if trace else ""

    def request(self, record: logging.LogRecord) -> RequestLine | None:
        """What the record says of a request that ended; only what others wrote is masked: the rest is ours."""
        line, mask = told(record), self._mask
        if line is None:
            return None
        return replace(
            line,
            why=mask(line.why) if line.why else "",
            reported_model=mask(line.reported_model) if line.reported_model else "",
            project=mask(line.project) if line.project else "",
            feature=mask(line.feature) if line.feature else "",
        )

    def error(self, record: logging.LogRecord) -> str:
        """The traceback and stack, otherwise empty."""
        # Not cached in the record, as logging does: other formatters would find the text unmasked.
        trace = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        return self._mask("\n".join(filter(None, (trace, record.stack_info))))


class JsonLines(Masked):
    """One JSON object a line, with the keys of `names.LOG_FIELDS`."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            names.TIME.name: when.replace("+00:00", "Z"),
            names.LEVEL.name: record.levelname.lower(),
            names.LOGGER.name: record.name,
            names.MESSAGE.name: self.message(record),
            names.DECISION_ID.name: self.decision_id(record),
            names.TRACE_ID.name: self.trace_id(),
            names.ERROR.name: self.error(record),
        }
        request = self.request(record)
        said: dict[str, object] = {key: value for key, value in line.items() if value}
        if self._worker is not None:
            said[names.WORKER.name] = self._worker
        return jsons.dumps({**said, **msgspec.to_builtins(request)} if request else said)


class Lines(Masked):
    """Local time, level, what happened; further lines are indented, so that none can pass for another record."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        about = f" [{decision}]" if (decision := self.decision_id(record)) else ""
        request = self.request(record)
        message = in_words(request) if request else self.message(record)
        who = "" if self._worker is None else f"worker {self._worker}: "
        text = f"{when} {record.levelname.lower():7} {who}{message}{about}"
        if error := self.error(record):
            text = f"{text}\n{error}"
        return _printable(text.rstrip()).replace("\n", "\n    ")


def _printable(text: str) -> str:
    """Escape what a terminal would obey."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
