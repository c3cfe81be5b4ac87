"""Bodies of the Messages API as its callers write them. What is not named here is refused, never ignored."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from pointsman.http.json_body import decode

# As wide as the contract's own integers.
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class CacheControl(Struct, frozen=True, forbid_unknown_fields=True):
    """`scope` says who may share what is cached, which is the provider's to decide."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None
    scope: Literal["global", "organization"] | None = None


class Base64Source(Struct, frozen=True, forbid_unknown_fields=True, tag="base64"):
    data: bytes
    media_type: str


class UrlSource(Struct, frozen=True, forbid_unknown_fields=True, tag="url"):
    url: str


class TextBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """`citations` are only known empty: nobody here makes any."""

    text: str
    cache_control: CacheControl | None = None
    citations: Annotated[list[Raw], Meta(max_length=0)] | None = None


class ImageBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="image"):
    source: Base64Source | UrlSource
    cache_control: CacheControl | None = None


class Direct(Struct, frozen=True, forbid_unknown_fields=True):
    """Who called a tool: the model itself, not code that it wrote."""

    type: Literal["direct"]


class ToolUseBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="tool_use"):
    """`input` as it is written, so that it goes on byte for byte."""

    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None
    caller: Direct | None = None
    toolset_name: None = None


class ToolResultBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="tool_result"):
    tool_use_id: str
    content: str | list[TextBlock | ImageBlock] = ""
    is_error: bool = False
    cache_control: CacheControl | None = None
    toolset_name: None = None


class ThinkingBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="thinking"):
    thinking: str
    signature: str


class RedactedThinkingBlock(Struct, frozen=True, forbid_unknown_fields=True, tag="redacted_thinking"):
    data: str


Block = TextBlock | ImageBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock | RedactedThinkingBlock


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class Tool(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool of the caller's own. Its input is relayed as it comes, whether `eager_input_streaming` asks or not."""

    name: str
    input_schema: Raw
    description: str = ""
    type: Literal["custom"] | None = None
    strict: bool = False
    cache_control: CacheControl | None = None
    allowed_callers: list[Literal["direct"]] | None = None
    defer_loading: Literal[False] | None = None
    eager_input_streaming: bool | None = None


class ToolChoice(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: Count | None = None
    display: Literal["summarized", "omitted"] | None = None


class Format(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["json_schema"]
    schema: Raw


class OutputConfig(Struct, frozen=True, forbid_unknown_fields=True):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: Format | None = None


class KeptThinking(Struct, frozen=True, forbid_unknown_fields=True):
    """The one edit that is known, since it changes nothing: all thinking stays."""

    type: Literal["clear_thinking_20251015"]
    keep: Literal["all"]


class ContextManagement(Struct, frozen=True, forbid_unknown_fields=True):
    edits: list[KeptThinking] = []


class Prompt(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked of /v1/messages/count_tokens, and of a message too."""

    model: str
    messages: list[Turn]
    system: str | list[TextBlock] = ""
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    context_management: ContextManagement | None = None
    speed: Literal["standard"] | None = None


class Asked(Prompt, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked of /v1/messages. Fields that can only be null or their default are those we cannot honour.

    Of `metadata`, `user_id` is the API's own; the others are hints and labels.
    """

    max_tokens: Count
    stream: bool = False
    stop_sequences: list[str] = []
    temperature: float | None = None
    top_p: float | None = None
    top_k: Count | None = None
    metadata: dict[str, str | None] = {}
    service_tier: Literal["auto"] | None = None
    container: None = None
    diagnostics: None = None
    inference_geo: None = None


_ASKED: Final = msgspec.json.Decoder(Asked)
_PROMPT: Final = msgspec.json.Decoder(Prompt)


def read_asked(body: bytes) -> Asked:
    """The body of a request for a message. Raises InvalidRequest."""
    return decode(_ASKED, body)


def read_prompt_body(body: bytes) -> Prompt:
    """The body of a request to count tokens. Raises InvalidRequest."""
    return decode(_PROMPT, body)
