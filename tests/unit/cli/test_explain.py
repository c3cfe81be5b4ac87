from __future__ import annotations

import msgspec
from rich.console import Console
from tests.contract.ledger.records import record

from pointsman.cli.explain import explanation
from pointsman.model.decision import Assessed, Candidate, Estimate, Refusal
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Mode


def explained(told: Record) -> str:
    console = Console(width=200, no_color=True, markup=False)
    with console.capture() as capture:
        for part in explanation(Recorded(told, "ab" * 32, text_kept=False)):
            console.print(part)
    return capture.get()


def test_a_failover_is_told_from_decision_to_cost() -> None:
    shown = explained(record("0197"))
    assert "mini at openai (small), decided by tags (tag): tag nightly names the row" in shown
    assert "Task simple by tags (from tag nightly, confidence 0.75), mode eco" in shown
    assert "limits: costs more than 0.01 USD" in shown
    assert "HTTP 500, ALL_PROVIDERS_DOWN: HTTP 500" in shown
    assert "failover" in shown
    assert "Cost $0.000005: answer $0.000004, overhead $0.000001; some of it is estimated" in shown


def test_a_refusal_says_what_excluded_whom() -> None:
    refusal = Refusal(
        reason="MAX_COST_UNSATISFIABLE",
        message="too dear",
        assessed=Assessed("simple", Mode.ECO, 1.0, "hint"),
        excluded=(Candidate("opus", Estimate(1, 2, 3, 4), excluded_by="limits", excluded_reason="could cost 2"),),
        violations=(),
        metadata=(),
        trace=(),
        config_version="v1",
    )
    told = msgspec.structs.replace(
        record("0198"), decision=refusal, attempts=(), status="MAX_COST_UNSATISFIABLE", message="too dear", finish=None
    )
    shown = explained(told)
    assert "Status MAX_COST_UNSATISFIABLE: too dear" in shown
    assert "limits: could cost 2" in shown


def test_what_failed_before_a_decision_is_told_too() -> None:
    told = msgspec.structs.replace(record("0199"), decision=None, attempts=(), status="UNKNOWN_TASK", message="no task")
    shown = explained(told)
    assert "Failed before anything was decided." in shown
    assert "Status UNKNOWN_TASK: no task" in shown
