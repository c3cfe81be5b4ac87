"""One attempt: a provider call under its timers, and the row that remains of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.engine.exchange import Exchange, Served, Terms
from pointsman.engine.stream import Relay, assemble
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource
from pointsman.model.plan import PlannedAttempt
from pointsman.model.pricing import price_attempt
from pointsman.model.request import Part, Reasoning, Text, ToolCall
from pointsman.model.tokens import estimate_tokens
from pointsman.ports import AnswerStream, Clock, Limits, Provider, ProviderCall

LEAST = 0.25
"""Seconds: with less than this left no attempt is started."""

RESERVE = 10.0
"""Seconds of a unary call's deadline that are kept for another candidate."""

PATIENCE = 5.0
"""Seconds to a stream's first content: with less, silence says something of the deadline, nothing of the provider."""

_SLACK, _EXACT = 1.0, 0.01
_NOTHING = Text("")


@dataclass(slots=True)
class Running:
    """An attempt under way. Times are monotonic seconds; `content_by` is when another candidate takes over."""

    number: int
    planned: PlannedAttempt
    call: ProviderCall
    began: float
    began_at: float
    deadline: float
    content_by: float
    called: bool = False
    dropped: tuple[str, ...] = ()
    ttft: float | None = None
    stream: AnswerStream | None = None
    answer: Answer | None = None
    relay: Relay | None = None

    @property
    def ending(self) -> Ending | None:
        """How it ended, or what is known so far; None before the provider said anything."""
        if self.answer:
            return self.answer.ending
        return self.stream.ending if self.stream else None

    def parts(self) -> tuple[Part, ...]:
        """What it has answered so far."""
        if self.answer:
            return self.answer.parts
        return assemble(self.relay.deltas, reasoning=True) if self.relay else ()


