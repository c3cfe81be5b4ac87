from __future__ import annotations

import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.doors.failures import FAILURES
from pointsman.doors.limits import STATUS_BYTES
from pointsman.engine.exchange import Completion
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost
from pointsman.model.plan import AttemptKind
from pointsman.rpc.failure_to_wire import abort, error_summary, pushback_ms, to_status
from pointsman.rpc.status import TABLE
from pointsman.v1.errors_pb2 import ErrorReason, RoutingFailure

NOTHING = Completion("0197", None, (), Cost(), 0.0)


def details(status: Status) -> dict[type[Message], Message]:
    known: list[type[Message]] = [
        BadRequest, ErrorInfo, PreconditionFailure, QuotaFailure, ResourceInfo, RetryInfo, RoutingFailure,
    ]  # fmt: skip
    found: dict[type[Message], Message] = {}
    for packed in status.details:
        kind = next(k for k in known if packed.TypeName() == k.DESCRIPTOR.full_name)
        found[kind] = message = kind()
        assert packed.Unpack(message)
    return found


def info(status: Status) -> ErrorInfo:
    message = details(status)[ErrorInfo]
    assert isinstance(message, ErrorInfo)
    return message


def test_reasons_are_those_of_the_contract_and_each_has_a_row() -> None:
    contract = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
    assert contract == {reason.value for reason in Reason} == {reason.value for reason in TABLE}


@pytest.mark.parametrize("reason", list(TABLE))
def test_rows_are_one_line_each(reason: Reason) -> None:
    row = TABLE[reason]
    failure = FAILURES[reason]
    assert failure.meaning
    assert failure.retry
    assert "\n" not in failure.meaning + failure.retry
    assert row.code is not StatusCode.UNKNOWN
    assert to_status(RequestError(reason, "x")).code == row.code.value[0]


def test_fields_that_are_wrong() -> None:
    status = to_status(InvalidRequest([("input.messages", "at least one is required")]))
    bad = details(status)[BadRequest]
    assert bad == BadRequest(field_violations=[{"field": "input.messages", "description": "at least one is required"}])
    assert (info(status).domain, info(status).reason) == ("pointsman.v1", "INVALID_REQUEST")
    assert status.message == "input.messages: at least one is required"


def test_policies_that_exclude() -> None:
    error = RequestError(Reason.NO_CANDIDATE, "none", violations=[("limits", "opus: too dear")])
    assert details(to_status(error))[PreconditionFailure] == PreconditionFailure(
        violations=[{"type": "NO_CANDIDATE", "subject": "limits", "description": "opus: too dear"}]
    )


def test_an_exhausted_budget_is_never_retried() -> None:
    error = RequestError(
        Reason.BUDGET_EXHAUSTED, "none", retry_delay=5, violations=[("acme", "daily")], metadata={"period_end": "x"}
    )
    found = details(to_status(error))
    assert QuotaFailure in found
    assert RetryInfo not in found
    assert info(to_status(error)).metadata["period_end"] == "x"
    assert pushback_ms(error) == -1


def test_what_is_unknown_is_named() -> None:
    error = RequestError(Reason.UNKNOWN_MODEL, "no model 'x'", metadata={"model": "x"})
    assert details(to_status(error))[ResourceInfo] == ResourceInfo(
        resource_type="model", resource_name="x", description="no model 'x'"
    )


@pytest.mark.parametrize(
    ("given_delay", "expected"),
    [(None, 1_000), (2.5, 2_500), (0.0, 0), (-1.0, 0), (float("inf"), 86_400_000), (float("nan"), 0)],
)
def test_delays(given_delay: float | None, expected: int) -> None:
    error = RequestError(Reason.OVERLOADED, "busy", retry_delay=given_delay)
    retry = details(to_status(error))[RetryInfo]
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == expected
    assert ("grpc-retry-pushback-ms", str(expected)) in abort(error).trailers


def test_nothing_is_said_about_retries_where_they_do_not_help() -> None:
    error = RequestError(Reason.NO_CANDIDATE, "none", retry_delay=3)
    assert pushback_ms(error) is None
    assert RetryInfo not in details(to_status(error))


def test_what_was_paid_for_is_not_retried(completion: Completion) -> None:
    error = RequestError(Reason.ALL_PROVIDERS_DOWN, "down")
    assert pushback_ms(error, NOTHING) == 1_000
    assert pushback_ms(error, completion) == -1
    assert pushback_ms(error, replace(NOTHING, output_started=True)) == -1


