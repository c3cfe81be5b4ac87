"""The policy `embeddings`: asks about requests whose task is open, and says which label they are nearest to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self, TypedDict

from pointsman import (
    Assessed,
    Assessment,
    NoOpinion,
    PolicyKind,
    PolicySetup,
    Request,
    SecretMissing,
    Snapshot,
    hookimpl,
    register,
)
from pointsman_embeddings.embedder import Embedder, EmbedderFailed, Vectors, speakable
from pointsman_embeddings.index import Index, build_index
from pointsman_embeddings.kept import KeptVectors
from pointsman_embeddings.options import EmbeddingsOptions
from pointsman_policies.classifier.policy import rows_of
from pointsman_policies.classifier.reading import task_text
from pointsman_policies.classifier.words import clip

POINTSMAN_API = 1

PATIENCE = 60.0
"""Seconds that the start may wait for an endpoint to embed the examples; then the policy goes on trying beside it."""
RETRY_FIRST, RETRY_LAST = 1.0, 60.0
"""Seconds between two tries, doubled from the first to the last."""

Pause = Callable[[float], Awaitable[None]]

log = logging.getLogger(__name__)


class Signal(TypedDict):
    """What is recorded with the decision; `index` is the beginning of the digest of what answered."""

    label: str
    confidence: float
    index: str


class Embeddings:
    """Asked only about requests whose task is open: tags and rules cost nothing."""

    def __init__(self, options: EmbeddingsOptions, setup: PolicySetup, pause: Pause = asyncio.sleep) -> None:
        self._options, self._entry, self._pause = options, setup.entry, pause
        self._rows = rows_of(options.examples.labels, options.tasks, setup.catalogue.tasks)
        self._digest = _digest(options)[:12]
        self._answers = _Answers(options.cache)
        self._stack = AsyncExitStack()
        self._embedder: Embedder | None = None
        self._index: Index | None = None

    async def __aenter__(self) -> Self:
        """Open the embedder and build the index. A model that fails stops the start; an endpoint may come back."""
        async with AsyncExitStack() as stack:
            try:
                self._embedder = await stack.enter_async_context(self._options.opened())
            except SecretMissing as missing:
                log.warning("policy %s has no opinions: %s", self._entry, missing)
                return self
            if self._options.endpoint is None:
                await self._build(self._embedder)
            else:
                await self._build_or_keep_trying(self._embedder, stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, prior: Assessed) -> Signal | None:
        if prior.task_by and prior.confidence >= self._options.ask_below:
            return None
        if not self._options.may_be_told(request) or not (text := clip(task_text(request))):
            return None
        sayable = speakable(text)
        if (known := self._answers.get(sayable)) is not None:
            return known
        if self._embedder is None or self._index is None:
            raise EmbedderFailed("there is no index yet")
        (vector,) = await self._embedder.embed([sayable])
        # Not on the loop: with many examples this takes a millisecond or more.
        found = await asyncio.to_thread(self._index.find, vector)
        signal = Signal(label=found.label, confidence=round(found.confidence, 4), index=self._digest)
        self._answers.put(sayable, signal)
        return signal

    @hookimpl
    def pointsman_assess_request(self, snapshot: Snapshot) -> Assessment | NoOpinion | None:
        signal: Signal | None = snapshot.signals.get(self._entry)
        if signal is None:
            return None
        label, confidence = signal["label"], signal["confidence"]
        if (row := self._rows.get(label)) is None:
            return NoOpinion(f"{label} leads to no task row")
        if confidence < self._options.threshold:
            return NoOpinion(f"{label} at {confidence:.2f}, below the threshold {self._options.threshold:g}")
        return Assessment(task=row, confidence=confidence, source=f"embeddings {signal['index']}")

    async def _build(self, embedder: Embedder) -> None:
        examples = self._options.examples
        vectors, whence = await self._vectors(embedder)
        self._index = await asyncio.to_thread(
            build_index, examples.read.examples, examples.labels, vectors, self._options.rule
        )
        log.info(
            "policy %s: %d examples of %d labels indexed%s, digest %s, temperature %g",
            self._entry, len(vectors), len(examples.labels), whence, self._digest, self._index.temperature,
        )  # fmt: skip

    async def _vectors(self, embedder: Embedder) -> tuple[Vectors, str]:
        """Of the examples; where they are kept, from there."""
        texts = [clip(example.text) for example in self._options.examples.read.examples]
        if (path := self._options.vectors) is None:
            return await embedder.embed(texts), ""
        kept = KeptVectors(path, _seal(self._options))
        if (vectors := await asyncio.to_thread(kept.read, len(texts))) is not None:
            return vectors, f", read from {path}"
        vectors = await embedder.embed(texts)
        await asyncio.to_thread(kept.write, vectors)
        return vectors, f", kept in {path}"

    async def _build_or_keep_trying(self, embedder: Embedder, stack: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._build(embedder)
        except (EmbedderFailed, TimeoutError) as error:
            self._tell(error)
            trying = asyncio.create_task(self._keep_trying(embedder))
            stack.push_async_callback(_ended, trying)

    async def _keep_trying(self, embedder: Embedder) -> None:
        wait = RETRY_FIRST
        while self._index is None:
            await self._pause(wait)
            wait = min(2 * wait, RETRY_LAST)
            try:
                await self._build(embedder)
            except EmbedderFailed as error:
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        why = str(error) or f"its examples were not embedded within {PATIENCE:g} s"
        log.warning("policy %s has no opinions until its endpoint answers: %s", self._entry, why)


class _Answers:
    """The latest answers by the hash of what was asked; no text is kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[bytes, Signal] = OrderedDict()

    def get(self, text: str) -> Signal | None:
        key = _hash(text)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, text: str, signal: Signal) -> None:
        self._kept[_hash(text)] = signal
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _digest(options: EmbeddingsOptions) -> str:
    """Of what an answer depends on: the embedder, the examples and the rule."""
    return _sha256(_seal(options), options.rule.method, str(options.rule.k))


def _seal(options: EmbeddingsOptions) -> str:
    """Of what the examples' vectors depend on."""
    endpoint, model = options.endpoint, options.local
    by = (endpoint.base_url, endpoint.model) if endpoint else (model.digest if model else "",)
    return _sha256(options.examples.digest, *by)


def _sha256(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


plugin = register(Embeddings, config=EmbeddingsOptions, kind=PolicyKind.CLASSIFIER)
