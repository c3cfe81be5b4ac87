"""Tokens as the simulator counts them: pieces of about four characters that join to the text they came from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pointsman.sim.request import Message, Tool

_PIECE = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s+")
_PER_MESSAGE = 4
_PER_IMAGE = 765


def split(text: str) -> list[str]:
    """The tokens of a text, in order; joined they are the text again.

    >>> split("A worked answer.")
    ['A', ' worked', ' answer', '.']
    """
    return _PIECE.findall(text)


def prompt_tokens(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
    """What a prompt counts as: a quarter of its characters, and a little per message, image and tool."""
    total = 3 if messages else 0
    for message in messages:
        total += _PER_MESSAGE + (len(message.text) + 3) // 4 + message.images * _PER_IMAGE
    for tool in tools:
        total += 8 + len(str(tool.function.parameters)) // 4
    return total
