"""`pointsman classifier train | eval | lint`: a team's own task names, measured before they route anything."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pointsman_policies.classifier.labelled import ExamplesInvalid, load_examples
from pointsman_policies.classifier.lint import lint
from pointsman_policies.classifier.measure import Judged, accuracy, calibration_error, confusion, most_confident
from pointsman_policies.classifier.model import SHIPPED, Model, load_model
from pointsman_policies.classifier.training import train

_FILES = "YAML or JSONL files, or directories of them; default: the examples that Pointsman ships"


class ClassifierCommand:
    """A command of group `pointsman.commands`."""

    help = "train, measure and lint the task classifier"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="train|eval|lint")
        training = verbs.add_parser("train", help="train a model from labelled examples")
        training.add_argument("--examples", type=Path, nargs="+", default=[], metavar="FILE", help=_FILES)
        training.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the artefact goes")
        training.add_argument("--version", default="1", help="a name for it, seen as the source of its opinions")
        measuring = verbs.add_parser("eval", help="how good a model is on labelled examples that it was not trained on")
        measuring.add_argument(
            "--examples", "--data", type=Path, nargs="+", required=True, metavar="FILE", dest="examples"
        )
        measuring.add_argument(
            "--artefact", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped model"
        )
        linting = verbs.add_parser("lint", help="labels whose descriptions or examples overlap")
        linting.add_argument("--examples", type=Path, nargs="+", default=[], metavar="FILE", help=_FILES)

    def run(self, options: argparse.Namespace) -> int:
        """0: done; 1: lint found overlaps, or an error says what cannot be used."""
        return {"train": _train, "eval": _eval, "lint": _lint}[options.verb](options)


def _train(options: argparse.Namespace) -> int:
    labelled = load_examples(options.examples)
    model = train(labelled.examples, labelled.labels, options.version)
    model.save(options.out)
    print(f"version {model.version}, digest {model.digest}")
    print(f"labels {', '.join(f'{label} ({n})' for label, n in model.trained_on.items())}")
    print(f"written to {options.out}; use it with `with: {{artefact: {options.out}}}`")
    return 0


def _eval(options: argparse.Namespace) -> int:
    model, labelled = load_model(options.artefact), load_examples(options.examples)
    if unknown := sorted({example.label for example in labelled.examples} - set(model.labels)):
        known = ", ".join(model.labels)
        raise ExamplesInvalid(f"label {unknown[0]!r} of the examples is unknown to the model, which has {known}")
    judged = [_judge(model, example.text, example.label) for example in labelled.examples]
    print(f"model {model.version}, digest {model.digest[:12]}")
    print(f"accuracy                 {accuracy(judged)}")
    for share in (0.9, 0.75, 0.5, 0.25):
        print(f"  most confident {share:4.0%}    {accuracy(most_confident(judged, share))}")
    print(f"calibration error        {calibration_error(judged):.3f}")
    print_confusion(judged, model.labels)
    return 0


def _judge(model: Model, text: str, truth: str) -> Judged:
    found = model.predict(text)
    return Judged(truth, found.label, found.confidence)


def print_confusion(judged: Sequence[Judged], labels: Sequence[str]) -> None:
    """A row for each truth, a column for each answer."""
    width = max(10, *(len(label) for label in labels)) + 2
    print("".join(["truth \\ said".ljust(width + 4), *(label.rjust(width) for label in labels)]))
    for truth, row in confusion(judged, labels).items():
        print("".join([truth.ljust(width + 4), *(str(row[label]).rjust(width) for label in labels)]))


def _lint(options: argparse.Namespace) -> int:
    overlaps = lint(load_examples(options.examples))
    for overlap in overlaps:
        print(overlap)
    return 1 if overlaps else 0


command = ClassifierCommand()
