from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pointsman.chain.entry import Entry
from pointsman.chain.loading import Chain, build_chain, implemented
from pointsman.chain.plugin import PolicySetup, register
from pointsman.errors import PluginRefused
from pointsman.hookspecs import hookimpl
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Assessed, Assessment, PolicyKind, Shaped
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.services import Services
from pointsman.testing import make_catalogue, make_entry

CATALOGUE = make_catalogue()


class Misspelt:
    @hookimpl
    def pointsman_asess_request(self, request: Request) -> None: ...


class Unmarked:
    def pointsman_assess_request(self, request: Request) -> None: ...


class First:
    @hookimpl(tryfirst=True)
    def pointsman_assess_request(self, request: Request) -> None: ...


class Last:
    @hookimpl(trylast=True)
    def pointsman_assess_request(self, request: Request) -> None: ...


class Wrapping:
    @hookimpl(wrapper=True)
    def pointsman_assess_request(self, request: Request) -> Any:
        return (yield)


class WrongArguments:
    @hookimpl
    def pointsman_assess_request(self, prompt: str) -> None: ...


class SyncGather:
    @hookimpl
    def pointsman_gather_signal(self, request: Request) -> None: ...


class AsyncAssess:
    @hookimpl
    async def pointsman_assess_request(self, request: Request) -> None: ...


class WithoutHooks:
    def assess(self, request: Request) -> None: ...


class Says:
    """Names a task; its id is found in the source."""

    def __init__(self, source: str = "") -> None:
        self._source = source

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment:
        return Assessment("code", source=self._source)


def load(*entries: Entry) -> Chain:
    return build_chain(entries, CATALOGUE)[0]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (Misspelt(), "unknown hook 'pointsman_asess_request'"),
        (Unmarked(), "pointsman_assess_request is not marked with @hookimpl"),
        (First(), "pointsman_assess_request is marked tryfirst; the order is the configuration's alone"),
        (Last(), "pointsman_assess_request is marked trylast"),
        (Wrapping(), "pointsman_assess_request is marked wrapper"),
        (WrongArguments(), r"Argument\(s\) {'prompt'} are declared in the hookimpl but can not be found"),
        (SyncGather(), "pointsman_gather_signal must be a coroutine"),
        (AsyncAssess(), "pointsman_assess_request must be a plain function"),
        (WithoutHooks(), "it implements no hook"),
        (None, "it implements no hook"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_must_not_be_loaded(policy: object, why: str) -> None:
    with pytest.raises(PluginRefused, match=why) as refused:
        load(make_entry(policy, "mine"))
    assert refused.value.plugin == "mine"


@pytest.mark.parametrize("error", [RuntimeError("no file"), SystemExit("no file"), BaseException("no file")])
def test_a_factory_that_raises(error: BaseException) -> None:
    with pytest.raises(PluginRefused, match=f"'mine' is refused: its factory raised {type(error).__name__}: no file"):
        load(make_entry(register(raising(error)), "mine"))


def test_a_factory_cannot_swallow_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        load(make_entry(register(raising(KeyboardInterrupt())), "mine"))


def raising(error: BaseException) -> Callable[[Any, PolicySetup], object]:
    def factory(options: object, setup: PolicySetup) -> object:
        raise error

    return factory


def test_two_entries_share_no_instance() -> None:
    shared = Says()
    with pytest.raises(PluginRefused, match="'second' is refused: its factory returned the instance of entry 'first'"):
        load(make_entry(shared, "first"), make_entry(shared, "second"))


def test_two_entries_of_one_policy() -> None:
    plugin = register(lambda options, setup: Says(setup.entry))
    chain = load(make_entry(plugin, "b"), make_entry(plugin, "a"))
    assert [hook.call(None, None).source for hook in chain.assess] == ["b", "a"]


def test_what_a_factory_is_given() -> None:
    given: list[tuple[object, str, Catalogue]] = []

    def factory(options: object, setup: PolicySetup) -> object:
        given.append((options, setup.entry, setup.catalogue))
        return Says()

    load(make_entry(register(factory), "mine", {"share": 1}))
    assert given == [({"share": 1}, "mine", CATALOGUE)]


@pytest.mark.parametrize("bad", [make_entry(Misspelt(), "bad"), make_entry(register(raising(OSError())), "bad")])
def test_an_optional_entry_is_left_out(bad: Entry) -> None:
    entries = [make_entry(Says("good"), "good"), replace(bad, optional=True)]
    chain, refused = build_chain(entries, CATALOGUE)
    assert [entry.id for entry in chain.entries] == ["good"]
    assert [hook.entry.id for hook in chain.assess] == ["good"]
    assert [refusal.plugin for refusal in refused] == ["bad"]


@pytest.mark.parametrize("order", [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]])
def test_hooks_are_in_the_configured_order(order: list[str]) -> None:
    chain = load(*(make_entry(Says(id), id) for id in order))
    assert [hook.entry.id for hook in chain.assess] == order


