"""The policy `classifier`: names the task of a request that nobody named, and keeps quiet where it is not sure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from pointsman import Assessment, PointsmanError, PolicyKind, PolicySetup, Request, hookimpl, register
from pointsman_policies.classifier.model import SHIPPED, load_model
from pointsman_policies.classifier.reading import task_text

POINTSMAN_API = 1

CHEAP = "simple"


class ClassifierOptions(BaseModel):
    """Options of the `classifier` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artefact: Path | None = Field(
        default=None,
        description="Directory of a trained model, as `pointsman classifier train` writes it; relative paths are seen "
        "from where the server runs. Default: the model shipped with Pointsman.",
    )
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="Least confidence to answer with; below it, no opinion."
    )
    simple_threshold: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="The same for the label `simple`, because a hard request on a cheap model costs quality, while an "
        "easy one on a dear model costs only money.",
    )
    tasks: Mapping[str, str | None] = Field(
        default_factory=dict,
        description="Task row for a label, where it is not the row of the label's own name; null: no opinion on it.",
    )


class UnknownLabel(PointsmanError):
    """Labels and task rows that do not fit together."""


class Classifier:
    """Asks the model about the text, unless an earlier policy is preferred by the chain's order."""

    def __init__(self, options: ClassifierOptions, setup: PolicySetup) -> None:
        self._model = load_model(options.artefact or SHIPPED)
        self._source = f"classifier {self._model.version}"
        self._rows = _rows(self._model.labels, options.tasks, setup)
        self._least = {
            label: options.simple_threshold if label == CHEAP else options.threshold for label in self._model.labels
        }

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        text = task_text(request)
        if not text:
            return None
        found = self._model.predict(text)
        row = self._rows[found.label]
        if row is None or found.confidence < self._least[found.label]:
            return None
        return Assessment(task=row, confidence=found.confidence, source=self._source)


def _rows(labels: tuple[str, ...], tasks: Mapping[str, str | None], setup: PolicySetup) -> dict[str, str | None]:
    if unknown := sorted(set(tasks) - set(labels)):
        raise UnknownLabel(f"`tasks` names {unknown[0]!r}, which is no label of the model; it has {', '.join(labels)}")
    rows = {label: tasks.get(label, label) for label in labels}
    for label, row in rows.items():
        if row is not None and row not in setup.catalogue.tasks:
            known = ", ".join(setup.catalogue.tasks)
            raise UnknownLabel(
                f"label {label!r} leads to {row!r}, which is no task row (there are {known}); "
                f"map it with `tasks: {{{label}: a row}}`, or to null"
            )
    return rows


plugin = register(Classifier, config=ClassifierOptions, kind=PolicyKind.CLASSIFIER, deterministic=True)
