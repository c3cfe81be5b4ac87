"""Requests and snapshots of every sort, for checks that a policy has to pass whatever it is asked."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.model.answer import FinishReason
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
from pointsman.testing.builders import NOW, make_answer, make_request, make_snapshot

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
        key="0f3a9c51d7e2",
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

MARK = "quokka"
"""A word that is in every sample answer that has words: no reason of a gate may say it."""

_CALL = ToolCall("call-1", "find_invoice", '{"number": "quokka"}')
_BROKEN_CALL = ToolCall("call-2", "quokka", "{quokka")
_LABEL = ResponseFormat("json_schema", json_schema='{"type": "string", "enum": ["quokka", "kea"]}')

GATED_REQUESTS = (
    REQUESTS[0],
    make_request("Which invoice is open?", tools=(Tool("find_invoice", "Finds invoices", '{"type": "object"}'),)),
    replace(REQUESTS[0], response_format=ResponseFormat("json_object")),
    replace(REQUESTS[0], response_format=_LABEL),
)
"""Four: plain, with a tool, and asking for JSON: any, or one of two labels."""

ANSWERS = (
    (make_answer("The quokka smiles."),),
    (make_answer("", reason=FinishReason.MAX_TOKENS),),
    (make_answer("Quokka"), make_answer(" quokka.", target="flash", seconds=(9.0, None))),
    (make_answer('{"animal": "quokka"}'), make_answer('{"animal": "kea", "seen": [1, 2.0, null]}', target="opus")),
    (make_answer("I'm sorry, but I can't help with that quokka.", reason=FinishReason.CONTENT_FILTER),),
    (make_answer("", calls=[_CALL]), make_answer("Quokka?", calls=[_CALL, _BROKEN_CALL])),
    (make_answer('```json\n["quokka"]\n```'), make_answer("\x00\ud800 \\boxed{quokka} 🐾 (B) -1,200.50")),
    (make_answer("quokka " * 20_000), make_answer("[" * 5_000 + "quokka")),
    (
        make_answer("The answer is 7 quokkas.", mean_logprob=-0.02),
        make_answer("7 quokkas", mean_logprob=-3.0),
        make_answer("Eight quokkas: 8", target="flash"),
    ),
)
"""Nine stages' answers: one, several that agree or do not, empty, refused, cut off, JSON, tool calls, hostile, long."""
