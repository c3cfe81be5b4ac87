"""Conversations in the words of the `openai-responses` wire: items in one row, messages only some of them."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError
from pointsman.model.request import Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from pointsman.ports import ProviderCall
from pointsman.providers.naming import misplaced
from pointsman.providers.openai_responses_state import kept_item, kept_phase

_ENCODER: Final = msgspec.json.Encoder()
_SENT: Final = {
    Role.SYSTEM: (Text,),
    Role.DEVELOPER: (Text,),
    Role.USER: (Text, Image, ToolResult),
    Role.ASSISTANT: (Text, ToolCall, ToolResult, Reasoning),
    Role.TOOL: (ToolResult,),
}


class InputText(Struct, tag="input_text"):
    text: str


class InputImage(Struct, tag="input_image"):
    image_url: str | Raw
    detail: str


class Said(Struct, tag="message", omit_defaults=True):
    role: str
    content: str | list[InputText | InputImage]
    phase: str = ""


class Called(Struct, tag="function_call"):
    call_id: str
    name: str
    arguments: str


class Returned(Struct, tag="function_call_output"):
    call_id: str
    output: str | list[InputText | InputImage]


Item = Said | Called | Returned | Raw
"""Reasoning is `Raw`: it goes back as it came."""


class Conversation:
    """A call's messages as `items`, in their order, and the names of what was `dropped`. With `dry`, images are empty.

    None has an id but reasoning: ids make the provider look for what it has not stored.
    """

    def __init__(self, call: ProviderCall, provider: str, *, dry: bool = False) -> None:
        self.items: list[Item] = []
        self.dropped: set[str] = set()
        self._model, self._provider, self._dry = call.model.upstream, provider, dry
        for message in call.request.messages:
            self._add(message)
        self._leave_out_loose_ends()

    def _add(self, message: Message) -> None:
        if message.name:
            self.dropped.add("message names")
        content: list[InputText | InputImage] = []
        for part in message.parts:
            if not isinstance(part, _SENT[message.role]):
                self.dropped.add(misplaced(part, message.role))
            elif message.role is not Role.ASSISTANT and isinstance(part, Text | Image):
                content.append(self._input(part))
            elif (item := self._item(part)) is not None:
                self._say(message.role, content)
                self.items.append(item)
        self._say(message.role, content)

    def _leave_out_loose_ends(self) -> None:
        """Reasoning that led to nothing, since a limit cut it off: the wire refuses it without what it led to."""
        kept: list[Item] = []
        for item in reversed(self.items):
            followed = bool(kept) and (isinstance(kept[-1], Raw | Called) or _spoken(kept[-1]))
            if isinstance(item, Raw) and not followed:
                self.dropped.add("reasoning that led to nothing")
            else:
                kept.append(item)
        self.items = kept[::-1]

    def _say(self, role: Role, content: list[InputText | InputImage]) -> None:
        """What was said up to here, as one message."""
        if not content:
            return
        only = content[0] if len(content) == 1 else None
        self.items.append(Said(role.value, only.text if isinstance(only, InputText) else content[:]))
        content.clear()

    def _item(self, part: Part) -> Item | None:
        """What an assistant or a tool said; None for what is empty or has no place."""
        if isinstance(part, ToolResult):
            return self._returned(part)
        if isinstance(part, Reasoning):
            return self._reasoning(part)
        if isinstance(part, ToolCall):
            if part.state is not None:
                self.dropped.add("provider state")
            return Called(part.id, part.name, part.arguments_json)
        if isinstance(part, Text) and part.text:
            return Said("assistant", part.text, self._phase(part))
        return None

    def _input(self, part: Text | Image) -> InputText | InputImage:
        if isinstance(part, Text):
            if part.state is not None:
                self.dropped.add("provider state")
            return InputText(part.text)
        return self._image(part)

    def _image(self, image: Image) -> InputImage:
        if image.url:
            return InputImage(image.url, image.detail or "auto")
        # Already JSON, so that megabytes are not searched for characters to escape.
        head = _ENCODER.encode(f"data:{image.media_type};base64,")[:-1]
        data = b"" if self._dry else b64encode(image.data)
        return InputImage(Raw(b"".join((head, data, b'"'))), image.detail or "auto")

    def _returned(self, part: ToolResult) -> Returned:
        if part.is_error:
            self.dropped.add("error marks of tool results")
        if not part.images:
            return Returned(part.tool_call_id, part.text)
        texts: list[InputText | InputImage] = [InputText(part.text)] if part.text else []
        return Returned(part.tool_call_id, [*texts, *map(self._image, part.images)])

    def _reasoning(self, part: Reasoning) -> Raw | None:
        if part.state is None:
            self.dropped.add("reasoning parts")
            return None
        item = None
        if part.state.provider == self._provider:
            try:
                item = kept_item(part.state, self._model)
            except ProviderError:
                if not self._dry:
                    raise
                return Raw(b"{}")
        if item is None:
            self.dropped.add("provider state")
        return item

    def _phase(self, part: Text) -> str:
        if part.state is None:
            return ""
        if part.state.provider == self._provider:
            try:
                return kept_phase(part.state)
            except ProviderError:
                if not self._dry:
                    raise
                return ""
        self.dropped.add("provider state")
        return ""


def _spoken(item: Item) -> bool:
    """Has the model said it?"""
    return isinstance(item, Said) and item.role == "assistant"
