from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from tests.unit.providers.wire import EVENTS, JSON, KEY, QUESTION, FakeTransport, call, provider, sse, streamed

from pointsman.errors import (
    BodyTooLarge,
    ConnectFailed,
    ConnectTimeout,
    DeadlineExceeded,
    HeaderTimeout,
    IdleTimeout,
    ProviderError,
    ProxyFailed,
    Reason,
    TlsFailed,
    TransportError,
    Truncated,
)
from pointsman.providers.failures import retry_after

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

STATUSES = [
    (301, GARBAGE),
    (308, GARBAGE),
    (400, REFUSED),
    (401, BAD_KEY),
    (402, LIMITED),
    (403, BAD_KEY),
    (404, ELSEWHERE),
    (405, ELSEWHERE),
    (408, DOWN),
    (409, DOWN),
    (410, ELSEWHERE),
    (413, (Reason.REQUEST_TOO_LARGE, True)),
    (422, REFUSED),
    (425, DOWN),
    (429, LIMITED),
    (498, DOWN),
    (500, DOWN),
    (503, DOWN),
    (529, DOWN),
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


# object: error bodies as providers write them
def replying(status: int, said: object, **headers: str) -> FakeTransport:
    return FakeTransport(
        [msgspec.json.encode(said)], status, JSON | {n.replace("_", "-"): v for n, v in headers.items()}
    )


def openai_error(code: object = None, kind: object = "invalid_request_error") -> object:
    return {"error": {"message": SAID, "type": kind, "param": None, "code": code}}


def meaning(error: ProviderError) -> tuple[Reason, bool]:
    return error.reason, error.retryable


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "expected"), STATUSES)
async def test_statuses(status: int, expected: tuple[Reason, bool], stream: bool) -> None:
    for transport in (
        replying(status, openai_error(), x_request_id="req_1"),
        FakeTransport([b"<html>Welcome"], status, {"x-request-id": "req_1"}),
    ):
        error = await failure(transport, stream=stream)
        assert meaning(error) == expected
        assert (error.status, error.sent, error.upstream_request_id) == (status, True, "req_1")
        assert str(status) in error.message
        assert "Welcome" not in error.message


BODIES = [
    (400, openai_error("content_filter", None), BLOCKED),  # Azure
    (400, openai_error("content_policy_violation"), BLOCKED),
    (400, openai_error("context_length_exceeded"), TOO_LONG),
    (429, openai_error("insufficient_quota", "insufficient_quota"), LIMITED),
    (403, openai_error("insufficient_quota"), LIMITED),
    (404, openai_error("model_not_found"), ELSEWHERE),
    (400, openai_error("model_not_found"), ELSEWHERE),
    (413, openai_error("rate_limit_exceeded", "tokens"), (Reason.REQUEST_TOO_LARGE, True)),  # Groq: never in one minute
    # OpenRouter: a number for a code, and a moderated prompt
    (402, {"error": {"code": 402, "message": SAID}}, LIMITED),
    (403, {"error": {"code": 403, "message": SAID, "metadata": {"provider_name": "x"}}}, BAD_KEY),
    (403, {"error": {"code": 403, "message": SAID, "metadata": {"reasons": ["violence"]}}}, BLOCKED),
    (403, {"error": {"code": 403, "message": SAID, "metadata": "x"}}, BAD_KEY),
    # vLLM: without a code of its own
    (
        400,
        {"object": "error", "message": "This model's maximum context length is 8 tokens.", "type": "BadRequestError"},
        TOO_LONG,
    ),
    (400, {"object": "error", "message": SAID, "type": "BadRequestError", "code": 400}, REFUSED),
    # xAI, and Gemini in its list: a bad key is a bad request
    (400, {"code": "Client specified an invalid argument", "error": f"Incorrect API key provided: {KEY}"}, BAD_KEY),
    (400, [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}], BAD_KEY),
    (400, openai_error(), REFUSED),
    (400, {"error": {"message": "'invalid api key' is what you said"}}, REFUSED),
    (422, {"detail": [{"loc": ["body"], "msg": SAID}]}, REFUSED),  # FastAPI
    (422, {"object": "error", "message": {"detail": [SAID]}, "type": "invalid_request_error", "code": 3001}, REFUSED),
    (500, {"error": SAID}, DOWN),
    (500, [], DOWN),
    (500, {"error": None}, DOWN),
]


@pytest.mark.parametrize(("status", "said", "expected"), BODIES)
async def test_bodies_say_more_than_statuses(status: int, said: object, expected: tuple[Reason, bool]) -> None:
    for stream in (False, True):
        assert meaning(await failure(replying(status, said), stream=stream)) == expected


INSIDE = [
    (openai_error("content_filter"), BLOCKED),
    (openai_error("rate_limit_exceeded", "requests"), LIMITED),
    (openai_error(None, "server_error"), DOWN),
    (openai_error(None, "invalid_request_error"), REFUSED),
    ({"error": {"code": 502, "message": SAID}}, DOWN),
    ({"error": {"code": 429, "message": SAID}}, LIMITED),
    ({"error": {"message": SAID}}, DOWN),
    ({"error": SAID}, DOWN),
    ({"object": "error", "message": SAID, "type": "BadRequestError", "code": 400}, REFUSED),
    # OpenRouter, in the middle of a stream
    ({"error": {"code": 429, "message": SAID}, "choices": [{"delta": {}, "finish_reason": "error"}]}, LIMITED),
    ({"choices": [{"delta": {"content": ""}, "message": {}, "finish_reason": "error"}]}, DOWN),
    ({"choices": [{"delta": {}, "message": {}, "finish_reason": "insufficient_system_resource"}]}, DOWN),  # DeepSeek
    ({"choices": [{"delta": {}, "message": {}, "error": {"code": 400}}]}, DOWN),
]


