from __future__ import annotations

from pathlib import Path

from pointsman.cli import demo_prompts
from pointsman.config.load import load
from pointsman.model.request import Mode

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"
ANSWERED = (*demo_prompts.LIVE, *demo_prompts.MIXED, *demo_prompts.long_ones())


def test_there_are_enough_of_them() -> None:
    assert len(ANSWERED) >= 24
    assert len({prompt.shows for prompt in ANSWERED}) == len(ANSWERED)


def test_every_task_of_the_example_is_asked_for() -> None:
    catalogue = load(EXAMPLE, {}, simulated="http://127.0.0.1").catalogue
    hints = [prompt.request.hints for prompt in ANSWERED]
    asked = {hint.task for hint in hints if hint.task} | {catalogue.tags[tag] for hint in hints for tag in hint.tags}
    assert asked | {catalogue.default_task} == set(catalogue.tasks)
    assert {tag for hint in hints for tag in hint.tags} == set(catalogue.tags)


def test_every_kind_of_hint_is_shown() -> None:
    hints = [prompt.request.hints for prompt in ANSWERED]
    assert {hint.mode for hint in hints} >= set(Mode)
    overrides = [hint.model_override for hint in hints if hint.model_override]
    assert {override.strict for override in overrides} == {True, False}
    assert any(hint.max_cost_nano_usd for hint in hints)
    assert any(hint.exclude_providers for hint in hints)
    assert any(hint.labels for hint in hints)


def test_tools_schemas_and_lengths_are_shown() -> None:
    requests = [prompt.request for prompt in ANSWERED]
    assert sum(bool(request.tools) for request in requests) >= 2
    assert sum(request.response_format is not None for request in requests) >= 2
    lengths = sorted(len(request.text().split()) for request in requests)
    assert lengths[0] < 10
    assert lengths[-2] > 3_000
