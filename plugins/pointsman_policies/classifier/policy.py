"""The policy `classifier`: names the task of a request that nobody named, and keeps quiet where it is not sure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from pointsman import Assessment, Names, PointsmanError, PolicyKind, PolicySetup, Request, hookimpl, register
from pointsman_policies.classifier.model import Model, load_model, shipped_model
from pointsman_policies.classifier.reading import task_text

POINTSMAN_API = 1

CHEAP = "simple"


class UnknownTask(PointsmanError):
    """Labels and task rows that do not fit together."""


# A validator is handed whatever the YAML held.
def _read(path: Any) -> Any:
    if not isinstance(path, str | Path):
        return path
    try:
        return load_model(Path(path))
    except PointsmanError as error:
        raise ValueError(str(error)) from error


Artefact = Annotated[
    InstanceOf[Model],
    BeforeValidator(_read),
    # What is written of it makes the model part of the configuration's version.
    PlainSerializer(lambda model: model.digest),
    WithJsonSchema({"type": "string"}),
]


class ClassifierOptions(BaseModel):
    """Options of the `classifier` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artefact: Artefact | None = Field(
        default=None,
        description="Directory of a model that `pointsman classifier train` wrote; a relative path starts at the "
        "working directory. Unset: the model that Pointsman ships.",
    )
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="Least confidence to answer with; below it, no opinion."
    )
    simple_threshold: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="The same for the label `simple`: a hard request on a cheap model costs quality, an easy one on a "
        "dear model only money.",
    )
    tasks: Mapping[str, str | None] = Field(
        default_factory=dict,
        description="Task row for a label, where it is not the row of the label's own name; null: no opinion on it.",
    )

    @model_validator(mode="after")
    def _labels_have_rows(self, info: ValidationInfo) -> Self:
        names = info.context
        if isinstance(names, Names) and names.tasks is not None:
            try:
                rows_of((self.artefact or shipped_model()).labels, self.tasks, names.tasks)
            except UnknownTask as error:
                raise ValueError(str(error)) from error
        return self


class Classifier:
    """Gives its opinion on a text whose task nobody named before it."""

    def __init__(self, options: ClassifierOptions, setup: PolicySetup) -> None:
        self._model = options.artefact or shipped_model()
        self._source = f"classifier {self._model.version}"
        self._rows = rows_of(self._model.labels, options.tasks, setup.catalogue.tasks)
        self._least = {
            label: options.simple_threshold if label == CHEAP else options.threshold for label in self._model.labels
        }
        # The chain is asked twice of a request where a policy gathers signals, and reading it is most of a decision.
        self._last: tuple[Request | None, Assessment | None] = (None, None)

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        if self._last[0] is not request:
            self._last = request, self._assess(request)
        return self._last[1]

    def _assess(self, request: Request) -> Assessment | None:
        text = task_text(request)
        if not text:
            return None
        found = self._model.predict(text)
        row = self._rows[found.label]
        if row is None or found.confidence < self._least[found.label]:
            return None
        return Assessment(task=row, confidence=found.confidence, source=self._source)


def rows_of(labels: Collection[str], tasks: Mapping[str, str | None], known: Collection[str]) -> dict[str, str | None]:
    """The task row of each label; UnknownTask where one is missing, or `tasks` maps what is no label."""
    if unknown := sorted(set(tasks) - set(labels)):
        raise UnknownTask(f"`tasks` maps {unknown[0]!r}, which is no label of the model; it has {', '.join(labels)}")
    rows = {label: tasks.get(label, label) for label in labels}
    for label, row in rows.items():
        if row is not None and row not in known:
            raise UnknownTask(
                f"label {label!r} leads to {row!r}, which is no task row (there are {', '.join(sorted(known))}); "
                f"say `tasks: {{{label}: ROW}}`, or null for no opinion"
            )
    return rows


plugin = register(
    Classifier,
    config=ClassifierOptions,
    kind=PolicyKind.CLASSIFIER,
    deterministic=True,
    reads_only_text=True,
    names_only_tasks=True,
)