def test_what_only_policies_asked_forbids_no_retry(completion: Completion) -> None:
    asked = replace(completion.attempts[0], kind=AttemptKind.ASSIST, cost_nano_usd=3)
    only = Completion("0197", None, (asked,), Cost(overhead=3), 0.0)
    error = RequestError(Reason.ALL_PROVIDERS_DOWN, "down")
    assert pushback_ms(error, only) == 1_000
    failure = details(to_status(error, only))[RoutingFailure]
    assert isinstance(failure, RoutingFailure)
    assert (len(failure.attempts), failure.total_nano_usd) == (0, 3)


def test_attempts_are_told(completion: Completion) -> None:
    aborted = abort(RequestError(Reason.STREAM_INTERRUPTED, "broke off"), replace(completion, output_started=True))
    assert aborted.code is StatusCode.ABORTED
    trailers = dict(aborted.trailers)
    assert (trailers["x-pointsman-decision-id"], trailers["grpc-retry-pushback-ms"]) == ("0197", "-1")
    packed = trailers["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = Status.FromString(packed)
    failure = details(status)[RoutingFailure]
    assert isinstance(failure, RoutingFailure)
    assert (failure.decision_id, failure.output_started, failure.total_nano_usd) == ("0197", True, 250)
    assert [(a.provider, a.model, a.upstream_status) for a in failure.attempts] == [("openai", "mini", 503)]
    assert dict(info(status).metadata) == {"decision_id": "0197", "output_started": "true"}


def test_no_routing_failure_before_any_attempt() -> None:
    status = to_status(RequestError(Reason.INTERNAL, "a bug"), NOTHING)
    assert RoutingFailure not in details(status)
    assert info(status).metadata["decision_id"] == "0197"


def test_summaries() -> None:
    summary = error_summary("PROVIDER_REFUSED", "no", 400)
    assert summary.code == StatusCode.FAILED_PRECONDITION.value[0]
    assert summary.metadata["upstream_status"] == "400"
    assert error_summary("NEVER_HEARD_OF", "x").code == StatusCode.UNKNOWN.value[0]


TEXTS = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=5), st.integers(0, 1_000))
PAIRS = st.tuples(TEXTS, TEXTS)
ATTEMPTS = st.builds(
    lambda provider, target, status: Attempt(
        number=1, kind=AttemptKind.PRIMARY, target=target, provider=provider, upstream="", started=0.0, duration=0.0,
        outcome=AttemptOutcome.FAILED, error_reason="INTERNAL", upstream_status=status,
    ),
    TEXTS, TEXTS, st.integers(0, 999),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    reason=st.sampled_from(list(TABLE)),
    message=TEXTS,
    metadata=st.dictionaries(TEXTS, TEXTS, max_size=30),
    violations=st.lists(PAIRS, max_size=30),
    attempts=st.lists(ATTEMPTS, max_size=20),
)
def test_a_status_is_always_small(
    reason: Reason,
    message: str,
    metadata: dict[str, str],
    violations: list[tuple[str, str]],
    attempts: list[Attempt],
) -> None:
    error = RequestError(reason, message, metadata=metadata, violations=violations, retry_delay=1e9)
    completion = replace(NOTHING, attempts=tuple(attempts))
    status = to_status(error, completion)
    assert status.ByteSize() < STATUS_BYTES
    assert status.SerializeToString() == to_status(error, completion).SerializeToString()
    assert info(status).reason == reason.value


def test_the_worst_error_fits_too() -> None:
    wide = "\U0001f600" * 5_000
    attempt = Attempt(
        number=1, kind=AttemptKind.PRIMARY, target=wide, provider=wide, upstream=wide, started=0.0, duration=0.0,
        outcome=AttemptOutcome.FAILED, error_reason="PROVIDER_PROTOCOL_ERROR", upstream_status=2**31 - 1,
    )  # fmt: skip
    completion = replace(NOTHING, attempts=(attempt,) * 50, cost=Cost(2**61, 2**61))
    for reason in TABLE:
        error = RequestError(
            reason, wide, metadata={f"{i}{wide}": wide for i in range(50)}, violations=[(wide, wide)] * 50
        )
        status = to_status(error, completion)
        assert status.ByteSize() < STATUS_BYTES
        failure = details(status)[RoutingFailure]
        assert isinstance(failure, RoutingFailure)
        assert len(failure.attempts) == 8


def test_broken_text_does_not_stop_an_error() -> None:
    assert to_status(RequestError(Reason.INTERNAL, "\ud800", metadata={"k": "\udfff"})).message == "?"


def test_attempts_of_a_status_are_the_failed_ones(completion: Completion) -> None:
    served = replace(completion.attempts[0], outcome=AttemptOutcome.SERVED)
    status = to_status(RequestError(Reason.LEDGER_UNAVAILABLE, "x"), replace(completion, attempts=(served,)))
    failure = details(status)[RoutingFailure]
    assert isinstance(failure, RoutingFailure)
    assert not failure.attempts
