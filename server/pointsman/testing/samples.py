"""Requests and snapshots of every sort, for checks that a policy has to pass whatever it is asked."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.model.request import (
    Hints,
    Image,
    Message,
    Mode,
    Params,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.model.snapshot import Latency
from pointsman.testing.builders import NOW, make_request, make_snapshot

_DAY = 86_400

REQUESTS = (
    make_request(),
    make_request(""),
    make_request("Résume ce texte, s'il te plaît. 要約してください。🙏"),
    make_request("Fix it:\n```python\nprint('hello'\n```", hints=Hints(task="code", mode=Mode.SPORT)),
    make_request("Prove it, step by step. " * 2000, hints=Hints(tags=("reasoning", "no-such-tag"), mode=Mode.ECO)),
    make_request(
        "Which invoice is open?",
        hints=Hints(labels={"project": "apollo", "user": "ada"}, max_cost_nano_usd=1, allowed_regions=("eu",)),
        params=Params(max_output_tokens=1, temperature=2.0, seed=1),
        tools=(Tool("find_invoice", "Finds invoices", '{"type": "object"}'),),
    ),
    make_request(
        messages=(
            Message(Role.SYSTEM, (Text("Answer briefly."),)),
            Message(Role.USER, (Text("What is this?"), Image(data=b"\x89PNG", media_type="image/png"))),
            Message(Role.ASSISTANT, (ToolCall("call-1", "look", "{not json"),)),
            Message(Role.TOOL, (ToolResult("call-1", "a railway point"),)),
        )
    ),
    make_request(messages=(Message(Role.ASSISTANT, (Text("Nobody asked."),)),)),
    replace(
        make_request("As JSON, please.", hints=Hints(mode=Mode.BALANCED)),
        tenant="acme",
        tool_choice=ToolChoice("none"),
        response_format=ResponseFormat("json_object"),
    ),
)
"""Nine: plain, empty, other scripts, code, very long, limited and with tools, images and tool calls, no user, JSON."""

SNAPSHOTS = (
    make_snapshot(),
    make_snapshot(
        now=NOW + 4 * _DAY + 7 * 3600,
        seed=8,
        latencies={"flash": Latency(0.2, 0.5, 40), "opus": Latency(1.5, 4.0, 12)},
        token_ratios={"mini": 1.2},
    ),
)
"""Two: nothing has happened yet, a Tuesday night; and another day of a server that has been busy."""
