"""What every gate must keep, as tests that a plugin author inherits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, ClassVar

from pointsman.chain.discovery import installed, load_gate
from pointsman.chain.gates import GateEntry, LoadedGate, build_gates, fault
from pointsman.chain.loading import Hook
from pointsman.chain.plugin import GATES, GatePlugin
from pointsman.errors import PluginRefused
from pointsman.gatespec import Gate
from pointsman.model.decision import Assessed
from pointsman.model.gate import Accepted, GatedAnswer, Rejected
from pointsman.model.request import Mode, Request
from pointsman.services import Services
from pointsman.testing.builders import make_catalogue, make_entry
from pointsman.testing.handed import FakeAsk
from pointsman.testing.interruption import cut_off, finished, held_services, services
from pointsman.testing.options import Options, names_of
from pointsman.testing.samples import ANSWERS, GATED_REQUESTS, MARK
from pointsman.testing.trial import encoded

_ASSESSED = Assessed("simple", Mode.BALANCED, 1.0, "test")
_ROUNDS = 20

Verdict = Accepted | Rejected


class GateContract:
    """Eleven checks of one gate. Inherit them, under a name that pytest collects:

        class TestPolite(GateContract):
            plugin = polite.plugin
            use = "polite"

    or call them anywhere: `GateContract.check(polite.plugin, options={"words": 9})`.

    `plugin` is what `pointsman.register_gate` returned. `options` are its `with:`, as YAML gives them; None: none.
    `use` is the name of its entry point; "": it is not looked for among what is installed. `requests` and `answers`
    (each a list of answers, as one stage gives them) are what it is tried with, all of them with each other.
    `replies` are what models reply that it asks through `services.ask`, in turn, the last of them again and again.
    `deterministic` says that the same answers get the same verdict; False: it asks somebody. `mistakes` are options
    that must be refused, by the path of the one that is wrong. `example` is a page, Markdown or YAML, whose examples of
    this gate must be valid.
    """

    plugin: ClassVar[GatePlugin]
    # As YAML gives them, hence any values.
    options: ClassVar[Mapping[str, Any] | None] = None
    use: ClassVar[str] = ""
    requests: ClassVar[Sequence[Request]] = GATED_REQUESTS
    answers: ClassVar[Sequence[Sequence[GatedAnswer]]] = ANSWERS
    replies: ClassVar[Sequence[str]] = ("",)
    deterministic: ClassVar[bool] = True
    mistakes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    example: ClassVar[Path | None] = None

    @classmethod
    def check(cls, plugin: GatePlugin, **attributes: Any) -> None:
        """All checks at once, without pytest; AssertionError for the first that fails. Attributes as of the class."""
        checks = type(f"Check{cls.__name__}", (cls,), {"plugin": plugin, **attributes})()
        for name in dir(checks):
            if name.startswith("test_"):
                getattr(checks, name)()

    def test_it_is_found_by_its_name(self) -> None:
        """Its entry point leads to this plugin, and its module declares the API it was written for."""
        assert isinstance(self.plugin, GatePlugin), "set `plugin` to what pointsman.register_gate() returned"
        if not self.use:
            return
        candidates = installed(GATES).get(self.use)
        assert candidates, f"no gate {self.use!r} is installed; run `python -m pip install -e .` first"
        assert load_gate(candidates) is self.plugin, f"the entry point {self.use!r} leads to another plugin"

    def test_it_can_be_made(self) -> None:
        """The loader accepts it: its factory returns an object with a coroutine `judge`."""
        self._gate()

    def test_its_options_fail_by_path(self) -> None:
        """Wrong options are pydantic's errors, which name the option; never another exception, never ignored."""
        self._options().assert_they_fail_by_path(self.options or {}, self.mistakes)

    def test_its_example_is_valid(self) -> None:
        """Every example of the page that uses it passes the check of its own options."""
        if self.example is not None:
            self._options().assert_examples_are_valid(self.example, "gates", self.use)

    def test_its_verdicts_are_valid(self) -> None:
        """It raises nothing, and answers Accepted or Rejected, with answers that are there."""
        asyncio.run(self._valid())

    def test_a_rejection_has_a_reason(self) -> None:
        """In one line; an acceptance may go without."""
        for verdict in asyncio.run(self._verdicts()):
            assert verdict.reason.strip() or isinstance(verdict, Accepted), "it rejects without a reason"
            assert "\n" not in verdict.reason, f"it gave a reason of several lines: {verdict.reason!r}"

    def test_its_reasons_quote_nothing(self) -> None:
        """Reasons are logged and recorded where answers must not be: the mark in all sample answers is in none."""
        for verdict in asyncio.run(self._verdicts()):
            assert MARK not in verdict.reason.lower(), f"its reason quotes the answer: {verdict.reason!r}"

    def test_the_same_answers_get_the_same_verdict(self) -> None:
        """Asked twice, asked in another order, and asked another instance."""
        if self.deterministic:
            asyncio.run(self._same())

    def test_it_changes_nothing_it_is_given(self) -> None:
        """Request and answers are as before."""
        asyncio.run(self._unchanged())

    def test_cancelled_it_leaves_nothing_behind(self) -> None:
        """It can be cut off anywhere: no task is left, no cancellation swallowed or made up."""
        asyncio.run(self._interrupt())

    def test_time_per_verdict(self) -> None:
        """Reported, never judged: `pytest -rP` shows what a verdict took."""
        taken = asyncio.run(self._timed())
        slowest = max(taken) * 1e6
        print(f"{self._id}: {median(taken) * 1e6:.1f} µs a verdict, slowest {slowest:.1f} µs of {len(taken)}")

    def _services(self) -> Services:
        return services(self._id, FakeAsk(*self.replies))

    @property
    def _id(self) -> str:
        return self.use or "gate"

    def _options(self) -> Options:
        return Options(self.plugin.config, names_of(make_catalogue()))

    def _gate(self) -> Gate:
        entry = GateEntry(self._id, self._id, self.plugin, self._options().made(self.options))
        try:
            loaded: LoadedGate = build_gates([entry], make_catalogue())[self._id]
        except PluginRefused as refused:
            raise AssertionError(str(refused)) from refused
        return loaded.gate

    def _cases(self) -> Iterator[tuple[Request, Sequence[GatedAnswer]]]:
        return ((request, answers) for request in self.requests for answers in self.answers)

    @asynccontextmanager
    async def _entered(self) -> AsyncIterator[Gate]:
        """A gate as the server has it: one with a lifecycle is entered, and left."""
        gate = self._gate()
        async with AsyncExitStack() as stack:
            if isinstance(gate, AbstractAsyncContextManager):
                await stack.enter_async_context(gate)
            yield gate

    async def _verdicts(self) -> list[Verdict]:
        async with self._entered() as gate:
            return [await self._judged(gate, *case) for case in self._cases()]

    async def _judged(self, gate: Gate, request: Request, answers: Sequence[GatedAnswer]) -> Verdict:
        try:
            verdict = await gate.judge(request, _ASSESSED, answers, self._services())
        # Whatever it is, an operator would only learn its name.
        except Exception as error:
            raise AssertionError(f"judge raised {error!r}") from error
        if wrong := fault(verdict, len(answers)):
            raise AssertionError(f"judge {wrong}: {verdict!r}")
        return verdict

    async def _valid(self) -> None:
        await self._verdicts()

    async def _same(self) -> None:
        async with self._entered() as first, self._entered() as second:
            verdicts = [(case, await self._judged(first, *case)) for case in self._cases()]
            for gate, whose in ((first, "asked again"), (second, "of another instance")):
                for case, verdict in reversed(verdicts):
                    other = await self._judged(gate, *case)
                    assert other == verdict, f"the verdict differs, {whose}: {verdict} and {other}"

    async def _unchanged(self) -> None:
        async with self._entered() as gate:
            for request, answers in self._cases():
                given = list(answers)
                before = encoded(request), encoded(given)
                await self._judged(gate, request, given)
                assert encoded(request) == before[0], "it changed the request"
                assert encoded(given) == before[1], "it changed the answers"

    async def _interrupt(self) -> None:
        async with self._entered() as gate:
            hook = Hook(make_entry(gate, self._id), "judge", gate.judge)
            for request, answers in self._cases():
                await finished(hook, request, _ASSESSED, answers, self._services())
                await cut_off(hook, request, _ASSESSED, answers, held_services(self._id, store=False))

    async def _timed(self) -> list[float]:
        taken = []
        async with self._entered() as gate:
            for _ in range(_ROUNDS):
                for request, answers in self._cases():
                    given = self._services()
                    began = perf_counter()
                    await gate.judge(request, _ASSESSED, answers, given)
                    taken.append(perf_counter() - began)
        return taken
