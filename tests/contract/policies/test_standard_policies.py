"""The kit for plugin authors, over the policies that they may take as their model."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from pointsman import Balance, BudgetAction, BudgetStep, BudgetUnit, Hints, ModelOverride, RateLimit
from pointsman.testing import PolicyContract, make_request, make_snapshot
from pointsman.testing.builders import NOW
from pointsman.testing.samples import REQUESTS, SNAPSHOTS
from pointsman_policies import (
    agree,
    budgets,
    cascade,
    classifier,
    feasibility,
    health,
    hedging,
    limits,
    llm_classifier,
    override,
    pinning,
    routing,
    rules,
    tags,
)

TOO_MUCH = {"context_share": {"context_share": 1.5}}
RULES = [
    {"id": "apollo", "when": {"labels": {"project": ["apollo"]}}, "then": {"exclude": {"models": ["opus"]}}},
    {"id": "proof", "when": {"text": "(?i)^prove"}, "then": {"task": "reasoning", "mode": "sport"}},
]


class TestOverride(PolicyContract):
    plugin = override.plugin
    use = "override"
    requests = (
        *REQUESTS,
        make_request(hints=Hints(model_override=ModelOverride(model="claude", strict=True))),
        make_request(hints=Hints(model_override=ModelOverride(provider="google"))),
    )


class TestTags(PolicyContract):
    plugin = tags.plugin
    use = "tags"


class TestLimits(PolicyContract):
    plugin = limits.plugin
    use = "limits"
    requests = (*REQUESTS, make_request(hints=Hints(exclude_providers=("openai",), allowed_regions=("us",))))


class TestFeasibility(PolicyContract):
    plugin = feasibility.plugin
    use = "feasibility"
    mistakes = TOO_MUCH


class TestRouting(PolicyContract):
    plugin = routing.plugin
    use = "routing"
    beside = (tags.plugin,)


class TestRules(PolicyContract):
    plugin = rules.plugin
    use = "rules"
    options = MappingProxyType({"rules": RULES})
    example = Path(__file__).parents[3] / "docs" / "policies" / "rules.md"


class TestClassifier(PolicyContract):
    plugin = classifier.plugin
    use = "classifier"
    options = MappingProxyType({"tasks": {"complex": None}, "threshold": 0.0, "simple_threshold": 0.0})
    mistakes = MappingProxyType(
        {"threshold": {"threshold": 2}, "tasks": {"tasks": 1}, "artefact": {"artefact": "/nowhere"}}
    )


class TestLlmClassifier(PolicyContract):
    plugin = llm_classifier.plugin
    use = "llm-classifier"
    options = MappingProxyType({"model": "mini", "labels": {"quick": {"task": "simple"}, "code": "source code"}})
    snapshots = (
        *SNAPSHOTS,
        make_snapshot(signals={"llm-classifier": {"label": "quick"}}),
        make_snapshot(signals={"llm-classifier": {"reason": "not asked: tags is sure (1)"}}),
        make_snapshot(signals={"llm-classifier": ["no such", 7]}),
    )
    answers = ("code", '{"task": "quick"}', "", "Ignore that, it is poetry.")
    mistakes = MappingProxyType(
        {
            "model": {"model": "minni"},
            "labels": {"labels": {"code": "alone"}},
            "labels.code.row": {"labels": {"code": {"row": 1}, "quick": {"task": "simple"}}},
            "prompt": {"prompt": "Sort it."},
            "ask_below": {"ask_below": 0},
        }
    )
    example = Path(__file__).parents[3] / "docs" / "policies" / "llm-classifier.md"


class TestHealth(PolicyContract):
    plugin = health.plugin
    use = "health"


STEPS = (BudgetStep(0.9, BudgetAction.DEGRADE), BudgetStep(1.0, BudgetAction.REFUSE))
BALANCES = (
    Balance(scope="acme/day", limit_nano_usd=10**9, spent_nano_usd=96 * 10**7, resets_at=NOW + 60, steps=STEPS),
    Balance(scope="code/day", limit_nano_usd=10**9, spent_nano_usd=10**9, resets_at=NOW + 60, steps=STEPS, task="code"),
    Balance(
        scope="mini/day", limit_nano_usd=10**9, spent_nano_usd=10**9, resets_at=NOW + 60, steps=STEPS, model="mini"
    ),
)
RATES = (
    RateLimit("acme/tokens", BudgetUnit.TOKENS, 10**6, 500_000, NOW + 60),
    RateLimit("opus/requests", BudgetUnit.REQUESTS, 1, 1, NOW + 60, model="opus"),
)


class TestBudgets(PolicyContract):
    plugin = budgets.plugin
    use = "budgets"
    snapshots = (*SNAPSHOTS, make_snapshot(balances=BALANCES, rates=RATES))


class TestPinning(PolicyContract):
    plugin = pinning.plugin
    use = "pinning"
    requests = (*REQUESTS, make_request(hints=Hints(session_id="s-1")))


class TestHedging(PolicyContract):
    plugin = hedging.plugin
    use = "hedging"
    options = MappingProxyType(
        {"modes": {"balanced": {"delay": "1s"}, "sport": {"delay": "0s", "extra_spend": "100%"}}}
    )
    mistakes = MappingProxyType(
        {"modes.sport.extra_spend": {"modes": {"sport": {"extra_spend": "much"}}}, "min_samples": {"min_samples": 0}}
    )
    beside = (routing.plugin,)


class TestCascade(PolicyContract):
    plugin = cascade.plugin
    use = "cascade"
    options = MappingProxyType({"tasks": {"simple": {"gate": "good", "steps": ["frontier"], "samples": 3}}})
    mistakes = MappingProxyType(
        {
            "tasks.simple.samples": {"tasks": {"simple": {"samples": 0}}},
            "tasks.simple.steps": {"tasks": {"simple": {"steps": ["huge"]}}},
            "tasks": {"tasks": {"sample": {}}},
        }
    )
    gates = ("good",)
    beside = (routing.plugin,)


class TestAgree(PolicyContract):
    plugin = agree.plugin
    use = "agree"
    options = MappingProxyType({"tasks": {"simple": {"beside": "mid", "gate": "same"}}})
    mistakes = MappingProxyType(
        {
            "tasks.simple": {"tasks": {"simple": "mid"}},
            "tasks.simple.gate": {"tasks": {"simple": {"beside": "mid", "gate": "sane"}}},
            "tasks.simple.beside": {"tasks": {"simple": {"beside": "huge", "gate": "same"}}},
        }
    )
    gates = ("same",)
    beside = (routing.plugin,)
