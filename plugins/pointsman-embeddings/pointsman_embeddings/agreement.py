"""The gate `embedding-agreement`: do all answers mean the same? Then the first, the cheapest, is as good as any."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Literal, Self

import numpy as np
from pydantic import Field

from pointsman import (
    Accepted,
    Assessed,
    GatedAnswer,
    PolicySetup,
    Rejected,
    Request,
    SecretMissing,
    Services,
    register_gate,
)
from pointsman_embeddings.embedder import Embedder, EmbedderFailed, speakable
from pointsman_embeddings.options import EmbedderOptions
from pointsman_gates.extraction import ExtractOptions
from pointsman_gates.one_by_one import only_calls
from pointsman_policies.classifier.words import clip

POINTSMAN_API = 1

_TOLERANCE = 1e-5
"""Vectors of float32 that are the same have a cosine a little off 1."""

log = logging.getLogger(__name__)


class EmbeddingAgreementOptions(EmbedderOptions):
    """Options of the gate `embedding-agreement`."""

    threshold: float = Field(
        ge=-1,
        le=1,
        strict=True,
        description="Least cosine between the vectors of any two answers for them to mean the same.",
    )
    otherwise: Literal["last", "reject"] = Field(
        default="last",
        description="Where they differ: give the `last` answer, which is the stronger model's, or `reject` all.",
    )
    alone: Literal["accept", "reject"] = Field(
        default="reject", description="What becomes of an answer that is left alone, because the others failed."
    )


class EmbeddingAgreement:
    """Accepts the first answer where all are near to each other, otherwise the last or none."""

    def __init__(self, options: EmbeddingAgreementOptions, setup: PolicySetup) -> None:
        self._options, self._id = options, setup.entry
        self._extract = ExtractOptions(extract="exact").extractor()
        self._embedder: Embedder | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the embedder. Without its key every answer that must be compared counts as `on_error` says."""
        try:
            self._embedder = await self._stack.enter_async_context(self._options.opened())
        except SecretMissing as missing:
            log.warning("gate %s can compare nothing: %s", self._id, missing)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._embedder = None
        await self._stack.aclose()

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        count = len(answers)
        if count == 1:
            why = "only one answer came"
            return Accepted(why) if self._options.alone == "accept" else Rejected(why)
        said = [(self._extract(answer) or "").strip() for answer in answers]
        same = Accepted(f"all {count} agree", 0, tuple(range(1, count)))
        # What says nothing agrees with nothing.
        if not all(said):
            return self._differ("they differ", count)
        if len(set(said)) == 1:
            return same
        # Calls are carried out: near to the same is not the same.
        if any(map(only_calls, answers)):
            return self._differ("they differ", count)
        if not self._options.may_be_told(request):
            return self._differ("they may not be sent to be compared", count)
        nearest = await self._likeness(said)
        if nearest >= self._options.threshold - _TOLERANCE:
            return same
        told = f"they differ: a cosine of {nearest:.2f}, at least {self._options.threshold:g} is wanted"
        return self._differ(told, count)

    def _differ(self, why: str, count: int) -> Accepted | Rejected:
        return Rejected(why) if self._options.otherwise == "reject" else Accepted(why, count - 1)

    async def _likeness(self, texts: Sequence[str]) -> float:
        """The cosine of the two that are farthest from each other."""
        if self._embedder is None:
            raise EmbedderFailed("there is no embedder")
        # An answer that several give is embedded once.
        vectors = await self._embedder.embed([*dict.fromkeys(speakable(clip(text)) for text in texts)])
        return float(np.min(vectors @ vectors.T))


plugin = register_gate(EmbeddingAgreement, config=EmbeddingAgreementOptions)
