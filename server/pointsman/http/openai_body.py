"""The JSON of a chat completion request, as types: what is not in here is refused by name."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Seed = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Anything = object
"""Of a field that is taken in one value only, or not at all."""


class Closed(Struct, frozen=True, forbid_unknown_fields=True):
    """An object with these members and no others."""


class CacheControl(Closed, frozen=True, forbid_unknown_fields=True):
    """Not OpenAI's; what its clients send through other routers to providers whose caches are asked for."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class TextPart(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    text: str
    cache_control: CacheControl | None = None


class ImageUrl(Closed, frozen=True, forbid_unknown_fields=True):
    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="image_url"):
    image_url: ImageUrl
    cache_control: CacheControl | None = None


class RefusalPart(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="refusal"):
    refusal: str


class AudioPart(Struct, frozen=True, tag_field="type", tag="input_audio"):
    """Refused, by its own name."""


class FilePart(Struct, frozen=True, tag_field="type", tag="file"):
    """Refused, by its own name."""


class System(Closed, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="system"):
    content: str | list[TextPart]
    name: str | None = None


class Developer(Closed, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="developer"):
    content: str | list[TextPart]
    name: str | None = None


class User(Closed, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="user"):
    content: str | list[TextPart | ImagePart | AudioPart | FilePart]
    name: str | None = None


class Called(Closed, frozen=True, forbid_unknown_fields=True):
    """`parsed_arguments` is what the official client adds to an answer that it parsed, and sends back with it."""

    name: str
    arguments: str
    parsed_arguments: Anything = None


class Call(Closed, frozen=True, forbid_unknown_fields=True):
    """`index` is left over where a caller puts a stream's deltas together."""

    id: str
    function: Called
    type: Literal["function"] = "function"
    index: int | None = None


class Assistant(Closed, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="assistant"):
    """A message as we, or somebody else, sent it: also with what clients add to it.

    `reasoning_content` and `pointsman_state` are of our own answers; `parsed` is what the official client made of
    `content`, and `annotations` of other servers' answers.
    """

    content: str | list[TextPart | RefusalPart] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    reasoning_content: str | None = None
    pointsman_state: str | None = None
    parsed: Anything = None
    annotations: Anything = None
    audio: Anything = None
    function_call: Anything = None


class Tool(Closed, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="tool"):
    content: str | list[TextPart]
    tool_call_id: str
    name: str | None = None


Message = System | Developer | User | Assistant | Tool


class Function(Closed, frozen=True, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: Raw = Raw()
    strict: bool | None = None


class Offered(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="function"):
    function: Function


class Named(Closed, frozen=True, forbid_unknown_fields=True):
    name: str


class ForcedChoice(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="function"):
    function: Named


class Allowed(Closed, frozen=True, forbid_unknown_fields=True):
    mode: Literal["auto", "required"]
    tools: list[ForcedChoice]


class AllowedChoice(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="allowed_tools"):
    allowed_tools: Allowed


class TextFormat(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    pass


class ObjectFormat(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_object"):
    pass


class Schema(Closed, frozen=True, forbid_unknown_fields=True):
    name: str
    schema: Raw = Raw()
    description: str | None = None
    strict: bool | None = None


class SchemaFormat(Closed, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_schema"):
    json_schema: Schema


class StreamOptions(Closed, frozen=True, forbid_unknown_fields=True):
    include_usage: bool | None = None
    include_obfuscation: Anything = None


class Body(Closed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole request. Null is as good as absent."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Offered] | None = None
    tool_choice: Literal["none", "auto", "required"] | ForcedChoice | AllowedChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: TextFormat | ObjectFormat | SchemaFormat | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    seed: Seed | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: dict[str, str] | None = None
    audio: Anything = None
    function_call: Anything = None
    functions: Anything = None
    logit_bias: Anything = None
    logprobs: Anything = None
    modalities: Anything = None
    moderation: Anything = None
    n: Anything = None
    prediction: Anything = None
    prompt_cache_key: Anything = None
    prompt_cache_options: Anything = None
    prompt_cache_retention: Anything = None
    service_tier: Anything = None
    store: Anything = None
    top_logprobs: Anything = None
    verbosity: Anything = None
    web_search_options: Anything = None
