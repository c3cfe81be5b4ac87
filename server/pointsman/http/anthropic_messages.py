"""Conversations of the Messages API: turns of blocks in, messages of parts out."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pointsman.doors.limits import MESSAGES, NAME_BYTES, PARTS, STATE_BYTES
from pointsman.doors.violations import Violations
from pointsman.errors import Reason
from pointsman.http.anthropic_body import (
    Base64Source,
    Block,
    CacheControl,
    ImageBlock,
    Prompt,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    Turn,
)
from pointsman.http.anthropic_state import Broken, Kept, counts, restore, unseal, unseal_kept
from pointsman.http.caching import cache_hint
from pointsman.http.json_body import json_text
from pointsman.model.request import (
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)

_ALLOWED = {
    "system": (TextBlock,),
    "user": (TextBlock, ImageBlock, ToolResultBlock),
    "assistant": (TextBlock, ToolUseBlock, ThinkingBlock, RedactedThinkingBlock),
}
_ROLES = {"system": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}
_CHANGED = "was changed on its way; send thinking back as it came, or leave it out"


def messages_from_body(asked: Prompt, found: Violations) -> tuple[Message, ...]:
    """The conversation, the system prompt first; what is wrong with it goes to `found`.

    Results of tools become messages of their own, in front of what else their turn says.
    """
    if not found.check_count("messages", len(asked.messages), MESSAGES):
        return ()
    if not asked.messages:
        found.add("messages", "at least one message is required")
    system = _system(asked.system)
    if len(system) + sum(map(_size, asked.messages)) > PARTS:
        found.add("messages", f"hold more than {PARTS:,} blocks together with system", Reason.REQUEST_TOO_LARGE)
        return ()
    messages = [Message(Role.SYSTEM, system)] if system else []
    for at, turn in enumerate(asked.messages):
        messages += _Reader(at, turn, found).messages()
    if sum(len(message.parts) for message in messages) > PARTS:
        found.add("messages", f"hide more than {PARTS:,} parts in redacted thinking", Reason.REQUEST_TOO_LARGE)
    return tuple(_cached(messages, asked.cache_control))


def _size(turn: Turn) -> int:
    if isinstance(turn.content, str):
        return 1
    results = [block.content for block in turn.content if isinstance(block, ToolResultBlock)]
    return len(turn.content) + sum(len(content) for content in results if not isinstance(content, str))


def _system(system: str | Sequence[TextBlock]) -> tuple[Part, ...]:
    blocks = [TextBlock(system)] if isinstance(system, str) else system
    return tuple([Text(block.text, None, cache_hint(block.cache_control)) for block in blocks if block.text])


def _cached(messages: list[Message], control: CacheControl | None) -> list[Message]:
    """With the mark for the whole prompt on the last part that can bear one."""
    hint = cache_hint(control)
    if hint is None:
        return messages
    for at in range(len(messages) - 1, -1, -1):
        *parts, last = messages[at].parts
        if not isinstance(last, Reasoning):
            marked = replace(last, cache=last.cache or hint)
            messages[at] = replace(messages[at], parts=(*parts, marked))
            break
    return messages


class _Reader:
    """Reads one turn."""

    def __init__(self, at: int, turn: Turn, found: Violations) -> None:
        self._at, self._turn, self._found = at, turn, found
        self._parts: list[Part] = []
        self._results: list[Part] = []
        self._kept: list[tuple[int, Kept]] = []
        self._counted = 0

    def messages(self) -> list[Message]:
        """The messages that it is; none where it holds nothing."""
        role, content = self._turn.role, self._turn.content
        blocks: Sequence[Block] = [TextBlock(content)] if isinstance(content, str) else content
        if not content:
            self._found.add(f"messages[{self._at}].content", "must not be empty")
        for number, block in enumerate(blocks):
            where = f"messages[{self._at}].content[{number}]"
            if isinstance(block, _ALLOWED[role]):
                self._take(block, where)
            else:
                kind = block.__struct_config__.tag
                self._found.add(f"{where}.type", f"{kind} does not belong in a turn of role {role}")
        made = [Message(Role.TOOL, tuple(self._results))] if self._results else []
        parts = tuple(restore(self._parts, self._kept) if self._kept else self._parts)
        return [*made, Message(_ROLES[role], parts)] if parts else made

    def _take(self, block: Block, where: str) -> None:
        match block:
            case TextBlock():
                self._add(Text(block.text, None, cache_hint(block.cache_control)))
            case ImageBlock():
                self._add(self._image(block, where))
            case ToolUseBlock():
                self._add(self._call(block, where))
            case ToolResultBlock():
                self._results.append(self._result(block, where))
            case ThinkingBlock():
                self._add(self._thought(block, where))
            case RedactedThinkingBlock():
                self._redacted(block, where)

    def _add(self, part: Part) -> None:
        self._parts.append(part)
        self._counted += counts(part)

    def _image(self, block: ImageBlock, where: str) -> Image:
        source, cache = block.source, cache_hint(block.cache_control)
        if not isinstance(source, Base64Source):
            if not source.url.lower().startswith(("http://", "https://")):
                self._found.add(f"{where}.source.url", "must start with http:// or https://; bytes go into base64")
            return Image(url=source.url, cache=cache)
        if not source.data:
            self._found.add(f"{where}.source.data", "must not be empty")
        if not source.media_type.startswith("image/") or len(source.media_type) > NAME_BYTES:
            self._found.add(f"{where}.source.media_type", "must be an image type, such as image/png")
        return Image(data=source.data, media_type=source.media_type, cache=cache)

    def _call(self, block: ToolUseBlock, where: str) -> ToolCall:
        for name in ("id", "name"):
            if not getattr(block, name):
                self._found.add(f"{where}.{name}", "must not be empty")
        arguments = json_text(block.input, f"{where}.input", self._found)
        if not arguments.startswith("{"):
            self._found.add(f"{where}.input", "must be a JSON object")
        return ToolCall(block.id, block.name, arguments, None, cache_hint(block.cache_control))

    def _result(self, block: ToolResultBlock, where: str) -> ToolResult:
        if not block.tool_use_id:
            self._found.add(f"{where}.tool_use_id", "must not be empty")
        content: Sequence[TextBlock | ImageBlock]
        content = [TextBlock(block.content)] if isinstance(block.content, str) else block.content
        # What is inside may be marked too; the whole result is then, which is where it ends.
        marks = [block.cache_control, *(inside.cache_control for inside in content)]
        text = "\n".join([inside.text for inside in content if isinstance(inside, TextBlock)])
        images = [
            replace(self._image(inside, f"{where}.content[{at}]"), cache=None)
            for at, inside in enumerate(content)
            if isinstance(inside, ImageBlock)
        ]
        cache = cache_hint(next(filter(None, marks), None))
        return ToolResult(block.tool_use_id, text, block.is_error, tuple(images), cache)

    def _thought(self, block: ThinkingBlock, where: str) -> Reasoning:
        """Without a state where its signature is one that a provider gave somebody else."""
        state = None
        if self._fits(block.signature, f"{where}.signature"):
            try:
                state = unseal(block.signature)
            except Broken:
                self._found.add(f"{where}.signature", _CHANGED)
        return Reasoning(block.thinking, state)

    def _redacted(self, block: RedactedThinkingBlock, where: str) -> None:
        """Give the parts before it, and the calls of the whole turn, their states back."""
        if not self._fits(block.data, f"{where}.data"):
            return
        try:
            kept = unseal_kept(block.data)
        except Broken:
            self._found.add(f"{where}.data", _CHANGED)
            return
        if kept is None:
            # Somebody else's: it says nothing to any provider of ours, and all tell that they leave such out.
            self._parts.append(Reasoning(""))
        else:
            self._kept += [(self._counted, one) for one in kept]

    def _fits(self, sealed: str, where: str) -> bool:
        return self._found.check_bytes(where, sealed, 2 * STATE_BYTES)
