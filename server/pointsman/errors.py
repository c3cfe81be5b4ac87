"""Everything Pointsman can raise, one tree.

PointsmanError
├── ConfigInvalid          problems of a configuration, all of them, each with path and line
├── SecretMissing          a secret that is not where its reference points, or cannot be one
├── PluginRefused          a plugin that must not be loaded, by name and reason
├── PluginFailed           a policy that raised, overran or answered nonsense
├── AskFailed              a model that a policy asked gave no answer
├── NotReplayable          a recorded decision that cannot be made again, and why
├── CannotListen           a door's address is taken, or not this machine's; or its certificate cannot be used
├── KeysUnusable           a file of API keys that cannot be read or written, or holds something else
├── StateLost              the shared store does not answer
├── LedgerUnavailable      rows can neither be committed nor kept
├── AmbiguousId            the beginning of more than one decision id
├── RequestError           what a caller is told: reason, message, metadata, retry delay
│   └── InvalidRequest     … with the fields that are wrong
├── ProviderError          why one attempt failed; the engine maps it to a RequestError
│   └── AnswerFailed       … and what the provider charges for it; in ports.py
└── TransportError         why bytes did not arrive; the provider wires map it to a ProviderError
    ├── ConnectFailed      name resolution, refused, unreachable
    ├── TlsFailed          certificate or handshake
    ├── ConnectTimeout
    ├── HeaderTimeout      connected, but no response headers
    ├── IdleTimeout        no byte for too long
    ├── DeadlineExceeded   the whole exchange took too long
    ├── Truncated          the connection ended before the body did
    ├── BodyTooLarge       more than the limit we were ready to hold
    └── ProxyFailed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Machine-readable reason of a failure; the names of `ErrorReason` in errors.proto without their prefix."""

    INVALID_REQUEST = "INVALID_REQUEST"
    UNKNOWN_TAG = "UNKNOWN_TAG"
    UNKNOWN_TASK = "UNKNOWN_TASK"
    UNSUPPORTED_CONTENT_PART = "UNSUPPORTED_CONTENT_PART"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    CONTEXT_TOO_LONG = "CONTEXT_TOO_LONG"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    UNKNOWN_PROVIDER = "UNKNOWN_PROVIDER"
    UNKNOWN_DECISION = "UNKNOWN_DECISION"
    UNKNOWN_BUDGET = "UNKNOWN_BUDGET"
    UNKNOWN_CONFIG = "UNKNOWN_CONFIG"
    NO_CANDIDATE = "NO_CANDIDATE"
    MAX_COST_UNSATISFIABLE = "MAX_COST_UNSATISFIABLE"
    PROVIDER_REFUSED = "PROVIDER_REFUSED"
    CONFIG_INVALID = "CONFIG_INVALID"
    FEATURE_DISABLED = "FEATURE_DISABLED"
    CONTENT_BLOCKED = "CONTENT_BLOCKED"
    EMPTY_ANSWER = "EMPTY_ANSWER"
    GATE_REJECTED = "GATE_REJECTED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    RATE_LIMITED = "RATE_LIMITED"
    PROVIDER_RATE_LIMITED = "PROVIDER_RATE_LIMITED"
    OVERLOADED = "OVERLOADED"
    ALL_PROVIDERS_DOWN = "ALL_PROVIDERS_DOWN"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    STATE_UNAVAILABLE = "STATE_UNAVAILABLE"
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    DEADLINE_TOO_SHORT = "DEADLINE_TOO_SHORT"
    CALLER_CANCELLED = "CALLER_CANCELLED"
    CREDENTIALS_MISSING = "CREDENTIALS_MISSING"
    CREDENTIALS_INVALID = "CREDENTIALS_INVALID"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    REQUEST_IN_PROGRESS = "REQUEST_IN_PROGRESS"
    STREAM_INTERRUPTED = "STREAM_INTERRUPTED"
    SLOW_CONSUMER = "SLOW_CONSUMER"
    CONFIG_CHANGED = "CONFIG_CHANGED"
    INTERNAL = "INTERNAL"
    PROVIDER_AUTH_FAILED = "PROVIDER_AUTH_FAILED"
    PROVIDER_PROTOCOL_ERROR = "PROVIDER_PROTOCOL_ERROR"


class PointsmanError(Exception):
    """Root of the tree."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration: `path` such as `tasks.code.route.eco`, `line` 1-based, 0 where unknown."""

    path: str
    message: str
    line: int = 0
    fatal: bool = True

    def __str__(self) -> str:
        where = f"{self.path} (line {self.line})" if self.line else self.path
        return f"{where}: {self.message}"