@pytest.mark.parametrize(("said", "expected"), INSIDE)
async def test_errors_inside_a_success(said: object, expected: tuple[Reason, bool]) -> None:
    for transport, stream in ((replying(200, said), False), (FakeTransport([sse(said)]), True)):
        error = await failure(transport, stream=stream)
        assert meaning(error) == expected
        assert error.status == 200


@pytest.mark.parametrize(("said", "expected"), [each for each in INSIDE if "choices" not in str(each[0])])
async def test_errors_instead_of_a_stream_and_under_their_own_event(
    said: object, expected: tuple[Reason, bool]
) -> None:
    named = b"event: error\ndata: " + msgspec.json.encode(said) + b"\n\n"
    assert meaning(await failure(FakeTransport([named]), stream=True)) == expected
    if said != {"error": {"message": SAID}} and said != {"error": SAID}:
        assert meaning(await failure(replying(200, said), stream=True)) == expected


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/x-ndjson", "text/plain"])
async def test_what_is_not_a_stream_is_a_protocol_error(kind: str) -> None:
    error = await failure(FakeTransport([b'{"choices": []}'], headers={"content-type": kind}), stream=True)
    assert meaning(error) == GARBAGE


async def test_messages_name_codes_and_nothing_else() -> None:
    async def told(code: object, kind: object = None, status: int = 500) -> str:
        return (await failure(replying(status, openai_error(code, kind)), stream=False)).message

    assert await told(None, "server_error") == "acme answered 500 (server_error)"
    assert await told("model_not_found", "invalid_request_error", 404) == "acme answered 404 (model_not_found)"
    assert await told("Why? is no code", "server_error") == "acme answered 500 (server_error)"
    assert await told("x" * 65) == "acme answered 500"
    assert await told(KEY) == "acme answered 500"
    assert await told(f"bad-{KEY}-key") == "acme answered 500"
    assert await told("500") == "acme answered 500"
    error = await failure(replying(200, {"error": {"code": 502, "message": SAID, "type": "bad_gateway"}}), stream=False)
    assert error.message == "acme failed inside its answer (502, bad_gateway)"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "soon"}, 7.0),
        ({"retry-after": "Fri, 14 Mar 2026 09:27:03 GMT", "date": "Fri, 14 Mar 2026 09:26:53 GMT"}, 10.0),
        ({"retry-after": "Fri, 14 Mar 2026 09:26:03 GMT", "date": "Fri, 14 Mar 2026 09:26:53 GMT"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "Fri, 99 Mar 2026 09:27:03 GMT"}, None),
        ({"retry-after": ""}, None),
    ],
)
async def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    error = await failure(FakeTransport([b"{}"], 429, JSON | headers), stream=False)
    assert error.retry_after == seconds


def test_retry_after_a_date_without_knowing_theirs() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    assert 3500 < (retry_after({"retry-after": format_datetime(later, usegmt=True)}) or 0) < 3700


async def test_nothing_is_retried_after_a_refusal() -> None:
    assert (await failure(FakeTransport([b"{}"], 400, {"retry-after": "7"}), stream=False)).retry_after is None


TRANSPORT = [
    (ConnectFailed, DOWN, False),
    (TlsFailed, DOWN, False),
    (ConnectTimeout, DOWN, False),
    (ProxyFailed, DOWN, False),
    (HeaderTimeout, DOWN, True),
    (IdleTimeout, DOWN, True),
    (Truncated, DOWN, True),
    (TransportError, DOWN, True),
    (DeadlineExceeded, (Reason.DEADLINE_EXCEEDED, False), True),
    (BodyTooLarge, GARBAGE, True),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("kind", "expected", "sent"), TRANSPORT)
async def test_transport_errors(
    kind: type[TransportError], expected: tuple[Reason, bool], sent: bool, stream: bool
) -> None:
    error = await failure(FakeTransport(unreachable=kind("api.acme.test:443", sent=sent)), stream=stream)
    assert (meaning(error), error.sent, error.status) == (expected, sent, 0)
    assert "api.acme.test" not in error.message


@pytest.mark.parametrize(("kind", "expected", "sent"), TRANSPORT[5:])
async def test_transport_errors_in_the_body(
    kind: type[TransportError], expected: tuple[Reason, bool], sent: bool
) -> None:
    broken = kind("somewhere", sent=sent)
    assert meaning(await failure(FakeTransport([b"{", broken], headers=JSON), stream=False)) == expected
    error = await failure(FakeTransport([b"data: {}\n\n", broken], headers=EVENTS), stream=True)
    assert (meaning(error), error.status) == (expected, 200)


async def test_an_error_status_whose_body_breaks_off_keeps_its_status() -> None:
    transport = FakeTransport([b'{"error": {"co', Truncated("", sent=True)], 401, JSON)
    assert meaning(await failure(transport, stream=True)) == BAD_KEY


async def test_an_endless_error_body_is_not_read_to_its_end() -> None:
    transport = FakeTransport([b"x" * 8192] * 1000, 500, JSON)
    assert meaning(await failure(transport, stream=True)) == DOWN
    assert transport.opened[0].read < 20
