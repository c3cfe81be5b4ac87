"""Requests in the words of the `anthropic` wire, and what of a request it cannot say."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Raw, Struct

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import CacheHint, ResponseFormat, Tool
from pointsman.ports import ProviderCall
from pointsman.providers.anthropic_messages import CacheControl, Conversation, Markable, TextBlock, Turn, mark
from pointsman.providers.settings import ProviderSettings

DEFAULT_MAX_TOKENS: Final = 4096
"""Sent where neither the caller, a policy nor the model sets a limit, since the wire demands one."""

LEAST_BUDGET: Final = 1024
"""Tokens: the wire takes no smaller budget for thinking."""

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')
_CHOICES: Final = {"auto": "auto", "none": "none", "required": "any"}
_LEAST_TOP_P = 0.95
_EFFORTS: Final = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_BUDGETS: Final = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "max": 32768}
# Later models decide themselves how much thinking an effort needs, and refuse a budget, then sampling too.
_BUDGET_UP_TO, _SAMPLING_UP_TO = (4, 5), (4, 6)
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2})(?!\d))?")


class _Tool(Struct, omit_defaults=True):
    name: str
    input_schema: Raw
    description: str = ""
    strict: bool = False
    cache_control: CacheControl | None = None


class _Choice(Struct, omit_defaults=True):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool = False


class _Thinking(Struct, omit_defaults=True):
    """`display` "" is what is usual for the model: later ones show nothing unless asked to."""

    type: str
    budget_tokens: int = 0
    display: str = ""


class _Format(Struct, tag="json_schema"):
    schema: Raw


class _OutputConfig(Struct, omit_defaults=True):
    effort: str = ""
    format: _Format | None = None


class _Metadata(Struct):
    user_id: str


class _Body(Struct, omit_defaults=True):
    model: str
    max_tokens: int
    messages: list[Turn]
    system: list[TextBlock] = []
    tools: list[_Tool] = []
    tool_choice: _Choice | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    metadata: _Metadata | None = None
    stream: bool = False


_ENCODER: Final = msgspec.json.Encoder()
_CHECKER: Final = msgspec.json.Decoder(Raw)


def request_to_wire(call: ProviderCall, settings: ProviderSettings, *, stream: bool) -> bytes:
    """The body of a request for a message.

    Raises ProviderError for a schema that is not JSON, and for provider state that is none of this provider's.
    """
    body = _Writer(call, settings, dry=False).body()
    body.stream = stream
    return _ENCODER.encode(body)


def dropped_from_wire(call: ProviderCall, settings: ProviderSettings) -> tuple[str, ...]:
    """Names of what `request_to_wire` leaves out or bends although the caller asked for it, in alphabetical order."""
    writer = _Writer(call, settings, dry=True)
    writer.body()
    return tuple(sorted(writer.dropped))


class _Writer:
    """Writes one call, and notes in `dropped` what it could not. With `dry`, documents are left empty and unchecked."""

    def __init__(self, call: ProviderCall, settings: ProviderSettings, *, dry: bool) -> None:
        self._call, self._request, self._params = call, call.request, call.request.params
        self._quirks, self._dry = settings.quirks, dry
        self._version = _version(call.model.upstream)
        self._conversation = Conversation(call, settings.provider, dry=dry)
        self.dropped = self._conversation.dropped

    def body(self) -> _Body:
        conversation = self._conversation
        body = _Body(self._call.model.upstream, _max_tokens(self._call), conversation.turns, conversation.system)
        hinted = self._add_tools(body)
        self._choose(body)
        self._format(body, self._request.response_format)
        self._think(body)
        self._sample(body)
        self._add_rest(body)
        mark([*hinted, *conversation.hinted()])
        return body

    def _wanted(self, name: str, value: object) -> bool:
        """Is it asked for, and something that the endpoint takes?"""
        if value in (None, "", ()):
            return False
        if name in self._quirks.omit:
            self.dropped.add(name)
            return False
        return True

    def _add_tools(self, body: _Body) -> list[tuple[Markable, CacheHint]]:
        """Offer the tools, of several allowed ones those alone; returns which of them to mark for the cache."""
        choice = self._request.tool_choice
        hinted: list[tuple[Markable, CacheHint]] = []
        for tool in self._request.tools:
            if choice is None or not choice.allowed or len(choice.allowed) == 1 or tool.name in choice.allowed:
                body.tools.append(self._tool(tool))
                if tool.cache is not None:
                    hinted.append((body.tools[-1], tool.cache))
        if not body.tools:
            # Calls in a conversation must be of tools that are defined.
            body.tools = [_Tool(name, _NO_PARAMETERS) for name in self._conversation.called]
            body.tool_choice = _Choice("none") if body.tools else None
        return hinted

    def _tool(self, tool: Tool) -> _Tool:
        schema = _NO_PARAMETERS
        if tool.parameters_json_schema:
            schema = self._json(tool.parameters_json_schema, f"the parameters of tool {tool.name!r}")
        return _Tool(tool.name, schema, tool.description, tool.strict)

    def _choose(self, body: _Body) -> None:
        choice = self._request.tool_choice
        if choice is None:
            return
        if not self._request.tools:
            if choice.mode == "required":
                self.dropped.add("tool_choice")
            return
        if self._wanted("tool_choice", choice.mode):
            named = choice.mode == "required" and len(choice.allowed) == 1
            body.tool_choice = _Choice("tool", choice.allowed[0]) if named else _Choice(_CHOICES[choice.mode])
        if choice.parallel is not False or choice.mode == "none" or not self._wanted("parallel_tool_calls", False):
            return
        body.tool_choice = body.tool_choice or _Choice("auto")
        body.tool_choice.disable_parallel_tool_use = True

    def _format(self, body: _Body, wanted: ResponseFormat | None) -> None:
        if wanted is None or not self._wanted("response_format", wanted.kind):
            return
        if wanted.kind != "json_schema":
            self.dropped.add(f"response_format {wanted.kind}")
            return
        schema = self._json(wanted.json_schema, "the response format's schema")
        body.output_config = _OutputConfig(format=_Format(schema))

    def _think(self, body: _Body) -> None:
        """Ask for thinking as the model takes it, unless something that weighs more forbids it."""
        effort, most = self._params.reasoning_effort, self._params.reasoning_max_tokens
        if not self._wanted("reasoning_effort", effort):
            return
        if effort == "none":
            # A model that cannot think makes no effort anyway.
            if "reasoning" in self._call.model.capabilities:
                body.thinking = _Thinking("disabled")
            return
        if not self._budgeted():
            body.output_config = body.output_config or _OutputConfig()
            body.output_config.effort = _EFFORTS.get(effort) or self._quirks.max_effort or "max"
            body.thinking = _Thinking("adaptive", display="summarized")
            if most is not None:
                self.dropped.add("reasoning_max_tokens")
        else:
            if most is not None and most < LEAST_BUDGET:
                self.dropped.add(f"reasoning_max_tokens below {LEAST_BUDGET}")
            # At least half of the output is left to the answer.
            budget = max(LEAST_BUDGET, min(_BUDGETS[effort], most or _BUDGETS[effort], body.max_tokens // 2))
            body.thinking = _Thinking("enabled", budget)
        hindrance = self._hindrance(body)
        if hindrance:
            self.dropped.add(f"reasoning_effort {hindrance}")
            body.thinking = None

    def _hindrance(self, body: _Body) -> str:
        """What the wire refuses beside thinking, "" where nothing is."""
        if body.tool_choice is not None and body.tool_choice.type in ("any", "tool"):
            return "beside a required tool call"
        if not self._budgeted():
            return ""
        if body.max_tokens <= LEAST_BUDGET:
            return "with so few output tokens"
        return "amid tool calls made without" if self._conversation.amid_calls else ""

    def _budgeted(self) -> bool:
        if self._quirks.thinking is not None:
            return self._quirks.thinking == "budget"
        return self._version is not None and self._version <= _BUDGET_UP_TO

    def _sample(self, body: _Body) -> None:
        """Sampling, as far as it goes: one of temperature and top_p, and hardly any of it beside thinking."""
        params, temperature = self._params, self._call.shaped.temperature
        thinks = body.thinking is not None and body.thinking.type != "disabled"
        if self._version is not None and self._version > _SAMPLING_UP_TO:
            wanted = {
                "temperature": None if temperature == 1 else temperature,
                "top_p": params.top_p,
                "top_k": params.top_k,
            }
            self.dropped.update(name for name, value in wanted.items() if value is not None)
            return
        if temperature is not None and self._wanted("temperature", temperature):
            if temperature > 1:
                self.dropped.add("temperature above 1")
            if thinks and temperature != 1:
                self.dropped.add("temperature beside reasoning")
            else:
                body.temperature = min(temperature, 1.0)
        if params.top_p is not None and self._wanted("top_p", params.top_p):
            if body.temperature is not None:
                self.dropped.add("top_p beside temperature")
            elif thinks and params.top_p < _LEAST_TOP_P:
                self.dropped.add("top_p beside reasoning")
            else:
                body.top_p = params.top_p
        if params.top_k is not None:
            if thinks:
                self.dropped.add("top_k beside reasoning")
            else:
                body.top_k = params.top_k

    def _add_rest(self, body: _Body) -> None:
        """Stop sequences, who asks, and the names of what there is no place for."""
        params = self._params
        if self._wanted("user", params.end_user_id):
            body.metadata = _Metadata(params.end_user_id)
        if self._wanted("stop", params.stop_sequences):
            body.stop_sequences = tuple(stop for stop in params.stop_sequences if stop.strip())
            if len(body.stop_sequences) < len(params.stop_sequences):
                self.dropped.add("stop sequences of blanks")
        for name in ("seed", "frequency_penalty", "presence_penalty"):
            if getattr(params, name) is not None:
                self.dropped.add(name)

    def _json(self, text: str, what: str) -> Raw:
        """The text as it is, once it is known to be one JSON value: anything else could write the rest of the body."""
        if self._dry:
            return _NO_PARAMETERS
        try:
            return _CHECKER.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            told = f"{what} must be a JSON document"
            raise ProviderError(Reason.INVALID_REQUEST, told, retryable=False, sent=False) from None


def _version(upstream: str) -> tuple[int, int] | None:
    """Which Claude a model is, by its name; None where it is none."""
    found = _VERSION.search(upstream)
    return (int(found[1]), int(found[2] or 0)) if found else None


def _max_tokens(call: ProviderCall) -> int:
    """The limit that is asked for, else the model's own, as far as its window has room behind the prompt."""
    if call.shaped.max_output_tokens is not None:
        return call.shaped.max_output_tokens
    limit = call.model.max_output or DEFAULT_MAX_TOKENS
    if not call.model.context:
        return limit
    # Together with the prompt it must fit, and the prompt is estimated.
    room = call.model.context - call.shaped.estimate.input_tokens * 11 // 10
    return max(1, min(limit, room))
