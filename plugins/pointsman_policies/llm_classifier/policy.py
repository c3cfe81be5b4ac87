"""The policy `llm-classifier`: a model's opinion on what nobody else could tell, held to a list of labels."""

from __future__ import annotations

from typing import Any

from pointsman import (
    AskFailed,
    Assessed,
    Assessment,
    NoOpinion,
    PolicyKind,
    PolicySetup,
    Request,
    Services,
    Snapshot,
    hookimpl,
    register,
)
from pointsman_policies.classifier.reading import task_text
from pointsman_policies.llm_classifier.options import LlmClassifierOptions
from pointsman_policies.llm_classifier.sorting import Sorting

POINTSMAN_API = 1

SHARE = 10
"""Of the caller's `max_cost_nano_usd`, a question may cost one part in so many."""


class LlmClassifier:
    """Asks while signals are gathered, and repeats the answer where the task is assessed."""

    def __init__(self, options: LlmClassifierOptions, setup: PolicySetup) -> None:
        self._entry, self._options = setup.entry, options
        self._sorting = Sorting(options, setup.catalogue)
        model = self._sorting.model
        self._asked = self._opinions(options, f"model {model}")
        self._kept = self._opinions(options, f"model {model}, asked before")

    def _opinions(self, options: LlmClassifierOptions, source: str) -> dict[str, Assessment]:
        return {
            label: Assessment(task=meaning.task, confidence=options.confidence, source=source)
            for label, meaning in self._sorting.meanings.items()
        }

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, prior: Assessed, services: Services) -> dict[str, Any]:
        if why := self._spared(request, prior):
            return {"reason": f"not asked: {why}"}
        question = self._sorting.question(task_text(request))
        ttl = self._options.cache_ttl
        if ttl and (kept := await services.store.get(question.key)) is not None:
            return {"label": kept.decode(), "kept": True}
        allowed = request.hints.max_cost_nano_usd
        limit = None if allowed is None else allowed // SHARE
        try:
            answer = await services.ask(self._sorting.model, question.request, max_cost_nano_usd=limit)
        except AskFailed as failed:
            return {"reason": str(failed)}
        label = self._sorting.label(answer)
        if label is None:
            return {"reason": f"model {self._sorting.model!r} answered none of the labels"}
        if ttl:
            await services.store.put(question.key, label.encode(), ttl)
        return {"label": label}

    def _spared(self, request: Request, prior: Assessed) -> str:
        """Why there is nothing to ask, or ""."""
        if prior.confidence >= self._options.ask_below:
            return f"{prior.task_by} is sure ({prior.confidence:g})"
        if request.hints.model_override:
            return "the caller named a model"
        return "" if task_text(request) else "there is no text to sort"

    @hookimpl
    def pointsman_assess_request(self, snapshot: Snapshot) -> Assessment | NoOpinion:
        signal = snapshot.signals.get(self._entry)
        if not isinstance(signal, dict):
            return NoOpinion("no signal: it was not asked, failed or came too late")
        if reason := signal.get("reason"):
            return NoOpinion(str(reason))
        opinions = self._kept if signal.get("kept") else self._asked
        # Recorded signals are decided on again, perhaps under other labels.
        return opinions.get(str(signal.get("label"))) or NoOpinion("its signal is none of the labels")


plugin = register(LlmClassifier, config=LlmClassifierOptions, kind=PolicyKind.CLASSIFIER)
