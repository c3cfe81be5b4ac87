"""Each check of the kit fails for the policy that breaks it, and for no other reason."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from pointsman import (
    AskFailed,
    Assessment,
    Catalogue,
    Cause,
    Choice,
    Denial,
    Exclusion,
    Lease,
    PolicyPlugin,
    PolicySetup,
    Request,
    Services,
    Shaped,
    Snapshot,
    Text,
    hookimpl,
    register,
)
from pointsman.testing import Hold, PolicyContract


def made(policy: type, config: type | None = None) -> PolicyPlugin:
    return register(lambda options, setup: policy(), config=config)


class Good:
    """Every sort of hook, well kept."""

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, services: Services) -> Any:
        await services.store.put("seen", b"1", 60)
        return {"seen": await services.store.get("seen") is not None}

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment:
        return Assessment("code", source="it always is")

    @hookimpl
    def pointsman_exclude_targets(self, shaped: Mapping[str, Shaped]) -> tuple[Exclusion, ...]:
        return (Exclusion("opus", Cause.POLICY, "too good"),) if "opus" in shaped else ()

    @hookimpl
    async def pointsman_admit_attempt(self, services: Services) -> Lease | Denial:
        await services.store.get("lease")
        return Lease(1)

    @hookimpl
    async def pointsman_settle_attempt(self, lease: Lease | None) -> None:
        assert lease is not None

    @hookimpl
    def pointsman_observe(self, event: object) -> None: ...


class TestGood(PolicyContract):
    """The kit as a plugin author uses it."""

    plugin = made(Good)


class Misspelt:
    @hookimpl
    def pointsman_asess_request(self) -> None: ...


class Counts:
    numbers = itertools.count()

    @hookimpl
    def pointsman_assess_request(self) -> Assessment:
        return Assessment("code", source=f"call {next(self.numbers)}")


class Remembers:
    """Differs by instance: what the first one saw decides."""

    first: Request | None = None

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment:
        self.first = self.first or request
        return Assessment("code", source=self.first.text()[:9] or "nothing")


class Marks:
    @hookimpl
    def pointsman_assess_request(self, request: Request) -> None:
        if isinstance(request.hints.labels, dict):
            request.hints.labels["seen"] = "yes"


class Empties:
    """Changes the catalogue, which all policies share."""

    def __init__(self, options: None, setup: PolicySetup) -> None:
        self._catalogue: Catalogue = setup.catalogue

    @hookimpl
    def pointsman_assess_request(self) -> None:
        assert isinstance(self._catalogue.tags, dict)
        self._catalogue.tags.clear()


class Looks:
    @hookimpl
    def pointsman_assess_request(self) -> None:
        time.time()


class Invents:
    @hookimpl
    def pointsman_choose_targets(self) -> Choice:
        return Choice(("gpt-9",), "the newest")


class Raises:
    @hookimpl
    def pointsman_assess_request(self) -> None:
        raise RuntimeError("no weights")


class Silent:
    @hookimpl
    def pointsman_exclude_targets(self) -> list[Exclusion]:
        return [Exclusion("opus", Cause.POLICY, " ")]


class Spawns:
    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @hookimpl
    async def pointsman_gather_signal(self) -> None:
        self._task = asyncio.create_task(Hold().pass_through())
        await asyncio.sleep(0)


class Reads:
    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        return Assessment(task="code", source=request.hints.task or "text") if "it" in request.text() else None


class Swallows:
    @hookimpl
    async def pointsman_gather_signal(self) -> str:
        try:
            for _ in range(50):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            return "late"
        return "in time"


class Leaks:
    @hookimpl
    async def pointsman_gather_signal(self) -> None:
        raise asyncio.CancelledError


class Opaque:
    @hookimpl
    async def pointsman_gather_signal(self) -> object:
        return {1j}


class Believes:
    """Takes whatever a model answers for a task."""

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, services: Services) -> str:
        answer = await services.ask("mini", request)
        return "".join(part.text for part in answer.parts if isinstance(part, Text))

    @hookimpl
    def pointsman_assess_request(self, snapshot: Snapshot) -> Assessment | None:
        signal = snapshot.signals.get("policy")
        return Assessment(signal, source="a model") if signal else None


class Hides:
    """Cannot be cut off while a model is asked."""

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, services: Services) -> str:
        try:
            await services.ask("mini", request)
        except AskFailed:
            return "none"
        except asyncio.CancelledError:
            return "late"
        return "some"


class Admits:
    @hookimpl
    async def pointsman_admit_attempt(self) -> Any:
        return True


class Denies:
    @hookimpl
    async def pointsman_admit_attempt(self) -> Denial:
        return Denial(Cause.POLICY, "")


class CannotSettle:
    @hookimpl
    async def pointsman_settle_attempt(self, lease: Lease) -> None:
        lease.token()


class CannotLook:
    @hookimpl
    def pointsman_observe(self, event: object) -> None:
        raise KeyError(event)


BROKEN: list[tuple[PolicyPlugin, str, str]] = [
    (made(Misspelt), "test_its_hooks_are_valid", "unknown hook 'pointsman_asess_request'"),
    (made(Counts), "test_the_same_input_gives_the_same_answer", "asked again"),
    (made(Remembers), "test_the_same_input_gives_the_same_answer", "of another instance"),
    (made(Marks), "test_it_changes_nothing_it_is_given", "assess_request changed its request"),
    (register(Empties), "test_it_changes_nothing_it_is_given", "changed the catalogue"),
    (made(Looks), "test_its_pure_hooks_are_pure", "assess_request: test_contract.py:"),
    (
        dataclasses.replace(made(Reads), reads_text=False),
        "test_it_reads_what_it_says",
        "with the texts blank it answers something else",
    ),
    (
        dataclasses.replace(made(Reads), reads_only_text=True),
        "test_it_reads_what_it_says",
        "without hints it answers something else",
    ),
    (made(Invents), "test_its_answers_are_valid", "choose_targets chose a model that is not configured"),
    (made(Raises), "test_its_answers_are_valid", "assess_request raised RuntimeError: no weights"),
    (made(Silent), "test_every_answer_has_a_reason", "exclude_targets gave no reason"),
    (made(Spawns), "test_cancelled_it_leaves_nothing_behind", "left tasks behind: .*pass_through"),
    (made(Swallows), "test_cancelled_it_leaves_nothing_behind", "swallowed its cancellation"),
    (made(Leaks), "test_cancelled_it_leaves_nothing_behind", "raised CancelledError"),
    (made(Opaque), "test_cancelled_it_leaves_nothing_behind", "cannot be recorded as JSON"),
    (made(Believes), "test_cancelled_it_leaves_nothing_behind", "with its own signal Hello: .*task that is not config"),
    (made(Hides), "test_cancelled_it_leaves_nothing_behind", "swallowed its cancellation"),
    (made(Admits), "test_what_it_admits_it_settles", "admit_attempt answered True"),
    (made(Denies), "test_what_it_admits_it_settles", "denies without a reason"),
    (made(CannotSettle), "test_what_it_admits_it_settles", "settle_attempt raised AttributeError"),
    (made(CannotLook), "test_it_observes", "observe raised KeyError"),
]


@pytest.mark.parametrize(("plugin", "check", "why"), BROKEN, ids=[f"{check}: {why}" for _, check, why in BROKEN])
def test_a_broken_policy_fails_the_check_it_breaks(plugin: PolicyPlugin, check: str, why: str) -> None:
    contract = type("Contract", (PolicyContract,), {"plugin": plugin})()
    with pytest.raises(AssertionError, match=why):
        getattr(contract, check)()


class Options(BaseModel):
    share: float = 0.5

    @field_validator("share")
    @classmethod
    def check_share(cls, share: float) -> float:
        if share > 1:
            raise ValueError("is more than everything")
        return share


class Careless(BaseModel, extra="ignore"):
    share: float = 0.5


class Fragile(BaseModel):
    unit: str = "s"

    @field_validator("unit")
    @classmethod
    def check_unit(cls, unit: str) -> str:
        return {"s": "seconds"}[unit]


def test_options_are_tried_and_mistakes_found_by_path() -> None:
    PolicyContract.check(made(Good, Options), options={"share": 1.0}, mistakes={"share": {"share": 2}})
    with pytest.raises(AssertionError, match="not at 'share'"):
        PolicyContract.check(made(Good, Options), mistakes={"share": {"share": 0.2}})


@pytest.mark.parametrize(
    ("config", "why"),
    [(Careless, "an unknown option is ignored"), (Fragile, "raised KeyError.*must raise ValueError")],
)
def test_careless_options_fail(config: type, why: str) -> None:
    contract = type("Contract", (PolicyContract,), {"plugin": made(Good, config)})()
    with pytest.raises(AssertionError, match=why):
        contract.test_its_options_fail_by_path()


def test_a_page_with_a_wrong_example_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```yaml\nchain:\n  - {use: good, with: {share: 2}}\n```\n")
    contract = type("Contract", (PolicyContract,), {"plugin": made(Good, Options), "use": "good", "example": page})()
    with pytest.raises(AssertionError, match=r"is wrong at \['share'\]"):
        contract.test_its_example_is_valid()
    page.write_text("```yaml\n- {use: good, with: {share: 1}}\n```\n")
    contract.test_its_example_is_valid()
    page.write_text("no example")
    with pytest.raises(AssertionError, match="has no YAML with `use: good`"):
        contract.test_its_example_is_valid()


def test_a_name_that_nobody_installed() -> None:
    contract = type("Contract", (PolicyContract,), {"plugin": made(Good), "use": "astrology"})()
    with pytest.raises(AssertionError, match="no policy 'astrology' is installed"):
        contract.test_it_is_found_by_its_name()


def test_a_name_of_another_plugin() -> None:
    contract = type("Contract", (PolicyContract,), {"plugin": made(Good), "use": "routing"})()
    with pytest.raises(AssertionError, match="leads to another plugin"):
        contract.test_it_is_found_by_its_name()


def test_times_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    TestGood().test_time_per_hook()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["policy.assess_request", "policy.exclude_targets"]
    assert all("µs a call" in line for line in lines)
