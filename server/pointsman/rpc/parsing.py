"""Bytes to messages without exceptions: gRPC would answer a deserialiser that raises with UNKNOWN and parser text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from pointsman.doors.limits import REQUEST_BYTES
from pointsman.errors import InvalidRequest, Reason

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """Bytes that are not a message of the type that the method takes."""

    message_type: str

    def error(self) -> InvalidRequest:
        """What to answer; the parser's own words stay here."""
        return InvalidRequest([("request", f"is not a {self.message_type}: garbage, or text that is not UTF-8")])


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A message that was not parsed, because of its `size`; both are bytes."""

    size: int
    limit: int

    def error(self) -> InvalidRequest:
        """What to answer."""
        description = f"is {self.size:,} bytes, and at most {self.limit:,} are taken; send a shorter conversation"
        return InvalidRequest([("request", description)], Reason.REQUEST_TOO_LARGE)


def _usual() -> int:
    return REQUEST_BYTES


def parse(
    message_type: type[M], max_bytes: Callable[[], int] = _usual
) -> Callable[[bytes], M | ParseFailure | TooLarge]:
    """A deserialiser that never raises, for `grpc.unary_unary_rpc_method_handler` and its like.

    `max_bytes` says how large a message may be now.
    The handler asks `isinstance(request, (ParseFailure, TooLarge))` first and answers `request.error()`.
    """
    name = message_type.DESCRIPTOR.full_name

    def read(data: bytes) -> M | ParseFailure | TooLarge:
        if len(data) > (limit := max_bytes()):
            return TooLarge(len(data), limit)
        try:
            return message_type.FromString(data)
        except (DecodeError, ValueError):
            # ValueError: how protobuf's pure-Python implementation reports bad UTF-8.
            return ParseFailure(name)

    return read
