"""One attempt: a provider call under its timers, and the row that remains of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from pointsman.engine.exchange import Exchange, Served, Terms
from pointsman.engine.stream import Held, Relay, assemble, has_content, without_reasoning
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.answer import Answer, Delta, Ending, FinishReason, ToolCallDelta, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource
from pointsman.model.catalogue import Model
from pointsman.model.decision import Decision, Shaped
from pointsman.model.plan import PlannedAttempt
from pointsman.model.pricing import cost_nano_usd, price_attempt
from pointsman.model.request import Part, Reasoning, Text, ToolCall
from pointsman.model.tokens import estimate_tokens
from pointsman.ports import AnswerFailed, AnswerStream, Clock, Limits, Provider, ProviderCall

LEAST = 0.25
"""Seconds: with less than this left no attempt is started."""

RESERVE = 10.0
"""Seconds of a unary call's deadline that are kept for another candidate."""

PATIENCE = 5.0
"""Seconds to a stream's first content: with less, silence says something of the deadline, nothing of the provider."""

_SLACK, _EXACT = 1.0, 0.01
# Of a token in ordinary prose. A cap of output tokens stops a model long before; this is for one that ignores it.
_CHARACTERS = 3.0


@dataclass(slots=True)
class Running:
    """An attempt under way. Times are monotonic seconds; `content_by` is when another candidate takes over.

    Its deltas go to `receiver`, None where the answer comes whole; `on_content` is awaited before the first of them.
    `allowance`: output tokens that the caller's cost limit leaves, None for no limit.
    """

    number: int
    planned: PlannedAttempt
    call: ProviderCall
    began: float
    began_at: float
    deadline: float
    content_by: float
    receiver: Held | None = None
    on_content: Callable[[], Awaitable[None]] | None = None
    allowance: float | None = None
    called: bool = False
    stopped: bool = False
    chunks: int = 0
    dropped: tuple[str, ...] = ()
    ttft: float | None = None
    ended: float | None = None
    stream: AnswerStream | None = None
    answer: Answer | None = None

    @property
    def ending(self) -> Ending | None:
        """How it ended, or what is known so far; None before the provider said anything."""
        if self.answer:
            return self.answer.ending
        if self.stream is None:
            return None
        return replace(self.stream.ending, reason=FinishReason.COST_LIMIT) if self.stopped else self.stream.ending

    def parts(self) -> tuple[Part, ...]:
        """What it has answered so far."""
        if self.answer:
            return self.answer.parts
        return assemble(self.receiver.deltas, reasoning=True) if self.receiver else ()


