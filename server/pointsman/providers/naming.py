"""What to call the parts of a conversation that a wire has no place for, in `dropped`."""

from __future__ import annotations

from typing import Final

from pointsman.model.request import Image, Part, Reasoning, Role, Text, ToolCall, ToolResult

_PLURALS: Final = {
    Text: "text",
    Image: "image",
    ToolCall: "tool call",
    ToolResult: "tool result",
    Reasoning: "reasoning",
}


def misplaced(part: Part, role: Role) -> str:
    """A part in a message of a role that does not take it."""
    return f"{_PLURALS[type(part)]} parts of {role} messages"
