"""The contract that every gate keeps, what this one says of answers, and a server that runs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pointsman import (
    Accepted,
    Assessed,
    GatedAnswer,
    Hints,
    Mode,
    PolicySetup,
    Rejected,
    Request,
    ToolCall,
)
from pointsman.testing import GateContract, make_answer, make_catalogue, make_request, make_services, running_server
from pointsman_embeddings import agreement
from pointsman_embeddings.agreement import EmbeddingAgreement, EmbeddingAgreementOptions
from pointsman_embeddings.embedder import EmbedderFailed, Vectors

ASSESSED = Assessed("simple", Mode.BALANCED, 1.0, "test")
NOWHERE = {"base_url": "http://localhost:1/v1", "model": "m"}
FIX, WRITE = "Fix the python function.", "write the function, in Python!"
CAPITAL = "The capital, and when to translate it."


class TestContract(GateContract):
    plugin = agreement.plugin
    use = "embedding-agreement"
    mistakes = {  # noqa: RUF012 - as the contract declares it
        "model": {"model": "/nowhere"},
        "threshold": {"threshold": 1.5},
        "otherwise": {"otherwise": "first"},
        "endpoint.api_key": {"endpoint": {**NOWHERE, "api_key": "sk-in-the-open"}},
        "document": {"endpoint": NOWHERE},
    }

    @pytest.fixture(autouse=True)
    def _with_a_model(self, model: Path) -> None:
        type(self).options = {"model": str(model), "threshold": 0.9}


def gate(model: Path, **options: Any) -> EmbeddingAgreement:
    by = {} if "endpoint" in options else {"model": str(model)}
    chosen = EmbeddingAgreementOptions.model_validate({"threshold": 0.9, **by, **options})
    return EmbeddingAgreement(chosen, PolicySetup("same", make_catalogue()))


async def verdict(
    made: EmbeddingAgreement, *answers: str | GatedAnswer, request: Request | None = None
) -> Accepted | Rejected:
    given = [make_answer(answer) if isinstance(answer, str) else answer for answer in answers]
    return await made.judge(request or make_request(), ASSESSED, given, make_services())


class Watched:
    """An embedder that counts, and gives each text a direction of its own."""

    def __init__(self, made: EmbeddingAgreement) -> None:
        self.texts: list[str] = []
        made._embedder = self

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        raise EmbedderFailed("not today")


async def test_answers_that_mean_the_same_agree_in_other_words(model: Path) -> None:
    async with gate(model) as made:
        assert await verdict(made, FIX, WRITE) == Accepted("all 2 agree", 0, (1,))
        assert await verdict(made, FIX, WRITE, FIX) == Accepted("all 3 agree", 0, (1, 2))


async def test_where_two_are_far_from_each_other_the_last_is_given(model: Path) -> None:
    async with gate(model) as made:
        told = await verdict(made, FIX, WRITE, CAPITAL)
        assert isinstance(told, Accepted)
        assert (told.which, told.others) == (2, ())
        assert told.reason.startswith("they differ: a cosine of 0.")
        assert told.reason.endswith(", at least 0.9 is wanted")
    async with gate(model, otherwise="reject") as made:
        assert isinstance(await verdict(made, FIX, CAPITAL), Rejected)
    async with gate(model, threshold=-1.0) as made:
        assert await verdict(made, FIX, CAPITAL) == Accepted("all 2 agree", 0, (1,))


async def test_at_a_threshold_of_one_only_the_same_words_agree(model: Path) -> None:
    async with gate(model, threshold=1.0) as made:
        # The tokenizer knows no case: the same words, though not the same text.
        assert await verdict(made, FIX, FIX.upper()) == Accepted("all 2 agree", 0, (1,))
        assert (await verdict(made, FIX, WRITE)).reason.startswith("they differ")


async def test_what_is_equal_or_cannot_be_is_not_embedded(model: Path) -> None:
    made = gate(model)
    watched = Watched(made)
    one, two = ToolCall("1", "fix", '{"a": 1, "b": 2}'), ToolCall("2", "fix", '{ "b": 2, "a": 1 }')
    other = ToolCall("3", "fix", '{"a": 2}')
    assert await verdict(made, FIX, f" {FIX}\n") == Accepted("all 2 agree", 0, (1,))
    assert await verdict(made, FIX, " ") == Accepted("they differ", 1)
    assert await verdict(made, "", "") == Accepted("they differ", 1)
    called = [make_answer("", calls=[call]) for call in (one, two, other)]
    assert await verdict(made, *called[:2]) == Accepted("all 2 agree", 0, (1,))
    assert await verdict(made, *called) == Accepted("they differ", 2)
    assert await verdict(made, called[0], FIX) == Accepted("they differ", 1)
    assert watched.texts == []


async def test_of_long_answers_only_so_much_is_embedded_and_of_several_equal_ones_one(model: Path) -> None:
    made = gate(model)
    watched = Watched(made)
    with pytest.raises(EmbedderFailed):
        await verdict(made, "fix " * 10_000, "\ud800 write", "fix " * 10_000)
    assert len(watched.texts) == 2
    assert max(map(len, watched.texts)) < 2_000
    assert watched.texts[1] == "? write"


async def test_an_answer_that_is_left_alone(model: Path) -> None:
    why = "only one answer came"
    assert await verdict(gate(model), FIX) == Rejected(why)
    assert await verdict(gate(model, alone="accept"), FIX) == Accepted(why)


async def test_what_must_stay_in_a_region_is_sent_to_no_other(model: Path) -> None:
    abroad = make_request(hints=Hints(allowed_regions=("eu",)))
    made = gate(model, endpoint={**NOWHERE, "regions": ["us"]})
    watched = Watched(made)
    assert await verdict(made, FIX, WRITE, request=abroad) == Accepted("they may not be sent to be compared", 1)
    assert watched.texts == []
    for allowed in (gate(model, endpoint={**NOWHERE, "regions": ["eu", "us"]}), gate(model)):
        watched = Watched(allowed)
        with pytest.raises(EmbedderFailed):
            await verdict(allowed, FIX, WRITE, request=abroad)
        assert len(watched.texts) == 2


async def test_without_its_key_it_fails_and_says_so_at_the_start(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with gate(model, endpoint={**NOWHERE, "api_key": "${NO_SUCH_KEY_HERE}"}) as made:
        with pytest.raises(EmbedderFailed, match="there is no embedder"):
            await verdict(made, FIX, WRITE)
    assert "gate same can compare nothing" in caplog.text
    assert "NO_SUCH_KEY_HERE" in caplog.text


CONFIG = """\
providers:
  one: {wire: openai}
  two: {wire: openai}
models:
  first: {provider: one, upstream: sim-one, tier: small, context: 100_000, price: {input: 1, output: 4}}
  second: {provider: two, upstream: sim-two, tier: large, context: 100_000, price: {input: 2, output: 8}}
tiers: [small, large]
gates:
  same: {use: embedding-agreement, timeout: 30s, with: {model: "MODEL", threshold: 0.9}}
tasks: {any: {route: small}}
default: any
chain: [{use: routing}, {use: agree, with: {tasks: {any: {beside: second, gate: same}}}}]
"""


def test_a_server_runs_it(model: Path) -> None:
    async def events() -> list[object]:
        async with running_server(CONFIG.replace("MODEL", str(model))) as server:
            return [*await server.complete("Name the capital of France, and of Italy.")]

    told = str(asyncio.run(events()))
    assert "gate='same: all 2 agree'" in told
    assert "FinishView(reason='stop', model='first'" in told
