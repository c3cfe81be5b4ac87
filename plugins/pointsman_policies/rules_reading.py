"""What rules ask of a request: its texts, what can be counted in it, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pointsman import Request, Role, Text, ToolResult

READ_CHARACTERS = 20_000
"""How much of a text patterns see, unless configured otherwise."""

TEXT, ANY_TEXT, SYSTEM, LABEL_TEXT = "text", "any_text", "system", "label_text:"
WORDS, TOKENS, TURNS, IMAGES, TOOLS = "words", "tokens", "turns", "images", "tools"
SCHEMA, TENANT, MODE, TASK_HINT, LABEL = "schema", "tenant", "mode", "task_hint", "label:"

_INSTRUCTING, _ANYBODY = (Role.SYSTEM, Role.DEVELOPER), tuple(Role)

# Each facet has values of its own: numbers, names, or the places of patterns found.
Reader = Callable[[Request], Any]


def words_of(limit: int) -> Reader:
    """Counts the words of the last user message, and stops above `limit`: beyond it, no rule tells counts apart."""
    return lambda request: len(request.text().split(None, limit))


def tokens_of(request: Request) -> int:
    """The caller's own count, otherwise our estimate."""
    told = request.hints.input_tokens
    return request.facts.input_tokens if told is None else told


def label_of(key: str) -> Reader:
    """The value of a label, None where there is none."""
    return lambda request: request.hints.labels.get(key)


def text_of(facet: str, limit: int) -> Callable[[Request], str | None]:
    """What patterns see of one text; None where there is no such text."""
    if facet.startswith(LABEL_TEXT):
        label = label_of(facet.removeprefix(LABEL_TEXT))
        return lambda request: None if (value := label(request)) is None else clipped([value], limit)
    if facet == TEXT:
        return lambda request: text if len(text := request.text()) <= limit else clipped([text], limit)
    return lambda request: clipped(_texts(request, facet), limit)


def clipped(texts: Sequence[str], limit: int) -> str:
    """The texts joined by newlines; beyond `limit` characters only the first four fifths of it and the last fifth."""
    if sum(map(len, texts)) + len(texts) <= limit + 1:
        return "\n".join(texts)
    first, last = limit - limit // 5, limit // 5
    return f"{_start(texts, first)}\n{_end(texts, last)}"


# A conversation may be a thousand times longer than what is read of it, so it is not joined first.
def _start(texts: Sequence[str], limit: int) -> str:
    return "\n".join(_enough(texts, limit))[:limit]


def _end(texts: Sequence[str], limit: int) -> str:
    return "\n".join(reversed([text[-limit:] for text in _enough(reversed(texts), limit)]))[-limit:]


def _enough(texts: Iterable[str], limit: int) -> list[str]:
    """As many texts as have `limit` characters, with the newlines between them."""
    taken: list[str] = []
    for text in texts:
        taken.append(text)
        limit -= len(text) + 1
        if limit < 0:
            break
    return taken


def _texts(request: Request, facet: str) -> list[str]:
    told = _INSTRUCTING if facet == SYSTEM else _ANYBODY
    return [
        part.text
        for message in request.messages
        if message.role in told
        for part in message.parts
        if isinstance(part, (Text, ToolResult))
    ]