class Everything:
    """Leaves out arguments, takes all of them, changes their order."""

    @hookimpl
    def pointsman_assess_request(self) -> Assessment:
        return Assessment("code")

    @hookimpl
    def pointsman_shape_request(self, target: str) -> Any:
        return target

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Any]:
        return [request, snapshot, assessment, shaped]

    @hookimpl
    def pointsman_choose_targets(self, candidates: Mapping[str, Shaped], request: Request) -> Any:
        return [candidates, request]

    @hookimpl
    async def pointsman_gather_signal(self, services: Services, prior: Assessed) -> Any:
        return [services, prior]


async def test_an_implementation_may_leave_arguments_out() -> None:
    chain = load(make_entry(Everything()))
    assert chain.assess[0].call("request", "snapshot") == Assessment("code")
    assert chain.shape[0].call("request", "snapshot", "assessment", "target") == "target"
    assert chain.exclude[0].call("request", "snapshot", "assessment", "shaped") == [
        "request",
        "snapshot",
        "assessment",
        "shaped",
    ]
    assert chain.choose[0].call("request", "snapshot", "assessment", "candidates") == ["candidates", "request"]
    assert await chain.gather[0].call("request", "prior", "services") == ["services", "prior"]


def test_each_hook_is_found_under_its_phase() -> None:
    chain = load(make_entry(Everything()))
    phases = ["gather", "assess", "shape", "exclude", "choose", "plan", "admit", "settle", "observe"]
    found = [phase for phase in phases for hook in getattr(chain, phase) if hook.entry.id == "everything"]
    assert found == ["gather", "assess", "shape", "exclude", "choose"]
    assert chain.gather[0].name == "gather_signal"


def test_shadow_entries_are_set_apart() -> None:
    entries = [make_entry(Says(), "live"), replace(make_entry(Says(), "shadow"), shadow=True)]
    chain = load(*entries)
    assert [hook.entry.id for hook in chain.live().assess] == ["live"]
    assert chain.live().instances == chain.instances[:1]


def test_what_a_chain_honours() -> None:
    def honouring(hint: str) -> Entry:
        return make_entry(register(lambda options, setup: Says(), honours=[hint]), hint)

    chain = load(honouring("task"), replace(honouring("tags"), shadow=True))
    assert chain.honours() == {"task"}


def test_a_policy_can_honour_only_what_is_a_hint() -> None:
    with pytest.raises(ValueError, match=r"honours=\['colour'\]: a policy can honour only"):
        register(lambda options, setup: Says(), honours=["colour"])


def test_a_kind_must_exist() -> None:
    with pytest.raises(ValueError, match="is not a valid PolicyKind"):
        register(lambda options, setup: Says(), kind="magic")  # type: ignore[arg-type]  # what an untyped plugin may do
    assert register(lambda options, setup: Says()).kind is PolicyKind.PLUGIN


def test_a_class_tells_its_hooks_without_an_instance() -> None:
    class Needy(Everything):
        def __init__(self, options: object, setup: PolicySetup) -> None:
            raise AssertionError("nobody asked for an instance")

    hooks = implemented(make_entry(register(Needy), "mine"))
    assert hooks == ("gather_signal", "assess_request", "shape_request", "exclude_targets", "choose_targets")
    assert implemented(make_entry(register(lambda options, setup: Says()), "mine")) is None


@pytest.mark.parametrize("policy", [Misspelt, Unmarked, First, Wrapping, SyncGather, WithoutHooks])
def test_a_class_that_must_not_be_loaded_is_refused_beforehand(policy: type) -> None:
    with pytest.raises(PluginRefused, match="'mine' is refused"):
        implemented(make_entry(register(policy), "mine"))
