"""What plugins may give for a text."""

from __future__ import annotations


def text_fault(text: object) -> str:
    """What is wrong with it, or "". Lone surrogates fit no message and no header: who paid would get no answer."""
    if not isinstance(text, str):
        return f"gave a {type(text).__name__} where a text belongs"
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "gave a text with half a character, a lone surrogate"
    return ""
