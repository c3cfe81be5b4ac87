"""Requests in the words of the `openai-responses` wire, and what of a request it cannot say."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import ResponseFormat, Tool
from pointsman.ports import ProviderCall
from pointsman.providers.openai_responses_input import Conversation, Item
from pointsman.providers.settings import ProviderSettings

LEAST_OUTPUT: Final = 16
"""Tokens: the wire takes no smaller limit."""

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


class _Tool(Struct, tag="function"):
    """`strict` has no default: left out, it means true."""

    name: str
    description: str
    parameters: Raw
    strict: bool


class _Named(Struct, tag="function"):
    name: str


class _Format(Struct, omit_defaults=True):
    type: str
    name: str = ""
    schema: Raw | None = None
    strict: bool = False


class _TextConfig(Struct):
    format: _Format


class _Reasoning(Struct, omit_defaults=True):
    effort: str = ""
    summary: str = ""


class _Body(Struct, omit_defaults=True):
    """`store` has no default: left out, it means true."""

    model: str
    input: list[Item]
    store: bool
    instructions: str = ""
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: _Reasoning | None = None
    text: _TextConfig | None = None
    tools: list[_Tool] = []
    tool_choice: str | _Named = ""
    parallel_tool_calls: bool | None = None
    user: str = ""
    include: list[str] = []
    stream: bool = False


_ENCODER: Final = msgspec.json.Encoder()
_CHECKER: Final = msgspec.json.Decoder(Raw)


def request_to_wire(call: ProviderCall, settings: ProviderSettings, *, stream: bool) -> bytes:
    """The body of a request for a response.

    Raises ProviderError for a schema that is not JSON, and for provider state that is none of this provider's.
    """
    body = _Writer(call, settings, dry=False).body()
    body.stream = stream
    return _ENCODER.encode(body)


def dropped_from_wire(call: ProviderCall, settings: ProviderSettings) -> tuple[str, ...]:
    """Names of what `request_to_wire` leaves out or bends although the caller asked for it, in alphabetical order.

    Cache hints are none: prompts are cached unasked.
    """
    writer = _Writer(call, settings, dry=True)
    writer.body()
    return tuple(sorted(writer.dropped))


class _Writer:
    """Writes one call, and notes in `dropped` what it could not. With `dry`, documents are left empty and unchecked."""

    def __init__(self, call: ProviderCall, settings: ProviderSettings, *, dry: bool) -> None:
        self._call, self._request, self._params = call, call.request, call.request.params
        self._quirks, self._dry = settings.quirks, dry
        self._conversation = Conversation(call, settings.provider, dry=dry)
        self.dropped = self._conversation.dropped

    def body(self) -> _Body:
        body = _Body(self._call.model.upstream, self._conversation.items, store=False)
        body.instructions = self._call.shaped.system_prompt
        body.max_output_tokens = self._limit(self._call.shaped.max_output_tokens)
        if self._wanted("temperature", self._call.shaped.temperature):
            body.temperature = self._call.shaped.temperature
        if self._wanted("top_p", self._params.top_p):
            body.top_p = self._params.top_p
        if self._wanted("user", self._params.end_user_id):
            body.user = self._params.end_user_id
        self._reason(body)
        self._format(body, self._request.response_format)
        self._add_tools(body)
        self._include(body)
        self._name_the_rest()
        return body

    def _wanted(self, name: str, value: object) -> bool:
        """Is it asked for, and something that the endpoint takes?"""
        if value in (None, "", ()):
            return False
        if name in self._quirks.omit:
            self.dropped.add(name)
            return False
        return True

    def _limit(self, tokens: int | None) -> int | None:
        if tokens is None or tokens >= LEAST_OUTPUT:
            return tokens
        self.dropped.add(f"max_output_tokens below {LEAST_OUTPUT}")
        return LEAST_OUTPUT

    @property
    def _can_reason(self) -> bool:
        return "reasoning" in self._call.model.capabilities or self._params.reasoning_effort not in ("", "none")

    def _reason(self, body: _Body) -> None:
        """Ask for reasoning and for its summary. A model that cannot reason is told nothing of it: it might refuse."""
        effort = self._params.reasoning_effort
        if not self._can_reason:
            return
        asked = _Reasoning()
        if self._wanted("reasoning_effort", effort):
            asked.effort = (self._quirks.max_effort or "xhigh") if effort == "max" else effort
        # Ours, not the caller's, so that leaving it out drops nothing: who asks for a summary is told by the account.
        if effort != "none" and "reasoning_summary" not in self._quirks.omit:
            asked.summary = "auto"
        body.reasoning = asked if asked != _Reasoning() else None

    def _include(self, body: _Body) -> None:
        """What is not told unasked: reasoning to send back, and how likely the tokens were."""
        if "include" in self._quirks.omit:
            return
        if self._can_reason:
            body.include.append("reasoning.encrypted_content")
        if self._call.logprobs and "logprobs" not in self._quirks.omit:
            body.include.append("message.output_text.logprobs")

    def _format(self, body: _Body, wanted: ResponseFormat | None) -> None:
        if wanted is None or not self._wanted("response_format", wanted.kind):
            return
        if wanted.kind != "json_schema":
            body.text = _TextConfig(_Format(wanted.kind))
            return
        schema = self._json(wanted.json_schema, "the response format's schema")
        body.text = _TextConfig(_Format("json_schema", wanted.schema_name or "answer", schema, wanted.strict))

    def _add_tools(self, body: _Body) -> None:
        """Offer the tools, and the choice among them; several allowed ones become the only ones offered."""
        choice, tools = self._request.tool_choice, self._request.tools
        if choice is None or not tools:
            body.tools = [self._tool(tool) for tool in tools]
            if choice is not None and choice.mode == "required":
                self.dropped.add("tool_choice")
            return
        forced = choice.mode == "required" and len(choice.allowed) == 1
        offered = tools if forced else [tool for tool in tools if not choice.allowed or tool.name in choice.allowed]
        body.tools = [self._tool(tool) for tool in offered]
        if self._wanted("tool_choice", choice.mode):
            body.tool_choice = _Named(choice.allowed[0]) if forced else choice.mode
        if choice.parallel is not None and self._wanted("parallel_tool_calls", choice.parallel):
            body.parallel_tool_calls = choice.parallel

    def _tool(self, tool: Tool) -> _Tool:
        parameters = _NO_PARAMETERS
        if tool.parameters_json_schema:
            parameters = self._json(tool.parameters_json_schema, f"the parameters of tool {tool.name!r}")
        return _Tool(tool.name, tool.description, parameters, tool.strict)

    def _name_the_rest(self) -> None:
        """What there are no words for."""
        for name in ("seed", "frequency_penalty", "presence_penalty", "top_k", "reasoning_max_tokens"):
            if getattr(self._params, name) is not None:
                self.dropped.add(name)
        if self._params.stop_sequences:
            self.dropped.add("stop")

    def _json(self, text: str, what: str) -> Raw:
        """The text as it is, once it is known to be one JSON value: anything else could write the rest of the body."""
        if self._dry:
            return _NO_PARAMETERS
        try:
            return _CHECKER.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            told = f"{what} must be a JSON document"
            raise ProviderError(Reason.INVALID_REQUEST, told, retryable=False, sent=False) from None
