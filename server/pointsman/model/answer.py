"""What comes back from a provider: deltas while it streams, then how it ended and what it used."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from pointsman.model.request import Part, ProviderState

MOST_TOKENS: Final = 2**31 - 1
"""More than any answer takes, and the most that callers can be told."""


class Usage(Struct, frozen=True):
    """Inclusive totals: input counts cached and cache-written tokens, output counts reasoning tokens.

    `cache_write_1h_input_tokens` are those of the cache-written ones that the cache keeps for an hour.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    cache_write_1h_input_tokens: int = 0

    @property
    def credible(self) -> bool:
        """Could an answer have taken so many? What could not is charged to nobody, and fits no ledger."""
        counts = (self.input_tokens, self.output_tokens, self.cached_input_tokens, self.cache_write_input_tokens)
        others = (self.reasoning_tokens, self.cache_write_1h_input_tokens)
        return min(*counts, *others) >= 0 and max(*counts, *others) <= MOST_TOKENS


class FinishReason(StrEnum):
    """COST_LIMIT: we stopped the model, because more could have cost more than the caller allows."""

    STOP = "stop"
    MAX_TOKENS = "max_tokens"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    COST_LIMIT = "cost_limit"
    OTHER = "other"


class TextDelta(Struct, frozen=True, tag="text"):
    """`part` is the 0-based index of the content part that the delta extends.

    `state` is of the part, not of the delta, and comes once; a delta that only carries it has an empty text.
    """

    part: int
    text: str
    state: ProviderState | None = None


class ReasoningDelta(Struct, frozen=True, tag="reasoning"):
    part: int
    text: str
    state: ProviderState | None = None


class ToolCallDelta(Struct, frozen=True, tag="tool_call"):
    """`id` and `name` on the first delta of a part only."""

    part: int
    id: str
    name: str
    arguments_json: str
    state: ProviderState | None = None


Delta = TextDelta | ReasoningDelta | ToolCallDelta


class Ending(Struct, frozen=True, kw_only=True):
    """How a provider's answer ended.

    `usage` None: the provider sent none. `cost_nano_usd` is the provider's own figure, None where it gives none.
    `mean_logprob` is the mean natural logarithm of the probability of its tokens, where that was asked for and given.
    `stop_sequence` is the one of the caller's that ended it, "" where none did or the provider does not say which.
    """

    reason: FinishReason
    upstream_reason: str = ""
    usage: Usage | None = None
    cost_nano_usd: int | None = None
    served_model: str = ""
    upstream_request_id: str = ""
    mean_logprob: float | None = None
    stop_sequence: str = ""


class Answer(Struct, frozen=True):
    """A whole answer."""

    parts: tuple[Part, ...]
    ending: Ending
