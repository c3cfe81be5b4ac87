"""Messages of plain text, as most are; one with images, tools or a name is a ChatMessage as the contract has it."""

from __future__ import annotations

from pointsman_client.v1 import chat_pb2 as wire


def system(text: str) -> wire.ChatMessage:
    """What the model is told before everything else."""
    return wire.ChatMessage(role=wire.ROLE_SYSTEM, parts=[wire.ContentPart(text=text)])


def user(text: str) -> wire.ChatMessage:
    """What is asked."""
    return wire.ChatMessage(role=wire.ROLE_USER, parts=[wire.ContentPart(text=text)])


def assistant(text: str) -> wire.ChatMessage:
    """What a model answered, or is to have answered; an answer of Pointsman's goes back as its own `message()`."""
    return wire.ChatMessage(role=wire.ROLE_ASSISTANT, parts=[wire.ContentPart(text=text)])
