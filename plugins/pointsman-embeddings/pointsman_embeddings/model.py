"""A local embedding model: a directory with an ONNX export and its tokenizer, as sentence-transformers lays it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pointsman import PointsmanError
from pointsman_embeddings.embedder import EmbedderFailed, Vectors, unit_rows

DEFAULT_TOKENS, MAX_TOKENS = 256, 512
"""How much of a text is read where the model does not say, and at most: time grows faster than the text."""

_WEIGHTS = ("model.onnx", "onnx/model.onnx")
_SETTINGS = ("tokenizer.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json")
_POOLINGS = {"pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean", "pooling_mode_max_tokens": "max"}
_MODULES = ("Transformer", "Pooling", "Normalize")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}

Tokens = NDArray[np.int64]


class ModelRefused(PointsmanError):
    """A directory that holds no embedding model which can be run here."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """Ready to run, in any thread. `digest` is the sha256 of all files that decide what a vector is."""

    directory: Path
    digest: str
    tokenizer: Tokenizer
    # onnxruntime ships no types.
    session: Any
    output: str
    pooling: str

    def embed(self, texts: Sequence[str], options: Any = None) -> Vectors:
        """A row of length 1 for each text. `options` are onnxruntime's for this run, which can stop it."""
        encoded = self.tokenizer.encode_batch(list(texts))
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        if not mask.any(axis=1).all():
            raise EmbedderFailed("a text has no token that the model knows")
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {each.name: given[each.name] for each in self.session.get_inputs()}
        try:
            (answer,) = self.session.run([self.output], wanted, options)
        # onnxruntime's errors are plain RuntimeErrors and classes of its own without a common one.
        except Exception as error:
            raise EmbedderFailed(f"the model failed: {type(error).__name__}") from error
        return unit_rows(answer if answer.ndim == 2 else _pooled(answer, mask, self.pooling))


def load_model(directory: Path) -> LocalModel:
    """Open a model directory; ModelRefused says why it cannot be used."""
    if not directory.is_dir():
        raise ModelRefused(f"there is no directory {str(directory)!r}; a relative path starts at the working directory")
    weights = next((directory / name for name in _WEIGHTS if (directory / name).is_file()), None)
    if weights is None:
        raise ModelRefused(f"{directory} holds neither {_WEIGHTS[0]} nor {_WEIGHTS[1]}; export the model to ONNX first")
    pooling = _pooling(directory)
    tokenizer = _tokenizer(directory)
    session = _session(weights)
    if missing := {each.name for each in session.get_inputs()} - _INPUTS:
        raise ModelRefused(f"{weights} asks for {sorted(missing)}; known inputs are {', '.join(sorted(_INPUTS))}")
    return LocalModel(directory, _digest(directory, weights), tokenizer, session, _output(session, weights), pooling)


def _session(weights: Path) -> Any:
    options = ort.SessionOptions()
    # One thread: the model must not take the cores that stream answers.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised, and told once
    try:
        return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    # onnxruntime's errors have no common class.
    except Exception as error:
        raise ModelRefused(f"{weights} is no ONNX model that can be run: {type(error).__name__}") from error


def _output(session: Any, weights: Path) -> str:
    """The name of what is pooled, a vector for each token; or of vectors that the model has pooled itself."""
    by_rank = {rank: name for name, rank in reversed([(each.name, len(each.shape)) for each in session.get_outputs()])}
    if 3 in by_rank or 2 in by_rank:
        return str(by_rank.get(3) or by_rank[2])
    raise ModelRefused(f"{weights} gives no vectors: an output [texts, tokens, size] or [texts, size] is needed")


def _tokenizer(directory: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    # tokenizers raises bare Exceptions.
    except Exception as error:
        raise ModelRefused(f"{directory}/tokenizer.json cannot be read: {error}") from error
    # What the file says of padding to a fixed length would multiply the work; batches are padded to their longest.
    padding, truncation = tokenizer.padding or {}, tokenizer.truncation or {}
    tokenizer.enable_padding(pad_id=padding.get("pad_id", 0), pad_token=padding.get("pad_token", "[PAD]"))
    said = _json(directory, "sentence_bert_config.json").get("max_seq_length") or truncation.get("max_length")
    tokenizer.enable_truncation(min(said if isinstance(said, int) and said > 2 else DEFAULT_TOKENS, MAX_TOKENS))
    return tokenizer


def _pooling(directory: Path) -> str:
    """How the vectors of tokens become one; refused is what would silently give other vectors than the model's own."""
    for module in _json(directory, "modules.json", []):
        kind = str(module.get("type")).rpartition(".")[2]
        if kind not in _MODULES:
            raise ModelRefused(f"{directory} has a module {kind}, which only sentence-transformers can run")
    config = _json(directory, "1_Pooling/config.json")
    chosen = sorted(key for key, on in config.items() if key.startswith("pooling_mode_") and on is True)
    if named := config.get("pooling_mode"):
        chosen = [f"pooling_mode_{named}_token" if named == "cls" else f"pooling_mode_{named}_tokens"]
    if not chosen:
        return "mean"
    if len(chosen) > 1 or chosen[0] not in _POOLINGS:
        known = ", ".join(_POOLINGS.values())
        raise ModelRefused(
            f"{directory}/1_Pooling/config.json asks for {' and '.join(chosen)}; one of {known} is known"
        )
    return _POOLINGS[chosen[0]]


def _pooled(answer: NDArray[np.float32], mask: Tokens, pooling: str) -> NDArray[np.float32]:
    if pooling == "cls":
        first: NDArray[np.float32] = answer[:, 0]
        return first
    there = mask[..., None].astype(np.float32)
    if pooling == "max":
        highest: NDArray[np.float32] = np.where(there > 0, answer, -np.inf).max(axis=1)
        return highest
    mean: NDArray[np.float32] = (answer * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return mean


# JSON files hold anything.
def _json(directory: Path, name: str, default: Any = None) -> Any:
    """What a settings file says; `default` ({}) where it is not there."""
    empty = {} if default is None else default
    path = directory / name
    if not path.exists():
        return empty
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} cannot be read: {type(error).__name__}") from error
    if not isinstance(read, type(empty)) or (isinstance(read, list) and not all(isinstance(x, dict) for x in read)):
        raise ModelRefused(f"{path} is not what sentence-transformers writes")
    return read


def _digest(directory: Path, weights: Path) -> str:
    """Weights may lie in files of their own beside the graph: `model.onnx_data`, or `model.onnx.data`."""
    beside = sorted(path for path in weights.parent.iterdir() if path.name.startswith(weights.name) and path.is_file())
    seal = hashlib.sha256()
    for path in (*beside, *(directory / name for name in _SETTINGS)):
        if path.is_file():
            seal.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                while part := file.read(1 << 20):
                    seal.update(part)
    return seal.hexdigest()
