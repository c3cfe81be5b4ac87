"""A streaming answer made of server-sent events, in what all wires do alike: read, take in, give what there is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from pointsman.errors import ProviderError, TransportError
from pointsman.model.answer import Delta, Ending
from pointsman.ports import HttpStream
from pointsman.providers.failures import Origin, not_delivered, unfinished
from pointsman.providers.sse import SseEvent, SseParser


class Collected(Protocol):
    """What a wire makes of its events."""

    def take(self) -> list[Delta]:
        """The deltas since the last time."""

    def ending(self) -> Ending:
        """How it ended; what is known so far while it still runs."""


class EventStream(ABC):
    """An AnswerStream over an HTTP stream that was accepted; once `complete`, its body may have more to come."""

    def __init__(self, body: HttpStream, origin: Origin, max_event_bytes: int, collected: Collected) -> None:
        self.complete = False
        self._body, self._origin = body, origin
        self._parser = SseParser(max_event_bytes)
        self._collected = collected
        self._failure: ProviderError | None = None

    async def read(self) -> list[Delta]:
        """As AnswerStream says; what came before an error is given first."""
        while not self.complete and self._failure is None:
            try:
                await self._advance()
            except ProviderError as error:
                self._fail(error)
            except TransportError as error:
                self._fail(not_delivered(self._origin, error))
            if deltas := self._collected.take():
                return deltas
        if self._failure is not None:
            raise self._failure
        return []

    @property
    def ending(self) -> Ending:
        return self._collected.ending()

    @abstractmethod
    def _take_in(self, event: SseEvent) -> None:
        """One event. It may make the stream `complete`; none comes after that."""

    def _end(self) -> None:
        """The body has come to its end before the stream was complete."""
        raise unfinished(self._origin)

    def _fail(self, failure: ProviderError) -> None:
        self._failure = failure

    async def _advance(self) -> None:
        if chunk := await self._body.read_some():
            self._feed(chunk)
        else:
            self._end()

    def _feed(self, chunk: bytes) -> None:
        for event in self._parser.feed(chunk):
            if not self.complete:
                self._take_in(event)
