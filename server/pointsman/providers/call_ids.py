"""Ids for tool calls whose provider gives none."""

from __future__ import annotations

import secrets


def new_call_id() -> str:
    """A fresh id: nine letters or digits, which is all that Mistral takes back."""
    return secrets.token_hex(5)[:9]
