from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.errors import Reason
from pointsman.rpc.parsing import ParseFailure, TooLarge, parse
from pointsman.v1.chat_pb2 import CompletionInput
from pointsman.v1.router_service_pb2 import CompleteRequest, RouteRequest

read = parse(CompleteRequest, lambda: 1_000)


def test_messages_are_parsed() -> None:
    wire = CompleteRequest(request_id="x")
    assert read(wire.SerializeToString()) == wire


def test_text_that_is_not_utf8_is_a_value() -> None:
    # Field 1 of RouteRequest is request_id, a string.
    failure = parse(RouteRequest)(b"\x0a\x02\xff\xfe")
    assert isinstance(failure, ParseFailure)
    assert failure.error().reason is Reason.INVALID_REQUEST
    assert "pointsman.v1.RouteRequest" in failure.error().message


def test_what_is_too_large_is_not_parsed() -> None:
    too_large = read(b"\xff" * 1_001)
    assert too_large == TooLarge(1_001, 1_000)
    assert isinstance(too_large, TooLarge)
    assert too_large.error().reason is Reason.REQUEST_TOO_LARGE
    assert isinstance(read(b"\xff" * 1_000), ParseFailure)


def test_deep_nesting_is_a_value() -> None:
    # Groups nest without any field of ours: the parser's own limit answers.
    assert isinstance(parse(CompletionInput)(b"\x0b" * 100_000), ParseFailure)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=1_100))
def test_random_bytes_never_raise(data: bytes) -> None:
    assert isinstance(read(data), CompleteRequest | ParseFailure | TooLarge)
