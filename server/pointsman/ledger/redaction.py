"""What is left of a request where prompt text must not be kept: everything that routing looked at, no text."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.model.request import (
    Image,
    Message,
    Params,
    Part,
    Reasoning,
    Request,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

_TEXT = Text("")
_REASONING = Reasoning("")


def redacted(request: Request) -> Request:
    """`request` with every text blanked and its shape kept: messages, parts, tools, names of tools, hints and facts.

    Blank are texts, images, arguments and results of tool calls, reasoning, what providers want back, tools'
    descriptions and schemas, the response schema, stop sequences, and who speaks: `Message.name` and `end_user_id`.
    """
    response_format = request.response_format
    return Request(
        messages=tuple([Message(m.role, tuple([_blank(part) for part in m.parts])) for m in request.messages]),
        tools=tuple([Tool(name=tool.name, strict=tool.strict, cache=tool.cache) for tool in request.tools]),
        tool_choice=request.tool_choice,
        response_format=None if response_format is None else _without_schema(response_format),
        params=_without_text(request.params),
        hints=request.hints,
        tenant=request.tenant,
        key=request.key,
        facts=request.facts,
    )


def _blank(part: Part) -> Part:
    match part:
        case Text():
            return Text("", cache=part.cache) if part.cache else _TEXT
        case Reasoning():
            return _REASONING
        case Image():
            return _without_data(part)
        case ToolCall():
            return ToolCall(part.id, part.name, "", cache=part.cache)
        case ToolResult():
            images = tuple(map(_without_data, part.images))
            return ToolResult(part.tool_call_id, "", part.is_error, images, part.cache)


def _without_data(image: Image) -> Image:
    return Image(media_type=image.media_type, detail=image.detail, cache=image.cache)


def _without_schema(response_format: ResponseFormat) -> ResponseFormat:
    return replace(response_format, json_schema="")


def _without_text(params: Params) -> Params:
    if not params.stop_sequences and not params.end_user_id:
        return params
    return replace(params, stop_sequences=("",) * len(params.stop_sequences), end_user_id="")
