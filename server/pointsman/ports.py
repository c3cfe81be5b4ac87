"""What the engine needs from the outside, as Protocols; adapters live in providers/, stores/ and ledger/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from pointsman.model.answer import Answer, Delta, Ending
from pointsman.model.attempt import Attempt
from pointsman.model.catalogue import Model
from pointsman.model.decision import Shaped
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Request
from pointsman.model.snapshot import Health, Latency, Pin
from pointsman.model.vitals import Vitals


class HttpRequest(Struct, frozen=True):
    """One HTTP exchange to make. Redirects are never followed; `body` is sent as it is."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Limits(Struct, frozen=True):
    """Timers of one exchange, in seconds. `idle` is between two reads of the body; `total` bounds everything."""

    connect: float = 5.0
    headers: float = 60.0
    idle: float = 30.0
    total: float = 600.0


class HttpResponse(Struct, frozen=True):
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpStream(Protocol):
    """An answer whose body is still arriving. Header names are lower case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def read_some(self) -> bytes:
        """What has arrived since the last call, waiting only when nothing has; b"" at the proper end of the body.

        Never fills up to a size. A body cut short raises Truncated; silence longer than `Limits.idle` IdleTimeout.
        """


class Transport(Protocol):
    """HTTP towards providers.

    Both calls raise only TransportError (and CancelledError, never swallowed: a cancelled call has closed its
    connection before the cancellation leaves it). Statuses of 400 and more are answers, not errors.
    """

    async def request(self, request: HttpRequest, limits: Limits, max_body: int) -> HttpResponse:
        """The whole exchange; BodyTooLarge once more than `max_body` bytes came."""

    def stream(self, request: HttpRequest, limits: Limits) -> AbstractAsyncContextManager[HttpStream]:
        """Entered once the headers are there. Left before the end of the body, the connection is closed."""

    async def aclose(self) -> None:
        """Close every connection, idle or not."""


class ProviderCall(Struct, frozen=True):
    """One attempt as a provider wire sees it: the request, shaped for `model`. `limits` are seconds.

    `logprobs`: somebody wants `Ending.mean_logprob`, of a wire that can ask for it. `decision_id` and
    `number` say which attempt it is; `headers` are sent along, with names in lower case.
    """

    model: Model
    request: Request
    shaped: Shaped
    limits: Limits
    logprobs: bool = False
    decision_id: str = ""
    number: int = 0
    headers: Mapping[str, str] = {}


class AnswerStream(Protocol):
    """A streaming answer."""

    async def read(self) -> Sequence[Delta]:
        """The deltas that have arrived, waiting only when none has; empty exactly once the answer is complete.

        Chunks without content (role, pings, usage) make no deltas and do not end the wait. Raises ProviderError.
        """

    @property
    def ending(self) -> Ending:
        """How it ended; what is known so far while it still runs."""


class Provider(Protocol):
    """One configured provider, speaking one wire format. Both calls raise only ProviderError and CancelledError."""

    async def complete(self, call: ProviderCall) -> Answer:
        """The whole answer in one exchange."""

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """Entered once the provider accepted the call. Left early, the upstream connection is closed."""

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """Names of what the caller asked for and this wire cannot express, such as "reasoning parts"."""

    async def probe(self, limits: Limits) -> None:
        """Return if the provider is there and takes our key: asked for something that costs nothing, such as its list
        of models. ProviderError otherwise.
        """


class State(Struct, frozen=True):
    """What the shared state says at one moment; mappings by model id. Each field as in Snapshot."""

    latencies: Mapping[str, Latency] = {}
    token_ratios: Mapping[str, float] = {}
    health: Mapping[str, Health] = {}
    pin: Pin | None = None


class StateStore(Protocol):
    """State that outlives a request: one process's memory, or a store shared by replicas."""

    async def read(self, session: str | None = None) -> State:
        """Everything a decision needs, in one round trip. The mappings are never changed afterwards.

        `session` is the key of a conversation, as `Request.session` gives it, or None.
        """

    async def put_pin(self, session: str, pin: Pin, ttl: float, *, instead_of: str = "") -> None:
        """Pin a conversation, unless it is pinned: the first of several at once wins, and later ones leave it there.

        A turn served by the pinned target itself keeps the pin as it was for `ttl` seconds from now. A pin on
        `instead_of`, one that broke, gives way.
        """

    async def begin(self, target: str) -> int | None:
        """May an attempt at this model be made now? A lease for `record` or `give_back`: 0 where it is up.

        None where it is down, or where enough others try it again after it was. A lease that is never given back
        expires.
        """

    def give_back(self, target: str, lease: int) -> None:
        """The attempt was not made after all. Returns at once."""

    def record(self, attempt: Attempt, estimated_input_tokens: int, lease: int = 0) -> None:
        """Learn from an attempt that ended: time to first token, tokens against our estimate, health of its model.

        Returns at once; a store that has to travel does so on its own, since nobody waits for statistics.
        """

    def probed(self, provider: str) -> None:
        """A provider answers again, as a probe of ours found: what is down there is tried at once, except what the
        provider itself said. Returns at once.
        """

    async def vitals(self) -> Sequence[Vitals]:
        """What is known of all models, ordered by provider and id."""

    async def get(self, key: str) -> bytes | None:
        """A policy's own value; keys carry the entry's id."""

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep a policy's own value for `ttl` seconds."""

    async def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter, 0 where there is none, and keep it for `ttl` seconds from now; what it comes to.

        At once for everybody: of two that add, one sees the other's. A counter is no value that `get` would find.
        """

    async def total(self, key: str) -> int:
        """What a counter stands at, 0 where there is none."""


class Ledger(Protocol):
    """Where requests are recorded."""

    async def append(self, record: Record) -> None:
        """Return once the record is committed; LedgerUnavailable if it cannot be kept.

        The record is on its way before the first suspension: a caller that is cancelled while it waits loses nothing.
        """

    async def add_config(self, version: str, document: str) -> None:
        """Keep a configuration under its version, so that its decisions can be made again. Repeats are ignored."""

    async def find(self, decision_id: str) -> Recorded | None:
        """The request with this id, None where there is none; LedgerUnavailable if it cannot be read."""

    async def find_config(self, version: str) -> str | None:
        """The configuration kept under this version, as it was written; LedgerUnavailable as above."""

    async def aclose(self) -> None:
        """Commit what is pending and close."""


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
