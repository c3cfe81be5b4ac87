"""Calling policies: in order, attributed, timed from outside, and survived when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from typing import Any

from pointsman.chain.entry import OnError
from pointsman.chain.loading import Hook
from pointsman.errors import PluginFailed
from pointsman.model.decision import NoOpinion, Verdict, VerdictOutcome

SILENT = object()
"""What `Consultation.ask` returns for a policy that gave nothing to work with; its verdict is noted already."""

# Compliance mode is about who decides. A veto can only narrow, and leaving one out would let something pass.
_DECIDING = frozenset({"assess_request", "shape_request", "choose_targets", "plan_attempts"})
_FAIL_CLOSED = frozenset({"exclude_targets", "admit_attempt"})


class Watch:
    """Told before and after each policy call. This one looks away; a decision is the same whoever watches."""

    def enter(self, entry: str) -> None: ...

    def leave(self, entry: str) -> None: ...


UNWATCHED = Watch()


class Consultation:
    """One pass over the chain: asks policies and collects their verdicts in order.

    Entries that are `unheard` may veto and nothing else: compliance mode, for policies that are not deterministic.
    """

    def __init__(self, quarantined: frozenset[str], watch: Watch, unheard: frozenset[str] = frozenset()) -> None:
        self.verdicts: list[Verdict] = []
        self._quarantined = quarantined
        self._enter, self._leave = watch.enter, watch.leave
        self._unheard = unheard
        self._set_aside = quarantined | unheard

    def ask(self, hook: Hook, *arguments: Any) -> Any:
        """The policy's answer, or SILENT; PluginFailed where its failure must stop the request."""
        if hook.entry.id in self._set_aside and self._is_passed_over(hook):
            return SILENT
        # As in `ask_each`, and not shared with it: every policy is asked here, and a call more each time shows.
        self._enter(hook.entry.id)
        try:
            answer = hook.call(*arguments)
        except BaseException as error:  # noqa: BLE001
            return self._contain(hook, error)
        finally:
            self._leave(hook.entry.id)
        # By its very type: isinstance would run code of an answer that pretends to be something else.
        if type(answer) is not NoOpinion:
            return answer
        reason: object = answer.reason
        if not isinstance(reason, str):
            return self.fail(hook, f"gave a {type(reason).__name__} where a text belongs")
        self.note(hook, VerdictOutcome.NO_OPINION, reason)
        return SILENT

    def ask_each(self, hook: Hook, subjects: Iterable[str], *arguments: Any) -> Any:
        """Its answers by subject (the hook's last argument), those that are None left out; or SILENT as a whole.

        Of a hook that does not look at the subject: the one answer for all of them, by "".
        """
        if hook.entry.id in self._set_aside and self._is_passed_over(hook):
            return SILENT
        call, asked = hook.call, subjects if hook.takes_last else ("",)
        self._enter(hook.entry.id)
        try:
            return {subject: answer for subject in asked if (answer := call(*arguments, subject)) is not None}
        except BaseException as error:  # noqa: BLE001
            return self._contain(hook, error)
        finally:
            self._leave(hook.entry.id)

    def _is_passed_over(self, hook: Hook) -> bool:
        """Whether a policy that was set aside is not to be asked this; its verdict is noted."""
        if hook.entry.id in self._unheard and hook.name in _DECIDING:
            self.note(hook, VerdictOutcome.NO_OPINION, "not asked: compliance mode, and it is not deterministic")
            return True
        if hook.entry.id in self._quarantined:
            self.fail(hook, "quarantined: it overran and was taken out for a while")
            return True
        return False

    def _contain(self, hook: Hook, error: BaseException) -> object:
        # Plugin code may raise anything, a CancelledError of its own included; this is where it is contained.
        if isinstance(error, KeyboardInterrupt):
            raise error
        return self.fail(hook, f"raised {type(error).__name__}")

    def fail(self, hook: Hook, why: str) -> object:
        """Record that a policy failed (`why` holds no text of its own) and skip it, or stop the request."""
        self.note(hook, VerdictOutcome.ERROR, why)
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
        async with asyncio.timeout(hook.entry.timeout):
            return await _Watched(hook.call(*arguments), hook.entry.id, watch)
    except TimeoutError:
        raise PluginFailed(hook.entry.id, hook.name, f"took longer than {hook.entry.timeout:g} s") from None
    # Plugin code may raise anything. A cancellation of ours goes on; one that the plugin leaked must not, because
    # nobody would ever send the caller a status.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or (isinstance(error, asyncio.CancelledError) and _cancelled()):
            raise
        raise PluginFailed(hook.entry.id, hook.name, f"raised {type(error).__name__}") from error


class _Watched:
    """A coroutine of which a watch sees every step: one that blocks where it should await blocks everybody."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], entry: str, watch: Watch) -> None:
        self._coroutine, self._entry, self._watch = coroutine, entry, watch

    def __await__(self) -> Generator[Any, Any, Any]:
        step, value = self._coroutine.send, None
        while True:
            self._watch.enter(self._entry)
            try:
                awaited = step(value)
            except StopIteration as done:
                return done.value
            finally:
                self._watch.leave(self._entry)
            try:
                step, value = self._coroutine.send, (yield awaited)
            # Whatever is thrown in here, a cancellation above all, is the coroutine's to handle.
            except BaseException as error:  # noqa: BLE001
                step, value = self._coroutine.throw, error


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
