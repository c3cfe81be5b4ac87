"""Run: perform the plan, stage by stage, until one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from pointsman.engine.admission import Admission
from pointsman.engine.attempt import LEAST
from pointsman.engine.decide import decide
from pointsman.engine.effort import Effort, Efforts
from pointsman.engine.exchange import Served, Sink
from pointsman.engine.failure import exhausted, gated, interrupted, priced_out, refused
from pointsman.engine.judging import Judging
from pointsman.engine.prospects import Prospects
from pointsman.engine.race import Race
from pointsman.engine.retries import RetryBudget, backoff
from pointsman.engine.stream import Held
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.decision import Decision
from pointsman.model.gate import Rejected
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage


class Run:
    """The performance of one exchange's plan; `budget` bounds what is tried again or beside."""

    def __init__(self, efforts: Efforts, judging: Judging, budget: RetryBudget) -> None:
        self._efforts, self._judging, self._budget = efforts, judging, budget
        self._exchange, self._terms, self._clock = efforts.exchange, efforts.terms, efforts.clock
        self._prospects = Prospects(self._exchange)
        self._failures: list[ProviderError] = []
        self._tried: set[str] = set()
        # What failed and may succeed in a moment, by target; and how often we came back to one.
        self._again: dict[str, ProviderError] = {}
        self._retries = 0
        # The last answer that a gate turned down, and what the gate said.
        self._turned_down: tuple[Effort, str] | None = None
        self._spoilt = False

    async def perform(self, sink: Sink | None) -> Served:
        """The answer of the first stage that gives one; RequestError when none does."""
        stages = self._stages()
        while stages or (stages := await self._come_back()):
            stage = self._worth(stages.pop(0))
            if stage is None:
                continue
            self._check_time()
            admission = await self._efforts.admit(stage.attempts[0])
            if admission.denial:
                if (served := await self._denied(admission, sink)) is not None:
                    return served
                stages = self._decide_again(admission)
                continue
            self._tried.add(stage.attempts[0].target)
            # The policies took their time, too.
            self._check_time(admission)
            served = await self._stage(stage, admission, sink, alternative=bool(stages))
            if served:
                return served
        return await self._given_up(sink)

    async def _stage(
        self, stage: Stage, admission: Admission, sink: Sink | None, *, alternative: bool
    ) -> Served | None:
        """One stage: its answer, or None where the next may have a go."""
        if sink and self._spoilt:
            # Take back what broke off, only now that another one really starts.
            self._spoilt = False
            await sink.reset(self._exchange.begun + 1, stage.attempts[0])
        if len(stage.attempts) > 1 or stage.samples > 1:
            return await self._race(stage, admission, sink)
        held = sink and stage.gates and not self._terms.restart
        receiver = None if sink is None else Held() if held else self._efforts.relay(sink)
        effort = self._efforts.open(admission, receiver, alternative=alternative)
        if not await self._efforts.make(effort, sink):
            self._learn(stage, effort)
            self._stop_if_final(effort)
            return None
        if stage.gates:
            return await self._judge(stage, [effort], sink)
        return self._efforts.serve(effort)

    async def _race(self, stage: Stage, admission: Admission, sink: Sink | None) -> Served | None:
        race = Race(self._efforts, stage, admission, sink, self._afford)
        try:
            answered = await race.run()
        except BaseException:
            race.abandon(lambda effort: self._efforts.close(effort, AttemptOutcome.CANCELLED))
            raise
        made = [lane.effort for lane in race.lanes if lane.effort]
        self._tried.update([effort.planned.target for effort in made])
        for effort in made:
            self._learn(stage, effort)
        if not answered:
            for effort in made:
                self._stop_if_final(effort)
            return None
        return await self._judge(stage, answered, sink) if stage.gates else self._efforts.serve(answered[0])

    def _afford(self) -> bool:
        return self._budget.take(self._clock.monotonic(), self._exchange.rules.retries)

    async def _judge(self, stage: Stage, answered: Sequence[Effort], sink: Sink | None) -> Served | None:
        """Ask the gates: the answer they take, or None where they turn all down."""
        efforts = self._efforts
        open_still = list(answered)
        try:
            verdict = await self._judging.judge(stage, [efforts.answer(effort) for effort in answered])
            if isinstance(verdict, Rejected):
                await self._turn_down(open_still, verdict.reason, sink)
                return None
            chosen = answered[verdict.which or 0]
            await self._release(chosen, sink)
            while open_still:
                effort = open_still.pop()
                if effort is not chosen:
                    efforts.close(effort, AttemptOutcome.LOST, verdict.reason)
            return efforts.serve(chosen, verdict.reason)
        except BaseException:
            for effort in open_still:
                efforts.close(effort, AttemptOutcome.CANCELLED)
            raise

    async def _turn_down(self, open_still: list[Effort], reason: str, sink: Sink | None) -> None:
        while open_still:
            effort = open_still.pop()
            attempt = self._efforts.close(effort, AttemptOutcome.GATED, reason)
            self._turned_down = effort, reason
            self._spoilt = self._spoilt or effort.committed
            if sink:
                await sink.gated(attempt)

    async def _release(self, effort: Effort, sink: Sink | None) -> None:
        """Show the caller an answer that was held."""
        held = effort.running.receiver
        if sink is None or held is None or effort.committed:
            return
        relay = self._efforts.relay(sink)
        patience = self._exchange.rules.timers.between_chunks
        try:
            async with asyncio.timeout(patience):
                await relay.send(held.deltas)
        except TimeoutError:
            raise RequestError(Reason.SLOW_CONSUMER, f"the caller took nothing for {patience:g} s") from None

    def _learn(self, stage: Stage, effort: Effort) -> None:
        """What a failure says of the others, and of coming back."""
        error, target = effort.error, effort.planned.target
        if error is None:
            return
        self._failures.append(error)
        self._prospects.learn(target, error)
        # Ungated, what a gate was meant to judge would be given unjudged.
        if error.again and not stage.gates:
            self._again[target] = error

    def _stop_if_final(self, effort: Effort) -> None:
        """Raise what the caller must be told, where the next stage may not have a go."""
        error, row = effort.error, effort.row
        if error is None or row is None:
            return
        final = not (error.retryable or (error.elsewhere and self._exchange.rules.blocked_elsewhere))
        if effort.committed:
            if final or not self._terms.restart:
                raise interrupted(error, row)
            self._spoilt = True
        elif final:
            raise exhausted(self._failures, self._exchange)

    async def _come_back(self) -> list[Stage]:
        """Every stage failed: a target that may do better in a moment, once that moment is over, or nothing."""
        retries = self._exchange.rules.retries
        if self._decision().panicked:
            # What is down was tried for want of anything else: more than once would only multiply the load on it.
            return []
        while self._again and self._retries < retries.again:
            target = min(self._again, key=lambda name: self._again[name].retry_after or 0.0)
            wait = backoff(self._retries + 1, self._again.pop(target).retry_after)
            left = self._terms.deadline - self._clock.monotonic()
            planned = PlannedAttempt(target, AttemptKind.RETRY)
            worth = self._prospects.of(Stage((planned,)))
            if wait is None or wait + LEAST > left or worth is None or not self._afford():
                continue
            self._retries += 1
            await asyncio.sleep(wait)
            return [worth]
        return []

    async def _denied(self, admission: Admission, sink: Sink | None) -> Served | None:
        """A denied escalation is no reason to have nothing, where the plan says so."""
        if admission.planned.kind is not AttemptKind.ESCALATION or not self._best_effort():
            return None
        self._efforts.drop(admission)
        return await self._given_up(sink)

    async def _given_up(self, sink: Sink | None) -> Served:
        """Nothing is left to try: the answer that was turned down, where the plan says so, or what to tell."""
        if self._best_effort():
            assert self._turned_down is not None
            effort, _ = self._turned_down
            if sink and self._spoilt:
                await sink.reset(effort.running.number, effort.planned)
            if effort.running.receiver:
                # Shown or not, it is to be shown now: what was shown of it has just been taken back.
                effort.running.receiver.committed = False
            await self._release(effort, sink)
            return self._efforts.serve_after_all(effort)
        if self._turned_down and not self._failures:
            raise gated(self._turned_down[1], output_started=self._exchange.output_started)
        if self._prospects.priced_out and not self._exchange.output_started:
            raise priced_out()
        raise exhausted(self._failures, self._exchange)

    def _best_effort(self) -> bool:
        """Is there an answer to fall back to, and nothing of another on the caller's screen that must stay there?"""
        shown = self._exchange.output_started and not self._terms.restart
        return self._turned_down is not None and self._plan().best_effort and not shown

    def _decision(self) -> Decision:
        decision = self._exchange.decision
        assert isinstance(decision, Decision)
        return decision

    def _plan(self) -> Plan:
        return self._decision().plan

    def _worth(self, stage: Stage) -> Stage | None:
        """The stage without what was tried already, or would be in vain."""
        tried = self._tried
        left = tuple([a for a in stage.attempts if a.target not in tried or a.kind is AttemptKind.RETRY])
        return self._prospects.of(stage if len(left) == len(stage.attempts) else replace(stage, attempts=left))

    def _stages(self) -> list[Stage]:
        return [stage for stage in self._plan().stages if stage.attempts[0].target not in self._tried]

    def _check_time(self, admission: Admission | None = None) -> None:
        left = self._terms.deadline - self._clock.monotonic()
        if left >= LEAST:
            return
        if admission:
            self._efforts.drop(admission)
        if self._failures:
            raise exhausted(self._failures, self._exchange)
        raise RequestError(
            Reason.DEADLINE_TOO_SHORT,
            f"{left * 1000:.0f} ms are left, an attempt needs at least {LEAST * 1000:.0f} ms",
            metadata={"needed_ms": f"{LEAST * 1000:.0f}"},
        )

    def _decide_again(self, admission: Admission) -> list[Stage]:
        """Without the denied target. Bounded: every round takes one target away."""
        self._efforts.drop(admission)
        exchange = self._exchange
        assert admission.denial is not None
        denials = (*exchange.snapshot.denials, admission.denial)
        exchange.snapshot = replace(exchange.snapshot, denials=denials)
        if admission.shortage:
            # Others took the room: what no longer fits either need not be tried one by one.
            exchange.snapshot = admission.shortage.told(exchange.snapshot)
        # With the snapshot that it follows from, whatever it is: it must be possible to make it again.
        decision = exchange.decision = decide(exchange.request, exchange.snapshot, exchange.rules, exchange.watch)
        if not isinstance(decision, Decision):
            raise refused(decision)
        assert exchange.routed is not None
        exchange.routed = replace(exchange.routed, decision=decision)
        return self._stages()
