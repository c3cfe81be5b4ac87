"""Which text of a conversation says what task it is."""

from __future__ import annotations

from functools import lru_cache

from pointsman import Message, Request, Role, Text
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.words import build_dictionary, split

SYSTEM_CHARACTERS = 400
FOLLOW_UP_WORDS = 5

# A system prompt with one of these verbs is the task itself ("Classify the ticket"), and the user's message its data;
# without, it says who the assistant is, which every request of an application shares and no task can be read from.
_TASKS = build_dictionary(
    {name: CONCEPTS[name] for name in ("classify", "extract", "summarise", "translate", "correct")}
)


def task_text(request: Request) -> str:
    """The last user message, after what gives it its meaning: an instructing system prompt, or what it follows up.

    Images, tool results and earlier answers are not read.
    """
    said = [_text(message) for message in request.messages if message.role is Role.USER]
    asked = said[-1] if said else ""
    if not asked.strip():
        return ""
    parts = [asked]
    if len(said) > 1 and len(asked) <= 60 and split(asked).length <= FOLLOW_UP_WORDS:
        parts.insert(0, said[-2])
    if instruction := _instruction(request):
        parts.insert(0, instruction)
    return "\n\n".join(parts)


def _instruction(request: Request) -> str:
    for message in request.messages:
        if message.role in (Role.SYSTEM, Role.DEVELOPER):
            told = _text(message)[:SYSTEM_CHARACTERS]
            if _sets_task(told):
                return told
    return ""


# An application sends the same system prompt with every request.
@lru_cache(maxsize=256)
def _sets_task(told: str) -> bool:
    return bool(_TASKS.meanings(split(told)))


def _text(message: Message) -> str:
    return "\n".join(part.text for part in message.parts if isinstance(part, Text))
