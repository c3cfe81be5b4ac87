"""Seconds as protobuf writes them."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_NANOS = 1_000_000_000
_MICROS = 1_000_000


def set_duration(wire: Duration, seconds: float) -> None:
    """Write `seconds` into a field in place, which spares protobuf a copy."""
    wire.seconds, wire.nanos = divmod(round(seconds * _NANOS), _NANOS)


def set_timestamp(wire: Timestamp, unix: float) -> None:
    """Write Unix seconds into a field in place, to the microsecond: a double knows no more of today."""
    wire.seconds, micros = divmod(round(unix * _MICROS), _MICROS)
    wire.nanos = micros * 1_000
