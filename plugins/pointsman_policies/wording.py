"""Amounts and instants as the reasons of policies word them."""

from __future__ import annotations

from datetime import UTC, datetime


def dollars(nano_usd: int) -> str:
    """`$0.000643`."""
    return f"${nano_usd / 1e9:.9f}".rstrip("0").rstrip(".")


def instant(seconds: float) -> str:
    """`2023-11-14 22:13:20 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
