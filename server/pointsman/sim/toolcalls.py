"""Which of the offered tools a simulated model calls, and with what."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pointsman.sim.instances import instance
from pointsman.sim.prompt import Prompt
from pointsman.sim.request import ChatRequest, Json, Tool
from pointsman.sim.tokens import split

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_DULL_WORDS = "the and for with from that this get set find make call tool user users given return returns"
_DULL = frozenset(_DULL_WORDS.split())
_MOST = 8


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call; joined, `fragments` are its arguments as JSON."""

    id: str
    name: str
    fragments: tuple[str, ...]

    @property
    def arguments(self) -> str:
        return "".join(self.fragments)

    @property
    def tokens(self) -> int:
        """Its arguments and about as much again for its name."""
        return len(self.fragments) + 4

    def cut(self, tokens: int) -> ToolCall:
        """The call as far as so many tokens go; its arguments are no longer JSON."""
        return replace(self, fragments=self.fragments[: max(0, tokens - 4)])


def choose(request: ChatRequest, prompt: Prompt, chance: random.Random, mark: str, every: bool) -> tuple[ToolCall, ...]:
    """The calls a request leads to; none where it offers no tools, forbids them, or asks for nothing they do.

    A tool is asked for by words of its name, or two of its description. Several tools, or several names for one
    tool ("the weather in Paris and Rome"), give parallel calls unless the request forbids that.
    """
    tools = request.tools or []
    named = _named(request.tool_choice)
    if not tools or request.tool_choice == "none":
        return ()
    if every:
        return _calls([(tool, ()) for tool in (tools if len(tools) > 1 else tools * 2)], prompt, chance, mark)
    if named is not None:
        wanted = [tool for tool in tools if tool.function.name == named]
    else:
        # After a tool's result comes an answer, or an agent's loop would never end.
        wanted = [] if request.messages[-1].role == "tool" else [tool for tool in tools if _asked_for(tool, prompt)]
        if request.tool_choice == "required" and not wanted:
            wanted = [chance.choice(tools)]
    if request.parallel_tool_calls is False:
        return _calls([(tool, ()) for tool in wanted[:1]], prompt, chance, mark)
    if len(wanted) == 1 and len(prompt.names) > 1:
        return _calls([(wanted[0], (name,)) for name in prompt.names[:_MOST]], prompt, chance, mark)
    return _calls([(tool, ()) for tool in wanted[:_MOST]], prompt, chance, mark)


def _calls(
    wanted: Sequence[tuple[Tool, tuple[str, ...]]], prompt: Prompt, chance: random.Random, mark: str
) -> tuple[ToolCall, ...]:
    made = []
    for at, (tool, names) in enumerate(wanted):
        arguments = instance(tool.function.parameters or {"type": "object"}, chance, prompt)
        if names:
            arguments = _about(arguments, tool.function.parameters, names[0])
        text = json.dumps(arguments, ensure_ascii=False)
        made.append(ToolCall(f"call_{mark[:20]}{at:02d}", tool.function.name, tuple(split(text))))
    return tuple(made)


def _about(arguments: Json, schema: Json, name: str) -> Json:
    """The arguments with `name` as the first plain string they have, required ones before others."""
    if not isinstance(arguments, dict) or not isinstance(schema, dict):
        return arguments
    properties = schema.get("properties") or {}
    for key in [*(schema.get("required") or []), *properties]:
        free = (properties.get(key) or {}).keys() <= {"type", "title", "description"}
        if free and isinstance(arguments.get(key), str):
            return {**arguments, key: name}
    return arguments


def _named(choice: Json) -> str | None:
    function = choice.get("function") if isinstance(choice, dict) else None
    return str(function.get("name")) if isinstance(function, dict) else None


def _asked_for(tool: Tool, prompt: Prompt) -> bool:
    own = _stems(" ".join(_PARTS.findall(tool.function.name)))
    told = _stems(tool.function.description or "")
    said = _stems(" ".join(prompt.words))
    return bool(own & said) or len(told & said) > 1


def _stems(text: str) -> frozenset[str]:
    words = (word.lower() for word in re.findall(r"[A-Za-z]{3,}", text))
    return frozenset(word.removesuffix("s")[:6] for word in words if word not in _DULL)
