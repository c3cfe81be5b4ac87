from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.errors import ConfigInvalid
from pointsman.sim.answers import Brief, compose
from pointsman.sim.command import build_parser
from pointsman.sim.faults import FAULTS, checked, in_model, parse, summary
from pointsman.sim.prefixes import digests
from pointsman.sim.reply import Reply, Usage
from pointsman.sim.request import ChatRequest
from pointsman.sim.script import Cut, Exchange, Framing, Head, Hold, Pace, Pause, Reset, Send, Step, answer
from pointsman.sim.settings import ModelSettings
from pointsman.sim.wire import Wire
from pointsman.sim.wires import OPENAI, WIRES

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"


def exchange(stream: bool, pace: Pace | None = None, wire: Wire = OPENAI, **more: object) -> Exchange:
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "Explain tides"}], **more}
    request = OPENAI.parse(json.dumps(body).encode(), {})
    assert isinstance(request, ChatRequest)
    brief = Brief.of(request, ModelSettings(), digests(request, 0)[-1], "p")
    reply = Reply("1", 1, "m-sim", compose(brief), Usage(7, 0), stream_usage=True)
    return Exchange(wire, brief, reply, pace or Pace(0, 0, each=False))


def steps(name: str, stream: bool, count: int = 5_000, wire: Wire = OPENAI) -> list[Step]:
    fault = parse(name)
    assert fault is not None
    return list(itertools.islice(fault.play(replace(exchange(stream, wire=wire), arguments=fault.arguments)), count))


def sent(script: list[Step]) -> bytes:
    return b"".join(step.data for step in script if isinstance(step, Send))


every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)


@every_wire
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("stream", [True, False])
def test_every_fault_starts_with_a_head_or_silence(name: str, stream: bool, wire: Wire) -> None:
    played = [step for step in steps(name, stream, wire=wire) if not isinstance(step, Pause)]
    assert isinstance(played[0], Head | Hold)
    assert sum(isinstance(step, Head) for step in played) <= 1


@every_wire
@pytest.mark.parametrize("name", FAULTS)
def test_bodies_are_as_long_as_said_unless_that_is_the_fault(name: str, wire: Wire) -> None:
    script = steps(name, stream=False, wire=wire)
    head = next((step for step in script if isinstance(step, Head)), None)
    if head is not None and isinstance(head.framing, int) and not isinstance(script[-1], Cut | Hold | Reset):
        assert head.framing == len(sent(script))


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_one_line_of_documentation(name: str) -> None:
    assert re.fullmatch(r"[A-Z0-9][^\n]{10,115}\.", summary(name))


def test_the_documented_table_is_the_registry() -> None:
    rows = dict(re.findall(r"^\| `([a-z][a-z0-9-]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE))
    assert rows == {name: summary(name) for name in FAULTS}


def test_documented_options_exist() -> None:
    documented = set(re.findall(r"`(--[a-z-]+)", PAGE.read_text()))
    assert documented == {text for action in build_parser()._actions for text in action.option_strings} - {
        "-h",
        "--help",
    }


@every_wire
def test_token_counts_of_interrupted_streams(wire: Wire) -> None:
    for name, tokens, last in (
        ("stall-after-20", 20, Hold),
        ("reset-mid-stream=3", 3, Reset),
        ("eof-mid-stream", 40, Cut),
    ):
        script = steps(name, stream=True, wire=wire)
        assert sum(step.tokens for step in script if isinstance(step, Send)) == tokens
        assert isinstance(script[-1], last)
    assert steps("eof-mid-stream", stream=True, wire=wire)[0] == Head(
        "text/event-stream; charset=utf-8", Framing.UNTIL_CLOSE
    )


def test_bytes_leave_one_by_one() -> None:
    script = steps("drip=4", stream=False, count=7)
    assert [step for step in script if isinstance(step, Pause)] == [Pause(0.25)] * 3
    assert all(len(step.data) == 1 for step in script if isinstance(step, Send))


@every_wire
def test_huge_line_is_never_whole_in_memory(wire: Wire) -> None:
    script = steps("huge-line", stream=True, wire=wire)
    assert len(sent(script)) > 64 * 2**20
    assert max(len(step.data) for step in script if isinstance(step, Send)) <= 65_536


@every_wire
def test_unpaced_stream_is_one_piece_and_a_paced_one_a_write_per_token(wire: Wire) -> None:
    at_once = list(answer(exchange(True, wire=wire)))
    paced = list(answer(exchange(True, Pace(1, 0.5, each=False), wire)))
    tokens = exchange(True).reply.answer.tokens
    assert sum(isinstance(step, Send) for step in at_once) == 3
    assert paced.count(Pause(0.5)) == tokens
    assert paced[0] == Pause(1)
    assert sent(at_once) == sent(paced)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("fault-http-500", ("fault-http-500", "http-500")),
        ("gpt-5.4:fault-drip=10", ("gpt-5.4", "drip=10")),
        ("llama3:8b", ("llama3:8b", None)),
    ],
)
def test_faults_in_model_names(model: str, found: tuple[str, str | None]) -> None:
    assert in_model(model) == found


def test_arguments() -> None:
    fault = parse("slow=2.5")
    assert fault is not None
    assert (fault.arguments, fault.spec) == ((2.5,), "slow=2.5")
    assert [parse(spec) for spec in ("nope", "slow=x", "slow=-1", "slow=nan", "slow=inf")] == [None] * 5


def test_all_unknown_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        checked({"groq": "nope", "openai": "http-500", "x/y": "slow=z"})
    assert [problem.path for problem in caught.value.problems] == ["faults.groq", "faults.x/y"]
