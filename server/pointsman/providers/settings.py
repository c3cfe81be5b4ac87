"""What a configured provider is: where it listens, how it is told who we are, and how it differs from its wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Omittable = Literal[
    "name",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "user",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "logprobs",
    "reasoning_summary",
    "include",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Where an endpoint departs from its wire.

    `max_effort` is sent for the effort "max", "" for the wire's own: xhigh on OpenAI's wires, max on `anthropic`, on
    `gemini` the model's highest level. Fields in `omit` are never sent, and named as dropped.

    On chat completions only: `max_tokens_field` None: max_completion_tokens at OpenAI and Azure, max_tokens elsewhere.
    `stream_usage` asks for usage in streams. `reasoning_field` takes earlier reasoning back, "" where nothing does.

    On `anthropic` only: `thinking` is how reasoning is asked for, None: as the model's name says.

        Quirks(stream_usage=False, seed_field="random_seed", omit=frozenset({"user", "name"}))  # Mistral
    """

    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] | None = None
    stream_usage: bool = True
    seed_field: Literal["seed", "random_seed"] = "seed"
    max_effort: str = ""
    reasoning_field: Literal["", "reasoning_content", "reasoning"] = ""
    omit: frozenset[Omittable] = frozenset()
    thinking: Literal["adaptive", "budget"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One configured provider.

    `base_url` "" is the wire's own; a query in it is kept. `api_key` "" sends no authorization. `headers` are added,
    and win. `max_event_bytes` bounds one event of a stream, `max_body` a whole answer, which on `openai-responses` the
    last event is.
    """

    provider: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    quirks: Quirks = Quirks()
    max_event_bytes: int = 1024 * 1024
    max_body: int = 32 * 1024 * 1024
