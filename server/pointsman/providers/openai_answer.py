"""Answers in the words of the `openai` wire, as decoded: whole ones, the pieces of streams, and what they used."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.request import Part, Reasoning, Text, ToolCall
from pointsman.providers.call_ids import new_call_id
from pointsman.providers.failures import Origin, failed_inside, garbled
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_logprobs import Likelihood

_NANO = Decimal("1e-9")
_MOST_USD = 1_000_000
_ABSENT: Final = (Raw(), Raw(b"null"))
_FINISHES: Final = {
    "stop": FinishReason.STOP,
    "length": FinishReason.MAX_TOKENS,
    "model_length": FinishReason.MAX_TOKENS,  # Mistral
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
# The provider failed: OpenRouter and Mistral, DeepSeek.
_BROKEN_OFF: Final = frozenset({"error", "insufficient_system_resource"})


class Called(Struct):
    name: str | None = None
    arguments: str | None = None


class CallPiece(Struct):
    """A tool call, or a piece of one; `index` says which, where it is there."""

    index: int | None = None
    id: str | None = None
    function: Called | None = None


class ContentPiece(Struct):
    """Mistral's thinking models write their content in these."""

    type: str = ""
    text: str | None = None
    thinking: list[ContentPiece] | str | None = None


class Said(Struct):
    """A message, or a delta of one."""

    content: str | list[ContentPiece] | None = None
    tool_calls: list[CallPiece] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class Choice(Struct):
    index: int | None = None
    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None
    logprobs: Raw = _ABSENT[0]
    # Any: only whether it is there counts here; openai_errors reads it.
    error: Any = None


class Groq(Struct):
    usage: Raw = _ABSENT[0]


class Completion(Struct):
    """A whole answer or one chunk of a stream. `usage` is read last, on its own: what is odd in it fails no answer."""

    id: str | int | None = None
    model: str | None = None
    object: str | None = None
    choices: list[Choice] | None = None
    usage: Raw = _ABSENT[0]
    x_groq: Groq | None = None
    # Any: as in Choice.
    error: Any = None

    @property
    def used(self) -> Raw | None:
        """The usage it carries."""
        if self.usage not in _ABSENT:
            return self.usage
        return self.x_groq.usage if self.x_groq is not None and self.x_groq.usage not in _ABSENT else None


class _PromptDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _CompletionDetails(Struct):
    reasoning_tokens: int | None = None


class _CostDetails(Struct):
    upstream_inference_cost: Decimal | None = None


class _ItemisedCost(Struct):
    total_cost: Decimal | None = None


class Costed(Struct):
    """What usage says of money."""

    cost: Decimal | _ItemisedCost | None = None
    cost_details: _CostDetails | None = None
    is_byok: bool | None = None


class _Usage(Costed):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None


_COMPLETION = msgspec.json.Decoder(Completion)
_USAGE = msgspec.json.Decoder(_Usage)
_COSTED = msgspec.json.Decoder(Costed)


def decode(data: bytes, origin: Origin) -> Completion:
    """A whole answer or a chunk. Raises ProviderError for what is not one, and for the errors it carries."""
    try:
        found = _COMPLETION.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise garbled(origin, "sent JSON that is broken or not an answer") from None
    failed = found.error or found.object == "error"
    for choice in found.choices or ():
        if choice.error or (choice.finish_reason and choice.finish_reason in _BROKEN_OFF):
            failed = True
    if failed:
        raise failed_inside(origin.charging(*read_usage(found.used)), read_complaint(data))
    return found


def wire_to_answer(data: bytes, origin: Origin) -> Answer:
    """A whole answer: reasoning, text and tool calls, in this order."""
    found = decode(data, origin)
    choice = next((choice for choice in found.choices or () if not choice.index), None)
    if choice is None or choice.message is None:
        raise garbled(origin.charging(*read_usage(found.used)), "answered without a message")
    said = choice.message
    parts: list[Part] = []
    text, reasoning = texts(said)
    if reasoning:
        parts.append(Reasoning(reasoning))
    if text:
        parts.append(Text(text))
    parts += [_tool_call(piece) for piece in said.tool_calls or ()]
    reason = finish_reason(choice.finish_reason, refused=bool(said.refusal), called=bool(said.tool_calls))
    usage, cost = read_usage(found.used)
    likelihood = Likelihood()
    likelihood.add(choice.logprobs)
    ending = Ending(
        reason=reason,
        upstream_reason=choice.finish_reason or "",
        usage=usage,
        cost_nano_usd=cost,
        served_model=found.model or "",
        upstream_request_id=origin.request_id or str(found.id or ""),
        mean_logprob=likelihood.mean,
    )
    return Answer(tuple(parts), ending)