class Attempts:
    """Makes the attempts of one exchange."""

    def __init__(self, exchange: Exchange, terms: Terms, clock: Clock) -> None:
        self._exchange, self._terms, self._clock = exchange, terms, clock
        self._timers = exchange.rules.timers

    def open(self, planned: PlannedAttempt, *, alternative: bool, streamed: bool) -> Running:
        """Its call and timers: while there is an `alternative`, half of what is left is kept back for it.

        A streamed attempt has the other half to its first content, and `first_content` seconds at most. One that is not
        shows nothing before its end, so it has all but RESERVE where that is more: cut short, a long answer would be
        paid for twice.
        """
        now = self._clock.monotonic()
        left = self._terms.deadline - now
        kept = left / 2 if streamed else min(left / 2, RESERVE)
        # Nothing is kept where another candidate could not even start with it.
        first = left - kept if alternative and kept >= LEAST else left
        if streamed:
            first = min(first, self._timers.first_content)
        connect, idle = min(self._timers.connect, left), self._timers.between_chunks + _SLACK
        limits = Limits(connect=connect, headers=left, idle=idle, total=left)
        model = self._exchange.rules.catalogue.models[planned.target]
        call = ProviderCall(model, self._exchange.request, self._exchange.shaped(planned.target), limits)
        number = len(self._exchange.attempts) + 1
        return Running(number, planned, call, now, self._clock.now(), self._terms.deadline, now + first)

    async def perform(self, running: Running, provider: Provider, relay: Relay | None) -> Served:
        """Call the provider, streaming where there is a relay; ProviderError, RequestError or CancelledError."""
        running.relay, running.called = relay, True
        timer = asyncio.timeout_at(self._loop_time(running.content_by))
        try:
            async with timer:
                if relay is None:
                    # Its time to first token stays unknown: an answer that comes whole does not show it.
                    running.answer = await provider.complete(running.call)
                else:
                    await self._stream(running, provider, relay, timer)
        except TimeoutError:
            raise self._overdue(running) from None
        ending = running.ending
        assert ending is not None
        if ending.reason is FinishReason.MAX_TOKENS and not _content(running.parts()):
            raise ProviderError(
                Reason.EMPTY_ANSWER, f"{running.call.model.provider} spent the whole output limit without an answer"
            )
        return self._served(running, ending)

    async def _stream(self, running: Running, provider: Provider, relay: Relay, timer: asyncio.Timeout) -> None:
        async with provider.stream(running.call) as stream:
            running.stream = stream
            while deltas := await stream.read():
                now = self._clock.monotonic()
                if running.ttft is None:
                    running.ttft = now - running.began
                self._extend(running, timer, now)
                await relay.send(deltas)

    def _extend(self, running: Running, timer: asyncio.Timeout, now: float) -> None:
        """Content came, and the timer starts anew; it is moved at most once a second, to keep tokens cheap."""
        until = min(running.deadline, now + self._timers.between_chunks)
        if abs(until - running.content_by) > (_SLACK if until < running.deadline else _EXACT):
            running.content_by = until
            timer.reschedule(self._loop_time(until))

    def _overdue(self, running: Running) -> ProviderError | RequestError:
        """What a timer that ran out means."""
        provider = running.call.model.provider
        if self._clock.monotonic() >= running.deadline - 0.01:
            return ProviderError(Reason.DEADLINE_EXCEEDED, "the deadline passed", retryable=False)
        if running.relay and running.relay.writing:
            return RequestError(Reason.SLOW_CONSUMER, f"the caller took nothing for {self._timers.between_chunks:g} s")
        what = "content" if running.ttft is None else "further content"
        reason = Reason.DEADLINE_EXCEEDED if self._hurried(running) else Reason.ALL_PROVIDERS_DOWN
        return ProviderError(reason, f"{provider} sent no {what} in time")

    def _hurried(self, running: Running) -> bool:
        """Was it the caller's haste? A whole answer takes as long as it takes, so it has all of `first_content`."""
        usual = self._timers.first_content
        fair = min(PATIENCE, usual) if running.relay else usual
        return running.ttft is None and running.content_by - running.began < fair - _EXACT

    def _loop_time(self, monotonic: float) -> float:
        return asyncio.get_running_loop().time() + (monotonic - self._clock.monotonic())

    def _served(self, running: Running, ending: Ending) -> Served:
        attempt = self.close(running, AttemptOutcome.SERVED, None)
        answer = None
        if running.relay is None or self._terms.keep_answer:
            wanted = self._terms.include_reasoning
            parts = tuple(p for p in running.parts() if wanted or not isinstance(p, Reasoning))
            answer = Answer(parts, ending)
        return Served(attempt, ending, answer)

    def close(self, running: Running, outcome: AttemptOutcome, error: ProviderError | None) -> Attempt:
        """The row of an attempt that ended."""
        ending = running.ending
        usage, cost, source = _account(running, ending, error)
        model = running.call.model
        return Attempt(
            number=running.number,
            kind=running.planned.kind,
            target=model.id,
            provider=model.provider,
            upstream=model.upstream,
            outcome=outcome,
            started=running.began_at,
            duration=self._clock.monotonic() - running.began,
            ttft=running.ttft,
            usage=usage,
            cost_nano_usd=cost,
            cost_source=source,
            served_model=ending.served_model if ending else "",
            upstream_request_id=_request_id(ending, error),
            upstream_status=error.status if error else 200 if ending else 0,
            error_reason=error.reason.value if error else "",
            error_message=error.message if error else "",
            retry_after=error.retry_after if error else None,
            provider_wide=error is not None and error.provider_wide,
            dropped=running.dropped,
        )


def _account(running: Running, ending: Ending | None, error: ProviderError | None) -> tuple[Usage, int, CostSource]:
    """Tokens and cost: the provider's figures, else our estimate; nothing where it cannot have worked for us."""
    provider_cost = ending.cost_nano_usd if ending else None
    usage = ending.usage if ending else None
    if usage is None:
        if not running.called or (error and (not error.sent or error.status >= 400)):
            return Usage(), 0, CostSource.NONE
        output = sum(map(_tokens, running.parts()))
        usage = Usage(running.call.shaped.estimate.input_tokens, output, estimated=True)
    cost, source = price_attempt(running.call.model.price, usage, provider_cost)
    return usage, cost, source


def _tokens(part: Part) -> int:
    if isinstance(part, ToolCall):
        return estimate_tokens(part.name) + estimate_tokens(part.arguments_json)
    return estimate_tokens(part.text) if isinstance(part, (Text, Reasoning)) else 0


def _content(parts: Sequence[Part]) -> bool:
    """Is there anything but reasoning and empty texts?"""
    return any(not isinstance(part, Reasoning) and part != _NOTHING for part in parts)


def _request_id(ending: Ending | None, error: ProviderError | None) -> str:
    if error and error.upstream_request_id:
        return error.upstream_request_id
    return ending.upstream_request_id if ending else ""
