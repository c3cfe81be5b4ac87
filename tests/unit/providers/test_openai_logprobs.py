from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace
from tests.unit.providers.wire import JSON, FakeTransport, call, delta, provider, sse

from pointsman.providers.openai_logprobs import Likelihood
from pointsman.providers.openai_request import dropped_from_wire, request_to_wire
from pointsman.providers.settings import ProviderSettings, Quirks

pytestmark = pytest.mark.anyio


def told(*values: Any) -> dict[str, Any]:
    return {"content": [{"token": "a", "logprob": value, "bytes": [97], "top_logprobs": []} for value in values]}


def test_they_are_asked_for_where_they_are_wanted() -> None:
    def sent(wanted: bool, omit: bool = False) -> Any:
        quirks = Quirks(omit=frozenset({"logprobs"} if omit else ()))
        made = replace(call(), logprobs=wanted)
        settings = ProviderSettings(provider="acme", quirks=quirks)
        assert dropped_from_wire(made, settings) == ()
        return msgspec.json.decode(request_to_wire(made, settings, stream=True)).get("logprobs")

    assert sent(True) is True
    assert sent(False) is None
    assert sent(True, omit=True) is None


async def test_of_a_whole_answer() -> None:
    choice = {"index": 0, "message": {"content": "ab"}, "logprobs": told(-0.5, -1.5), "finish_reason": "stop"}
    answer = await provider(FakeTransport([msgspec.json.encode({"choices": [choice]})], headers=JSON)).complete(call())
    assert answer.ending.mean_logprob == -1.0


async def test_of_a_stream() -> None:
    said = [
        {"choices": [{"delta": {"content": "a"}, "logprobs": logprobs}]} for logprobs in (told(-0.5), told(-1.5, -1.0))
    ]
    async with provider(FakeTransport([sse(*said, delta("stop"))])).stream(call()) as stream:
        while await stream.read():
            pass
        assert stream.ending.mean_logprob == -1.0


@pytest.mark.parametrize(
    "odd", ["null", "[]", '"no"', '{"content": null}', '{"tokens": ["a"], "token_logprobs": [-1]}', '{"content": [1]}']
)
async def test_what_is_odd_counts_for_nothing(odd: str) -> None:
    body = b'{"choices":[{"message":{"content":"ab"},"finish_reason":"stop","logprobs":' + odd.encode() + b"}]}"
    answer = await provider(FakeTransport([body], headers=JSON)).complete(call())
    assert answer.ending.mean_logprob is None


@given(st.lists(st.none() | st.floats(max_value=10) | st.integers(-9999, 5), max_size=9))
def test_the_mean_is_of_what_can_be_one(values: list[float | int | None]) -> None:
    likelihood = Likelihood()
    likelihood.add(Raw(msgspec.json.encode(told(*values))))
    assert likelihood.mean is None or likelihood.mean <= 0
