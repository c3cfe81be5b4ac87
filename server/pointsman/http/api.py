"""What an HTTP API is to this door: how it reads a request, and how it writes an answer or a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import RequestError
from pointsman.http.hints import Hinted
from pointsman.http.statuses import STATUSES
from pointsman.model.answer import Delta
from pointsman.model.request import Request

Headers = Mapping[str, str]
"""Header fields, found whatever their case."""


class Told(Struct, frozen=True):
    """A failure that a caller is told. `completion` is there once the engine had the request; `details`: the caller
    wants the field `pointsman` too.
    """

    error: RequestError
    completion: Completion | None = None
    details: bool = False

    @property
    def status(self) -> int:
        """The HTTP status; of a failure in the midst of a stream, the one that it would have been."""
        return STATUSES[self.error.reason]

    @property
    def decision_id(self) -> str:
        """ "" where the engine never had it."""
        return self.completion.decision_id if self.completion else ""


class Listed(Struct, frozen=True):
    """One name that `model` may hold. `owner` is a provider's id, or pointsman; tokens None where nobody knows."""

    id: str
    owner: str
    context: int | None = None
    max_output: int | None = None


class Script(Protocol):
    """Renders one streamed answer, as bytes to send. Nothing in it waits.

    In order: begin, then deltas any number of times, then end or fail. beat may come at any time, also before begin;
    fail may come without begin once there was a beat.
    """

    def begin(self, model: str) -> bytes:
        """What comes before the first delta; `model` is the one that answers."""

    def deltas(self, deltas: Sequence[Delta]) -> bytes: ...

    def beat(self) -> bytes:
        """A sign of life, where nothing has come for long."""

    def end(self, completion: Completion) -> bytes:
        """How it ended: `completion.served` is there."""

    def fail(self, told: Told) -> bytes:
        """It broke off."""


class Question(Protocol):
    """One request, understood, and how its answer is to be written."""

    @property
    def request(self) -> Request: ...

    @property
    def hinted(self) -> Hinted:
        """What headers and body said of the route, as it was given to `Api.read`, completed."""

    @property
    def streamed(self) -> bool: ...

    def whole(self, completion: Completion) -> bytes:
        """The JSON of an answer that is not streamed: `completion.served.answer` is there."""

    def script(self, routed: Routed) -> Script: ...


class Counting(Protocol):
    """How an API counts a prompt's tokens, which is our estimate: at a path, and with a method, of their own."""

    path: str
    method: str

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Request:
        """The prompt, and what is said of its route. Raises as `Api.read` does."""

    def counted(self, tokens: int) -> bytes:
        """The JSON of a count."""


class Api(Protocol):
    """One API that can be spoken at the door. It answers POST at `path`; `method` is its name in metrics and ledger,
    `id_header` the response header in which its clients look for an id of the request. `counting` None: it cannot.
    """

    path: str
    method: str
    id_header: str

    @property
    def counting(self) -> Counting | None: ...

    def speaks(self, headers: Headers) -> bool:
        """Whether they are those of its clients, and not of any other API's."""

    def authorization(self, headers: Headers) -> str:
        """The caller's key as `Bearer KEY`, "" for none."""

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Question:
        """All that a request says. RequestError: InvalidRequest with everything that is wrong, PERMISSION_DENIED."""

    def error(self, told: Told) -> bytes:
        """The JSON of a failure."""

    def models(self, listed: Sequence[Listed]) -> bytes:
        """The JSON of what `model` may hold."""

    def model(self, listed: Listed) -> bytes:
        """The JSON of one of them."""
