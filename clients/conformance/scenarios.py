"""The scenarios, as scenarios.yaml tells them; README.md says what each key means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("scenarios.yaml")

# Steps, calls and lines are JSON of a shape that protobuf, or the runners' protocol, gives them.
Json = Mapping[str, Any]

CALL: Json = {
    "call": "complete",
    "deadline_ms": None,
    "restart": False,
    "notices": False,
    "reasoning": False,
    "final_message": False,
    "request_id": "",
    "task": "",
    "stop": None,
}
"""What a runner is asked to do, where a scenario says nothing else."""

LINE: Json = {
    "events": [],
    "count": 0,
    "seq_ok": True,
    "generation": 0,
    "text": "",
    "reasoning": "",
    "tool_calls": [],
    "notices": [],
    "resets": [],
    "model": "",
    "cost_nano_usd": "",
    "attempts": 0,
    "finish": "",
    "message_text": "",
    "complete": False,
    "error": None,
}
"""What a runner prints of a call from which nothing came."""

ERROR: Json = {
    "reason": "",
    "message": None,
    "metadata": {},
    "retry_delay_ms": None,
    "output_started": None,
    "violations": [],
}
"""What a line says of an error that has nothing but a code; the text of a message that a client's own library made
is not compared."""


@dataclass(frozen=True)
class Seen:
    """What the server must have seen. `ended`: how each call that arrived ended, one for each attempt."""

    ended: Sequence[str] = ("OK",)
    # True: a call that was cancelled so early that it never arrived is as good.
    or_none: bool = False
    # From the moment that the script began to wait to that when the call was gone.
    within_ms: int | None = None
    # As protobuf's JSON. None: not compared.
    request: Json | None = None
    # The least and the most seconds that the caller gave it. None: not compared.
    deadline_s: Sequence[int] | None = None
    # Another scenario, whose connection this one must not have used.
    not_on_connection_of: str = ""


@dataclass(frozen=True)
class Scenario:
    """One call, what the server does with it, and what must be seen of it on both sides."""

    name: str
    shows: str
    line: Json
    script: Sequence[Json]
    # What the server does with every attempt but the first. None: the same.
    again: Sequence[Json] | None = None
    call: Json = field(default_factory=dict)
    # How often it is called, one after the other.
    times: int = 1
    server: Seen = Seen()

    def calls(self) -> list[Json]:
        """For the runner's file of calls."""
        return [{**CALL, **self.call, "name": self.name, "prompt": self.name}] * self.times

    def expected(self) -> dict[str, Any]:
        """The runner's line."""
        line = {**LINE, **self.line, "name": self.name}
        if line["error"] is not None:
            line["error"] = {**ERROR, **line["error"]}
        return line


def scenarios() -> list[Scenario]:
    """All of them, in the order in which they are played."""
    return [_scenario(_expanded(told)) for told in yaml.safe_load(FILE.read_text())["scenarios"]]


def calls_file(played: Sequence[Scenario]) -> str:
    """What a runner reads: every call of these scenarios."""
    return json.dumps([call for scenario in played for call in scenario.calls()])


def _scenario(told: Json) -> Scenario:
    if unknown := told.keys() - {each.name for each in fields(Scenario)}:
        raise ValueError(f"scenario {told.get('name')}: no such key: {', '.join(sorted(unknown))}")
    for key, allowed in (("call", CALL), ("line", LINE)):
        if unknown := told.get(key, {}).keys() - allowed.keys():
            raise ValueError(f"scenario {told['name']}: {key} has no {', '.join(sorted(unknown))}")
    return Scenario(**{**told, "server": Seen(**told.get("server", {}))})


def _expanded(node: Any) -> Any:
    """`{repeated: TEXT, count: N}` is that text N times, `{joined: [...]}` all of these in one."""
    if isinstance(node, list):
        return [_expanded(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    if node.keys() == {"repeated", "count"}:
        return node["repeated"] * node["count"]
    if node.keys() == {"joined"}:
        return "".join(_expanded(node["joined"]))
    return {key: _expanded(value) for key, value in node.items()}