class ConfigInvalid(PointsmanError):
    """A configuration that cannot be used; holds every problem, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class SecretMissing(PointsmanError):
    """A secret that is not where its reference points; `unusable` where something is there that cannot be one."""

    def __init__(self, message: str, *, unusable: bool = False) -> None:
        self.unusable = unusable
        super().__init__(message)


class PluginRefused(PointsmanError):
    """A plugin that must not be loaded."""

    def __init__(self, plugin: str, why: str) -> None:
        self.plugin, self.why = plugin, why
        super().__init__(f"plugin {plugin!r} is refused: {why}")


class PluginFailed(PointsmanError):
    """A policy failed in a hook whose failure must stop the request. `why` is for logs, never for callers."""

    def __init__(self, policy: str, hook: str, why: str) -> None:
        self.policy, self.hook, self.why = policy, hook, why
        super().__init__(f"policy {policy!r} failed in {hook}")


class AskFailed(PointsmanError):
    """A model that a policy asked gave no answer. `why` is ours: it quotes neither the provider nor the question."""

    def __init__(self, model: str, why: str) -> None:
        self.model, self.why = model, why
        super().__init__(f"model {model!r} gave no answer: {why}")


class NotReplayable(PointsmanError):
    """A recorded decision cannot be made again: something that it followed from is gone or has changed."""


class CannotListen(PointsmanError):
    """A door's address is taken, or not this machine's; or its certificate cannot be used."""


class KeysUnusable(PointsmanError):
    """A file of API keys that cannot be read or written, or holds something else."""


class StateLost(PointsmanError):
    """The shared store does not answer. `why` is ours: it quotes neither the store nor its address."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the shared state is not available: {why}")


class LedgerUnavailable(PointsmanError):
    """The ledger takes no more rows."""


class AmbiguousId(PointsmanError):
    """The beginning of more than one decision id."""


class RequestError(PointsmanError):
    """A failure told to the caller. `message` never holds prompt text, keys or exception text.

    `metadata` are the dynamic values as strings; `retry_delay` is in seconds, None where waiting does not help;
    `violations` are (subject, description) pairs, such as each policy's reason.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_delay: float | None = None,
        violations: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.retry_delay = retry_delay
        self.violations = tuple(violations)
        super().__init__(f"{reason}: {message}")


class InvalidRequest(RequestError):
    """A request that is malformed whatever the configuration. `violations` are (field path, description)."""

    def __init__(self, violations: Sequence[tuple[str, str]], reason: Reason = Reason.INVALID_REQUEST) -> None:
        first = f"{violations[0][0]}: {violations[0][1]}"
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(reason, first + more, violations=violations)


@dataclass(eq=False)
class ProviderError(PointsmanError):
    """Why one attempt failed.

    `retryable` says that another target may succeed with the same request, `again` that this one may, in a moment,
    `elsewhere` that none may but at other providers; `status` is the provider's HTTP status, 0
    where none came; `retry_after` in seconds; `sent` is False only when no byte of the request left us.
    `provider_wide`: every model of the provider would fail alike, because the key is refused or has no credit left.
    """

    reason: Reason
    message: str
    status: int = 0
    retryable: bool = True
    again: bool = False
    elsewhere: bool = False
    retry_after: float | None = None
    sent: bool = True
    upstream_request_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    provider_wide: bool = False

    def __post_init__(self) -> None:
        super().__init__(f"{self.reason}: {self.message}")


class TransportError(PointsmanError):
    """Why bytes did not arrive. `sent` is False only when no byte of the request can have left this process."""

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


class ConnectFailed(TransportError):
    """Name resolution failed, or the connection was refused or unreachable."""


class TlsFailed(TransportError):
    """The certificate or the handshake was not acceptable."""


class ConnectTimeout(TransportError):
    """No connection in time."""


class HeaderTimeout(TransportError):
    """Connected, but no response headers in time."""


class IdleTimeout(TransportError):
    """No byte of the body for too long."""


class DeadlineExceeded(TransportError):
    """The whole exchange took too long."""


class Truncated(TransportError):
    """The connection ended before the body did."""


class BodyTooLarge(TransportError):
    """The body, or one event of it, is larger than the limit."""


class ProxyFailed(TransportError):
    """The proxy refused or failed."""
