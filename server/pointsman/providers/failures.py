"""What a provider's failure means: one table each for statuses, error codes and transport errors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final

from pointsman.errors import (
    BodyTooLarge,
    ConnectFailed,
    ConnectTimeout,
    DeadlineExceeded,
    HeaderTimeout,
    IdleTimeout,
    ProviderError,
    ProxyFailed,
    Reason,
    TlsFailed,
    TransportError,
    Truncated,
)
from pointsman.model.answer import Usage
from pointsman.ports import AnswerFailed

_PRINTABLE = re.compile(r"[a-z0-9_.-]{1,64}")
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Meaning:
    """Why an attempt failed, and who may succeed: another target, the same one in a moment, another provider alone.

    `provider_wide`: all models of this provider would fail alike.
    """

    reason: Reason
    retryable: bool = True
    again: bool = False
    elsewhere: bool = False
    provider_wide: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says: its codes, the most telling first, and the status it names, 0 where it names none.

    `retry_after` are the seconds it asks to wait, None where it asks nothing.
    """

    codes: tuple[str, ...] = ()
    status: int = 0
    retry_after: float | None = None


_DOWN = Meaning(Reason.ALL_PROVIDERS_DOWN, again=True)
# Waited for in vain already: the same again would take as long.
_SILENT = Meaning(Reason.ALL_PROVIDERS_DOWN)
_LIMITED = Meaning(Reason.PROVIDER_RATE_LIMITED, again=True)
_NO_CREDIT = Meaning(Reason.PROVIDER_RATE_LIMITED, provider_wide=True)
_KEY = Meaning(Reason.PROVIDER_AUTH_FAILED, provider_wide=True)
_FORBIDDEN = Meaning(Reason.PROVIDER_AUTH_FAILED)
_ELSEWHERE = Meaning(Reason.PROVIDER_REFUSED)
_REFUSED = Meaning(Reason.PROVIDER_REFUSED, retryable=False)
_BLOCKED = Meaning(Reason.CONTENT_BLOCKED, retryable=False, elsewhere=True)
_TOO_LONG = Meaning(Reason.CONTEXT_TOO_LONG)
_GARBAGE = Meaning(Reason.PROVIDER_PROTOCOL_ERROR)

STATUSES: Final[Mapping[int, Meaning]] = MappingProxyType(
    {
        400: _REFUSED,
        401: _KEY,
        402: _NO_CREDIT,
        403: _FORBIDDEN,  # may be about this model alone
        404: _ELSEWHERE,
        408: _DOWN,
        409: _DOWN,
        413: Meaning(Reason.REQUEST_TOO_LARGE),
        422: _REFUSED,
        425: _DOWN,
        429: _LIMITED,
        498: _DOWN,  # Groq: no capacity in this tier
        500: _DOWN,
    }
)
"""Statuses that are no success. Those not listed: 5xx as 500, 4xx as 404, all others as garbage."""

CODES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "content_filter": _BLOCKED,
        "content_policy_violation": _BLOCKED,
        "data_inspection_failed": _BLOCKED,
        "moderation": _BLOCKED,
        "context_length_exceeded": _TOO_LONG,
        "image_content_policy_violation": _BLOCKED,
        "invalid_prompt": _BLOCKED,  # the Responses API's word for one that was flagged
        "failed_precondition": _ELSEWHERE,  # Gemini: not from this country, not on this plan
        "tokens_limit_reached": _TOO_LONG,
        "insufficient_quota": _NO_CREDIT,
        "invalid_api_key": _KEY,
        "invalid_encrypted_content": _ELSEWHERE,  # nobody else is sent this reasoning
        "model_not_found": _ELSEWHERE,
    }
)
"""Codes that say more than the status they come with."""

# The statuses that go with codes, for errors inside a 200.
_STATUS_OF: Final[Mapping[str, int]] = MappingProxyType(
    {
        "invalid_request_error": 400,
        "billing_error": 402,
        "request_too_large": 413,
        "overloaded_error": 529,
        "invalid_argument": 400,
        "authentication_error": 401,
        "permission_error": 403,
        "not_found_error": 404,
        "rate_limit_error": 429,
        "rate_limit_exceeded": 429,
        "resource_exhausted": 429,
        "too_many_requests": 429,
    }
)

