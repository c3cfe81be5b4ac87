"""`--what-if`: what is understood, and what it makes of a record."""

from __future__ import annotations

import argparse

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import record

from pointsman.cli.wishes import Granted, grant, wish
from pointsman.errors import RequestError
from pointsman.model.balance import Balance
from pointsman.model.record import Record
from pointsman.model.request import Hints, Mode, ModelOverride
from pointsman.model.snapshot import Health, HealthState, Pin
from pointsman.testing import make_catalogue, make_snapshot

ACME = Balance(scope="acme", limit_nano_usd=2_000_000_000, spent_nano_usd=0, resets_at=0.0)


def asked(*texts: str, hints: Hints | None = None) -> Granted:
    told = record("d-1")
    snapshot = make_snapshot(pin=Pin("mini", 0.0), balances=(ACME,))
    request = replace(told.request, hints=hints or Hints())
    changed: Record = replace(told, request=request, snapshot=snapshot)
    return grant([wish(text) for text in texts], changed, make_catalogue())


def hints(*texts: str, before: Hints | None = None) -> Hints:
    return asked(*texts, hints=before).request.hints


def test_hints_are_set_and_taken_away() -> None:
    assert hints("mode=eco", "task=code", "max-cost=0.5", "input-tokens=7", "session=s-2") == Hints(
        mode=Mode.ECO, task="code", max_cost_nano_usd=500_000_000, input_tokens=7, session_id="s-2"
    )
    before = Hints(
        mode=Mode.ECO, task="code", max_cost_nano_usd=1, input_tokens=7, tags=("a",), labels={"project": "x"}
    )
    gone = hints("mode=", "task=", "max-cost=", "input-tokens=", "tag=", "label.project=", before=before)
    assert gone == Hints()


def test_what_may_be_repeated_replaces_what_was_recorded() -> None:
    before = Hints(tags=("old",), exclude_providers=("old",), allowed_regions=("us",), labels={"user": "ada"})
    assert hints(
        "tag=a", "tag=b", "exclude-provider=openai", "region=eu", "label.project=apollo=1", before=before
    ) == Hints(
        tags=("a", "b"),
        exclude_providers=("openai",),
        allowed_regions=("eu",),
        labels={"user": "ada", "project": "apollo=1"},
    )


@pytest.mark.parametrize(
    ("texts", "override"),
    [
        (["model=opus"], ModelOverride("opus", "", True)),
        (["provider=google"], ModelOverride("mini", "google", True)),
        (["strict=false"], ModelOverride("mini", "openai")),
        (["model=", "provider="], None),
    ],
)
def test_a_model_of_the_callers_own(texts: list[str], override: ModelOverride | None) -> None:
    before = Hints(model_override=ModelOverride("mini", "openai", strict=True))
    assert hints(*texts, before=before).model_override == override


def test_beside_hints() -> None:
    granted = asked("tenant=beta", "max-tokens=12")
    assert (granted.request.tenant, granted.request.params.max_output_tokens) == ("beta", 12)
    assert granted.notes == ("budgets stand as recorded: how those of another tenant or label stood was not",)


def test_another_session_is_not_pinned() -> None:
    granted = asked("session=s-2", hints=Hints(session_id="s-1"))
    assert granted.snapshot.pin is None
    assert "whether that is pinned was not recorded" in granted.notes[0]
    assert asked("mode=eco", hints=Hints(session_id="s-1")).snapshot.pin is not None


def test_the_world() -> None:
    granted = asked("health.openai=down", "health.claude=degraded", "health.mini=up", "budget.acme=0.5")
    assert granted.snapshot.health == {
        "medium": Health(HealthState.DOWN, "supposed"),
        "sonnet": Health(HealthState.DEGRADED, "supposed"),
    }
    assert granted.snapshot.balances[0].left == 500_000_000
    with pytest.raises(RequestError, match="no provider or model 'opnai' is configured; did you mean 'openai'"):
        asked("health.opnai=down")
    with pytest.raises(RequestError, match="no budget 'acne'"):
        asked("budget.acne=1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mode", "is not KEY=VALUE"),
        ("mood=eco", "did you mean 'mode'"),
        ("health=down", "is not KEY=VALUE with a key of"),
        ("mode=turbo", "'turbo' is none of eco, balanced, sport"),
        ("health.openai=gone", "'gone' is none of up, degraded, down, probing, disabled"),
        ("strict=yes", "must be true or false"),
        ("input-tokens=-1", "must be a whole number"),
        ("max-cost=much", "must be an amount in USD"),
        ("budget.acme=", "must be an amount in USD"),
        ("tenant=", "needs a value"),
    ],
)
def test_what_is_not_understood(text: str, why: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=why):
        wish(text)
