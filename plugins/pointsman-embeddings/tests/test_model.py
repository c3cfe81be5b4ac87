"""Local models: read as sentence-transformers lays them out, or refused with the reason."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from pointsman_embeddings.embedder import EmbedderFailed, Vectors, unit_rows
from pointsman_embeddings.model import MAX_TOKENS, LocalModel, ModelRefused, load_model
from pointsman_embeddings.testing import write_model
from pointsman_embeddings.worker import BATCH, Worker, running

WORDS = {"red": (1.0, 0.0), "blue": (0.0, 1.0), "dark": (0.6, -0.8)}


def near(rows: Vectors, *expected: Sequence[float]) -> bool:
    return bool(np.allclose(rows, expected, atol=1e-5))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", WORDS)


def write(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def test_a_vector_is_the_mean_of_its_tokens_whatever_stands_beside_it(copy: Path) -> None:
    model = load_model(copy)
    assert near(model.embed(["Red blue", "red", "blue blue blue red"])[:2], (0.5**0.5, 0.5**0.5), (1, 0))
    assert near(model.embed(["red"]), (1, 0))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, (1, 0)),
        ({"pooling_mode_mean_tokens": True, "word_embedding_dimension": 2}, (0.5**0.5, 0.5**0.5)),
        ({"pooling_mode_max_tokens": True}, (0.5**0.5, 0.5**0.5)),
        ({"pooling_mode": "cls"}, (1, 0)),
        ({"pooling_mode": "mean"}, (0.5**0.5, 0.5**0.5)),
        ({}, (0.5**0.5, 0.5**0.5)),
    ],
)
def test_the_pooling_is_the_model_s(copy: Path, config: dict[str, object], expected: tuple[float, float]) -> None:
    write(copy / "1_Pooling" / "config.json", config)
    # The shorter text stands first, so that padding would show.
    assert near(load_model(copy).embed(["red blue", "dark dark red blue"])[:1], expected)


def test_without_a_pooling_config_it_is_the_mean(copy: Path) -> None:
    shutil.rmtree(copy / "1_Pooling")
    assert near(load_model(copy).embed(["red blue"]), (0.5**0.5, 0.5**0.5))


def test_the_graph_may_stand_beside_the_tokenizer(copy: Path) -> None:
    (copy / "onnx" / "model.onnx").rename(copy / "model.onnx")
    assert near(load_model(copy).embed(["red"]), (1, 0))


def test_it_reads_as_much_as_the_model_says_and_no_more_than_we_allow(copy: Path) -> None:
    write(copy / "sentence_bert_config.json", {"max_seq_length": 3})
    assert near(load_model(copy).embed(["red red red blue"]), (1, 0))
    write(copy / "sentence_bert_config.json", {"max_seq_length": 100_000})
    assert near(load_model(copy).embed(["red " * MAX_TOKENS + "blue " * 10_000]), (1, 0))


def test_padding_to_a_fixed_length_is_not_done(copy: Path) -> None:
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    fixed = {"strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": None}
    tokenizer["padding"] = {**fixed, "pad_id": 1, "pad_type_id": 0, "pad_token": "red"}
    write(copy / "tokenizer.json", tokenizer)
    model = load_model(copy)
    assert len(model.tokenizer.encode("blue").ids) == 1
    assert near(model.embed(["blue", "blue dark dark"])[:1], (0, 1))


def test_the_digest_is_of_all_that_decides(copy: Path) -> None:
    digests = {load_model(copy).digest}
    write(copy / "README.md", "nothing that decides")
    assert load_model(copy).digest in digests
    write(copy / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    digests.add(load_model(copy).digest)
    (copy / "onnx" / "model.onnx_data").write_bytes(b"weights of their own")
    digests.add(load_model(copy).digest)
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("onnx/model.onnx", b"no graph", "is no ONNX model"),
        ("tokenizer.json", b"{}", "tokenizer.json cannot be read"),
        ("1_Pooling/config.json", b"{", "config.json cannot be read"),
        ("1_Pooling/config.json", b"[1]", "not what sentence-transformers writes"),
        ("1_Pooling/config.json", b'{"pooling_mode_lasttoken": true}', "pooling_mode_lasttoken; one of cls, mean, max"),
        (
            "1_Pooling/config.json",
            b'{"pooling_mode_cls_token": true, "pooling_mode_max_tokens": true}',
            "and pooling_m",
        ),
        ("modules.json", b'[{"type": "sentence_transformers.models.Dense"}]', "has a module Dense"),
        ("modules.json", b'["Dense"]', "not what sentence-transformers writes"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(copy: Path, file: str, content: bytes, why: str) -> None:
    (copy / file).write_bytes(content)
    with pytest.raises(ModelRefused, match=why):
        load_model(copy)


@pytest.mark.parametrize("gone", ["onnx", "tokenizer.json", "."])
def test_what_is_not_there_is_named(copy: Path, gone: str) -> None:
    path = copy / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(ModelRefused, match=r"holds neither|tokenizer\.json cannot|there is no directory"):
        load_model(copy)


def test_a_text_without_tokens_is_an_error_and_no_vector(copy: Path) -> None:
    with pytest.raises(EmbedderFailed, match="no token"):
        load_model(copy).embed(["red", "  "])


@pytest.mark.parametrize("rows", [[[0.0, 0.0]], [[float("nan"), 1.0]], [[1.0], [1.0, 2.0]], [], [[]], ["red"]])
def test_what_is_no_vector_is_an_error(rows: object) -> None:
    with pytest.raises(EmbedderFailed):
        unit_rows(rows)


async def test_batches_come_back_in_order(copy: Path) -> None:
    texts = ["red " * (n % 7) + "blue" for n in range(3 * BATCH + 1)]
    async with running(load_model(copy)) as worker:
        vectors = await worker.embed(texts)
    assert near(vectors, *(row / np.linalg.norm(row) for row in np.array([(n % 7, 1.0) for n in range(len(texts))])))


class Held:
    """A model that holds its thread until it is let go, or told to stop."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Event(), threading.Event()
        self.texts: list[str] = []
        self.options: list[Any] = []  # onnxruntime's, untyped

    def embed(self, texts: Sequence[str], options: Any = None) -> Vectors:
        self.texts.extend(texts)
        self.options.append(options)
        self.entered.set()
        self.let_go.wait()
        return np.ones((len(texts), 1), dtype=np.float32)


async def test_who_goes_away_stops_its_run_and_leaves_the_queue() -> None:
    held = Held()
    with ThreadPoolExecutor(1) as executor:
        worker = Worker(cast(LocalModel, held), executor, limit=2)
        running_one, queued = (asyncio.create_task(worker.embed([text])) for text in ("runs", "waits"))
        await asyncio.to_thread(held.entered.wait)
        with pytest.raises(EmbedderFailed, match="busy: 2 callers"):
            await worker.embed(["one too many"])
        running_one.cancel()
        queued.cancel()
        await asyncio.wait({running_one, queued})
        assert running_one.cancelled()
        assert queued.cancelled()
        assert held.options[0].terminate
        held.let_go.set()
        assert (await worker.embed(["next"])).shape == (1, 1)
    assert held.texts == ["runs", "next"]


def test_a_run_that_was_told_to_stop_is_an_error(copy: Path) -> None:
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.terminate = True
    with pytest.raises(EmbedderFailed, match="the model failed"):
        load_model(copy).embed(["red"], options)
