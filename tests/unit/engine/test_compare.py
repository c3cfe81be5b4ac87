from __future__ import annotations

from msgspec.structs import replace

from pointsman.engine.compare import Difference, differences, first_differing, outline
from pointsman.engine.decide import decide
from pointsman.model.decision import Decision
from pointsman.model.request import Hints, Mode
from pointsman.testing import make_catalogue, make_request, make_rules, make_snapshot
from pointsman_policies import limits, routing, tags

RULES = make_rules(tags.plugin, limits.plugin, routing.plugin)
MODELS = make_catalogue().models


def decided(**hints: object) -> Decision:
    decision = decide(make_request(hints=Hints(**hints)), make_snapshot(), RULES)  # type: ignore[arg-type]  # by name
    assert isinstance(decision, Decision)
    return decision


def test_the_outline_of_a_decision() -> None:
    told = outline(decided(task="code", exclude_providers=("openai",)), MODELS)
    assert (told.target, told.provider, told.tier, told.task, told.mode) == (
        "sonnet", "anthropic", "mid", "code", "balanced",
    )  # fmt: skip
    assert (told.decided_by, told.plan[0], told.refused) == ("tags", "sonnet", "")
    assert [(model, by) for model, by, _ in told.excluded] == [("mini", "limits"), ("medium", "limits")]
    assert told.worst_case_nano_usd is not None
    assert told.expected_nano_usd is not None
    assert told.worst_case_nano_usd >= told.expected_nano_usd


def test_the_outline_of_a_refusal() -> None:
    refusal = decide(make_request(hints=Hints(max_cost_nano_usd=0)), make_snapshot(), RULES)
    told = outline(refusal, MODELS)
    assert (told.refused, told.target, told.expected_nano_usd) == ("MAX_COST_UNSATISFIABLE", "", None)
    assert len(told.excluded) == len(MODELS)


def test_the_first_verdict_that_differs() -> None:
    one, other = decided(task="code"), decided(task="simple")
    pair = first_differing(one, other)
    assert pair is not None
    assert [verdict.reason for verdict in pair if verdict] == ["task code from hint", "task simple from hint"]
    assert first_differing(one, one) is None
    shorter = replace(one, trace=one.trace[:1])
    assert first_differing(shorter, one) == (None, one.trace[1])


def test_every_value_that_differs_with_its_path() -> None:
    one = decided(mode=Mode.ECO)
    other = replace(one, ranking=one.ranking[:1], reason="another")
    found = list(differences(one, other))
    assert found[0] == Difference("reason", one.reason, "another")
    assert {difference.path for difference in found[1:]} == {
        f"ranking[{position}]" for position in range(1, len(one.ranking))
    }
    assert all(difference.after is None for difference in found[1:])
    assert list(differences(one, one)) == []
