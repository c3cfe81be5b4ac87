"""A tiny embedding model that is real: an ONNX graph and a tokenizer, for tests that download nothing.

    model = write_model(tmp_path / "model", {"function": [1, 0], "essay": [0, 1]})
    options = {"model": str(model), "examples": "tasks/"}

The vector of a text is the mean of its words' vectors; words that are not given have one of their own between them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

_UNKNOWN = "[UNK]"
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType


def write_model(directory: Path, words: Mapping[str, Sequence[float]], *, pooling: str = "mean") -> Path:
    """Write a model in the layout of sentence-transformers; it returns the directory."""
    sizes = {len(vector) for vector in words.values()}
    if len(sizes) != 1:
        raise ValueError(f"the vectors of words must be of one length, not {sorted(sizes)}")
    table = np.array([[0.01] * sizes.pop(), *words.values()], dtype=np.float32)
    rows = {word: row for row, word in enumerate([_UNKNOWN, *words])}
    tokenizer = Tokenizer(WordLevel(rows, unk_token=_UNKNOWN))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    (directory / "onnx").mkdir(parents=True, exist_ok=True)
    (directory / "1_Pooling").mkdir(exist_ok=True)
    (directory / "onnx" / "model.onnx").write_bytes(_graph(table))
    (directory / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{pooling}_tokens": True}))
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def _graph(table: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    """A ModelProto that looks words up: last_hidden_state = Gather(words, input_ids). Numbers are of onnx.proto3."""
    words = b"".join(
        [*(_number(1, size) for size in table.shape), _number(2, _FLOAT), _text(8, "words"), _bytes(9, table.tobytes())]
    )
    node = _text(1, "words") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    graph = b"".join((
        _bytes(1, node),
        _text(2, "words"),
        _bytes(5, words),
        _bytes(11, _value("input_ids", _INT64, ("texts", "tokens"))),
        _bytes(11, _value("attention_mask", _INT64, ("texts", "tokens"))),
        _bytes(12, _value("last_hidden_state", _FLOAT, ("texts", "tokens", table.shape[1]))),
    ))  # fmt: skip
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 13))


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    sizes = b"".join(_bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
