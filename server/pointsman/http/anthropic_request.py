"""Requests of the Messages API: what a body asks for, as a request of ours."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from pointsman.doors.checks import check_positive, check_range, check_schema, check_stop_sequences
from pointsman.doors.limits import NAME_BYTES, TEMPERATURE, TOOLS, TOP_P
from pointsman.doors.violations import Violations
from pointsman.http.anthropic_body import Asked, Format, Prompt
from pointsman.http.anthropic_messages import messages_from_body
from pointsman.http.caching import cache_hint
from pointsman.http.json_body import json_text
from pointsman.http.schemas import fits_strict
from pointsman.model.request import Params, Request, ResponseFormat, Tool, ToolChoice, measure

LEAST_BUDGET: Final = 1024
"""Tokens: the API takes no smaller budget for thinking."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_CHOICES: Final = {"auto": "auto", "any": "required", "tool": "required", "none": "none"}
_EFFORTS: Final = {"low": "low", "medium": "medium", "high": "high", "xhigh": "max", "max": "max"}
# The least effort whose own budget reaches as far as the one that is asked for; the budget itself is the limit.
_BUDGETS: Final = ((2048, "low"), (8192, "medium"), (16384, "high"))


class Thinking(StrEnum):
    """What a caller sees of the model's reasoning."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    OMITTED = "omitted"


def request_from_body(asked: Prompt, found: Violations) -> Request:
    """The request, still nobody's and without hints; what is wrong with it goes to `found`."""
    messages = messages_from_body(asked, found)
    tools = _tools(asked, found)
    return Request(
        messages=messages,
        tools=tools,
        tool_choice=_tool_choice(asked, found),
        response_format=_response_format(asked.output_config.format, found) if asked.output_config else None,
        params=_params(asked, found) if isinstance(asked, Asked) else Params(),
        facts=measure(messages, tools),
    )


def thinking_of(asked: Prompt) -> Thinking:
    """What its caller wants to see of the reasoning."""
    if asked.thinking is None or asked.thinking.type == "disabled":
        return Thinking.HIDDEN
    return Thinking.OMITTED if asked.thinking.display == "omitted" else Thinking.SHOWN


def _tools(asked: Prompt, found: Violations) -> tuple[Tool, ...]:
    if not found.check_count("tools", len(asked.tools), TOOLS):
        return ()
    tools: dict[str, Tool] = {}
    for at, tool in enumerate(asked.tools):
        if not _NAME.fullmatch(tool.name):
            found.add(f"tools[{at}].name", f"must match {_NAME.pattern}")
        elif tool.name in tools:
            found.add(f"tools[{at}].name", f"{tool.name!r} is the name of an earlier tool")
        schema = json_text(tool.input_schema, f"tools[{at}].input_schema", found)
        check_schema(f"tools[{at}].input_schema", schema, found)
        tools[tool.name] = Tool(tool.name, tool.description, schema, tool.strict, cache_hint(tool.cache_control))
    return tuple(tools.values())


def _tool_choice(asked: Prompt, found: Violations) -> ToolChoice | None:
    choice = asked.tool_choice
    if choice is None:
        return None
    if not asked.tools:
        found.add("tool_choice", "needs tools to choose from")
        return None
    if choice.type == "tool" and choice.name not in {tool.name for tool in asked.tools}:
        found.add("tool_choice.name", f"{choice.name[:64]!r} is none of the tools")
    elif choice.type != "tool" and choice.name:
        found.add("tool_choice.name", "belongs to the type tool only")
    if choice.type == "none" and choice.disable_parallel_tool_use is not None:
        found.add("tool_choice.disable_parallel_tool_use", "does not belong to the type none")
    parallel = None if choice.disable_parallel_tool_use is None else not choice.disable_parallel_tool_use
    return ToolChoice(_CHOICES[choice.type], (choice.name,) if choice.type == "tool" else (), parallel)


def _response_format(wanted: Format | None, found: Violations) -> ResponseFormat | None:
    """The API promises what the schema says; so do others, as far as they can keep to one like that."""
    if wanted is None:
        return None
    schema = json_text(wanted.schema, "output_config.format.schema", found)
    check_schema("output_config.format.schema", schema, found)
    return ResponseFormat("json_schema", "", schema, fits_strict(schema))


def _params(asked: Asked, found: Violations) -> Params:
    effort, budget = _reasoning(asked, found)
    user = asked.metadata.get("user_id") or ""
    found.check_bytes("metadata.user_id", user, NAME_BYTES)
    return Params(
        max_output_tokens=check_positive("max_tokens", asked.max_tokens, "refused by this API", found),
        temperature=_ranged("temperature", asked.temperature, TEMPERATURE, found),
        top_p=_ranged("top_p", asked.top_p, TOP_P, found),
        stop_sequences=check_stop_sequences("stop_sequences", asked.stop_sequences, found),
        reasoning_effort=effort,
        end_user_id=user,
        top_k=None if asked.top_k is None else check_positive("top_k", asked.top_k, "the model's own", found),
        reasoning_max_tokens=budget,
    )


def _reasoning(asked: Asked, found: Violations) -> tuple[str, int | None]:
    """How much to reason: the effort, and the most tokens for it, None for no limit of its own."""
    thinking, config = asked.thinking, asked.output_config
    effort = _EFFORTS[config.effort] if config and config.effort else ""
    if thinking is None:
        return effort, None
    budget = thinking.budget_tokens
    if thinking.type != "enabled" and budget is not None:
        found.add("thinking.budget_tokens", "belongs to the type enabled only")
    match thinking.type:
        case "disabled":
            if thinking.display is not None:
                found.add("thinking.display", "has nothing to display with the type disabled")
            if effort:
                found.add("output_config.effort", "says how much to think, which thinking.type disables; leave one out")
            return "none", None
        case "adaptive":
            return effort or "high", None
        case _:
            if budget is None or not LEAST_BUDGET <= budget < asked.max_tokens:
                least = f"at least {LEAST_BUDGET:,} and less than max_tokens"
                found.add("thinking.budget_tokens", f"must be {least}")
                return "", None
            own = next((name for reach, name in _BUDGETS if budget <= reach), "max")
            return effort or own, budget


def _ranged(field: str, value: float | None, bounds: tuple[float, float], found: Violations) -> float | None:
    return None if value is None else check_range(field, value, bounds, found)
