"""A tiny model, examples for it, and policies made of them. In this directory, where mypy knows no other conftest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman import PolicySetup
from pointsman.testing import make_catalogue
from pointsman_embeddings.options import EmbeddingsOptions
from pointsman_embeddings.policy import Embeddings, Pause
from pointsman_embeddings.testing import write_model

EXAMPLES = Path(__file__).parent / "tests" / "tasks.jsonl"
WORDS = {
    "write": (1.0, 0.5, 0.2),
    "fix": (1.0, 0.0, 0.1),
    "function": (1.0, 0.1, 0.0),
    "python": (0.9, 0.0, 0.2),
    "query": (0.8, 0.3, 0.3),
    "test": (0.7, 0.5, 0.1),
    "prove": (0.0, 1.0, 0.1),
    "theorem": (0.1, 1.0, 0.0),
    "why": (0.1, 0.8, 0.4),
    "steps": (0.3, 0.9, 0.2),
    "odds": (0.2, 0.7, 0.3),
    "capital": (0.0, 0.1, 1.0),
    "translate": (0.1, 0.0, 1.0),
    "spell": (0.2, 0.1, 0.9),
    "when": (0.1, 0.4, 0.8),
    "list": (0.5, 0.1, 0.8),
}

Policy = Callable[..., Embeddings]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # what grpc.aio runs on


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as sentence-transformers writes it."""
    return write_model(tmp_path_factory.mktemp("embeddings") / "model", WORDS)


@pytest.fixture
def policy(model: Path) -> Policy:
    """Makes a policy, not entered yet, of options over the tiny model; an `endpoint` replaces it."""

    def make(pause: Pause = asyncio.sleep, **options: object) -> Embeddings:
        by = {} if "endpoint" in options else {"model": str(model)}
        chosen = EmbeddingsOptions.model_validate({"examples": str(EXAMPLES), **by, **options})
        return Embeddings(chosen, PolicySetup("near", make_catalogue()), pause)

    return make
