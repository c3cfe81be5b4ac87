"""A chat completion request from OpenAI's JSON. Whatever a field asks for is done, or refused with its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pointsman.doors.checks import (
    TOOL_NAME,
    TOOL_NAME_RULE,
    check_range,
    check_schema,
    check_stop_sequences,
    check_text,
)
from pointsman.doors.limits import NAME_BYTES, PENALTY, TEMPERATURE, TOOLS, TOP_P
from pointsman.doors.violations import Violations
from pointsman.http import openai_body as wire
from pointsman.http.hints import Hinted, with_metadata, with_model
from pointsman.http.json_body import decode, json_text
from pointsman.http.openai_answer import ChatQuestion
from pointsman.http.openai_messages import read_messages
from pointsman.model.request import Image, Params, Request, ResponseFormat, Tool, ToolChoice, measure

_decoder = msgspec.json.Decoder(wire.Body)
_string = msgspec.json.Decoder(str)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])

# The values that ask for nothing; every other of these fields is refused.
_NOTHING: Final[Mapping[str, tuple[object, ...]]] = {
    "audio": (),
    "function_call": ("none",),
    "functions": (),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "moderation": (),
    "n": (1,),
    "prediction": (),
    "prompt_cache_key": (),
    "prompt_cache_options": (),
    "prompt_cache_retention": (),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
    "web_search_options": (),
}
_INSTEAD: Final[Mapping[str, str]] = {
    "functions": "; use tools",
    "function_call": "; use tool_choice",
    "n": "; ask again",
}


def read_question(body: bytes, hinted: Hinted) -> ChatQuestion:
    """All that a request says. InvalidRequest with everything that is wrong, PERMISSION_DENIED."""
    sent = decode(_decoder, body)
    found = Violations()
    if sent.metadata:
        hinted = with_metadata(hinted, sent.metadata, "metadata", found)
    hinted = with_model(hinted, sent.model, found)
    _check_not_offered(sent, found)
    messages = read_messages(sent.messages, found)
    tools = _tools(sent, found)
    request = Request(
        messages=messages,
        tools=tools,
        tool_choice=_tool_choice(sent, tools, found),
        response_format=_format(sent.response_format, found),
        params=_params(sent, found),
        hints=hinted.hints,
        tenant=hinted.tenant,
        key=hinted.caller.key,
        facts=measure(messages, tools),
    )
    _check_text(body, request, found)
    found.raise_if_any()
    options = sent.stream_options
    usage = bool(options and options.include_usage)
    return ChatQuestion(request, hinted, streamed=bool(sent.stream), include_usage=usage)


def _check_not_offered(sent: wire.Body, found: Violations) -> None:
    for name, nothing in _NOTHING.items():
        value: object = getattr(sent, name)
        # 1 == True: of values that are equal only those of one type are the same.
        if value is not None and not any(value == one and type(value) is type(one) for one in nothing):
            found.add(name, f"is not offered by this server; leave it out{_INSTEAD.get(name, '')}")
    options = sent.stream_options
    if options and not sent.stream:
        found.add("stream_options", "is for streams; leave it out, or set stream")
    if options and options.include_obfuscation not in (None, False):
        found.add("stream_options.include_obfuscation", "is not offered by this server; leave it out")


def _check_text(body: bytes, request: Request, found: Violations) -> None:
    size = len(body)
    if request.facts.images:
        # Their data, in base64.
        size -= sum(len(p.data) * 4 // 3 for m in request.messages for p in m.parts if isinstance(p, Image))
    check_text("request", size, found)


def _tools(sent: wire.Body, found: Violations) -> tuple[Tool, ...]:
    offered = sent.tools or []
    if not found.check_count("tools", len(offered), TOOLS):
        return ()
    tools: dict[str, Tool] = {}
    for index, tool in enumerate(offered):
        function, field = tool.function, f"tools[{index}].function"
        schema = _schema(function.parameters, f"{field}.parameters", found)
        if not TOOL_NAME.fullmatch(function.name):
            found.add(f"{field}.name", TOOL_NAME_RULE)
        elif function.name in tools:
            found.add(f"{field}.name", f"{function.name!r} is the name of an earlier tool")
        if schema:
            check_schema(f"{field}.parameters", schema, found)
        tools[function.name] = Tool(function.name, function.description or "", schema, bool(function.strict))
    return tuple(tools.values())


def _tool_choice(sent: wire.Body, tools: tuple[Tool, ...], found: Violations) -> ToolChoice | None:
    choice, parallel = sent.tool_choice, sent.parallel_tool_calls
    if not tools:
        for name, value in (("tool_choice", choice), ("parallel_tool_calls", parallel)):
            if value is not None and value not in ("none", "auto"):
                found.add(name, "needs tools; add some, or leave it out")
        return None
    if choice is None and parallel is None:
        return None
    if choice is None or isinstance(choice, str):
        return ToolChoice(choice or "auto", (), parallel)
    if isinstance(choice, wire.ForcedChoice):
        return ToolChoice("required", _known([choice], "tool_choice", tools, found), parallel)
    field = "tool_choice.allowed_tools.tools"
    if choice.allowed_tools.mode == "auto":
        found.add(
            "tool_choice.allowed_tools.mode", "must be required here; send the allowed tools alone to leave a choice"
        )
    return ToolChoice("required", _known(choice.allowed_tools.tools, field, tools, found), parallel)


def _known(chosen: list[wire.ForcedChoice], field: str, tools: tuple[Tool, ...], found: Violations) -> tuple[str, ...]:
    names = {tool.name for tool in tools}
    if not chosen:
        found.add(field, "must name at least one of the tools")
    for one in chosen:
        if one.function.name not in names:
            found.add(field, f"{one.function.name[:64]!r} is none of the tools")
    return tuple([one.function.name for one in chosen])


def _format(
    sent: wire.TextFormat | wire.ObjectFormat | wire.SchemaFormat | None, found: Violations
) -> ResponseFormat | None:
    if sent is None or isinstance(sent, wire.TextFormat):
        return None
    if isinstance(sent, wire.ObjectFormat):
        return ResponseFormat("json_object")
    asked, field = sent.json_schema, "response_format.json_schema"
    schema = _schema(asked.schema, f"{field}.schema", found)
    if not TOOL_NAME.fullmatch(asked.name):
        found.add(f"{field}.name", TOOL_NAME_RULE)
    if schema:
        check_schema(f"{field}.schema", schema, found)
    else:
        found.add(f"{field}.schema", "is required")
    if asked.description:
        schema = _described(schema, asked.description, field, found)
    return ResponseFormat("json_schema", asked.name, schema, bool(asked.strict))


def _described(schema: str, description: str, field: str, found: Violations) -> str:
    """The schema with the description, which is where JSON Schema has a place for it; for one."""
    try:
        members = _members.decode(schema)
    # What is no object is refused elsewhere.
    except (msgspec.DecodeError, RecursionError):
        return schema
    own = members.setdefault("description", msgspec.Raw(msgspec.json.encode(description)))
    if not _says(own, description):
        found.add(f"{field}.description", "differs from that of the schema; give one of them")
    return msgspec.json.encode(members).decode()


def _says(raw: msgspec.Raw, text: str) -> bool:
    try:
        return _string.decode(raw) == text
    except msgspec.DecodeError:
        return False


def _schema(raw: msgspec.Raw, field: str, found: Violations) -> str:
    text = json_text(raw, field, found)
    return "" if text == "null" else text


def _params(sent: wire.Body, found: Violations) -> Params:
    stop = [sent.stop] if isinstance(sent.stop, str) else sent.stop or []
    effort = "max" if sent.reasoning_effort == "xhigh" else sent.reasoning_effort
    return Params(
        max_output_tokens=_one_of(sent, "max_completion_tokens", "max_tokens", found),
        temperature=_ranged(sent, "temperature", TEMPERATURE, found),
        top_p=_ranged(sent, "top_p", TOP_P, found),
        stop_sequences=check_stop_sequences("stop", stop, found),
        seed=sent.seed,
        frequency_penalty=_ranged(sent, "frequency_penalty", PENALTY, found),
        presence_penalty=_ranged(sent, "presence_penalty", PENALTY, found),
        reasoning_effort=effort or "",
        end_user_id=_end_user(sent, found),
    )


def _ranged(sent: wire.Body, name: str, bounds: tuple[float, float], found: Violations) -> float | None:
    value: float | None = getattr(sent, name)
    return None if value is None else check_range(name, value, bounds, found)


def _one_of(sent: wire.Body, name: str, older: str, found: Violations) -> int | None:
    value: int | None = getattr(sent, name)
    other: int | None = getattr(sent, older)
    if value is not None and other is not None and value != other:
        found.add(older, f"differs from {name}; give one of them")
    return other if value is None else value


def _end_user(sent: wire.Body, found: Violations) -> str:
    user = sent.safety_identifier or sent.user or ""
    if sent.user and user != sent.user:
        found.add("user", "differs from safety_identifier; give one of them")
    if user:
        found.check_bytes("user", user, NAME_BYTES)
    return user
