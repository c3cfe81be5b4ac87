from __future__ import annotations

import msgspec
import pytest
from tests.unit.providers.gemini_wire import call, chunk, provider, sse, streamed, text
from tests.unit.providers.wire import EVENTS, JSON, KEY, QUESTION, FakeTransport

from pointsman.errors import ConnectFailed, IdleTimeout, ProviderError, Reason, Truncated
from pointsman.model.answer import FinishReason

pytestmark = pytest.mark.anyio

SAID = f"You said 'Why?' with {KEY}"
DOWN = (Reason.ALL_PROVIDERS_DOWN, True)
LIMITED = (Reason.PROVIDER_RATE_LIMITED, True)
BAD_KEY = (Reason.PROVIDER_AUTH_FAILED, True)
ELSEWHERE = (Reason.PROVIDER_REFUSED, True)
REFUSED = (Reason.PROVIDER_REFUSED, False)
BLOCKED = (Reason.CONTENT_BLOCKED, False)
TOO_LONG = (Reason.CONTEXT_TOO_LONG, True)
GARBAGE = (Reason.PROVIDER_PROTOCOL_ERROR, True)


# object: error bodies as Google writes them
def status(code: int, name: str, message: str = SAID, *details: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "status": name} | ({"details": details} if details else {})}


def info(reason: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def retry(delay: object) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


ERRORS = [
    (status(400, "INVALID_ARGUMENT"), REFUSED),
    (
        status(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info("API_KEY_INVALID")),
        BAD_KEY,
    ),
    (status(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), BAD_KEY),
    (status(400, "INVALID_ARGUMENT", SAID, info("API_KEY_INVALID")), BAD_KEY),
    (
        status(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
        ),
        TOO_LONG,
    ),
    (
        status(400, "INVALID_ARGUMENT", "'the input token count exceeds the maximum number of tokens' is a quote"),
        REFUSED,
    ),
    (status(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), ELSEWHERE),
    (status(401, "UNAUTHENTICATED"), BAD_KEY),
    (status(403, "PERMISSION_DENIED"), BAD_KEY),
    (status(404, "NOT_FOUND"), ELSEWHERE),
    (status(429, "RESOURCE_EXHAUSTED"), LIMITED),
    (status(500, "INTERNAL"), DOWN),
    (status(503, "UNAVAILABLE"), DOWN),
    (status(504, "DEADLINE_EXCEEDED"), DOWN),
]


async def failure(transport: FakeTransport, *, stream: bool) -> ProviderError:
    """The error that a call ends with, checked for what no error may show."""
    with pytest.raises(ProviderError) as caught:
        await (streamed(transport) if stream else provider(transport).complete(call()))
    error = caught.value
    shown = f"{error} {error.message} {error!r} {error.metadata} {error.__cause__}"
    assert KEY not in shown
    assert QUESTION.text() not in shown
    assert error.message.startswith("acme ")
    if stream and transport.opened:
        assert transport.closed == 1
    return error


def meaning(error: ProviderError) -> tuple[Reason, bool]:
    return error.reason, error.retryable


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("said", "expected"), ERRORS)
async def test_errors(said: dict[str, dict[str, int]], expected: tuple[Reason, bool], stream: bool) -> None:
    code = said["error"]["code"]
    for body in (said, [said]):
        error = await failure(FakeTransport([msgspec.json.encode(body)], code, JSON), stream=stream)
        assert (meaning(error), error.status) == (expected, code)
        # The same inside a success, which is where a stream that has begun can only put it.
        inside = [sse(body)] if stream and isinstance(body, dict) else [msgspec.json.encode(body)]
        kind = EVENTS if stream and isinstance(body, dict) else JSON
        if stream or isinstance(body, dict):
            error = await failure(FakeTransport(inside, 200, kind), stream=stream)
            assert (meaning(error), error.status) == (expected, 200)


@pytest.mark.parametrize("stream", [False, True])
async def test_bodies_that_are_no_status(stream: bool) -> None:
    for body in (
        b"<html>Welcome",
        b"",
        b"[]",
        b'{"error": "text"}',
        b'{"error": {"details": [1], "code": "x"}}',
        b"{}",
    ):
        for code, expected in ((400, REFUSED), (503, DOWN), (301, GARBAGE)):
            error = await failure(FakeTransport([body], code, {}), stream=stream)
            assert (meaning(error), error.message) == (expected, f"acme answered {code}")


