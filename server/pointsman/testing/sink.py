"""A sink that remembers what a caller would have seen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pointsman.engine.exchange import Routed
from pointsman.engine.stream import assemble
from pointsman.errors import ProviderError
from pointsman.model.answer import Delta
from pointsman.model.attempt import Attempt
from pointsman.model.plan import PlannedAttempt
from pointsman.model.request import Part, Text
from pointsman.testing.fakes import Hold


class RecordingSink:
    """Implements `engine.exchange.Sink`.

    `events` are the names of what was called, in order; `generations` the deltas, a list per generation: each reset
    begins one. With `hold`, taking deltas waits there, as with a caller that does not read.

        sink = RecordingSink()
        completion = await engine.complete(request, terms, sink)
        assert sink.text == "Hello"
    """

    def __init__(self, hold: Hold | None = None) -> None:
        self.events: list[str] = []
        self.routed: Routed | None = None
        self.generations: list[list[Delta]] = [[]]
        self.attempts: list[tuple[int, PlannedAttempt, tuple[str, ...]]] = []
        self.failures: list[tuple[Attempt, ProviderError]] = []
        self.turned_down: list[Attempt] = []
        self.warnings: list[str] = []
        self.resets: list[tuple[int, PlannedAttempt]] = []
        self._hold = hold
        self._taken = asyncio.Event()

    @property
    def text(self) -> str:
        """The text of the newest generation."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The content parts of the newest generation."""
        return assemble(self.generations[-1], reasoning=True)

    async def output_started(self) -> None:
        """Return once deltas were taken."""
        await self._taken.wait()

    async def decided(self, routed: Routed) -> None:
        self.events.append("decided")
        self.routed = routed

    async def warned(self, message: str) -> None:
        self.events.append("warned")
        self.warnings.append(message)

    async def deltas(self, deltas: Sequence[Delta]) -> None:
        if self._hold:
            await self._hold.pass_through()
        self.events.append("deltas")
        self.generations[-1].extend(deltas)
        self._taken.set()

    async def started(self, number: int, planned: PlannedAttempt, dropped: Sequence[str]) -> None:
        self.events.append("started")
        self.attempts.append((number, planned, tuple(dropped)))

    async def failed(self, attempt: Attempt, error: ProviderError) -> None:
        self.events.append("failed")
        self.failures.append((attempt, error))

    async def gated(self, attempt: Attempt) -> None:
        self.events.append("gated")
        self.turned_down.append(attempt)

    async def won(self, number: int, planned: PlannedAttempt) -> None:
        self.events.append("won")

    async def reset(self, number: int, planned: PlannedAttempt) -> None:
        self.events.append("reset")
        self.resets.append((number, planned))
        self.generations.append([])
