"""Logs on standard error: one JSON object a line, or short lines for people; secrets masked in either."""

from __future__ import annotations

import json as jsons
import logging
import re
import sys
from datetime import UTC, datetime

from pointsman.telemetry import names
from pointsman.telemetry.masking import Mask

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str, json: bool) -> Mask:
    """Log to standard error and nowhere else, from `level` (debug, info, warning or error) up.

    Returns the mask that every line passes: register the secrets of each configuration with it.
    """
    mask = Mask()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(mask) if json else Lines(mask))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return mask


class Masked(logging.Formatter):
    """The parts of a log record, free of secrets."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def message(self, record: logging.LogRecord) -> str:
        try:
            return self._mask(record.getMessage())
        # Left to logging, arguments that fit no message would be printed as they are; their __str__ may raise anything.
        except Exception:  # noqa: BLE001
            return self._mask(f"{record.msg} (its arguments do not fit)")

    def decision_id(self, record: logging.LogRecord) -> str:
        """Given as `extra={"decision_id": ...}`, otherwise empty."""
        return self._mask(str(getattr(record, names.DECISION_ID.name, "")))

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
            names.ERROR.name: self.error(record),
        }
        return jsons.dumps({key: value for key, value in line.items() if value})


class Lines(Masked):
    """Local time, level, what happened; further lines are indented, so that none can pass for another record."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        about = f" [{decision}]" if (decision := self.decision_id(record)) else ""
        text = f"{when} {record.levelname.lower():7} {self.message(record)}{about}"
        if error := self.error(record):
            text = f"{text}\n{error}"
        return _printable(text.rstrip()).replace("\n", "\n    ")


def _printable(text: str) -> str:
    """Escape what a terminal would obey."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
