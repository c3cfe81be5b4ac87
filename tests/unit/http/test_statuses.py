"""The table of errors: a status for each reason, in OpenAI's words, and typed by its own client."""

from __future__ import annotations

import json

import httpx2
import openai
import pytest

from pointsman.doors.failures import FAILURES
from pointsman.engine.exchange import Completion
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.http.api import Told
from pointsman.http.headers import dollars, of_failure
from pointsman.http.openai import OpenAi
from pointsman.http.openai_errors import CODES, error_body
from pointsman.http.statuses import STATUSES
from pointsman.model.attempt import Cost

TYPED = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
}
"""What the client raises; any other status is an APIStatusError, and InternalServerError from 500 on."""


CLIENT = openai.OpenAI(api_key="x", base_url="http://localhost", http_client=httpx2.Client(verify=False))


def raised(told: Told) -> openai.APIStatusError:
    """What the official client makes of it."""
    response = httpx2.Response(
        told.status,
        headers=dict(of_failure(OpenAi(), told)),
        content=error_body(told),
        request=httpx2.Request("POST", "http://localhost"),
    )
    error = CLIENT._make_status_error_from_response(response)
    assert isinstance(error, openai.APIStatusError)
    return error


def test_every_reason_has_a_status() -> None:
    assert set(STATUSES) == set(FAILURES) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_typed_by_the_client(reason: Reason) -> None:
    told = Told(RequestError(reason, "why"))
    error = raised(told)
    expected = TYPED.get(told.status, openai.InternalServerError if told.status >= 500 else openai.APIStatusError)
    assert type(error) is expected
    assert (error.code, error.param) == (CODES.get(reason, reason.lower()), None)
    assert error.type
    assert error.body == {"message": "why", "type": error.type, "param": None, "code": error.code}


@pytest.mark.parametrize("reason", Reason)
def test_the_client_retries_where_the_table_says_that_it_helps(reason: Reason) -> None:
    told = Told(RequestError(reason, "why"))
    response = raised(told).response
    helps = FAILURES[reason].delay is not None or reason is Reason.SHUTTING_DOWN
    assert CLIENT._should_retry(response) is helps
    assert ("retry-after" in response.headers) is (FAILURES[reason].delay is not None)


def test_what_was_paid_for_is_not_asked_for_again() -> None:
    begun = Completion("d", None, (), Cost(), 0.0, output_started=True)
    headers = of_failure(OpenAi(), Told(RequestError(Reason.ALL_PROVIDERS_DOWN, "gone", retry_delay=2.1), begun))
    assert headers["x-should-retry"] == "false"
    assert headers["X-Pointsman-Decision-Id"] == headers["x-request-id"] == "d"
    unpaid = of_failure(OpenAi(), Told(RequestError(Reason.ALL_PROVIDERS_DOWN, "gone", retry_delay=2.1)))
    assert (unpaid["Retry-After"], "x-should-retry" in unpaid) == ("3", False)


def test_a_field_is_the_param_and_details_come_beside_the_error() -> None:
    error = InvalidRequest([("n", "is not offered"), ("seed", "is too large")])
    body = json.loads(error_body(Told(error, details=True)))
    assert body["error"]["param"] == "n"
    assert body["pointsman"] == {
        "reason": "INVALID_REQUEST",
        "violations": [["n", "is not offered"], ["seed", "is too large"]],
    }


@pytest.mark.parametrize(("nano", "text"), [(0, "0"), (1, "0.000000001"), (21_000, "0.000021"), (3_000_000_000, "3")])
def test_dollars_are_exact(nano: int, text: str) -> None:
    assert dollars(nano) == text
