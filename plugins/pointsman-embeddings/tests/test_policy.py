"""When it asks, what it is told, and what it keeps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman import Assessed, Assessment, Message, Mode, NoOpinion, Request, Role, Text
from pointsman.config.load import load
from pointsman.errors import ConfigInvalid, PluginRefused
from pointsman.testing import make_config, make_entry, make_request, make_rules, make_snapshot
from pointsman_embeddings.options import EmbeddingsOptions, read_examples
from pointsman_embeddings.policy import Embeddings, plugin

EXAMPLES = Path(__file__).parent / "tasks.jsonl"
Policy = Callable[..., Embeddings]

OPEN = Assessed(task="simple", mode=Mode.BALANCED, confidence=0.0, source="default")
TAGGED = Assessed(task="code", mode=Mode.BALANCED, confidence=1.0, source="tag", task_by="tags")
GUESSED = Assessed(task="code", mode=Mode.BALANCED, confidence=0.6, source="classifier 1", task_by="sorted")
FIX = make_request("Fix my python function")


def opinion(policy: Embeddings, signal: object) -> Assessment | NoOpinion | None:
    return policy.pointsman_assess_request(make_snapshot(signals={"near": signal} if signal else {}))


async def test_it_names_the_label_and_the_decision_reads_it(policy: Policy) -> None:
    async with policy() as entered:
        signal = await entered.pointsman_gather_signal(FIX, OPEN)
        assert signal is not None
        assert signal["label"] == "code"
        assert 0.5 < signal["confidence"] <= 1
        found = opinion(entered, signal)
    assert found == Assessment("code", confidence=signal["confidence"], source=f"embeddings {signal['index']}")


async def test_it_says_nothing_below_its_threshold_and_why(policy: Policy) -> None:
    sure = policy(threshold=1.0)
    async with sure:
        found = opinion(sure, await sure.pointsman_gather_signal(FIX, OPEN))
    assert isinstance(found, NoOpinion)
    assert found.reason.endswith("below the threshold 1")
    assert opinion(sure, None) is None


@pytest.mark.parametrize(
    ("prior", "ask_below", "asked"),
    [(OPEN, 0.0, True), (TAGGED, 0.0, False), (GUESSED, 0.0, False), (GUESSED, 0.7, True), (GUESSED, 0.6, False)],
)
async def test_it_asks_only_where_the_task_is_open(
    policy: Policy, prior: Assessed, ask_below: float, asked: bool
) -> None:
    async with policy(ask_below=ask_below) as entered:
        assert (await entered.pointsman_gather_signal(FIX, prior) is not None) is asked


async def test_what_has_no_text_is_not_asked_about(policy: Policy) -> None:
    silent = make_request(messages=(Message(Role.ASSISTANT, (Text("Nobody asked."),)),))
    async with policy() as entered:
        assert await entered.pointsman_gather_signal(make_request(" \n"), OPEN) is None
        assert await entered.pointsman_gather_signal(silent, OPEN) is None


async def test_lone_surrogates_are_only_strange_text(policy: Policy) -> None:
    async with policy() as entered:
        assert await entered.pointsman_gather_signal(make_request("fix \ud800 function"), OPEN)


async def test_it_reads_what_the_standard_classifier_reads(policy: Policy) -> None:
    followed: Request = make_request(
        messages=(Message(Role.USER, (Text("Prove the theorem"),)), Message(Role.USER, (Text("And why?"),)))
    )
    async with policy() as entered:
        signal = await entered.pointsman_gather_signal(followed, OPEN)
    assert signal is not None
    assert signal["label"] == "reasoning"


async def test_no_text_is_kept_or_told(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    entered = policy(cache=2)
    async with entered:
        for text in ("zebra function", "zebra theorem", "zebra capital"):
            await entered.pointsman_gather_signal(make_request(text), OPEN)
        kept = entered._answers._kept
    assert len(kept) == 2
    assert all(len(key) == 16 for key in kept)
    assert "zebra" not in repr(vars(entered)) + repr(kept) + caplog.text
    assert "27 examples of 3 labels indexed" in caplog.text


def test_an_answer_of_another_index_has_another_digest(policy: Policy, tmp_path: Path) -> None:
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("".join(EXAMPLES.read_text().splitlines(keepends=True)[:-1]))
    made = [policy(), policy(), policy(method="nearest"), policy(method="nearest", k=2), policy(examples=str(fewer))]
    assert len({one._digest for one in made}) == 4


def test_it_may_not_decide_where_only_rules_may() -> None:
    assert not plugin.deterministic


def configured(options: dict[str, object]) -> str:
    return make_config({"id": "near", "use": "embeddings", "with": options})


def test_what_the_files_say_is_part_of_the_version(model: Path, tmp_path: Path) -> None:
    versions = set()
    for rows in (27, 26):
        examples = tmp_path / "tasks.jsonl"
        examples.write_text("".join(EXAMPLES.read_text().splitlines(keepends=True)[:rows]))
        document = configured({"model": str(model), "examples": [str(examples)]})
        versions.add(load(document, {}, simulated="http://127.0.0.1:1").version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        ({}, "chain[0].with", "either `model`, a directory, or `endpoint`; neither"),
        ({"model": "/nowhere"}, "chain[0].with.model", "there is no directory '/nowhere'"),
        ({"model": 3}, "chain[0].with.model", "must be a directory"),
        ({"examples": []}, "chain[0].with.examples", "must be a file or directory"),
        ({"examples": ["/nowhere.jsonl"]}, "chain[0].with.examples", "/nowhere.jsonl cannot be read"),
        ({"k": 3}, "chain[0].with.k", "`method: nearest` alone"),
        ({"method": "near"}, "chain[0].with.method", "must be 'centroids' or 'nearest'"),
        ({"tasks": {"poem": "code"}}, "chain[0].with.tasks", "maps 'poem', which is no label"),
        ({"tresh": 1}, "chain[0].with.tresh", "unknown key"),
        ({"endpoint": {"model": "m"}}, "chain[0].with.endpoint.base_url", "is missing"),
        ({"endpoint": {"base_url": "http://h/v1?x=1", "model": "m"}}, "chain[0].with.endpoint.base_url", "no query"),
    ],
)
def test_problems_are_told_at_their_place(options: dict[str, object], path: str, message: str) -> None:
    options = {"examples": str(EXAMPLES), **options}
    with pytest.raises(ConfigInvalid) as raised:
        load(configured(options), {}, simulated="http://127.0.0.1:1")
    found = {problem.path: problem.message for problem in raised.value.problems}
    assert message in found[path]


def test_a_shipped_label_without_a_row_is_named(model: Path) -> None:
    """`make_config` has no row for the label `complex` of the examples that Pointsman ships."""
    with pytest.raises(ConfigInvalid, match="label 'complex' leads to 'complex'"):
        load(configured({"model": str(model)}), {}, simulated="http://127.0.0.1:1")
    with pytest.raises(PluginRefused, match="label 'complex'"):
        make_rules(make_entry(plugin, options=EmbeddingsOptions.model_validate({"model": str(model)})))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{"text": "a", "label": "x"}\n', "at least two labels, and hold x"),
        ('{"text": "a"}\n', "a row needs `text` and `label`"),
        ('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n' * 10_001, "at most 20,000 examples"),
    ],
)
def test_examples_that_are_none_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(rows)
    with pytest.raises(ValueError, match=message):
        read_examples(str(path))


def test_a_described_label_without_examples_is_refused(tmp_path: Path) -> None:
    described = tmp_path / "tasks.yaml"
    described.write_text("label: poem\ndescription: a poem\n")
    with pytest.raises(ValueError, match="label 'poem' has no example"):
        read_examples([str(described), str(EXAMPLES)])
