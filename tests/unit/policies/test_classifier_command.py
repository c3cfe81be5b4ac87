from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pointsman.cli import main
from pointsman.cli.plugin_commands import PluginCommand
from pointsman_policies.classifier.command import command
from pointsman_policies.classifier.labelled import ExampleSet, ExamplesInvalid, load_examples
from pointsman_policies.classifier.lint import lint
from pointsman_policies.classifier.measure import Judged, Share, calibration_error, called, most_confident

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/classifier.yaml"
LABELS = ("simple", "code", "reasoning", "complex")


def jsonl(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return path


@pytest.fixture
def team(tmp_path: Path) -> Path:
    rows = [(f"Where is parcel number {n}?", "tracking") for n in range(12)]
    rows += [(f"Write a reply that apologises for case {n}.", "letters") for n in range(12)]
    return jsonl(tmp_path / "team.jsonl", rows)


def test_it_is_what_a_command_is() -> None:
    assert isinstance(command, PluginCommand)


def test_a_team_trains_and_measures_its_own_tasks(
    team: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    assert main(["classifier", "train", "--examples", str(team), "--out", str(out), "--version", "team-1"]) == 0
    assert "tracking (12)" in capsys.readouterr().out
    assert main(["classifier", "eval", "--data", str(team), "--artefact", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "model team-1" in shown
    assert "1.000 [0.862, 1.000] n=24" in shown


def test_a_label_that_the_model_does_not_know_is_named(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classifier", "eval", "--data", str(team)]) == 1
    assert "label 'letters' of the examples is unknown to the model" in capsys.readouterr().err


def test_the_shipped_examples_are_many_varied_and_lint_clean() -> None:
    shipped = load_examples([])
    assert set(shipped.labels) == set(LABELS) == set(shipped.descriptions)
    assert len(shipped.examples) >= 700
    assert len({example.family for example in shipped.examples}) >= 100
    assert len({example.language for example in shipped.examples}) >= 8
    texts = [example.text for example in shipped.examples]
    assert len(set(texts)) == len(texts)
    assert lint(ExampleSet((), shipped.descriptions)) == []


def test_descriptions_that_promise_the_same_are_named_as_a_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label, description in {
        "triage": "Classify a customer's message into one of the categories.",
        "sorting": "Return the category label of messages from customers.",
        "letters": "Write a long reply in the tone of the house.",
    }.items():
        (tmp_path / f"{label}.yaml").write_text(f'label: {label}\ndescription: "{description}"\n')
    assert main(["classifier", "lint", "--examples", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "sorting / triage: their descriptions promise nearly the same" in shown
    assert "letters" not in shown


def test_descriptions_are_also_read_from_a_configuration(tmp_path: Path) -> None:
    assert lint(load_examples([ROOT / "examples/pointsman.yaml"])) == []
    (tmp_path / "pointsman.yaml").write_text("""
        tasks:
          faq: {output: "a short answer to a question about an order"}
          orders: {output: "short answers to questions on orders"}
          prose: {output: "a story in verse"}
    """)
    (overlap,) = lint(load_examples([tmp_path]))
    assert {overlap.one, overlap.other} == {"faq", "orders"}


def test_examples_that_belong_elsewhere_are_named_as_a_pair(tmp_path: Path) -> None:
    rows = [(f"Translate sentence {n} to French.", ("one", "two")[n % 2]) for n in range(24)]
    rows += [(f"Write a story about dragon {n}.", "three") for n in range(12)]
    rows += [("The same text.", "two"), ("The same text.", "three")]
    found = lint(load_examples([jsonl(tmp_path / "rows.jsonl", rows)]))
    assert {(overlap.one, overlap.other) for overlap in found} == {("one", "two"), ("two", "three")}
    assert "look like the other" in str(found[1])
    assert "stand under both" in str(found[0])


def test_lint_is_silent_on_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classifier", "lint", "--examples", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out == ""


def test_examples_may_be_gzipped_and_say_prompt_and_source(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"prompt": "Hi", "label": "simple", "source": "mail"}\n\n'))
    (example,) = load_examples([path]).examples
    assert (example.text, example.label, example.family) == ("Hi", "simple", "mail")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "families: {}", "a mapping with `label` is expected"),
        ("a.yaml", "{label: a, kinds: {}}", "unknown keys \\['kinds'\\]"),
        ("a.yaml", "{label: a, families: {k: {en: [1]}}}", "families.k.en\\[0\\] is 1, not a text"),
        ("a.yaml", "{label: a, families: {k: [x]}}", "maps a language"),
        ("a.yaml", "{label: a, families: [k]}", "maps a kind"),
        ("a.yaml", "{", "cannot be read"),
        ("a.jsonl", '{"text": "x"}', "a.jsonl:1: a row needs"),
        ("a.jsonl", "[1]", "a.jsonl:1: a row needs"),
        ("a.jsonl", "x", "cannot be read"),
    ],
)
def test_a_file_that_is_no_examples_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ExamplesInvalid, match=message):
        load_examples([tmp_path])


def test_two_descriptions_of_a_label_and_an_empty_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExamplesInvalid, match="holds no"):
        load_examples([tmp_path])
    for n in "12":
        (tmp_path / f"{n}.yaml").write_text(f"{{label: a, description: says {n}}}")
    with pytest.raises(ExamplesInvalid, match="described otherwise"):
        load_examples([tmp_path])


def test_shares_have_intervals_that_hold_at_the_ends() -> None:
    assert str(Share(10, 10)) == "1.000 [0.722, 1.000] n=10"
    assert Share(0, 0).interval == (0.0, 1.0)


def test_calibration_and_calls() -> None:
    judged = [Judged("a", "a", 0.95), Judged("a", "b", 0.95), Judged("b", "b", 0.55), Judged("b", "b", 0.45)]
    assert calibration_error(judged) == pytest.approx((2 * 0.45 + 0.45 + 0.55) / 4)
    assert called(judged, "b") == Share(1, 2)
    assert called(judged, "b", 0.96) == Share(0, 2)
    assert [one.confidence for one in most_confident(judged, 0.5)] == [0.95, 0.95]
