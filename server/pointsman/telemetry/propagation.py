"""Telling a provider which trace its call belongs to, where the configuration says so: it is a third party."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal

from msgspec.structs import replace

from pointsman.model.answer import Answer
from pointsman.ports import AnswerStream, Limits, Provider, ProviderCall
from pointsman.telemetry.tracing import CURRENT

Propagate = Literal["none", "trace", "all"]
"""`trace` is `traceparent` and `tracestate`; `all` is `baggage` as well, which holds whatever callers put there."""


class Propagating:
    """A Provider that sends the trace context along with every call to `provider`."""

    def __init__(self, provider: Provider, what: Literal["trace", "all"]) -> None:
        self._provider, self._baggage = provider, what == "all"

    async def complete(self, call: ProviderCall) -> Answer:
        """As Provider says."""
        return await self._provider.complete(self._traced(call))

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        """As Provider says."""
        return self._provider.stream(self._traced(call))

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        """As Provider says."""
        return self._provider.dropped(call)

    async def probe(self, limits: Limits) -> None:
        """As Provider says."""
        await self._provider.probe(limits)

    def _traced(self, call: ProviderCall) -> ProviderCall:
        trace = CURRENT.get()
        context = trace.outgoing(call.decision_id, call.number) if trace else None
        if context is None:
            return call
        told = context if self._baggage else replace(context, baggage="")
        return replace(call, headers={**call.headers, **told.headers()})
