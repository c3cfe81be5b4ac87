"""What the engine needs from the outside, as Protocols; adapters live in providers/, stores/ and ledger/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from pointsman.errors import ProviderError
from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.model.activation import Activation
from pointsman.model.answer import Answer, Delta, Ending, Usage
from pointsman.model.attempt import Attempt
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.catalogue import Model
from pointsman.model.decision import Shaped
from pointsman.model.feedback import Feedback
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


@dataclass(eq=False)
class AnswerFailed(ProviderError):
    """An answer that was none, and says all the same what is charged for it: `usage` and the cost as in an Ending."""

    usage: Usage | None = None
    cost_nano_usd: int | None = None


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
    """What the shared state says at one moment; mappings by model id. Each field as in Snapshot.

    `accounts` are those that were asked for, in that order; one that was never charged has nothing spent or reserved.
    """

    latencies: Mapping[str, Latency] = {}
    token_ratios: Mapping[str, float] = {}
    health: Mapping[str, Health] = {}
    pin: Pin | None = None
    accounts: tuple[AccountState, ...] = ()


class StateStore(Protocol):
    """State that outlives a request: one process's memory, or a store shared by replicas."""

    async def read(self, session: str | None = None, accounts: Sequence[Account] = ()) -> State:
        """Everything a decision needs, in one round trip. The mappings are never changed afterwards.

        `session` is the key of a conversation, as `Request.session` gives it, or None.
        """

    async def put_pin(self, session: str, pin: Pin, ttl: float, *, instead_of: str = "") -> None:
        """Pin a conversation, unless it is pinned: the first of several at once wins, and later ones leave it there.

        A turn served by the pinned target itself keeps the pin as it was for `ttl` seconds from now. A pin on
        `instead_of`, one that broke, gives way.
        """

    async def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        """Reserve all of the charges or none: the first that its limit has no room for, beside what was spent and what
        others reserved, is returned, and nothing is reserved then. Atomic: of many at once no two take the same room.

        Unless it is settled before, the reservation ends by itself after `ttl` seconds. A lease that is reserved
        already, or was settled, reserves nothing more and is not refused. Accounts in `charges` differ.
        """

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        """Free what a lease has reserved, and add to what was spent, whatever the limits: this has been spent.

        Only the first time for a lease; also for one that was never reserved, or has expired. Returns at once: a store
        that has to travel does so on its own, and the reservation stands until it has arrived.
        """

    async def preset(self, charges: Sequence[Charge]) -> None:
        """Let accounts have spent so much at least, as the ledger says at a start and of budgets that are new."""

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

    async def claim(self, key: str, value: bytes, ttl: float) -> bytes | None:
        """Put a value where there is none: None where that was done, and otherwise the value that is there.

        At once for everybody: of several that claim a key, one is told None. RequestError STATE_UNAVAILABLE where it
        cannot be known who else has.
        """

    async def forget(self, key: str) -> None:
        """Remove a value before its time, if it is there."""

    async def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter, 0 where there is none, and keep it for `ttl` seconds from now; what it comes to.

        At once for everybody: of two that add, one sees the other's. A counter is no value that `get` would find.
        """

    async def total(self, *keys: str) -> int:
        """What counters stand at together, 0 where there are none; in one round trip."""


class Ledger(Protocol):
    """Where requests are recorded."""

    async def append(self, record: Record) -> None:
        """Return once no death of this process can lose the record; LedgerUnavailable if it cannot be kept.

        The record is on its way before the first suspension: a caller that is cancelled while it waits loses nothing.
        """

    async def add_config(self, version: str, document: str) -> None:
        """Keep a configuration under its version, so that its decisions can be made again. Repeats are ignored."""

    async def add_activation(self, activation: Activation) -> None:
        """Remember when a configuration that is kept came to be active. Repeats are ignored."""

    async def add_outcome(self, decision_id: str, attempt: Attempt) -> None:
        """Add an attempt that its caller made to a decision that is recorded; what the decision adds up to follows.

        Once for each number of an attempt. Committed and refused as `append` is.
        """

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep what was said of a decision, instead of an earlier one of the same id. As `append`."""

    async def find(self, decision_id: str) -> Recorded | None:
        """The request with this id, None where there is none; LedgerUnavailable if it cannot be read."""

    async def find_config(self, version: str) -> str | None:
        """The configuration kept under this version, as it was written; LedgerUnavailable as above."""

    async def sums(self, dimensions: Sequence[Dimension], window: Window) -> Sequence[Sum]:
        """What the attempts of requests received in a window came to, one sum for each combination of values.

        `values` are in the order of `dimensions`; a request without a value in one of them is left out. Of committed
        records. LedgerUnavailable as above.
        """

    async def feedback(self, decision_id: str) -> Sequence[Feedback]:
        """What was said of a decision, in order of arrival, the first hundred; LedgerUnavailable as above."""

    async def activations(self, limit: int) -> Sequence[Activation]:
        """The last so many activations, the newest first; LedgerUnavailable as above."""

    async def aclose(self) -> None:
        """Commit what is pending and close."""


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
