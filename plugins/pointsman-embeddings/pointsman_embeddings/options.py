"""The `with:` of an `embeddings` entry, and what it shares with the gate: the embedder."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from pointsman import BaseUrl, Names, PointsmanError, Request, SecretReference, read_secret
from pointsman_embeddings.embedder import Embedder
from pointsman_embeddings.index import Method, Rule
from pointsman_policies.classifier.labelled import ExampleSet, load_examples
from pointsman_policies.classifier.policy import UnknownTask, rows_of

if TYPE_CHECKING:
    from pointsman_embeddings.model import LocalModel

MAX_EXAMPLES = 20_000
DEFAULT_K = 5


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled examples and the sha256 of them."""

    read: ExampleSet = field(repr=False)
    digest: str

    @property
    def labels(self) -> tuple[str, ...]:
        return self.read.labels


# Validators are handed whatever the YAML held.
def read_examples(given: Any) -> Any:
    """Files or directories of examples; none: those that Pointsman ships."""
    if isinstance(given, Examples):
        return given
    paths = [given] if isinstance(given, str | Path) else given
    if given == [] or not isinstance(paths, list | tuple) or not all(isinstance(path, str | Path) for path in paths):
        raise ValueError("must be a file or directory, or a list of them")
    try:
        read = load_examples([Path(path) for path in paths])
    except PointsmanError as error:
        raise ValueError(str(error)) from error
    counts = Counter(example.label for example in read.examples)
    if len(read.labels) < 2:
        raise ValueError(f"must hold at least two labels, and hold {', '.join(read.labels) or 'none'}")
    if empty := [label for label in read.labels if not counts[label]]:
        raise ValueError(f"label {empty[0]!r} has no example; write one, or remove its description")
    if len(read.examples) > MAX_EXAMPLES:
        raise ValueError(
            f"must hold at most {MAX_EXAMPLES:,} examples, and hold {len(read.examples):,};"
            " of so many train a model: pointsman classifier train"
        )
    rows = [[example.label, example.family, example.text] for example in read.examples]
    return Examples(read, hashlib.sha256(json.dumps([read.labels, rows]).encode()).hexdigest())


def _open_model(given: Any) -> Any:
    if not isinstance(given, str | Path):
        if given is None or hasattr(given, "embed"):
            return given
        raise ValueError("must be a directory")
    # Slow to import, and of no use to who asks an endpoint.
    from pointsman_embeddings.model import load_model

    try:
        return load_model(Path(given))
    except PointsmanError as error:
        raise ValueError(str(error)) from error


