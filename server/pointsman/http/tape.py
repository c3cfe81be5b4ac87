"""An answer of the HTTP door, kept for repeats of its request."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pointsman.doors.limits import KEPT_ANSWER_BYTES
from pointsman.doors.once import Asked, Kept, Once

_headers = msgspec.json.Decoder(dict[str, str])


class Tape:
    """What is sent of an answer, as bytes."""

    def __init__(self, once: Once, asked: Asked) -> None:
        self._once, self._asked = once, asked
        self._chunks: list[bytes] = []
        self._size = 0
        self.kept = False

    def add(self, chunk: bytes) -> None:
        """What is being sent."""
        self._size += len(chunk)
        # Beyond that it will not be kept, and need not be held: one more than fits says so.
        if self._size - len(chunk) <= KEPT_ANSWER_BYTES:
            self._chunks.append(chunk)

    async def keep(self, decision_id: str, headers: Mapping[str, str]) -> None:
        """Keep the answer: all of it was added, and its end was not sent yet."""
        # Also where the caller goes away meanwhile: it is kept all the same.
        self.kept = True
        await self._once.keep(self._asked, decision_id, (msgspec.json.encode(headers), *self._chunks))


def headers_of(kept: Kept) -> dict[str, str]:
    """The headers that it had; its body is in the messages behind the first."""
    return _headers.decode(kept.messages[0])
