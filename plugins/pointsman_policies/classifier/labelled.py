"""Labelled examples as files: YAML by kind and language as we ship them, or JSONL with a row for each."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pointsman import PointsmanError

SHIPPED = Path(__file__).parent / "examples"
"""Our own examples; nothing of them comes from a data set."""


class ExamplesInvalid(PointsmanError):
    """A file of examples that cannot be read as one; names the file and the place in it."""


@dataclass(frozen=True, slots=True)
class Example:
    """`family` is the kind of request or the source it came from; training balances families, not rows."""

    text: str
    label: str
    family: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """Examples, and what the labels promise to return."""

    examples: tuple[Example, ...]
    descriptions: dict[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the descriptions, then of the examples."""
        return tuple(dict.fromkeys([*self.descriptions, *(example.label for example in self.examples)]))


def load_examples(paths: Sequence[Path]) -> ExampleSet:
    """Read files, or every file of a directory; without any path, the examples that we ship.

    YAML: `label`, `description`, and `families: {kind: {language: [text, ...]}}`; or a configuration, whose `tasks` say
    in `output` what their labels return. JSONL, also gzipped: `text` (or `prompt`), `label`, and if known `family` (or
    `source`) and `language`.
    """
    examples: list[Example] = []
    descriptions: dict[str, str] = {}
    for path in _files(paths or [SHIPPED]):
        try:
            rows = _read_yaml(path, descriptions) if path.suffix in {".yaml", ".yml"} else _read_jsonl(path)
            examples.extend(rows)
        except (OSError, UnicodeError, yaml.YAMLError, json.JSONDecodeError) as error:
            raise ExamplesInvalid(f"{path} cannot be read: {error}") from error
    return ExampleSet(tuple(examples), descriptions)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.iterdir() if file.name.endswith((".yaml", ".yml", ".jsonl", ".jsonl.gz")))
        if not found:
            raise ExamplesInvalid(f"{path} holds no .yaml, .jsonl or .jsonl.gz file")
        yield from found


def _read_yaml(path: Path, descriptions: dict[str, str]) -> Iterator[Example]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and isinstance(tasks := document.get("tasks"), dict):
        outputs = {str(task): row.get("output") for task, row in tasks.items() if isinstance(row, dict)}
        descriptions.update({task: output for task, output in outputs.items() if isinstance(output, str)})
        return
    if not isinstance(document, dict) or not isinstance(label := document.get("label"), str):
        raise ExamplesInvalid(f"{path}: a mapping with `label` is expected, or a configuration with `tasks`")
    if unknown := set(document) - {"label", "description", "families"}:
        raise ExamplesInvalid(f"{path}: unknown keys {sorted(unknown)}; known are label, description, families")
    description = str(document.get("description") or "")
    if description and descriptions.setdefault(label, description) != description:
        raise ExamplesInvalid(f"{path}: label {label!r} is described otherwise in another file; keep one description")
    families = document.get("families") or {}
    if not isinstance(families, dict):
        raise ExamplesInvalid(f"{path}: `families` maps a kind to its languages")
    for family, languages in families.items():
        if not isinstance(languages, dict):
            raise ExamplesInvalid(f"{path}: families.{family} maps a language to a list of texts")
        for language, texts in languages.items():
            for index, text in enumerate(texts or ()):
                if not isinstance(text, str):
                    where = f"families.{family}.{language}[{index}]"
                    raise ExamplesInvalid(f"{path}: {where} is {text!r}, not a text; quote it")
                yield Example(text, label, f"{label}/{family}", str(language))


def _read_jsonl(path: Path) -> Iterator[Example]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        row = json.loads(line)
        prompt = row.get("text", row.get("prompt")) if isinstance(row, dict) else None
        if not isinstance(prompt, str) or not isinstance(label := row.get("label"), str):
            raise ExamplesInvalid(f"{path}:{number}: a row needs `text` and `label`")
        yield Example(prompt, label, str(row.get("family") or row.get("source") or label), str(row.get("language", "")))
