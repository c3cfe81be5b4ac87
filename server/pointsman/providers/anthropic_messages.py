"""Conversations in the words of the `anthropic` wire: one system prompt, and turns of blocks that alternate."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Protocol

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError
from pointsman.model.request import CacheHint, Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from pointsman.ports import ProviderCall
from pointsman.providers.anthropic_state import kept_block
from pointsman.providers.naming import misplaced

_MOST_MARKS = 4
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NO_ID = re.compile(r"[^a-zA-Z0-9_-]")
_ENCODER: Final = msgspec.json.Encoder()
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_EMPTY = Raw(b"{}")


class CacheControl(Struct, tag="ephemeral", omit_defaults=True):
    """`ttl` "" is five minutes."""

    ttl: str = ""


class Markable(Protocol):
    """What the prompt can be cached up to."""

    cache_control: CacheControl | None


class TextBlock(Struct, tag="text", omit_defaults=True):
    text: str
    cache_control: CacheControl | None = None


class _Source(Struct, omit_defaults=True):
    type: str
    media_type: str = ""
    data: Raw = Raw(b'""')
    url: str = ""


class ImageBlock(Struct, tag="image", omit_defaults=True):
    source: _Source
    cache_control: CacheControl | None = None


class ToolUse(Struct, tag="tool_use", omit_defaults=True):
    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None


class Result(Struct, tag="tool_result", omit_defaults=True):
    tool_use_id: str
    content: str | list[TextBlock | ImageBlock] = ""
    is_error: bool = False
    cache_control: CacheControl | None = None


Block = TextBlock | ImageBlock | ToolUse | Result


class Turn(Struct):
    """Thinking is `Raw`: it goes back as it came."""

    role: str
    content: list[Block | Raw]


class Conversation:
    """A call's messages: `system` hoisted, `turns` alternating, and the names of what was `dropped`.

    System and developer messages go to the front wherever they stood; consecutive messages of one side become one turn,
    in which results of tools come first, as the wire demands. With `dry`, images are left empty.
    """

    def __init__(self, call: ProviderCall, provider: str, *, dry: bool = False) -> None:
        self.system: list[TextBlock] = []
        self.turns: list[Turn] = []
        self.dropped: set[str] = set()
        self._hints: dict[int, CacheHint] = {}
        self._model, self._provider, self._dry = call.model.upstream, provider, dry
        if call.shaped.system_prompt:
            self.system.append(TextBlock(call.shaped.system_prompt))
        for message in call.request.messages:
            self._add(message)
        for turn in self.turns:
            turn.content.sort(key=lambda block: not isinstance(block, Result))
        if not self.turns and self.system:
            # It answers to somebody: a prompt that is all instructions is said by the user.
            self.turns, self.system = [Turn("user", [*self.system])], []

    def hinted(self) -> list[tuple[Markable, CacheHint]]:
        """The blocks that are worth caching up to, in the order of the prompt."""
        blocks = [*self.system, *(block for turn in self.turns for block in turn.content)]
        return [
            (block, self._hints[id(block)])
            for block in blocks
            if not isinstance(block, Raw) and id(block) in self._hints
        ]

    @property
    def called(self) -> dict[str, None]:
        """The names of tools that were called, in order."""
        blocks = (block for turn in self.turns for block in turn.content)
        return dict.fromkeys(block.name for block in blocks if isinstance(block, ToolUse))

    @property
    def amid_calls(self) -> bool:
        """Does the last turn bring results of calls that came without thinking?"""
        if len(self.turns) < 2 or not any(isinstance(block, Result) for block in self.turns[-1].content):
            return False
        return not isinstance(self.turns[-2].content[0], Raw)

    def _add(self, message: Message) -> None:
        if message.name:
            self.dropped.add("message names")
        instructs = message.role in (Role.SYSTEM, Role.DEVELOPER)
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        for part in message.parts:
            block = self._block(part, message.role)
            if block is None:
                continue
            if not isinstance(part, Reasoning) and part.cache is not None and not isinstance(block, Raw):
                self._hints[id(block)] = part.cache
            if instructs and isinstance(block, TextBlock):
                self.system.append(block)
                continue
            if not self.turns or self.turns[-1].role != role:
                self.turns.append(Turn(role, []))
            self.turns[-1].content.append(block)

    def _block(self, part: Part, role: Role) -> Block | Raw | None:
        """The part as a block; None for what has no place, or is blank, which the wire refuses."""
        spoken, asked = role is Role.ASSISTANT, role in (Role.USER, Role.TOOL)
        if isinstance(part, Text | ToolCall) and part.state is not None:
            self.dropped.add("provider state")
        if isinstance(part, Text):
            return TextBlock(part.text) if part.text.strip() else None
        if isinstance(part, Image) and asked:
            return self._image(part)
        if isinstance(part, ToolResult) and asked:
            return self._result(part)
        if isinstance(part, ToolCall) and spoken:
            return ToolUse(wire_id(part.id), part.name, self._input(part.arguments_json))
        if isinstance(part, Reasoning) and spoken:
            return self._thinking(part)
        self.dropped.add(misplaced(part, role))
        return None

    def _thinking(self, part: Reasoning) -> Raw | None:
        if part.state is None:
            self.dropped.add("reasoning parts")
            return None
        block = None
        if part.state.provider == self._provider:
            try:
                block = kept_block(part.state, self._model)
            except ProviderError:
                if not self._dry:
                    raise
                return _EMPTY
        if block is None:
            self.dropped.add("provider state")
        return block

    def _image(self, image: Image) -> ImageBlock:
        if image.detail:
            self.dropped.add("image detail")
        if image.url:
            return ImageBlock(_Source("url", url=image.url))
        # Already JSON, so that megabytes are not searched for characters to escape.
        data = b"" if self._dry else b64encode(image.data)
        return ImageBlock(_Source("base64", image.media_type, Raw(b'"%b"' % data)))

    def _result(self, part: ToolResult) -> Result:
        result = Result(wire_id(part.tool_call_id), part.text, part.is_error)
        if part.images:
            texts = [TextBlock(part.text)] if part.text.strip() else []
            result.content = [*texts, *map(self._image, part.images)]
        return result

    def _input(self, arguments: str) -> Raw:
        """The arguments as they are, if they are an object, which the wire demands; else in one."""
        if not arguments.strip():
            return _EMPTY
        try:
            _OBJECT.decode(arguments)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            self.dropped.add("the form of tool arguments that are no JSON object")
            return Raw(_ENCODER.encode({"arguments": arguments}))
        return Raw(arguments.encode())


def mark(hinted: Sequence[tuple[Markable, CacheHint]]) -> None:
    """Mark for the cache what is hinted, in the order of the prompt: an hour where more than five minutes are wanted.

    The wire takes four marks: the last ones count, since they cover the most. It takes none for an hour behind one for
    less: that one is shortened.
    """
    short = False
    for block, hint in hinted[-_MOST_MARKS:]:
        short = short or not hint.hourly
        block.cache_control = CacheControl("" if short else "1h")


def wire_id(call_id: str) -> str:
    """The id of a call in the letters that the wire takes; other providers' may hold others."""
    if _ID.fullmatch(call_id):
        return call_id
    return f"{_NO_ID.sub('_', call_id)}_{blake2b(call_id.encode(), digest_size=4).hexdigest()}"
