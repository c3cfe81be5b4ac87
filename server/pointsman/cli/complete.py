"""Send a prompt to a running server; the answer streams to standard output, what it took follows on standard error."""

from __future__ import annotations

import argparse
from contextlib import closing

from rich.text import Text

from pointsman.cli import answers, asking
from pointsman.cli.connecting import connect
from pointsman.cli.figures import seconds
from pointsman.cli.terminal import Terminal, printable
from pointsman.cli.transcript import Transcript
from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.rpc.client.views import NoticeView, StreamEvent
from pointsman.rpc.from_wire import StreamOptions

_SELF_EXPLAINING = ("attempt_started", "failover")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    asking.add_arguments(parser)
    parser.add_argument("--include-reasoning", action="store_true", help="show the model's reasoning too")
    parser.add_argument("--notices", action="store_true", help="show attempts as they start and fail")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    request, transcript = asking.request_of(options), Transcript()
    wanted = StreamOptions(include_reasoning=options.include_reasoning, include_notices=options.notices)
    with connect(options) as client, closing(client.stream(request, wanted, options.timeout)) as events:
        transcript.follow(events, Live(terminal).show)
    if terminal.json:
        terminal.dump(transcript.document())
    else:
        _summarise(transcript, options.address, terminal)
    return 1 if transcript.failure else 0


class Live:
    """Shows an answer while it arrives."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def show(self, event: StreamEvent) -> None:
        """One event: answer and tool calls on standard output, reasoning and notices beside it."""
        if self._terminal.json:
            return
        match event:
            case TextDelta(_, text):
                self._terminal.stream(text)
            case ToolCallDelta(_, _, name, fragment):
                self._terminal.stream(f"\n{name} {fragment}" if name else fragment)
            case ReasoningDelta(_, text):
                self._terminal.err.print(Text(printable(text), style="dim"), end="", soft_wrap=True)
            case NoticeView(kind, model, provider, message):
                said = "" if kind in _SELF_EXPLAINING else f": {printable(message)}"
                self._terminal.note(Text(f"[{kind.replace('_', ' ')}: {model} at {provider}{said}]", style="yellow"))
            case _:
                pass


def _summarise(transcript: Transcript, address: str, terminal: Terminal) -> None:
    if transcript.deltas:
        terminal.stream("\n")
    terminal.note("")
    if transcript.decision:
        terminal.note(answers.decision_line(transcript.decision))
    if transcript.usage:
        terminal.note(answers.usage_line(transcript.usage))
        if len(transcript.usage.attempts) > 1 or transcript.failure:
            terminal.note(answers.attempts_table(transcript.usage.attempts))
    if finish := transcript.finish:
        terminal.note(
            f"{finish.reason} by {finish.model} at {finish.provider}, first token after {seconds(finish.ttft)}, "
            f"whole answer after {seconds(finish.duration)}"
        )
    if transcript.failure:
        for line in answers.failure_lines(transcript.failure, address):
            terminal.note(line)
    if transcript.decision:
        terminal.note(f"pointsman explain {transcript.decision.decision_id}")
