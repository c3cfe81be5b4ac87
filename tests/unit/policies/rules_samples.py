"""What the tests of the `rules` policy share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pointsman.chain.plugin import PolicySetup
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Assessment, Choice, Exclusion
from pointsman.model.request import Message, Request, Role, Text
from pointsman.testing import make_catalogue, make_request, make_rules, shaped_targets
from pointsman_policies import rules

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "examples/pointsman.yaml").read_text()
# Documents are whatever YAML gives.
Given = dict[str, Any]


def with_rules(options: str) -> str:
    """The example configuration with one more entry, chain[2]."""
    return DOCUMENT.replace("  - id: rules ", f"  - {{id: mine, use: rules, with: {options}}}\n  - id: rules ", 1)


def policy(*given: Given, catalogue: Catalogue | None = None, **options: Any) -> rules.Rules:
    named = [{"id": f"r{number}", "when": {}, **rule} for number, rule in enumerate(given)]
    made = rules.RulesOptions.model_validate({"rules": named, **options})
    return rules.Rules(made, PolicySetup("rules", catalogue or make_catalogue()))


def answers(made: rules.Rules, request: Request) -> tuple[Assessment | None, Choice | None, list[Exclusion]]:
    shaped = shaped_targets(request, make_rules())
    return (
        made.pointsman_assess_request(request),
        made.pointsman_choose_targets(request, shaped),
        list(made.pointsman_exclude_targets(request, shaped)),
    )


def conversation(*said: tuple[Role, str]) -> Request:
    return make_request(messages=[Message(role, (Text(text),)) for role, text in said])
