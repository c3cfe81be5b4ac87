"""What every policy must keep, as tests that a plugin author inherits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from pointsman.chain.calling import UNWATCHED, call_async
from pointsman.chain.discovery import installed, load_plugin
from pointsman.chain.entry import Entry
from pointsman.chain.loading import Chain, Hook
from pointsman.chain.plugin import PolicyPlugin
from pointsman.engine.decide import assess
from pointsman.engine.deliberation import deliberate
from pointsman.engine.rules import Rules
from pointsman.errors import PluginFailed, PluginRefused
from pointsman.ledger.redaction import redacted
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Assessed, Assessment, Choice, Exclusion
from pointsman.model.events import Decided
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.model.request import Hints, Params, Request
from pointsman.model.snapshot import Snapshot
from pointsman.services import Denial, Lease
from pointsman.testing.builders import make_catalogue, make_entry, make_rules
from pointsman.testing.fakes import PassingGate
from pointsman.testing.handed import FakeAsk
from pointsman.testing.interruption import cut_off, entered, finished, held_services, services
from pointsman.testing.options import Options, names_of
from pointsman.testing.samples import REQUESTS, SNAPSHOTS
from pointsman.testing.trial import Trial, attempt, encoded

_ROUNDS = 20


class PolicyContract:
    """Fourteen checks of one policy. Inherit them, under a name that pytest collects:

        class TestOfficeHours(PolicyContract):
            plugin = office_hours.plugin
            use = "office-hours"

    or call them anywhere: `PolicyContract.check(office_hours.plugin, options={"opens": 9})`.

    `plugin` is what `pointsman.register` returned. `options` are the `with:` of its entry, as YAML gives them; None:
    none. `use` is the name of its entry point; "": it is not looked for among what is installed. `requests` and
    `snapshots` are what it is tried with, all of them with each other: give snapshots with signals where it gathers
    some, under the id `entry`. `answers` are what models answer that it asks through `services.ask`; each is tried, and
    a refusal. `catalogue` is what it routes over, None: `make_catalogue()`. `beside` are policies that stand after it
    in the chain, `gates` the ids of gates that it may plan. `mistakes` are options that must be refused, by the path of
    the one that is wrong.
    `example` is a page, Markdown or YAML, whose examples of this policy must be valid.
    """

    plugin: ClassVar[PolicyPlugin]
    # As YAML gives them, hence any values.
    options: ClassVar[Mapping[str, Any] | None] = None
    use: ClassVar[str] = ""
    requests: ClassVar[Sequence[Request]] = REQUESTS
    snapshots: ClassVar[Sequence[Snapshot]] = SNAPSHOTS
    answers: ClassVar[Sequence[str]] = ("", "Hello")
    catalogue: ClassVar[Catalogue | None] = None
    beside: ClassVar[Sequence[PolicyPlugin]] = ()
    gates: ClassVar[Sequence[str]] = ()
    mistakes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    example: ClassVar[Path | None] = None

    @classmethod
    def check(cls, plugin: PolicyPlugin, **attributes: Any) -> None:
        """All checks at once, without pytest; AssertionError for the first that fails. Attributes as of the class."""
        checks = type(f"Check{cls.__name__}", (cls,), {"plugin": plugin, **attributes})()
        for name in dir(checks):
            if name.startswith("test_"):
                getattr(checks, name)()

    def test_it_is_found_by_its_name(self) -> None:
        """Its entry point leads to this plugin, and its module declares the API it was written for."""
        assert isinstance(self.plugin, PolicyPlugin), "set `plugin` to what pointsman.register() returned"
        if not self.use:
            return
        candidates = installed().get(self.use)
        assert candidates, f"no policy {self.use!r} is installed; run `python -m pip install -e .` first"
        assert load_plugin(candidates) is self.plugin, f"the entry point {self.use!r} leads to another plugin"

    def test_its_hooks_are_valid(self) -> None:
        """The loader accepts it: no misspelt, unmarked or reordered hook."""
        self._rules()

    def test_its_options_fail_by_path(self) -> None:
        """Wrong options are pydantic's errors, which name the option; never another exception, never ignored."""
        self._options().assert_they_fail_by_path(self.options or {}, self.mistakes)

    def test_its_example_is_valid(self) -> None:
        """Every example of the page that uses it passes the check of its own options."""
        if self.example is not None:
            self._options().assert_examples_are_valid(self.example, "chain", self.use)

    def test_the_same_input_gives_the_same_answer(self) -> None:
        """Byte for byte: asked twice, asked in another order, and asked another instance."""
        first, second = self._rules(), self._rules()
        answers = [(case, self._try(*case, first).fingerprint()) for case in self._cases()]
        for rules, whose in ((first, "asked again"), (second, "of another instance")):
            for case, answer in reversed(answers):
                other = self._try(*case, rules).fingerprint()
                assert other == answer, f"the answer differs, {whose}:\n{answer.decode()}\n{other.decode()}"

    def test_it_changes_nothing_it_is_given(self) -> None:
        """Request, snapshot and the rest are as before each call, and so is the catalogue."""
        catalogue = self.catalogue or make_catalogue()
        before = encoded(catalogue)
        rules = self._rules(catalogue)
        for trial in self._trials(rules):
            changed = [f"{call.hook} changed its {name}" for call in trial.calls for name in call.changed]
            assert not changed, "; ".join(changed)
        assert encoded(catalogue) == before, "it changed the catalogue"

    def test_its_pure_hooks_are_pure(self) -> None:
        """No clock, random numbers, files, sockets, environment or threads: all a decision knows is its arguments."""
        for trial in self._trials(self._rules()):
            seen = [f"{call.hook}: {effect}" for call in trial.calls for effect in call.effects]
            assert not seen, "\n".join(dict.fromkeys(seen))

    def test_it_reads_what_it_says(self) -> None:
        """Not the prompt, where it says `reads_text=False`; nothing else for an assessment, where `reads_only_text`."""
        rules = self._rules()
        for request, snapshot in self._cases():
            answers = self._try(request, snapshot, rules).answers()
            if not self.plugin.reads_text and not self.beside:
                blank = self._try(redacted(request), snapshot, rules).answers()
                assert blank == answers, f"with the texts blank it answers something else: {blank}, not {answers}"
            if self.plugin.reads_only_text:
                plain = replace(request, hints=Hints(), tenant="default", key="", params=Params())
                others = self._try(plain, self.snapshots[0], rules).answers("assess_request")
                said = [answer for answer in answers if answer[0] == "assess_request"]
                assert others == said, f"without hints it answers something else: {others}, not {said}"

    def test_its_answers_are_valid(self) -> None:
        """It raises nothing, and names only tasks and targets that are configured."""
        for trial in self._trials(self._rules()):
            failures = trial.failures(self._id)
            assert not failures, "; ".join(failures)

    def test_every_answer_has_a_reason(self) -> None:
        """Exclusions and choices say why in one line, and a task says where it comes from."""
        for trial in self._trials(self._rules()):
            for call in trial.calls:
                for reason in _reasons(call.answer):
                    assert reason.strip(), f"{call.hook} gave no reason: {call.answer}"
                    assert "\n" not in reason, f"{call.hook} gave a reason of several lines: {reason!r}"

    def test_cancelled_it_leaves_nothing_behind(self) -> None:
        """Gathering and admission can be cut off anywhere: no task is left, no cancellation swallowed or made up.

        What is gathered can be written down, and the policy's own hooks know what to make of it.
        """
        asyncio.run(self._interrupt())

    def test_what_it_admits_it_settles(self) -> None:
        """Admission answers a lease, a denial with its reason, or None; settling it never fails."""
        asyncio.run(self._admit_and_settle())

    def test_it_observes(self) -> None:
        """It looks at events without raising."""
        rules = self._rules()
        for hook in rules.chain.observe:
            for trial in self._trials(rules):
                try:
                    hook.call(Decided("decision-1", trial.outcome, 0.001))
                # Whatever it is, the log is all that would know of it.
                except Exception as error:
                    raise AssertionError(f"observe raised {error!r}") from error

    def test_time_per_hook(self) -> None:
        """Reported, never judged: `pytest -rP` shows what each call of a pure hook took."""
        rules = self._rules()
        seconds: defaultdict[str, list[float]] = defaultdict(list)
        for _ in range(_ROUNDS):
            for case in self._cases():
                for call in attempt(*case, rules, self._id, watched=False).calls:
                    seconds[call.hook].append(call.seconds)
        for hook, taken in seconds.items():
            slowest = max(taken) * 1e6
            print(f"{self._id}.{hook}: {median(taken) * 1e6:.1f} µs a call, slowest {slowest:.1f} µs of {len(taken)}")

    @property
    def _id(self) -> str:
        return self.use or "policy"

    def _options(self) -> Options:
        return Options(self.plugin.config, names_of(self.catalogue or make_catalogue(), self.gates))

    def _entry(self) -> Entry:
        return make_entry(self.plugin, self._id, self._options().made(self.options))

    def _rules(self, catalogue: Catalogue | None = None) -> Rules:
        try:
            gates = dict.fromkeys(self.gates, PassingGate())
            return make_rules(self._entry(), *self.beside, catalogue=catalogue or self.catalogue, gates=gates)
        except PluginRefused as refused:
            raise AssertionError(str(refused)) from refused

    def _cases(self) -> Iterator[tuple[Request, Snapshot]]:
        return ((request, snapshot) for request in self.requests for snapshot in self.snapshots)

    def _try(self, request: Request, snapshot: Snapshot, rules: Rules) -> Trial:
        return attempt(request, snapshot, rules, self._id)

    def _trials(self, rules: Rules) -> Iterator[Trial]:
        return (self._try(*case, rules) for case in self._cases())

    async def _interrupt(self) -> None:
        rules = self._rules()
        planned = PlannedAttempt(rules.target_ids[0])
        async with entered(rules.chain):
            for request, snapshot in self._cases():
                prior = assess(deliberate(request, snapshot, rules))
                for hook in _own(rules.chain.gather, self._id):
                    async for signal in self._signals(hook, request, prior):
                        self._assert_understood(signal, request, snapshot, rules)
                    await cut_off(hook, request, prior, services(self._id))
                    for held in (False, True):
                        await cut_off(hook, request, prior, held_services(self._id, store=held))
                for hook in _own(rules.chain.admit, self._id):
                    await cut_off(hook, planned, request, prior, held_services(self._id, store=True))

    # A signal is a policy's own.
    async def _signals(self, hook: Hook, request: Request, prior: Assessed) -> AsyncIterator[Any]:
        """What it gathers, whatever the models that it asks answer."""
        for ask in (FakeAsk(), *map(FakeAsk, self.answers)):
            signal = await finished(hook, request, prior, services(self._id, ask))
            _assert_json(hook, signal)
            yield signal
            if not ask.asked:
                return

    def _assert_understood(self, signal: object, request: Request, snapshot: Snapshot, rules: Rules) -> None:
        if signal is None:
            return
        signals = msgspec.json.decode(msgspec.json.encode({**snapshot.signals, self._id: signal}))
        trial = attempt(request, msgspec.structs.replace(snapshot, signals=signals), rules, self._id, watched=False)
        failures = trial.failures(self._id)
        assert not failures, f"with its own signal {signal}: {'; '.join(failures)}"

    async def _admit_and_settle(self) -> None:
        rules = self._rules()
        async with entered(rules.chain):
            for request, snapshot in self._cases():
                prior = assess(deliberate(request, snapshot, rules))
                for target, kind in product(rules.target_ids, AttemptKind):
                    await _lease(rules.chain, self._id, PlannedAttempt(target, kind), request, prior)


