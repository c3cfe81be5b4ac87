"""What models of one provider have in common, what the log says, and what is kept when the configuration changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from random import Random

import pytest
from msgspec.structs import replace

from pointsman.errors import Reason
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.plan import AttemptKind
from pointsman.model.snapshot import HealthState, Latency
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.testing import FakeClock
from pointsman.testing.builders import make_model

MODELS = (make_model("mini"), make_model("medium"), make_model("large"), make_model("flash", provider="google"))


def book(clock: FakeClock) -> HealthBook:
    return HealthBook(clock, Random(1), BreakerSettings(), MODELS)  # noqa: S311


def attempt(target: str, reason: Reason | None = None, status: int = 0, *, wide: bool = False) -> Attempt:
    return Attempt(
        number=1,
        kind=AttemptKind.PRIMARY,
        target=target,
        provider="google" if target == "flash" else "openai",
        upstream=target,
        outcome=AttemptOutcome.FAILED if reason else AttemptOutcome.SERVED,
        started=0.0,
        duration=0.0,
        upstream_status=status,
        error_reason=reason or "",
        provider_wide=wide,
    )


def fails(book: HealthBook, *targets: str) -> None:
    for target in targets:
        for _ in range(5):
            book.learn(attempt(target, Reason.ALL_PROVIDERS_DOWN, 503))


def states(book: HealthBook) -> dict[str, str]:
    return {target: str(health.state) for target, health in book.view().items()}


def messages(caplog: pytest.LogCaptureFixture) -> Iterable[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_a_model_that_is_down_leaves_its_siblings_alone() -> None:
    b = book(FakeClock())
    fails(b, "mini")
    assert states(b) == {"mini": "down"}


def test_a_second_one_takes_the_rest_out_unless_one_of_them_answers() -> None:
    b = book(FakeClock())
    b.learn(attempt("large"))
    fails(b, "mini", "medium")
    assert states(b) == {"mini": "down", "medium": "down"}
    b = book(FakeClock())
    fails(b, "mini", "medium")
    assert states(b) == {"mini": "down", "medium": "down", "large": "down"}
    assert b.view()["large"].reason == "its provider is down: none of its models that were asked answers"


def test_one_that_is_back_brings_the_others_with_it() -> None:
    clock = FakeClock()
    b = book(clock)
    fails(b, "mini")
    clock.advance(2)
    fails(b, "medium")
    clock.advance(3)
    assert states(b) == {"mini": "probing", "medium": "down", "large": "down"}
    for _ in range(3):
        b.learn(attempt("mini"))
    assert states(b) == {"medium": "probing"}


def test_what_fails_on_its_own_account_is_no_longer_borrowed() -> None:
    clock = FakeClock()
    b = book(clock)
    fails(b, "mini", "medium")
    clock.advance(5)
    b.learn(attempt("large", Reason.ALL_PROVIDERS_DOWN, 503))
    for _ in range(3):
        b.learn(attempt("mini"))
    assert states(b) == {"medium": "probing", "large": "probing"}


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        (Reason.PROVIDER_AUTH_FAILED, 401, "refuses our key (HTTP 401)"),
        (Reason.PROVIDER_RATE_LIMITED, 402, "limits our rate (HTTP 402)"),
    ],
)
def test_what_concerns_the_key_concerns_every_model(reason: Reason, status: int, why: str) -> None:
    clock = FakeClock()
    b = book(clock)
    b.learn(attempt("mini", reason, status, wide=True))
    assert states(b) == {"mini": "down", "medium": "down", "large": "down"}
    assert {health.reason for health in b.view().values()} == {why}
    clock.advance(60)
    assert set(states(b).values()) == {"probing"}
    for _ in range(3):
        b.learn(attempt("large"))
    assert states(b) == {"mini": "probing"}


def test_a_403_may_be_about_one_model_alone() -> None:
    b = book(FakeClock())
    b.learn(attempt("mini", Reason.PROVIDER_AUTH_FAILED, 403))
    assert states(b) == {"mini": "down"}


@pytest.mark.parametrize(
    "reason",
    [
        Reason.PROVIDER_REFUSED,
        Reason.CONTENT_BLOCKED,
        Reason.CONTEXT_TOO_LONG,
        Reason.EMPTY_ANSWER,
        Reason.DEADLINE_EXCEEDED,
        Reason.INTERNAL,
    ],
)
def test_what_is_not_the_providers_fault(reason: Reason) -> None:
    b = book(FakeClock())
    for _ in range(50):
        b.learn(attempt("mini", reason, 400))
    assert states(b) == {}


def test_cancelled_calls_say_nothing() -> None:
    b = book(FakeClock())
    for _ in range(50):
        b.learn(replace(attempt("mini"), outcome=AttemptOutcome.CANCELLED))
    assert (states(b), b.vitals({})[2].calls) == ({}, 0)


@pytest.mark.parametrize(
    ("reason", "status", "what"),
    [
        (Reason.ALL_PROVIDERS_DOWN, 0, "no answer"),
        (Reason.ALL_PROVIDERS_DOWN, 200, "an answer that broke off"),
        (Reason.PROVIDER_PROTOCOL_ERROR, 200, "an answer that is not its own wire format"),
        (Reason.ALL_PROVIDERS_DOWN, 500, "HTTP 500"),
    ],
)
def test_the_reason_is_in_words_of_ours(reason: Reason, status: int, what: str) -> None:
    b = book(FakeClock())
    for _ in range(5):
        b.learn(replace(attempt("mini", reason, status), error_message="secret"))
    assert b.view()["mini"].reason == f"5 failures in a row, the last: {what}"


def test_the_view_stays_the_same_object_until_something_changes() -> None:
    clock = FakeClock()
    b = book(clock)
    fails(b, "mini")
    seen = b.view()
    b.learn(attempt("flash"))
    clock.advance(3)
    assert b.view() is seen
    clock.advance(2)
    assert (states(b), dict(seen)["mini"].state) == ({"mini": "probing"}, HealthState.DOWN)


def test_one_line_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    b = book(clock)
    fails(b, "mini")
    fails(b, "mini")
    assert messages(caplog) == [
        "mini at openai is down, tried again in 4.9 s: 5 failures in a row, the last: HTTP 503",
    ]
    clock.advance(5)
    b.view()
    b.view()
    assert messages(caplog) == ["mini at openai is tried again"]
    trial = b.try_again("mini")
    assert trial
    b.view()
    b.learn(attempt("mini", Reason.ALL_PROVIDERS_DOWN, 500), trial)
    (again,) = messages(caplog)
    assert again.endswith("failed again: HTTP 500")
    clock.advance(10)
    for _ in range(3):
        b.learn(attempt("mini"))
    assert messages(caplog) == ["mini at openai is tried again", "mini at openai is up again"]
    for _ in range(3):
        b.learn(attempt("mini", Reason.ALL_PROVIDERS_DOWN, 500))
        for _ in range(4):
            b.learn(attempt("mini"))
    clock.advance(30)
    b.view()
    assert messages(caplog) == [
        "mini at openai is degraded: 2 of 10 calls failed",
        "mini at openai is no longer degraded",
    ]


def test_a_provider_as_a_whole_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    b = book(clock)
    b.learn(attempt("mini", Reason.PROVIDER_AUTH_FAILED, 401, wide=True))
    first, second = messages(caplog)
    assert first == "provider openai is down as a whole: mini refuses our key (HTTP 401)"
    assert second.startswith("mini at openai is down")
    clock.advance(60)
    for _ in range(3):
        b.learn(attempt("mini"))
    assert messages(caplog) == [
        "mini at openai is tried again",
        "provider openai is back: mini answers",
        "mini at openai is up again",
    ]


def test_a_change_of_configuration_keeps_what_is_known() -> None:
    b = book(FakeClock())
    fails(b, "mini", "flash")
    gone = [model for model in MODELS if model.id != "flash"]
    b.configure(BreakerSettings(trials=1), [*gone, make_model("new")])
    assert states(b) == {"mini": "down"}
    assert [v.target for v in b.vitals({})] == ["large", "medium", "mini", "new"]


def test_vitals() -> None:
    clock = FakeClock()
    b = book(clock)
    b.learn(attempt("medium"))
    fails(b, "mini")
    off = replace(make_model("off", provider="mistral"), enabled=False)
    b.configure(BreakerSettings(), [*MODELS, off])
    flash, disabled, large, medium, mini = b.vitals({"medium": Latency(0.5, 0.9, 7)})
    assert (flash.provider, flash.target, flash.health.state, flash.since) == ("google", "flash", HealthState.UP, None)
    assert (large.calls, large.last_error) == (0, "")
    assert (medium.calls, medium.error_ratio, medium.latency) == (1, 0.0, Latency(0.5, 0.9, 7))
    assert (mini.calls, mini.error_ratio, mini.last_error, mini.since) == (5, 1.0, "HTTP 503", clock.now())
    assert (disabled.provider, disabled.health.state) == ("mistral", HealthState.DISABLED)


def test_probing_skips_what_the_provider_asked_for() -> None:
    b = book(FakeClock())
    fails(b, "mini")
    b.learn(replace(attempt("medium", Reason.PROVIDER_RATE_LIMITED, 429), retry_after=30.0))
    b.probed("openai")
    assert states(b) == {"mini": "probing", "medium": "down"}
