from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pointsman_policies.classifier.labelled import Example
from pointsman_policies.classifier.model import ArtefactRefused, Model, load_model, shipped_model
from pointsman_policies.classifier.training import TooFewExamples, train

EXAMPLES = [
    *(Example(f"Translate the word {word} to French.", "cheap", f"k{n % 3}") for n, word in enumerate("abcdef")),
    *(
        Example(f"Write a long story about {word}, with dialogue.", "dear", f"k{n % 3}")
        for n, word in enumerate("abcdef")
    ),
]
LABELS = ("cheap", "dear")


@pytest.fixture(scope="module")
def model() -> Model:
    return train(EXAMPLES, LABELS, "t")


def test_it_learns_what_it_was_shown(model: Model) -> None:
    assert model.predict("Translate the word house to German.").label == "cheap"
    assert model.predict("Write a story about a bridge.").label == "dear"
    assert model.trained_on == {"cheap": 6, "dear": 6}


def test_chances_add_up_for_any_text(model: Model) -> None:
    for text in ("", " ", "\ud800", "?" * 10_000, "x"):
        assert model.chances(text).sum() == pytest.approx(1.0, abs=1e-5)


def test_training_twice_gives_the_same_model(model: Model) -> None:
    assert train(EXAMPLES, LABELS, "t").digest == model.digest
    assert train(EXAMPLES[:-1], LABELS, "t").digest != model.digest


def test_what_was_saved_is_what_is_loaded(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.digest == model.digest
    assert loaded.chances("Translate this").tolist() == model.chances("Translate this").tolist()


def test_the_shipped_model_belongs_to_the_shipped_features_and_answers_plain_requests() -> None:
    shipped = shipped_model()
    for text, label in {
        "What is the capital of France?": "simple",
        "Write a Python function that reverses a string.": "code",
        "Prove that the square root of 2 is irrational.": "reasoning",
        "Write a detailed business plan for a bakery.": "complex",
    }.items():
        assert shipped.predict(text).label == label


def test_changed_weights_are_refused(model: Model, tmp_path: Path) -> None:
    replace(model, bias=model.bias + np.float32(0.5)).save(tmp_path / "changed")
    model.save(tmp_path / "true")
    (tmp_path / "true/weights.npz").write_bytes((tmp_path / "changed/weights.npz").read_bytes())
    with pytest.raises(ArtefactRefused, match="changed after training"):
        load_model(tmp_path / "true")


@pytest.mark.parametrize(("key", "value"), [("labels", ["dear", "cheap"]), ("temperature", 0.1), ("version", "9")])
def test_changed_words_about_it_are_refused(model: Model, tmp_path: Path, key: str, value: object) -> None:
    model.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, key: value}))
    with pytest.raises(ArtefactRefused, match="changed after training"):
        load_model(tmp_path)


def test_a_model_for_other_features_is_refused(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "features": "0" * 16}))
    with pytest.raises(ArtefactRefused, match="train it again"):
        load_model(tmp_path)


@pytest.mark.parametrize("content", [None, "{}", "not json", "[]"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content)
        (tmp_path / "weights.npz").write_bytes(b"nothing")
    with pytest.raises(ArtefactRefused, match="holds no classifier"):
        load_model(tmp_path)


def test_one_label_is_nothing_to_choose_from() -> None:
    with pytest.raises(TooFewExamples, match="two labels"):
        train(EXAMPLES[:6], ["cheap"], "t")
    with pytest.raises(TooFewExamples, match="'dear' has 1 examples"):
        train(EXAMPLES[:7], LABELS, "t")
