"""Calling policies: in order, attributed, timed from outside, and survived when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any, Protocol, TypeVar

from pointsman.chain.entry import OnError
from pointsman.chain.loading import Hook
from pointsman.chain.texts import text_fault
from pointsman.errors import NotReplayable, PluginFailed
from pointsman.model.decision import NoOpinion, Verdict, VerdictOutcome
from pointsman.model.opinion import Opinion

T = TypeVar("T")

SILENT = object()
"""What `Consultation.ask` returns for a policy that gave nothing to work with; its verdict is noted already."""

# Compliance mode is about who decides. A veto can only narrow, and leaving one out would let something pass.
_DECIDING = frozenset({"assess_request", "shape_request", "choose_targets", "plan_attempts"})
_FAIL_CLOSED = frozenset({"exclude_targets", "admit_attempt"})


class Watch:
    """Told before and after each policy call. This one looks away; a decision is the same whoever watches.

    What entries answer that read the prompt's text, it is told as well: an answer as it is, or an Opinion of a failure.
    Of one hook the last answer counts.
    """

    def enter(self, entry: str) -> None: ...

    def leave(self, entry: str) -> None: ...

    def heard(self, hook: Hook, answer: object) -> None: ...


UNWATCHED = Watch()


class Memory(Protocol):
    """Recorded answers of entries that read the prompt's text."""

    def recall(self, hook: Hook, arguments: tuple[Any, ...]) -> Opinion | None:
        """What it answered to this question; None where that is not known. Arguments are those of the spec."""


class Consultation:
    """One pass over the chain: asks policies and collects their verdicts in order.

    Entries that are `unheard` may veto and nothing else: compliance mode, for policies that are not deterministic.
    Where the prompt's text is gone, entries that read it are not asked: `memory` has their answers.
    """

    def __init__(
        self,
        quarantined: frozenset[str],
        watch: Watch,
        unheard: frozenset[str] = frozenset(),
        memory: Memory | None = None,
    ) -> None:
        self.verdicts: list[Verdict] = []
        self._quarantined = quarantined
        self._enter, self._leave = watch.enter, watch.leave
        self._unheard = unheard
        self._memory = memory
        self._heard = watch.heard
        self._set_aside = quarantined | unheard

    def ask(self, hook: Hook, *arguments: Any) -> Any:
        """The policy's answer, or SILENT.

        PluginFailed where its failure must stop the request, NotReplayable where it cannot be asked any more.
        """
        if hook.id in self._set_aside and self._is_passed_over(hook):
            return SILENT
        if hook.reads_text and self._memory is not None:
            answer = self._recall(hook, self._memory.recall(hook, arguments))
        else:
            # As in `ask_each`, and not shared with it: every policy is asked here, and a call more each time shows.
            self._enter(hook.id)
            try:
                answer = hook.call(*arguments)
            except BaseException as error:  # noqa: BLE001
                return self._contain(hook, error)
            finally:
                self._leave(hook.id)
            if hook.reads_text:
                self._heard(hook, answer)
        # By its very type: isinstance would run code of an answer that pretends to be something else.
        if type(answer) is not NoOpinion:
            return answer
        if fault := text_fault(answer.reason):
            return self.fail(hook, fault)
        self.note(hook, VerdictOutcome.NO_OPINION, answer.reason)
        return SILENT

    def ask_each(self, hook: Hook, subjects: Iterable[str], *arguments: Any) -> Any:
        """Its answers by subject (the hook's last argument), those that are None left out; or SILENT as a whole.

        Of a hook that does not look at the subject: the one answer for all of them, by "".
        """
        if hook.id in self._set_aside and self._is_passed_over(hook):
            return SILENT
        if hook.reads_text and self._memory is not None:
            return self._recall(hook, self._memory.recall(hook, arguments))
        call, asked = hook.call, subjects if hook.takes_last else ("",)
        self._enter(hook.id)
        try:
            answers = {subject: answer for subject in asked if (answer := call(*arguments, subject)) is not None}
        except BaseException as error:  # noqa: BLE001
            return self._contain(hook, error)
        finally:
            self._leave(hook.id)
        if hook.reads_text:
            self._heard(hook, answers)
        return answers

    def _is_passed_over(self, hook: Hook) -> bool:
        """Whether a policy that was set aside is not to be asked this; its verdict is noted."""
        if hook.id in self._unheard and hook.name in _DECIDING:
            self.note(hook, VerdictOutcome.NO_OPINION, "not asked: compliance mode, and it is not deterministic")
            return True
        if hook.id in self._quarantined:
            self._fail(hook, "quarantined: it overran and was taken out for a while")
            return True
        return False

    def _contain(self, hook: Hook, error: BaseException) -> object:
        # Plugin code may raise anything, a CancelledError of its own included; this is where it is contained.
        if isinstance(error, KeyboardInterrupt):
            raise error
        return self.fail(hook, f"raised {type(error).__name__}")

    def _recall(self, hook: Hook, opinion: Opinion | None) -> Any:
        if opinion is None:
            raise NotReplayable(
                f"policy {hook.entry.id!r} reads the prompt, whose text was not kept, and what it would answer to "
                f"{hook.name} here is not known"
            )
        return opinion.answer() if opinion.failed is None else self._fail(hook, opinion.failed)

    def fail(self, hook: Hook, why: str) -> object:
        """Record that a policy failed (`why` holds no text of its own) and skip it, or stop the request."""
        if self._memory is not None and hook.entry.plugin.reads_text:
            # A recorded failure is recalled as one: this is a good answer, only to another configuration's question.
            raise NotReplayable(
                f"policy {hook.entry.id!r} reads the prompt, whose text was not kept, and what it answered to "
                f"{hook.name} does not fit this configuration"
            )
        return self._fail(hook, why)

    def _fail(self, hook: Hook, why: str) -> object:
        self.note(hook, VerdictOutcome.ERROR, why)
        if hook.entry.plugin.reads_text:
            self._heard(hook, Opinion(entry=hook.entry.id, hook=hook.name, failed=why))
        if must_fail(hook):
            raise PluginFailed(hook.entry.id, hook.name, why)
        return SILENT

    def note_silence(self, hook: Hook) -> None:
        """Add the verdict of a policy that had no opinion, and gave no reason."""
        self.verdicts.append(hook.silence)

    def note(self, hook: Hook, outcome: VerdictOutcome, reason: str, before: int = 0, after: int = 0) -> None:
        """Add a verdict."""
        entry = hook.entry
        self.verdicts.append(
            Verdict(entry.id, entry.plugin.kind, hook.name, outcome, reason, before, after, entry.shadow)
        )


