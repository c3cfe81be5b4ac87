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


def opened(seal: str) -> str | None:
    """The thought that was sealed, None where it was not the simulator that did it."""
    try:
        signed, _, hidden = b64decode(seal, validate=True).decode().partition(" ")
    except ValueError:
        return None
    return hidden if signed == signature(hidden) else None


def genuine(thinking: str, seal: str) -> bool:
    """Is this the signature of this thought or, where none can be read, a sealed one?"""
    return seal == signature(thinking) or (not thinking and opened(seal) is not None)
