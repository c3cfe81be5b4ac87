"""What the simulator needs of a wire: to read a request, to refuse it, and to put a reply into frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pointsman.sim.reply import Reply
from pointsman.sim.request import ChatRequest, Refusal


class Wire(Protocol):
    """One provider's way to be asked and to answer. Bytes are ready to be sent; events of streams end as theirs do.

    A request becomes a ChatRequest, which has the shape of chat completions, whatever the wire. What a wire has no
    words for, it says as nearly as it can: every fault must work on every wire.
    """

    @property
    def routes(self) -> tuple[str, ...]:
        """The paths of its POST requests, as aiohttp writes them; `{provider}` stands in each."""

    @property
    def id_header(self) -> str:
        """The header with the id of a call."""

    @property
    def ping(self) -> bytes:
        """What keeps a stream open and says nothing."""

    @property
    def broken(self) -> bytes:
        """An event of a stream whose JSON is broken."""

    def authenticate(self, headers: Mapping[str, str]) -> Refusal | None:
        """None for a good key: any but `bad-key`. `headers` do not mind the case of names."""

    def parse(self, body: bytes, route: Mapping[str, str]) -> ChatRequest | Refusal:
        """Read and check a request body; `route` is what the path says."""

    def refused(self, refusal: Refusal) -> bytes:
        """The body that goes with an error status."""

    def blocked(self, *, stream: bool) -> bytes:
        """What a filtered prompt gets under status 200, in a stream or as a body; b"" where that is an error status."""

    def body(self, reply: Reply) -> bytes:
        """The whole answer as one JSON object."""

    def opening(self, reply: Reply) -> bytes:
        """The first events, without content; they may be sent again and again."""

    def deltas(self, reply: Reply) -> list[bytes]:
        """One entry per token of reasoning, content and tool arguments, with all that frames it."""

    def closing(self, reply: Reply) -> bytes:
        """Why it ended, usage, and the end mark."""

    def failure(self) -> bytes:
        """The event of a stream that fails inside."""

    def failed(self, reply: Reply | None) -> bytes:
        """A body with status 200 that says it failed, with what there is of a reply where the wire can say both."""
