"""Signatures of simulated thinking: what was thought comes back as it was, or is refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b

_KEY = b"simulated"


def signature(thinking: str) -> str:
    """The signature of a thought."""
    return b64encode(blake2b(thinking.encode(), key=_KEY, digest_size=32).digest()).decode()


def sealed(thinking: str) -> str:
    """A thought as only the simulator can read it."""
    return b64encode(signature(thinking).encode() + b" " + thinking.encode()).decode()


def genuine(thinking: str, seal: str) -> bool:
    """Is this the signature of this thought or, where none can be read, a sealed one?"""
    if seal == signature(thinking):
        return True
    try:
        signed, _, hidden = b64decode(seal, validate=True).decode().partition(" ")
    except ValueError:
        return False
    return not thinking and signed == signature(hidden)