def texts(said: Said) -> tuple[str, str]:
    """Its text and its reasoning. A refusal is text; a server that sends reasoning under both names means one."""
    text, reasoning = said.content, said.reasoning_content or said.reasoning or ""
    if isinstance(text, list):
        reasoning += "".join(map(_thought, text))
        text = "".join(piece.text or "" for piece in text if piece.thinking is None)
    return (text or "") + (said.refusal or ""), reasoning


def finish_reason(upstream: str | None, *, refused: bool, called: bool) -> FinishReason:
    """Ours for theirs. Several say "stop" after tool calls: Gemini in streams, OpenAI where one was forced."""
    reason = _FINISHES.get((upstream or "").lower(), FinishReason.OTHER)
    if refused and reason is not FinishReason.CONTENT_FILTER:
        return FinishReason.REFUSAL
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason


def read_usage(raw: Raw | None) -> tuple[Usage | None, int | None]:
    """Tokens, and the provider's own cost in nano-USD; None for what was not told in a way we understand."""
    if raw is None:
        return None, None
    try:
        told = _USAGE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, read_cost(raw)
    if told.prompt_tokens is None and told.completion_tokens is None and told.total_tokens is None:
        return None, nano_usd(told)
    given = max(0, told.prompt_tokens or 0), max(0, told.completion_tokens or 0)
    # xAI and Gemini leave reasoning out of the completion, but not out of the total.
    hidden = max(0, (told.total_tokens or 0) - sum(given))
    details = told.prompt_tokens_details or _PromptDetails()
    reasoning = told.completion_tokens_details and told.completion_tokens_details.reasoning_tokens
    usage = Usage(
        input_tokens=given[0],
        output_tokens=given[1] + hidden,
        cached_input_tokens=max(0, details.cached_tokens or told.prompt_cache_hit_tokens or 0),
        cache_write_input_tokens=max(0, details.cache_write_tokens or 0),
        reasoning_tokens=max(0, reasoning or hidden),
    )
    return usage, nano_usd(told)


def read_cost(raw: Raw) -> int | None:
    """The provider's own cost alone, as `nano_usd`: what is odd in the tokens beside it does not undo it."""
    try:
        return nano_usd(_COSTED.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def nano_usd(told: Costed) -> int | None:
    """The provider's own cost, None where it tells none, or none that can be."""
    cost = told.cost.total_cost if isinstance(told.cost, _ItemisedCost) else told.cost
    if cost is None or not _credible(cost):
        return None
    if told.is_byok and told.cost_details and told.cost_details.upstream_inference_cost is not None:
        # OpenRouter with a key of ours: `cost` is only its fee.
        if not _credible(told.cost_details.upstream_inference_cost):
            return None
        cost += told.cost_details.upstream_inference_cost
    return int(cost.quantize(_NANO, ROUND_HALF_UP).scaleb(9))


def _credible(usd: Decimal) -> bool:
    # Before any arithmetic, which raises for NaN and infinity.
    return usd.is_finite() and 0 <= usd < _MOST_USD


def _thought(piece: ContentPiece) -> str:
    if isinstance(piece.thinking, str):
        return piece.thinking
    return "".join(part.text or "" for part in piece.thinking or ())


def _tool_call(piece: CallPiece) -> ToolCall:
    called = piece.function or Called()
    return ToolCall(given_id(piece) or new_call_id(), called.name or "", called.arguments or "")


def given_id(piece: CallPiece) -> str:
    """The id, "" where there is none; Mistral has streamed the word null."""
    return "" if piece.id is None or piece.id == "null" else piece.id
