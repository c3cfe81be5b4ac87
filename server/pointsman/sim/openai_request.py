"""The request side of the chat-completions wire: what we read of it, and what we refuse."""

from __future__ import annotations

import re

import msgspec

from pointsman.sim.request import ChatRequest, Refusal, ResponseFormat

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_FORMATS = frozenset({"text", "json_object", "json_schema"})
_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_DECODER = msgspec.json.Decoder(ChatRequest)


def parse(body: bytes) -> ChatRequest | Refusal:
    """Read and check a request body."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        found = _WHERE.search(str(error))
        return Refusal(400, f"Invalid request: {error}.", param=found.group(1) if found else None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(400, "We could not parse the JSON body of your request. It must be one JSON object in UTF-8.")
    return _problem(request) or request


def authenticate(header: str) -> Refusal | None:
    """Anything after `Bearer ` is a valid key, except `bad-key`."""
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "You didn't provide an API key. Send it in an Authorization header: `Authorization: Bearer KEY`."
        return Refusal(401, message)
    if key.strip() == "bad-key":
        return Refusal(401, "Incorrect API key provided.", code="invalid_api_key")
    return None


def _problem(request: ChatRequest) -> Refusal | None:
    if not request.messages:
        return Refusal(400, "Invalid 'messages': empty array; send at least one message.", param="messages")
    for at, message in enumerate(request.messages):
        if message.role not in _ROLES:
            where = f"messages[{at}].role"
            return Refusal(400, f"Invalid '{where}': {message.role!r} is not one of {sorted(_ROLES)}.", param=where)
    if request.limit is not None and request.limit < 1:
        return Refusal(400, f"Invalid 'max_completion_tokens': {request.limit}; send 1 or more.", param="max_tokens")
    if request.top_logprobs is not None and not (request.logprobs and 0 <= request.top_logprobs <= 20):
        told = "'top_logprobs' must be from 0 to 20, and 'logprobs' true beside it."
        return Refusal(400, f"Invalid 'top_logprobs': {request.top_logprobs}; {told}", param="top_logprobs")
    if request.n not in (None, 1):
        return Refusal(400, f"Invalid 'n': {request.n}; the simulator gives one choice.", param="n")
    if request.tool_choice == "required" and not request.tools:
        return Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    if request.model == "no-such-model":
        told = "The model `no-such-model` does not exist or you do not have access to it."
        return Refusal(404, told, code="model_not_found")
    return _format_problem(request.response_format)


def _format_problem(shape: ResponseFormat | None) -> Refusal | None:
    if shape is None:
        return None
    if shape.type not in _FORMATS:
        return Refusal(400, f"Invalid 'response_format.type': {shape.type!r}.", param="response_format.type")
    if shape.type == "json_schema" and (shape.json_schema is None or not isinstance(shape.json_schema.schema, dict)):
        where = "response_format.json_schema.schema"
        return Refusal(400, f"Missing required parameter: '{where}'.", param=where)
    return None
