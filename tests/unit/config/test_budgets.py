from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman.config.load import load
from pointsman.model.balance import BudgetAction, BudgetStep, BudgetUnit
from pointsman.model.budget import Budget, Cap, Dimension, Period

HEEDED = DOCUMENT.replace("  - {id: route", "  - {use: budgets}\n  - {id: route")


def budgets_of(text: str) -> tuple[Budget, ...]:
    return load(HEEDED + "budgets:\n" + textwrap.indent(textwrap.dedent(text).strip(), "  ") + "\n", KEYS).budgets


def test_a_budget_with_its_steps() -> None:
    (budget,) = budgets_of("- {match: {tenant: acme}, daily_usd: 50, at: {80%: notice, 90%: degrade, 100%: refuse}}")
    steps = (
        BudgetStep(0.8, BudgetAction.NOTICE),
        BudgetStep(0.9, BudgetAction.DEGRADE),
        BudgetStep(1.0, BudgetAction.REFUSE),
    )
    caps = (Cap("day", BudgetUnit.NANO_USD, Period.DAY, 50 * 10**9),)
    assert budget == Budget(name="acme", match=((Dimension.TENANT, "acme"),), caps=caps, steps=steps)


def test_several_windows_and_rates_of_one() -> None:
    (budget,) = budgets_of(
        """
        - name: search
          match: {feature: search, user: "*"}
          minute_usd: 0.1
          daily_usd: 1
          weekly_usd: 5
          monthly_usd: 12.5
          requests_per_minute: 60
          tokens_per_minute: 100_000
          time_zone: Europe/Berlin
        """
    )
    assert [(cap.label, cap.unit.value, cap.period.value, cap.limit) for cap in budget.caps] == [
        ("minute", "nano_usd", "minute", 10**8),
        ("day", "nano_usd", "day", 10**9),
        ("week", "nano_usd", "week", 5 * 10**9),
        ("month", "nano_usd", "month", 12_500_000_000),
        ("requests", "requests", "minute", 60),
        ("tokens", "tokens", "minute", 100_000),
    ]
    assert (budget.name, budget.zone) == ("search", "Europe/Berlin")
    assert budget.steps == (BudgetStep(1.0, BudgetAction.REFUSE),)


def test_names_are_made_of_what_is_matched() -> None:
    budgets = budgets_of(
        """
        - {daily_usd: 100}
        - {match: {user: "*", tenant: acme}, daily_usd: 1}
        - {match: {model: fast}, daily_usd: 1}
        """
    )
    assert [budget.name for budget in budgets] == ["all", "acme.user", "fast"]


def test_an_alias_stands_for_its_model() -> None:
    (budget,) = budgets_of("- {match: {model: fast}, daily_usd: 1}")
    assert budget.match == ((Dimension.MODEL, "mini"),)


def test_a_session_is_its_tenants_own() -> None:
    (budget,) = budgets_of('- {match: {session: "*"}, daily_usd: 1}')
    assert dict(budget.match) == {Dimension.SESSION: "*", Dimension.TENANT: "*"}


def test_every_problem_at_once_with_its_path(problems_of: ProblemsOf) -> None:
    text = HEEDED + textwrap.dedent(
        """\
        budgets:
          - {match: {task: codes, model: minni}, daily_usd: 1}
          - {match: {tenent: acme}, daily_usd: 1}
          - {match: {tenant: acme}}
          - {match: {tenant: blue}, requests_per_minute: 5, at: {80%: notice}}
          - {match: {tenant: red}, daily_usd: 1, at: {90%: refuse, 95%: degrade}}
          - {match: {tenant: pink}, daily_usd: 1, at: {80%: notice, 80.0%: degrade}}
          - {match: {tenant: gold}, daily_usd: 1, at: {120%: refuse}}
          - {match: {tenant: jade}, daily_usd: 1, at: {80%: warn}}
          - {match: {tenant: rust}, daily_usd: 1, time_zone: Berlin}
          - {match: {tenant: navy}, daily_usd: 1, requests_per_minute: 0}
          - {match: {tenant: navy}, daily_usd: 2, name: other}
          - {match: {tenant: teal}, daily_usd: 2, name: navy}
          - {match: {user: 42}, daily_usd: lots}
        """
    )
    problems = {problem.path: problem.message for problem in problems_of(text)}
    assert problems == {
        "budgets[0].match.task": "there is no task 'codes'; did you mean 'code'?",
        "budgets[0].match.model": "there is no model 'minni'; did you mean 'mini'?",
        "budgets[1].match.tenent": "unknown key 'tenent'; did you mean 'tenant'?",
        "budgets[2]": "caps nothing; add one of minute_usd, daily_usd, weekly_usd, monthly_usd, requests_per_minute, "
        "tokens_per_minute",
        "budgets[3]": "`at` is for amounts in USD, and it has none; remove it, or add one of minute_usd, daily_usd, "
        "weekly_usd, monthly_usd",
        "budgets[4].at": "refuses at 90%, so that degrade at 95% never comes; remove one",
        "budgets[5].at": "says twice what happens at 80.0%; remove one",
        "budgets[6].at": "120% is more than the limit; the last step may be at 100%",
        "budgets[7].at.80%": "must be 'notice', 'degrade' or 'refuse', not 'warn'",
        "budgets[8].time_zone": "is no time zone known here; give an IANA name such as Europe/Berlin, and install the "
        "package tzdata where the system has no zones, not 'Berlin'",
        "budgets[9].requests_per_minute": "must be at least 1, not 0",
        "budgets[10].daily_usd": "budgets[9] counts the same in the same window; keep the lower of both",
        "budgets[11].name": "budgets[9] is called 'navy' too; give each a `name`",
        "budgets[12].match.user": "must be text; put it in quotes, not 42",
        "budgets[12].daily_usd": "must be an amount in USD such as 0.75, not 'lots'",
    }


def test_budgets_whose_steps_nobody_heeds() -> None:
    (warning,) = load(DOCUMENT + "budgets:\n  - {daily_usd: 1}\n", KEYS).warnings
    assert (warning.path, warning.fatal) == ("budgets", False)
    assert "add `- {use: budgets}` to it" in warning.message


@pytest.mark.parametrize("text", ["budgets: 5\n", "budgets: [5]\n", "budgets: [{match: acme, daily_usd: 1}]\n"])
def test_what_is_no_list_of_budgets(problems_of: ProblemsOf, text: str) -> None:
    assert [problem.path.partition("[")[0] for problem in problems_of(HEEDED + text)] == ["budgets"]


def test_the_page_on_budgets_loads_over_the_example() -> None:
    root = Path(__file__).parents[3]
    (block,) = re.findall(r"```yaml\n(.*?)```", (root / "docs/budgets.md").read_text(), re.DOTALL)
    document = yaml.safe_load((root / "examples/pointsman.yaml").read_text()) | yaml.safe_load(block)
    config = load(yaml.safe_dump(document, sort_keys=False), {}, simulated="http://127.0.0.1:8900")
    assert [budget.name for budget in config.budgets] == ["acme", "each-user", "keys", "opus"]
    assert not [warning for warning in config.warnings if warning.path.startswith("budgets")]