TRANSPORT: Final[Mapping[type[TransportError], tuple[Meaning, str]]] = MappingProxyType(
    {
        ConnectFailed: (_DOWN, "could not be reached"),
        TlsFailed: (_SILENT, "could not be reached over TLS"),
        ConnectTimeout: (_SILENT, "gave no connection in time"),
        HeaderTimeout: (_SILENT, "did not answer in time"),
        IdleTimeout: (_SILENT, "fell silent in its answer"),
        Truncated: (_DOWN, "broke off its answer"),
        ProxyFailed: (_DOWN, "could not be reached through the proxy"),
        DeadlineExceeded: (Meaning(Reason.DEADLINE_EXCEEDED, retryable=False), "took longer than the call may"),
        BodyTooLarge: (_GARBAGE, "sent more than we are ready to hold"),
    }
)
"""Transport errors, each with what the provider did in words."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer comes from: the provider, its status and headers. `secret` is never quoted.

    `usage` and `cost_nano_usd` are what it said of these, where that is known before the answer is.
    """

    provider: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    usage: Usage | None = None
    cost_nano_usd: int | None = None

    def charging(self, usage: Usage | None, cost_nano_usd: int | None = None) -> Origin:
        """The same, for an answer that has failed; no tokens at all are what errors carry that know of none."""
        told = usage if usage is not None and usage.input_tokens + usage.output_tokens else None
        return replace(self, usage=told, cost_nano_usd=cost_nano_usd)

    @property
    def request_id(self) -> str:
        told = self.headers.get("x-request-id") or self.headers.get("request-id", "")
        # It goes on to callers and into the ledger; bytes that are not UTF-8 came as surrogates, which neither takes.
        return told if told.isascii() else told.encode(errors="replace").decode()


def refused(origin: Origin, complaint: Complaint) -> ProviderError:
    """An answer whose status is an error, or anything else but a success."""
    meaning = _by_code(complaint) or by_status(origin.status)
    return _error(origin, meaning, f"answered {origin.status}{_told(origin, complaint)}", complaint.retry_after)


def failed_inside(origin: Origin, complaint: Complaint) -> ProviderError:
    """An error inside an answer whose status was a success."""
    named = (_STATUS_OF[code] for code in complaint.codes if code in _STATUS_OF)
    status = complaint.status or next(named, 500)
    meaning = _by_code(complaint) or by_status(status)
    what = f"failed inside its answer{_told(origin, complaint) or f' ({status})'}"
    return _error(origin, meaning, what, complaint.retry_after)


def blocked(origin: Origin, complaint: Complaint) -> ProviderError:
    """A success that holds no answer, because the prompt was not let through."""
    return _error(origin, _BLOCKED, f"blocked the prompt{_told(origin, complaint)}")


def garbled(origin: Origin, why: str) -> ProviderError:
    """An answer that does not keep to its wire; `why` goes on after the provider's name and quotes nothing of it."""
    return _error(origin, _GARBAGE, why)


def unfinished(origin: Origin) -> ProviderError:
    """A stream that ended properly, but before the answer did."""
    return _error(origin, _DOWN, "broke off: the stream ended before it finished")


def not_delivered(origin: Origin, error: TransportError) -> ProviderError:
    """Bytes that did not arrive."""
    meaning, what = TRANSPORT.get(type(error), (_DOWN, "could not be used"))
    failure = _error(origin, meaning, what)
    failure.sent = error.sent
    return failure


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the headers ask for it, None where they do not; an HTTP date counts from their `date`."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _instant(value)
    if until is None:
        return None
    now = _instant(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, math.ceil((until - now).total_seconds()))


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _by_code(complaint: Complaint) -> Meaning | None:
    return next((CODES[code] for code in complaint.codes if code in CODES), None)


def by_status(status: int) -> Meaning:
    """What a status means that is no success."""
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return _DOWN
    return _ELSEWHERE if status >= 400 else _GARBAGE


def _told(origin: Origin, complaint: Complaint) -> str:
    """The provider's own codes, if they are codes: text of its making may quote the prompt or the key."""
    named = (code for code in complaint.codes if _PRINTABLE.fullmatch(code))
    code = next((code for code in named if not origin.secret or origin.secret.lower() not in code), "")
    shown = [str(complaint.status)] if complaint.status and complaint.status != origin.status else []
    shown += [code] if code and code not in (*shown, str(origin.status)) else []
    return f" ({', '.join(shown)})" if shown else ""


def _error(origin: Origin, meaning: Meaning, what: str, asked: float | None = None) -> ProviderError:
    """`asked` are the seconds that the body says to wait; a header says it for all who read nothing else, and wins."""
    wait = retry_after(origin.headers)
    return AnswerFailed(
        meaning.reason,
        f"{origin.provider} {what}",
        status=origin.status,
        retryable=meaning.retryable,
        again=meaning.again,
        elsewhere=meaning.elsewhere,
        retry_after=(asked if wait is None else wait) if meaning.retryable else None,
        upstream_request_id=origin.request_id,
        provider_wide=meaning.provider_wide,
        usage=origin.usage,
        cost_nano_usd=origin.cost_nano_usd,
    )
