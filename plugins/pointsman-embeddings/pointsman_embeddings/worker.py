"""Runs a local model off the event loop: one thread, a short queue, and nothing that outlives its caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import onnxruntime as ort

from pointsman_embeddings.embedder import EmbedderFailed, Vectors
from pointsman_embeddings.model import LocalModel

WAITING = 32
"""Callers that may wait for the thread; a longer queue would only make each of them late."""
BATCH = 16


class Worker:
    """An Embedder over a local model."""

    def __init__(self, model: LocalModel, executor: ThreadPoolExecutor, limit: int = WAITING) -> None:
        self._model, self._executor, self._limit = model, executor, limit
        self._waiting = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self._waiting >= self._limit:
            raise EmbedderFailed(f"busy: {self._waiting} callers wait for the model")
        self._waiting += 1
        try:
            return await self._in_batches(texts)
        finally:
            self._waiting -= 1

    async def _in_batches(self, texts: Sequence[str]) -> Vectors:
        # By length, because a batch is as wide as its longest text.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        parts = [
            await self._run([texts[index] for index in order[at : at + BATCH]]) for at in range(0, len(order), BATCH)
        ]
        vectors = np.concatenate(parts)
        vectors[order] = vectors.copy()
        return vectors

    async def _run(self, texts: list[str]) -> Vectors:
        options = ort.RunOptions()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._model.embed, texts, options)
        except asyncio.CancelledError:
            # The thread is not to finish what nobody waits for, while others do.
            options.terminate = True
            raise


@asynccontextmanager
async def running(model: LocalModel) -> AsyncIterator[Worker]:
    """A worker over a model; its thread ends with it."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pointsman-embeddings")
    try:
        yield Worker(model, executor)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