def _own(hooks: Sequence[Hook], entry: str) -> Iterator[Hook]:
    return (hook for hook in hooks if hook.entry.id == entry)


async def _lease(chain: Chain, entry: str, planned: PlannedAttempt, request: Request, assessed: Assessed) -> None:
    given = services(entry)
    lease: Lease | None = None
    for hook in _own(chain.admit, entry):
        answer = await _answer(hook, planned, request, assessed, given)
        assert answer is None or isinstance(answer, (Lease, Denial)), f"{hook.name} answered {answer!r}"
        assert not isinstance(answer, Denial) or answer.reason.strip(), f"{hook.name} denies without a reason"
        lease = answer if isinstance(answer, Lease) else None
    for hook in _own(chain.settle, entry):
        await _answer(hook, planned, None, lease, request, given)


async def _answer(hook: Hook, *arguments: Any) -> Any:
    try:
        return await call_async(hook, UNWATCHED, *arguments)
    except PluginFailed as failure:
        raise AssertionError(f"{hook.name} {failure.why}: {failure.__cause__}") from failure


def _assert_json(hook: Hook, signal: object) -> None:
    try:
        msgspec.json.decode(msgspec.json.encode(signal))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise AssertionError(f"{hook.name} answered what cannot be recorded as JSON: {error}") from error


def _reasons(answer: object) -> Iterator[str]:
    if isinstance(answer, Choice):
        yield answer.reason
    elif isinstance(answer, Assessment):
        yield from () if answer.task is None else (answer.source,)
    elif isinstance(answer, Sequence):
        yield from (exclusion.reason for exclusion in answer if isinstance(exclusion, Exclusion))