# What is written of them makes their content part of the configuration's version.
Model = Annotated[
    Any,  # LocalModel or None; its module is imported on use
    PlainValidator(_open_model),
    PlainSerializer(lambda model: model and model.digest),
    WithJsonSchema({"type": "string"}),
]
ExampleFiles = Annotated[
    InstanceOf[Examples],
    BeforeValidator(read_examples),
    PlainSerializer(lambda examples: examples.digest),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Endpoint(BaseModel):
    """An OpenAI-compatible endpoint that makes the vectors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: BaseUrl = Field(description="What stands before `/embeddings`, such as `https://api.openai.com/v1`.")
    model: str = Field(min_length=1, description="The model's name there.")
    api_key: SecretReference | None = Field(
        default=None, description="A reference to its key, never the key: `${NAME}` or `${file:/path}`."
    )
    regions: tuple[str, ...] = Field(
        default=(),
        description="Where it runs. A caller who allows certain regions only is asked about if one of them is named.",
    )

    @field_validator("base_url")
    @classmethod
    def _is_a_beginning(cls, base_url: str) -> str:
        if "?" in base_url:
            raise ValueError("must hold no query: `/embeddings` is put behind it")
        return base_url


class EmbedderOptions(BaseModel):
    """What makes the vectors: `model` or `endpoint`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Model = Field(
        default=None,
        description="Directory of an ONNX model: `model.onnx` or `onnx/model.onnx`, and `tokenizer.json`; a relative "
        "path starts at the working directory.",
    )
    endpoint: Endpoint | None = Field(default=None, description="Instead of `model`: an OpenAI-compatible endpoint.")

    @model_validator(mode="after")
    def _one_embedder(self) -> Self:
        if (self.model is None) == (self.endpoint is None):
            said = "neither is there" if self.model is None else "both are there"
            raise ValueError(f"must have either `model`, a directory, or `endpoint`; {said}")
        return self

    @property
    def local(self) -> LocalModel | None:
        """The model, typed."""
        model: LocalModel | None = self.model
        return model

    def opened(self) -> AbstractAsyncContextManager[Embedder]:
        """The embedder, open while it is entered. Raises SecretMissing where there is no key."""
        # Either is slow to import, and most configurations need one of them.
        if self.endpoint is not None:
            from pointsman_embeddings.endpoint import connected

            key = read_secret(self.endpoint.api_key, os.environ) if self.endpoint.api_key else ""
            return connected(self.endpoint.base_url, self.endpoint.model, key)
        from pointsman_embeddings.worker import running

        model = self.local
        assert model is not None
        return running(model)

    def may_be_told(self, request: Request) -> bool:
        """A prompt that must stay in certain regions is not sent anywhere else, the embedder included."""
        allowed = request.hints.allowed_regions
        return self.endpoint is None or not allowed or not set(allowed).isdisjoint(self.endpoint.regions)


class EmbeddingsOptions(EmbedderOptions):
    """Options of the `embeddings` policy: the embedder, and what is to be done with its vectors."""

    examples: ExampleFiles = Field(
        default=(),
        validate_default=True,
        description="Files or directories of labelled examples, as `pointsman classifier train` reads them. Unset: the "
        "examples that Pointsman ships.",
    )
    method: Method = Field(
        default="centroids",
        description="`centroids`: the mean of each kind of examples stands for it. `nearest`: each example for itself.",
    )
    k: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description=f"With `nearest`: how many examples of a label, the nearest, speak for it; unset: {DEFAULT_K}.",
    )
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="Least confidence to answer with; below it, no opinion."
    )
    ask_below: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Ask also where a policy named the task with less confidence than this; 0: only where none did.",
    )
    tasks: Mapping[str, str | None] = Field(
        default_factory=dict,
        validate_default=True,
        description="Task row for a label, where it is not the row of the label's own name; null: no opinion on it.",
    )
    vectors: Path | None = Field(
        default=None,
        description="A file for the vectors of the examples, so that the next start need not embed them again; it "
        "holds no text. Unset: nowhere.",
    )
    cache: int = Field(
        default=1024,
        ge=0,
        le=1_000_000,
        description="How many answers are remembered, by the hash of the text; 0: none.",
    )

    @field_validator("k")
    @classmethod
    def _k_is_read(cls, k: int | None, info: ValidationInfo) -> int | None:
        if k is not None and info.data.get("method") == "centroids":
            raise ValueError("is read with `method: nearest` alone; say that, or remove it")
        return k

    @field_validator("vectors")
    @classmethod
    def _has_a_place(cls, vectors: Path | None) -> Path | None:
        if vectors is not None and (vectors.is_dir() or not vectors.parent.is_dir()):
            raise ValueError(f"must be a file in a directory that is there, and {str(vectors.parent)!r} is none")
        return vectors

    @field_validator("tasks")
    @classmethod
    def _labels_have_rows(cls, tasks: Mapping[str, str | None], info: ValidationInfo) -> Mapping[str, str | None]:
        names, examples = info.context, info.data.get("examples")
        if isinstance(names, Names) and names.tasks is not None and isinstance(examples, Examples):
            try:
                rows_of(examples.labels, tasks, names.tasks)
            except UnknownTask as error:
                raise ValueError(str(error)) from error
        return tasks

    @property
    def rule(self) -> Rule:
        return Rule(self.method, self.k or DEFAULT_K)