class Attempts:
    """Makes the attempts of one exchange."""

    def __init__(self, exchange: Exchange, terms: Terms, clock: Clock) -> None:
        self._exchange, self._terms, self._clock = exchange, terms, clock
        self._timers = exchange.rules.timers

    def open(self, planned: PlannedAttempt, receiver: Held | None, *, alternative: bool) -> Running:
        """Its call and timers: while there is an `alternative`, half of what is left is kept back for it.

        A streamed attempt has the other half to its first content, and `first_content` seconds at most. One that is not
        shows nothing before its end, so it has all but RESERVE where that is more: cut short, a long answer would be
        paid for twice.
        """
        now, streamed = self._clock.monotonic(), receiver is not None
        left = self._terms.deadline - now
        kept = left / 2 if streamed else min(left / 2, RESERVE)
        # Nothing is kept where another candidate could not even start with it.
        first = left - kept if alternative and kept >= LEAST else left
        if streamed:
            first = min(first, self._timers.first_content)
        connect, idle = min(self._timers.connect, left), self._timers.between_chunks + _SLACK
        limits = Limits(connect=connect, headers=left, idle=idle, total=left)
        model = self._exchange.rules.catalogue.models[planned.target]
        shaped = self._exchange.shaped(planned.target)
        exchange, number = self._exchange, self._exchange.next_number()
        logprobs = _logprobs_wanted(exchange, planned)
        return Running(
            number,
            planned,
            ProviderCall(model, exchange.request, shaped, limits, logprobs, exchange.id, number),
            now,
            self._clock.now(),
            self._terms.deadline,
            now + first,
            receiver,
            allowance=_allowance(self._exchange, model, shaped),
        )

    async def perform(self, running: Running, provider: Provider) -> None:
        """Call the provider, streaming where there is a receiver; ProviderError, RequestError or CancelledError."""
        running.called = True
        timer = asyncio.timeout_at(self._loop_time(running.content_by))
        try:
            async with timer:
                if running.receiver is None:
                    # Its time to first token stays unknown: an answer that comes whole does not show it.
                    running.answer = await provider.complete(running.call)
                else:
                    await self._stream(running, provider, running.receiver, timer)
        except TimeoutError:
            raise self._overdue(running) from None
        running.ended = self._clock.monotonic()
        ending = running.ending
        assert ending is not None
        if ending.reason is FinishReason.MAX_TOKENS and not _content(running.parts()):
            raise ProviderError(
                Reason.EMPTY_ANSWER, f"{running.call.model.provider} spent the whole output limit without an answer"
            )

    async def _stream(self, running: Running, provider: Provider, receiver: Held, timer: asyncio.Timeout) -> None:
        async with provider.stream(running.call) as stream:
            running.stream = stream
            while deltas := await stream.read():
                now = self._clock.monotonic()
                running.chunks += 1
                if running.ttft is None and any(map(has_content, deltas)):
                    running.ttft = now - running.began
                    if running.on_content:
                        await running.on_content()
                self._extend(running, timer, now)
                await receiver.send(deltas)
                if running.allowance is not None and _overspent(running, deltas):
                    # Leaving the stream closes it: nobody pays for what comes after.
                    running.stopped = True
                    return

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
        if running.receiver and running.receiver.writing:
            return RequestError(Reason.SLOW_CONSUMER, f"the caller took nothing for {self._timers.between_chunks:g} s")
        what = "content" if running.ttft is None else "further content"
        reason = Reason.DEADLINE_EXCEEDED if self._hurried(running) else Reason.ALL_PROVIDERS_DOWN
        return ProviderError(reason, f"{provider} sent no {what} in time")

    def _hurried(self, running: Running) -> bool:
        """Was it the caller's haste? A whole answer takes as long as it takes, so it has all of `first_content`."""
        usual = self._timers.first_content
        fair = min(PATIENCE, usual) if running.receiver else usual
        return running.ttft is None and running.content_by - running.began < fair - _EXACT

    def _loop_time(self, monotonic: float) -> float:
        return asyncio.get_running_loop().time() + (monotonic - self._clock.monotonic())

    def served(self, running: Running, attempt: Attempt) -> Served:
        """The answer to give: of an attempt that answered, and whose row is `attempt`."""
        ending = running.ending
        assert ending is not None
        answer = None
        if not isinstance(running.receiver, Relay) or self._terms.keep_answer:
            parts = running.parts()
            answer = Answer(parts if self._terms.include_reasoning else without_reasoning(parts), ending)
        return Served(attempt, ending, answer)

    def close(
        self, running: Running, outcome: AttemptOutcome, error: ProviderError | None = None, gate: str = ""
    ) -> Attempt:
        """The row of an attempt that ended; `gate` is what gates said of it."""
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
            duration=(self._clock.monotonic() if running.ended is None else running.ended) - running.began,
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
            gate=gate,
            chunks=running.chunks,
        )


def _logprobs_wanted(exchange: Exchange, planned: PlannedAttempt) -> bool:
    """Does a gate of its stage want them? A retry is judged by the gates of the stage it comes back from."""
    stages = exchange.decision.plan.stages if isinstance(exchange.decision, Decision) else ()
    gates = exchange.rules.gates
    return any(
        "logprobs" in gates[name].entry.plugin.wants
        for stage in stages
        if stage.gates and any(attempt.target == planned.target for attempt in stage.attempts)
        for name in stage.gates
    )


def _allowance(exchange: Exchange, model: Model, shaped: Shaped) -> float | None:
    """Output tokens that the caller's cost limit pays for, after what was spent and what the input is going to cost."""
    limit = exchange.request.hints.max_cost_nano_usd
    asked = shaped.estimate.input_tokens
    price = model.price.at(asked)
    if limit is None or not price.output:
        return None
    left = limit - sum(attempt.cost_nano_usd for attempt in exchange.attempts)
    return (left - cost_nano_usd(price, Usage(asked))) * 1e6 / price.output


def _overspent(running: Running, deltas: Sequence[Delta]) -> bool:
    """Take the deltas off the allowance; whether that was the last of it."""
    assert running.allowance is not None
    texts = [d.arguments_json if isinstance(d, ToolCallDelta) else d.text for d in deltas]
    running.allowance -= len("".join(texts)) / _CHARACTERS
    return running.allowance < 0


def _account(running: Running, ending: Ending | None, error: ProviderError | None) -> tuple[Usage, int, CostSource]:
    """Tokens and cost: the provider's figures, else our estimate; nothing where it cannot have worked for us."""
    provider_cost = ending.cost_nano_usd if ending else None
    # One that we stopped had not said yet what it used.
    usage = ending.usage if ending and not running.stopped else None
    if isinstance(error, AnswerFailed):
        usage = usage if error.usage is None else error.usage
        provider_cost = provider_cost if error.cost_nano_usd is None else error.cost_nano_usd
    if usage is None or not usage.credible:
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
    return any(not isinstance(part, Reasoning) and not (isinstance(part, Text) and not part.text) for part in parts)


def _request_id(ending: Ending | None, error: ProviderError | None) -> str:
    if error and error.upstream_request_id:
        return error.upstream_request_id
    return ending.upstream_request_id if ending else ""
