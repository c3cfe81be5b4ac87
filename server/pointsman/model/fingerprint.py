"""Recognising a conversation without keeping it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from pointsman.model.request import Message

_encode = msgspec.msgpack.Encoder().encode


def prompt_hash(messages: Sequence[Message]) -> str:
    """BLAKE2b, 32 bytes in hex: equal for equal conversations."""
    # SHA-256 goes through OpenSSL: in a loaded server that took 30 of the 46 us that a ledger row did.
    return blake2b(_encode(messages), digest_size=32).hexdigest()


def session_hash(session: str) -> str:
    """BLAKE2b, 8 bytes in hex: tells sessions apart where their ids, which may name people, must not stand."""
    return blake2b(session.encode(), digest_size=8).hexdigest()
