"""Traces: the W3C context that a call comes with, and what is noted of the call until its spans can be made.

Nothing here knows OpenTelemetry: spans are made and sent elsewhere, and only of calls that are sampled.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from time import time_ns

from msgspec import Struct

from pointsman.model.attempt import Attempt
from pointsman.model.events import Decided, Event, GateJudged, RequestEnded

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_STATE_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_\-*/]{0,240}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256}"
)
_BAGGAGE = re.compile(r"[\x20-\x7e]*")
# Members and characters, as W3C says; of a tracestate at least the 512 that everybody has to pass on.
_STATE_MEMBERS, _STATE_LENGTH = 32, 512
_BAGGAGE_MEMBERS, _BAGGAGE_LENGTH = 64, 8192
_SAMPLED = 0x01


Metadata = Iterable[tuple[str, str | bytes]] | None


class Context(Struct, frozen=True):
    """A W3C trace context. Ids are lower-case hex, `state` and `baggage` as they came, "" where none did."""

    trace_id: str
    span_id: str
    flags: int
    state: str = ""
    baggage: str = ""

    @property
    def sampled(self) -> bool:
        return bool(self.flags & _SAMPLED)

    def headers(self) -> Mapping[str, str]:
        """The headers that pass it on."""
        headers = {"traceparent": f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"}
        if self.state:
            headers["tracestate"] = self.state
        if self.baggage:
            headers["baggage"] = self.baggage
        return headers


def read_context(metadata: Metadata) -> Context | None:
    """The context that metadata carries; None where there is none, or what is there is malformed."""
    found: dict[str, list[str]] = {}
    for key, value in metadata or ():
        if key in ("traceparent", "tracestate", "baggage") and isinstance(value, str):
            found.setdefault(key, []).append(value)
    parents = found.get("traceparent", ())
    match = _TRACEPARENT.fullmatch(parents[0].strip()) if len(parents) == 1 else None
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == "ff" or (version == "00" and more) or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    state, baggage = _state(found.get("tracestate", ())), _baggage(found.get("baggage", ()))
    # Of a later version's flags only the two that we know may be passed on.
    return Context(trace_id, span_id, int(flags, 16) & 0x03, state, baggage)


def _state(values: Iterable[str]) -> str:
    members = [member.strip(" \t") for value in values for member in value.split(",") if member.strip(" \t")]
    whole = ",".join(members)
    well_formed = all(map(_STATE_MEMBER.fullmatch, members)) and len({m.partition("=")[0] for m in members}) == len(
        members
    )
    return whole if well_formed and len(members) <= _STATE_MEMBERS and len(whole) <= _STATE_LENGTH else ""


def _baggage(values: Iterable[str]) -> str:
    whole = ",".join(values)
    members = whole.split(",") if whole else []
    # A member is key=value; properties after its semicolons are the writer's own.
    well_formed = _BAGGAGE.fullmatch(whole) and all("=" in member.partition(";")[0].strip()[1:] for member in members)
    return whole if well_formed and len(members) <= _BAGGAGE_MEMBERS and len(whole) <= _BAGGAGE_LENGTH else ""


class Ended(Struct, frozen=True):
    """What spans need of a request's record. `received` is Unix seconds, money nano-USD."""

    decision_id: str
    received: float
    method: str
    tenant: str
    tier: str
    attempts: tuple[Attempt, ...]
    cost_nano_usd: int


class Trace:
    """One call: where it stands in its trace, and what happened in it. Instants are Unix nanoseconds. `method` is
    gRPC's, such as `pointsman.v1.RouterService/Route`, or HTTP's with the path, such as `POST /v1/chat/completions`.

    `own` is its context, None where we make no spans. A call that is not `sampled` notes nothing.
    """

    __slots__ = ("_metadata", "_parent", "began", "ended", "method", "notes", "own", "reason", "sampled", "spans")

    def __init__(self, method: str, metadata: Metadata) -> None:
        self.method, self._metadata = method, metadata
        self._parent: Context | None = None
        self.own: Context | None = None
        self.sampled = False
        self.began = self.ended = 0
        self.reason = ""
        # When noted, and what.
        self.notes: list[tuple[int, Decided | GateJudged | Ended]] = []
        # Ids of spans that were told to providers, by decision and number of the attempt.
        self.spans: dict[tuple[str, int], str] = {}

    @property
    def parent(self) -> Context | None:
        """The caller's context, None where it sent none. Read when first asked for: mostly nobody does."""
        if self._metadata is not None:
            self._parent, self._metadata = read_context(self._metadata), None
        return self._parent

    @property
    def trace_id(self) -> str:
        """ "" where nobody traces."""
        context = self.own or self.parent
        return context.trace_id if context else ""

    def outgoing(self, decision_id: str, number: int) -> Context | None:
        """What a provider may be told for an attempt: its own span, or whatever came where we make none."""
        if self.own is None:
            return self.parent
        span_id = self.spans[decision_id, number] = new_span_id()
        return Context(self.own.trace_id, span_id, self.own.flags, self.own.state, self.own.baggage)


CURRENT: ContextVar[Trace | None] = ContextVar("pointsman_trace", default=None)
"""The call that the current task works on."""


class Tracing:
    """Begins and ends the traces of calls; as an observer it notes what happens in between.

    `sample` is the share, 0..1, of calls to trace whose callers have not decided that already; None: none are, and a
    caller's context is only passed on. `ended` is told of every sampled call that is over, and must return at once.
    """

    def __init__(
        self,
        sample: float | None,
        ended: Callable[[Trace], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sample, self._ended, self._chance = sample, ended, chance

    def begin(self, method: str, metadata: Metadata) -> Trace:
        """A call of `method` begins in the current task."""
        trace = Trace(method, metadata)
        if self._sample is not None:
            trace.began = time_ns()
            trace.own = self._own(trace.parent, self._sample)
            trace.sampled = trace.own.sampled
        CURRENT.set(trace)
        return trace

    def end(self, trace: Trace, reason: str) -> None:
        """It is over: "OK", or the reason that its caller was told."""
        if trace.sampled and self._ended:
            trace.reason, trace.ended = reason, time_ns()
            self._ended(trace)

    def __call__(self, event: Event) -> None:
        """Note an event of a sampled call."""
        trace = CURRENT.get()
        if trace is None or not trace.sampled:
            return
        if isinstance(event, (Decided, GateJudged)):
            trace.notes.append((time_ns(), event))
        elif isinstance(event, RequestEnded):
            record = event.record
            # Not the record itself: it holds the prompt.
            ended = Ended(
                record.decision_id,
                record.received,
                record.method,
                record.request.tenant,
                record.tier,
                record.attempts,
                record.cost.total,
            )
            trace.notes.append((time_ns(), ended))

    def _own(self, parent: Context | None, sample: float) -> Context:
        if parent is not None:
            return Context(parent.trace_id, new_span_id(), parent.flags, parent.state, parent.baggage)
        flags = _SAMPLED if self._chance() < sample else 0
        return Context(f"{random.getrandbits(128) or 1:032x}", new_span_id(), flags)


def new_span_id() -> str:
    """Random; all zeros would mean none."""
    return f"{random.getrandbits(64) or 1:016x}"
