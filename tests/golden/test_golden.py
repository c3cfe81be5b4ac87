from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.testing.golden import Case, check_case, read_cases
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

CASES = Path(__file__).parent / "cases"
POLICIES = {
    "override": override.plugin,
    "tags": tags.plugin,
    "limits": limits.plugin,
    "feasibility": feasibility.plugin,
    "budgets": budgets.plugin,
    "health": health.plugin,
    "pinning": pinning.plugin,
    "routing": routing.plugin,
    "rules": rules.plugin,
    "hedging": hedging.plugin,
    "cascade": cascade.plugin,
    "agree": agree.plugin,
    "classifier": classifier.plugin,
    "llm-classifier": llm_classifier.plugin,
}
STANDARD = ("override", "tags", "limits", "feasibility", "budgets", "health", "pinning", "routing")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{path.stem}: {case}")
        for path in sorted(CASES.glob("*.yaml"))
        for case in read_cases(path)
    ],
)
def test_decision(case: Case) -> None:
    check_case(case, POLICIES, STANDARD)
