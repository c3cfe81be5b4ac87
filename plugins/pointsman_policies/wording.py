"""Amounts and instants as the reasons of policies word them."""

from __future__ import annotations

from datetime import datetime, timedelta

# In UTC, but without saying so: formatting an offset takes longer than all the rest.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


def dollars(nano_usd: int) -> str:
    """`$0.000643`."""
    whole, rest = divmod(nano_usd, 1_000_000_000)
    return f"${whole}.{str(rest).zfill(9).rstrip('0')}" if rest else f"${whole}"


def instant(seconds: float) -> str:
    """`2023-11-14 22:13:20 UTC`."""
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat(' ', 'seconds')} UTC"