async def test_messages_name_codes_and_nothing_else() -> None:
    async def told(said: object, code: int = 400) -> str:
        return (await failure(FakeTransport([msgspec.json.encode(said)], code, JSON), stream=False)).message

    assert await told(status(400, "INVALID_ARGUMENT", SAID, info("API_KEY_INVALID"))) == (
        "acme answered 400 (invalid_api_key)"
    )
    assert await told(status(503, "UNAVAILABLE"), 503) == "acme answered 503 (unavailable)"
    assert await told(status(400, f"bad {KEY}")) == "acme answered 400"
    assert await told(status(404, "NOT_FOUND"), 200) == "acme failed inside its answer (404, not_found)"


@pytest.mark.parametrize(
    ("delay", "headers", "seconds"),
    [
        ("37s", {}, 37.0),
        ("37.826266380s", {}, 37.82626638),
        ("0s", {}, None),
        ("37s", {"retry-after": "7"}, 7.0),
        ("37", {}, None),
        ("-1s", {}, None),
        ("1e9s", {}, None),
        (37, {}, None),
        (None, {"retry-after": "7"}, 7.0),
    ],
)
async def test_when_to_come_back(delay: object, headers: dict[str, str], seconds: float | None) -> None:
    said = status(429, "RESOURCE_EXHAUSTED", SAID, {"@type": "google.rpc.Help"}, retry(delay))
    for stream in (False, True):
        error = await failure(FakeTransport([msgspec.json.encode(said)], 429, JSON | headers), stream=stream)
        assert error.retry_after == seconds
    error = await failure(FakeTransport([sse(said)], 200, EVENTS | headers), stream=True)
    assert error.retry_after == seconds


async def test_nothing_is_retried_after_a_refusal() -> None:
    said = status(400, "INVALID_ARGUMENT", SAID, retry("7s"))
    assert (await failure(FakeTransport([msgspec.json.encode(said)], 400, JSON), stream=False)).retry_after is None


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "OTHER"])
async def test_a_blocked_prompt(reason: str) -> None:
    said = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 9}}
    for stream, body, kind in ((False, msgspec.json.encode(said), JSON), (True, sse(said), EVENTS)):
        error = await failure(FakeTransport([body], 200, kind), stream=stream)
        assert (meaning(error), error.message) == (BLOCKED, f"acme blocked the prompt ({reason.lower()})")


async def test_feedback_beside_an_answer_blocks_nothing() -> None:
    said = chunk(text("x"), finish="STOP", promptFeedback={"safetyRatings": []})
    _, ending = await streamed(FakeTransport([sse(said)]))
    assert ending.reason is FinishReason.STOP


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])
async def test_what_the_model_garbled_is_worth_another_try(reason: str) -> None:
    said = chunk(finish=reason)
    for stream, body, kind in ((False, msgspec.json.encode(said), JSON), (True, sse(said), EVENTS)):
        error = await failure(FakeTransport([body], 200, kind), stream=stream)
        assert meaning(error) == GARBAGE
        assert reason.lower() in error.message


async def test_an_error_under_its_own_event() -> None:
    named = b"event: error\ndata: " + msgspec.json.encode(status(429, "RESOURCE_EXHAUSTED")) + b"\n\n"
    assert meaning(await failure(FakeTransport([named]), stream=True)) == LIMITED


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/x-ndjson", "text/plain"])
async def test_what_is_not_a_stream_is_a_protocol_error(kind: str) -> None:
    error = await failure(FakeTransport([b'[{"candidates": []}]'], headers={"content-type": kind}), stream=True)
    assert meaning(error) == GARBAGE


async def test_what_does_not_arrive() -> None:
    error = await failure(FakeTransport(unreachable=ConnectFailed("no", sent=False)), stream=False)
    assert (meaning(error), error.sent) == (DOWN, False)
    error = await failure(FakeTransport(unreachable=ConnectFailed("no", sent=False)), stream=True)
    assert (meaning(error), error.sent) == (DOWN, False)
    error = await failure(FakeTransport([b"{", Truncated("", sent=True)], headers=JSON), stream=False)
    assert (meaning(error), error.sent) == (DOWN, True)
    error = await failure(FakeTransport([sse(chunk(text("x"))), IdleTimeout("", sent=True)]), stream=True)
    assert (meaning(error), error.status) == (DOWN, 200)
