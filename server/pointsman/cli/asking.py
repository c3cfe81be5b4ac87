"""The options of `route` and `complete`: a prompt and hints, as a request."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from pointsman.cli import connecting
from pointsman.config.scalars import nano_usd
from pointsman.model.request import (
    Hints,
    Message,
    Mode,
    ModelOverride,
    Params,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
)

_NAME = re.compile(r"[^A-Za-z0-9_-]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that both commands take."""
    parser.add_argument("text", metavar="TEXT", help="the prompt; - reads it from standard input")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="deadline; unset: the server's own")
    connecting.add_arguments(parser)
    hints = parser.add_argument_group("hints")
    hints.add_argument("--task", default="", help="a task of the server's configuration")
    hints.add_argument("--tag", action="append", default=[], help="a tag; may be repeated")
    hints.add_argument("--mode", type=Mode, choices=list(Mode), metavar="MODE", help="eco, balanced or sport")
    hints.add_argument("--model", default="", help="prefer this model")
    hints.add_argument("--provider", default="", help="prefer this provider")
    hints.add_argument("--strict", action="store_true", help="nothing but --model or --provider")
    hints.add_argument("--exclude-provider", action="append", default=[], metavar="PROVIDER", help="may be repeated")
    hints.add_argument("--region", action="append", default=[], help="only models that run there; may be repeated")
    hints.add_argument("--max-cost", type=_nano_usd, metavar="USD", help="refuse what could cost more")
    hints.add_argument("--label", type=label, action="append", default=[], metavar="KEY=VALUE", help="may be repeated")
    hints.add_argument("--session", default="", metavar="ID", help="the conversation it belongs to")
    asked = parser.add_argument_group("request")
    asked.add_argument("--system", default="", metavar="TEXT", help="a system prompt")
    asked.add_argument("--max-tokens", type=int, metavar="N", help="limit of output tokens, reasoning included")
    asked.add_argument("--schema", type=_schema, metavar="FILE", help="JSON Schema that the answer must follow")
    asked.add_argument("--tool", type=_tools, action="append", default=[], metavar="FILE", help="one tool or a list")


def request_of(options: argparse.Namespace) -> Request:
    """The request that the options describe."""
    text = sys.stdin.read() if options.text == "-" else options.text
    system = (Message(Role.SYSTEM, (Text(options.system),)),) if options.system else ()
    named = options.model or options.provider
    override = ModelOverride(options.model, options.provider, options.strict) if named or options.strict else None
    return Request(
        messages=(*system, Message(Role.USER, (Text(text),))),
        tools=tuple(tool for tools in options.tool for tool in tools),
        response_format=options.schema,
        params=Params(max_output_tokens=options.max_tokens),
        hints=Hints(
            task=options.task,
            tags=tuple(options.tag),
            mode=options.mode,
            model_override=override,
            max_cost_nano_usd=options.max_cost,
            labels=dict(options.label),
            exclude_providers=tuple(options.exclude_provider),
            allowed_regions=tuple(options.region),
            session_id=options.session,
        ),
    )


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return number


def _nano_usd(text: str) -> int:
    try:
        return nano_usd(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def label(text: str) -> tuple[str, str]:
    """One label of `KEY=VALUE`."""
    key, mark, value = text.partition("=")
    if not key or not mark:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, such as project=apollo")
    return key, value


def _schema(path: str) -> ResponseFormat:
    text, schema = _document(path)
    if not isinstance(schema, dict):
        raise argparse.ArgumentTypeError(f"{path}: a JSON Schema is a JSON object")
    return ResponseFormat("json_schema", _NAME.sub("_", Path(path).stem)[:64] or "answer", text)


def _tools(path: str) -> tuple[Tool, ...]:
    """`{"name", "description", "parameters"}`, the same inside OpenAI's `{"type", "function"}`, or a list of them."""
    _, found = _document(path)
    return tuple(_tool(path, row) for row in (found if isinstance(found, list) else [found]))


# JSON of any shape.
def _tool(path: str, row: Any) -> Tool:
    function = row.get("function", row) if isinstance(row, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise argparse.ArgumentTypeError(f'{path}: a tool is {{"name": …, "description": …, "parameters": …}}')
    parameters = function.get("parameters")
    schema = json.dumps(parameters, ensure_ascii=False) if parameters is not None else ""
    return Tool(function["name"], str(function.get("description", "")), schema, function.get("strict") is True)


def _document(path: str) -> tuple[str, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        return text, json.loads(text)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{path}: is not JSON: {error}") from None