def must_fail(hook: Hook) -> bool:
    """Vetoes and admission fail closed, preferences and signals fall through, unless the entry says otherwise."""
    if hook.entry.on_error is not None:
        return hook.entry.on_error is OnError.FAIL
    return hook.name in _FAIL_CLOSED


async def call_async(hook: Hook, watch: Watch, *arguments: Any) -> Any:
    """Await one asynchronous hook under its entry's timeout; PluginFailed for whatever goes wrong in it."""
    try:
        return await _within(hook.entry.timeout, _Watched(hook.call(*arguments), hook.entry.id, watch))
    except TimeoutError:
        raise PluginFailed(hook.entry.id, hook.name, f"took longer than {hook.entry.timeout:g} s") from None
    # Plugin code may raise anything. A cancellation of ours goes on; one that the plugin leaked must not, because
    # nobody would ever send the caller a status.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or (isinstance(error, asyncio.CancelledError) and being_cancelled()):
            raise
        raise PluginFailed(hook.entry.id, hook.name, f"raised {type(error).__name__}") from error


async def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """Its result; TimeoutError where it takes longer. A timer is set only if it has to wait for something at all."""
    result: T = await _within(seconds, _Watched(coroutine, "", UNWATCHED))
    return result


async def _within(seconds: float, work: _Watched) -> Any:
    # Most have nothing to wait for, and a timer costs more than they do.
    if work.begin():
        return work.result
    async with asyncio.timeout(seconds):
        return await work


class _Watched:
    """A coroutine of which a watch sees every step: one that blocks where it should await blocks everybody."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], entry: str, watch: Watch) -> None:
        self._coroutine, self._entry, self._watch = coroutine, entry, watch
        self._awaited: Any = None
        self.result: Any = None

    def begin(self) -> bool:
        """Take the first step, in the task that will await the rest; whether it was the last."""
        return self._took_last_step(self._coroutine.send, None)

    def __await__(self) -> Generator[Any, Any, Any]:
        while True:
            try:
                step, value = self._coroutine.send, (yield self._awaited)
            # Whatever is thrown in here, a cancellation above all, is the coroutine's to handle.
            except BaseException as error:  # noqa: BLE001
                step, value = self._coroutine.throw, error
            if self._took_last_step(step, value):
                return self.result

    def _took_last_step(self, step: Callable[[Any], Any], value: Any) -> bool:
        self._watch.enter(self._entry)
        try:
            self._awaited = step(value)
        except StopIteration as done:
            self.result = done.value
            return True
        finally:
            self._watch.leave(self._entry)
        return False


def being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
