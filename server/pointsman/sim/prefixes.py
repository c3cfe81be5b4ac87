"""The providers' prompt cache: which beginnings of conversations were seen before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from pointsman.sim.request import ChatRequest

_ENCODER = msgspec.json.Encoder()


def digests(request: ChatRequest, seed: int) -> list[bytes]:
    """One digest per message, each of everything up to it; tools and response format come before all messages."""
    frame = (seed, request.tools, request.tool_choice, request.response_format, request.seed)
    running = blake2b(_ENCODER.encode(frame), digest_size=16)
    found = []
    for message in request.messages:
        running.update(_ENCODER.encode(message))
        found.append(running.digest())
    return found


class PrefixCache:
    """The last `limit` prefixes, for each model of each provider on its own."""

    def __init__(self, limit: int = 10_000) -> None:
        self._seen: OrderedDict[tuple[str, str, bytes], None] = OrderedDict()
        self._limit = limit

    def match(self, provider: str, model: str, prefixes: Sequence[bytes]) -> int:
        """How many messages at the start were seen before, never the last one; all are remembered from now on."""
        keys = [(provider, model, prefix) for prefix in prefixes]
        known = next((at for at in range(len(keys) - 1, 0, -1) if keys[at - 1] in self._seen), 0)
        for key in keys:
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return known
