"""What a caller asks for: a conversation, how to answer it, and hints for the route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from pointsman.model.tokens import estimate_tokens

IMAGE_TOKENS = 800
"""What one image counts in an estimate; providers charge between 85 and 1,600."""


class Role(StrEnum):
    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Mode(StrEnum):
    """How a caller weighs cost against quality and speed."""

    ECO = "eco"
    BALANCED = "balanced"
    SPORT = "sport"


class ProviderState(Struct, frozen=True):
    """Opaque bytes that `provider` wants back verbatim, such as a thinking signature; no other provider gets them."""

    provider: str
    data: bytes


class CacheHint(Struct, frozen=True, omit_defaults=True):
    """The prompt up to and including what carries this is worth caching, for `ttl` seconds; None: as is usual."""

    ttl: float | None = None


class Text(Struct, frozen=True, tag="text", omit_defaults=True):
    text: str
    state: ProviderState | None = None
    cache: CacheHint | None = None


class Image(Struct, frozen=True, tag="image", omit_defaults=True):
    """Either `data` with its IANA `media_type`, or a `url` that is passed on, never fetched."""

    data: bytes = b""
    url: str = ""
    media_type: str = ""
    detail: str = ""
    cache: CacheHint | None = None


class ToolCall(Struct, frozen=True, tag="tool_call", omit_defaults=True):
    """`arguments_json` is the model's text byte for byte; it may be invalid JSON."""

    id: str
    name: str
    arguments_json: str
    state: ProviderState | None = None
    cache: CacheHint | None = None


class ToolResult(Struct, frozen=True, tag="tool_result", omit_defaults=True):
    """`is_error`: the tool failed, and `text` says why."""

    tool_call_id: str
    text: str
    is_error: bool = False
    images: tuple[Image, ...] = ()
    cache: CacheHint | None = None


class Reasoning(Struct, frozen=True, tag="reasoning", omit_defaults=True):
    """`text` may be empty where there is a `state`: some providers return reasoning encrypted only."""

    text: str
    state: ProviderState | None = None


Part = Text | Image | ToolCall | ToolResult | Reasoning


class Message(Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]
    name: str = ""


class Tool(Struct, frozen=True, omit_defaults=True):
    """`parameters_json_schema` is a JSON Schema document as text; empty: no parameters."""

    name: str
    description: str = ""
    parameters_json_schema: str = ""
    strict: bool = False
    cache: CacheHint | None = None


class ToolChoice(Struct, frozen=True):
    """`mode` is auto, none or required; with required, `allowed` limits the call to these tools."""

    mode: str = "auto"
    allowed: tuple[str, ...] = ()
    parallel: bool | None = None


class ResponseFormat(Struct, frozen=True):
    """`kind` is json_object or json_schema, the latter with the schema's text."""

    kind: str
    schema_name: str = ""
    json_schema: str = ""
    strict: bool = False


class Params(Struct, frozen=True, omit_defaults=True):
    """Generation parameters; None is the model's own default. Output tokens include reasoning.

    `reasoning_max_tokens` is a limit only: it asks for no reasoning.
    """

    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: str = ""
    end_user_id: str = ""
    top_k: int | None = None
    reasoning_max_tokens: int | None = None


class ModelOverride(Struct, frozen=True):
    """A model id or alias, or "" for any model of `provider`. `strict`: that or an error."""

    model: str = ""
    provider: str = ""
    strict: bool = False


class Hints(Struct, frozen=True, omit_defaults=True):
    """What the caller wants of the route. Money is nano-USD. `allow_…`: None leaves it to the operator's policies."""

    task: str = ""
    tags: tuple[str, ...] = ()
    mode: Mode | None = None
    model_override: ModelOverride | None = None
    max_cost_nano_usd: int | None = None
    input_tokens: int | None = None
    labels: Mapping[str, str] = {}
    exclude_providers: tuple[str, ...] = ()
    allowed_regions: tuple[str, ...] = ()
    session_id: str = ""
    allow_hedging: bool | None = None
    allow_cascade: bool | None = None


class Facts(Struct, frozen=True, omit_defaults=True):
    """What is known of a prompt without its text, so that a decision can be made again where no text was kept."""

    input_tokens: int = 0
    turns: int = 0
    images: int = 0
    image_urls: int = 0
    tools: int = 0


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request, as policies see it. `key` is the id of the API key that it came with, "" without authentication."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    response_format: ResponseFormat | None = None
    params: Params = Params()
    hints: Hints = Hints()
    tenant: str = "default"
    key: str = ""
    facts: Facts = Facts()

    @property
    def session(self) -> str | None:
        """The key of its conversation, None where it belongs to none: a session id is a tenant's own."""
        # Names of tenants hold no slash, so that no two conversations have the same key.
        return f"{self.tenant}/{self.hints.session_id}" if self.hints.session_id else None

    def text(self) -> str:
        """The text of the last user message: what the caller wants now."""
        for message in reversed(self.messages):
            if message.role is Role.USER:
                return "\n".join([part.text for part in message.parts if isinstance(part, Text)])
        return ""


def measure(messages: Sequence[Message], tools: Sequence[Tool]) -> Facts:
    """Count once what limits and policies ask about again and again."""
    images = urls = 0
    texts: list[str] = []
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, Image):
            images += 1
            urls += bool(part.url)
        elif isinstance(part, ToolCall):
            texts += part.name, part.arguments_json
        else:
            texts.append(part.text)
            if isinstance(part, ToolResult) and part.images:
                images += len(part.images)
                urls += sum(bool(image.url) for image in part.images)
    for tool in tools:
        texts += tool.description, tool.parameters_json_schema
    # Role markers and separators: about four tokens a message in every chat template.
    tokens = estimate_tokens(*texts) + IMAGE_TOKENS * images + 4 * len(messages)
    turns = sum(message.role is Role.USER for message in messages)
    return Facts(input_tokens=tokens, turns=turns, images=images, image_urls=urls, tools=len(tools))
