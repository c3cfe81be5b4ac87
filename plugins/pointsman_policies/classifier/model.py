"""The trained model: a table of weights, read with numpy, refused if it is not what was trained."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import copysign, exp
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointsman import PointsmanError
from pointsman_policies.classifier.features import HASHES, NAMES, Features, Reader
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.structure import COUNTED, PHRASES, PRESENT
from pointsman_policies.classifier.words import HEAD_CHARACTERS, TAIL_CHARACTERS

Matrix = NDArray[np.float32]

SHIPPED = Path(__file__).parent / "artefact"
"""The model that we ship, trained on our own examples only."""

REACH = 4.0
"""A dense feature counts at most so many standard deviations: one odd text must not decide by one feature."""

_WEIGHTS, _ABOUT = "weights.npz", "model.json"
_ARRAYS = ("scale", "shift", "dense", "hashed", "bias")


class ArtefactRefused(PointsmanError):
    """An artefact that is not there, was changed, or was trained for other features."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The likeliest label, and how likely: of answers given with confidence 0.8, eight in ten should be right."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for each of `labels`; `version` is the trainer's, `digest` the sha256 of all that decides."""

    labels: tuple[str, ...]
    version: str
    scale: Matrix
    shift: Matrix
    dense: Matrix
    hashed: Matrix
    bias: Matrix
    temperature: float
    trained_on: Mapping[str, int]
    _reader: Reader = field(init=False, repr=False, compare=False, default_factory=Reader)
    _table: _Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        arrays = [getattr(self, name) for name in _ARRAYS]
        object.__setattr__(self, "_table", _Table(*arrays))

    @property
    def digest(self) -> str:
        """Of the weights and of what they mean; the same examples give the same digest."""
        seal = hashlib.sha256(json.dumps(self._about(), sort_keys=True).encode())
        for name in _ARRAYS:
            seal.update(np.ascontiguousarray(getattr(self, name), dtype="<f4").tobytes())
        return seal.hexdigest()

    def predict(self, text: str) -> Prediction:
        """The likeliest label of a text."""
        chances = self._chances(text)
        best = max(chances)
        return Prediction(self.labels[chances.index(best)], best)

    def chances(self, text: str) -> Matrix:
        """A probability for each label."""
        return np.array(self._chances(text), dtype=np.float32)

    def _chances(self, text: str) -> list[float]:
        scores = self._table.scores(self._reader.read(text))
        highest = max(scores)
        raised = [exp((score - highest) / self.temperature) for score in scores]
        whole = sum(raised)
        return [one / whole for one in raised]

    def save(self, directory: Path) -> None:
        """Write the artefact: weights, and what they are."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}  # savez's own keywords are Any
        np.savez_compressed(directory / _WEIGHTS, **arrays)
        about = json.dumps({**self._about(), "digest": self.digest}, indent=2, ensure_ascii=False)
        (directory / _ABOUT).write_text(about + "\n", encoding="utf-8")

    def _about(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "labels": list(self.labels),
            "temperature": self.temperature,
            "features": fingerprint(),
            "trained_on": dict(self.trained_on),
        }


class _Table:
    """The weights as they are quickest to apply: most features are 0, so only what others change is added."""

    def __init__(self, scale: Matrix, shift: Matrix, dense: Matrix, hashed: Matrix, bias: Matrix) -> None:
        resting = np.clip(shift, -REACH, REACH)
        self._rows = np.concatenate([hashed, dense])
        self._base = bias + resting @ dense
        self._standard = list(zip(scale.tolist(), shift.tolist(), resting.tolist(), strict=True))

    def scores(self, features: Features) -> list[float]:
        """The score of each label, at temperature 1."""
        hashed, standard = features.hashed, self._standard
        weights = [len(hashed) ** -0.5] * len(hashed) if hashed else []
        for number, value in features.named.items():
            scale, shift, resting = standard[number]
            standing = value * scale + shift
            weights.append((standing if -REACH < standing < REACH else copysign(REACH, standing)) - resting)
        rows = self._rows.take([*hashed, *[HASHES + number for number in features.named]], axis=0)
        scores: list[float] = (np.array(weights, np.float32) @ rows + self._base).tolist()
        return scores


def load_model(directory: Path) -> Model:
    """Read an artefact; ArtefactRefused says why it is not to be trusted."""
    try:
        about = json.loads((directory / _ABOUT).read_text(encoding="utf-8"))
        with np.load(directory / _WEIGHTS, allow_pickle=False) as archive:
            arrays = {name: archive[name].astype(np.float32) for name in _ARRAYS}
        model = Model(
            labels=tuple(about["labels"]),
            version=about["version"],
            temperature=float(about["temperature"]),
            trained_on=about["trained_on"],
            **arrays,
        )
        features, digest = about["features"], about["digest"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ArtefactRefused(f"{directory} holds no classifier: {type(error).__name__}: {error}") from error
    if features != fingerprint():
        raise ArtefactRefused(
            f"{directory} was trained for other features than this version of Pointsman reads; "
            "train it again: pointsman classifier train"
        )
    if model.digest != digest:
        raise ArtefactRefused(f"{directory} was changed after training: its digest is not the one in {_ABOUT}")
    return model


@cache
def shipped_model() -> Model:
    """The one that comes with Pointsman: read once, and the same for every configuration of a process."""
    return load_model(SHIPPED)


def fingerprint() -> str:
    """Of everything that gives a feature its meaning: with any of it changed, old weights are nonsense."""
    patterns = {name: pattern.pattern for name, pattern in {**COUNTED, **PRESENT}.items()}
    parts = [list(CONCEPTS.items()), list(PHRASES.items()), list(patterns.items()), NAMES, HASHES]
    whole = json.dumps([*parts, HEAD_CHARACTERS, TAIL_CHARACTERS])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
