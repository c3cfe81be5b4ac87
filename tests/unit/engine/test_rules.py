"""Names that a configuration does not know, and hints that nobody in its chain honours."""

from __future__ import annotations

import pytest
from tests.unit.engine.policies import Assesses, always, entry

from pointsman.chain.plugin import register
from pointsman.engine.rules import Rules
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.request import Hints, Mode, ModelOverride
from pointsman.testing import make_request, make_rules
from pointsman_policies import feasibility, limits, override, routing, tags

STANDARD = (override.plugin, tags.plugin, limits.plugin, feasibility.plugin, routing.plugin)


def refusal(hints: Hints, rules: Rules | None = None) -> RequestError:
    with pytest.raises(RequestError) as refused:
        (rules or make_rules(*STANDARD)).check(make_request(hints=hints))
    return refused.value


@pytest.mark.parametrize(
    ("hints", "reason", "field", "message"),
    [
        (Hints(task="cod"), Reason.UNKNOWN_TASK, "hints.task", "no task 'cod' is configured; did you mean 'code'?"),
        (
            Hints(task="zzz"),
            Reason.UNKNOWN_TASK,
            "hints.task",
            "no task 'zzz' is configured; known are 'code', 'reasoning', 'simple'",
        ),
        (
            Hints(tags=("code", "nightly-reports")),
            Reason.UNKNOWN_TAG,
            "hints.tags[1]",
            "no tag 'nightly-reports' is configured; did you mean 'nightly-report'?",
        ),
    ],
)
def test_unknown_tasks_and_tags(hints: Hints, reason: Reason, field: str, message: str) -> None:
    error = refusal(hints, make_rules(*STANDARD, strict_tags=True))
    assert isinstance(error, InvalidRequest)
    assert (error.reason, error.violations) == (reason, ((field, message),))


def test_tags_are_the_callers_own_words_unless_configured_to_be_strict() -> None:
    make_rules(*STANDARD).check(make_request(hints=Hints(tags=("whatever",))))


@pytest.mark.parametrize(
    ("hints", "reason", "metadata", "message"),
    [
        (
            Hints(model_override=ModelOverride("sonet")),
            Reason.UNKNOWN_MODEL,
            {"model": "sonet"},
            "no model 'sonet' is configured; did you mean 'sonnet'?",
        ),
        (
            Hints(model_override=ModelOverride("claud")),
            Reason.UNKNOWN_MODEL,
            {"model": "claud"},
            "no model 'claud' is configured; did you mean 'claude'?",
        ),
        (
            Hints(model_override=ModelOverride(provider="gogle")),
            Reason.UNKNOWN_PROVIDER,
            {"provider": "gogle"},
            "no provider 'gogle' is configured; did you mean 'google'?",
        ),
        (
            Hints(exclude_providers=("openai", "mistral")),
            Reason.UNKNOWN_PROVIDER,
            {"provider": "mistral"},
            "no provider 'mistral' is configured; known are 'anthropic', 'google', 'openai'",
        ),
    ],
)
def test_unknown_models_and_providers(hints: Hints, reason: Reason, metadata: dict[str, str], message: str) -> None:
    error = refusal(hints)
    assert (error.reason, error.metadata, error.message) == (reason, metadata, message)


def test_long_names_are_not_quoted_whole() -> None:
    error = refusal(Hints(model_override=ModelOverride("x" * 10_000)))
    assert len(error.message) < 300
    assert error.metadata["model"] == "x" * 64


@pytest.mark.parametrize(
    ("hints", "name"),
    [
        (Hints(task="code"), "task"),
        (Hints(tags=("code",)), "tags"),
        (Hints(model_override=ModelOverride("mini")), "model_override"),
        (Hints(max_cost_nano_usd=0), "max_cost_nano_usd"),
        (Hints(exclude_providers=("openai",)), "exclude_providers"),
        (Hints(allowed_regions=("eu",)), "allowed_regions"),
        (Hints(input_tokens=0), "input_tokens"),
    ],
)
def test_a_hint_is_honoured_or_refused(hints: Hints, name: str) -> None:
    make_rules(*STANDARD).check(make_request(hints=hints))
    error = refusal(hints, make_rules())
    assert (error.reason, error.metadata) == (Reason.FEATURE_DISABLED, {"hints": name})
    assert error.message == f"hints.{name} is set, but no entry of this server's chain honours it"


def test_every_hint_that_nobody_honours_is_named() -> None:
    error = refusal(Hints(task="code", max_cost_nano_usd=1, tags=("code",)), make_rules(tags.plugin))
    assert error.metadata == {"hints": "max_cost_nano_usd"}
    error = refusal(Hints(task="code", max_cost_nano_usd=1), make_rules())
    assert error.metadata == {"hints": "max_cost_nano_usd,task"}


def test_a_shadow_honours_nothing() -> None:
    plugin = register(lambda options, setup: Assesses(always(None)), honours=["task"])
    make_rules(plugin).check(make_request(hints=Hints(task="code")))
    assert refusal(Hints(task="code"), make_rules(entry(plugin, "mine", shadow=True))).reason is Reason.FEATURE_DISABLED


@pytest.mark.parametrize("hints", [Hints(), Hints(mode=Mode.ECO), Hints(labels={"project": "apollo"})])
def test_modes_and_labels_need_nobody(hints: Hints) -> None:
    make_rules().check(make_request(hints=hints))


def test_a_model_named_with_a_provider_that_is_not_its_own() -> None:
    error = refusal(Hints(model_override=ModelOverride("sonnet", "google")), make_rules(*STANDARD))
    assert isinstance(error, InvalidRequest)
    what = "'sonnet' is at 'anthropic', not at 'google'; leave one of them out"
    assert error.violations == (("hints.model_override.provider", what),)
