"""The demo's scenes: requests of every kind, one that fails over, one given up midway, some refused, and the sum."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import ProxyHandler, build_opener

from rich.rule import Rule
from rich.text import Text

from pointsman.cli import answers, demo_prompts
from pointsman.cli.complete import Live
from pointsman.cli.demo_prompts import Prompt
from pointsman.cli.demo_rows import Rows
from pointsman.cli.explain import explanation
from pointsman.cli.figures import seconds, usd
from pointsman.cli.health import health_table
from pointsman.cli.report import one_model
from pointsman.cli.report_parts import report_parts
from pointsman.cli.terminal import Terminal
from pointsman.cli.transcript import Transcript
from pointsman.config.load import load
from pointsman.errors import PointsmanError
from pointsman.ledger.figures import Period, Report
from pointsman.ledger.recorded import find
from pointsman.ledger.reports import Question, report
from pointsman.model.record import Recorded
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import HealthView, StreamEvent

_DEADLINE = 30.0
_PATIENCE = 5.0
_READ_BEFORE_LEAVING = 15
_FAILURES_AT_MOST = 10

T = TypeVar("T")


class DemoFailed(PointsmanError):
    """Something did not go as the demo promises."""


class Play:
    """One performance against a running server; what was seen is kept for JSON output."""

    def __init__(self, client: Client, simulator: str, ledger: Path, terminal: Terminal) -> None:
        self._client, self._simulator, self._ledger, self._terminal = client, simulator, ledger, terminal
        self._rows = Rows(terminal)
        self._seen: list[dict[str, object]] = []
        self._cancellation: dict[str, object] = {}
        self._report: Report | None = None
        self._explained: Recorded | None = None
        self._health: tuple[HealthView, ...] = ()

    def perform(self, config: Path) -> None:
        """All scenes; DemoFailed where one fails."""
        self._scene("Answers as they stream")
        for prompt in demo_prompts.LIVE:
            self._answered(prompt)
        self._scene("Every kind of request, each decided on its own")
        self._rows.head()
        for prompt in (*demo_prompts.MIXED, *demo_prompts.long_ones()):
            self._answered(prompt)
        self._scene("A provider is down: the answer comes from another")
        failed_over = self._fail_over()
        self._scene("It fails again and again: nobody asks it any more (pointsman health)")
        self._pass_over()
        self._scene("A caller goes away midway: nobody pays for tokens that nobody reads")
        self._cancel()
        self._scene("Refused, and why")
        for prompt in demo_prompts.REFUSED:
            self._refused(prompt)
        self._scene("What it adds up to")
        self._add_up(config)
        self._scene("Why did that one go there? (pointsman explain)")
        self._explain(failed_over)

    def end(self, took: float) -> None:
        """The last words; in JSON mode, everything."""
        if self._terminal.json:
            self._terminal.dump(
                {
                    "requests": self._seen,
                    "health": self._health,
                    "cancellation": self._cancellation,
                    "report": self._report,
                    "explained": self._explained,
                    "seconds": round(took, 3),
                }
            )
            return
        self._terminal.show(Text(f"\nAll of it took {took:.1f} s; the server and the simulator have been stopped."))

    def _scene(self, title: str) -> None:
        self._terminal.show("", Rule(title, align="left"), "")

    def _ask(self, prompt: Prompt, shown: Callable[[StreamEvent], None]) -> Transcript:
        transcript = Transcript()
        with closing(self._client.stream(prompt.request, timeout=_DEADLINE)) as events:
            transcript.follow(events, shown)
        self._seen.append({"shows": prompt.shows, **transcript.document()})
        return transcript

    def _answered(self, prompt: Prompt) -> Transcript:
        if prompt.live:
            self._terminal.show(Text(f"> {prompt.request.text()}", style="bold"))
        transcript = self._ask(prompt, Live(self._terminal).show if prompt.live else _unseen)
        if failure := transcript.failure:
            raise DemoFailed(f"{prompt.shows!r} failed with {failure.reason or failure.code}: {failure.message}")
        if prompt.live:
            self._terminal.show("\n")
            self._rows.head()
        self._rows.add(prompt.shows, transcript)
        if prompt.live:
            self._terminal.show("")
        return transcript

    def _fail_over(self) -> str:
        self._rows.head()
        transcript = self._answered(demo_prompts.FAILOVER)
        usage, decision = transcript.usage, transcript.decision
        if usage is None or decision is None or len(usage.attempts) < 2:
            raise DemoFailed("the request to the broken provider was expected to take two attempts")
        self._terminal.show("", answers.attempts_table(usage.attempts))
        return decision.decision_id

    def _pass_over(self) -> None:
        """The same again, until the broken provider is not asked first."""
        self._rows.head()
        for _ in range(_FAILURES_AT_MOST):
            transcript = self._answered(demo_prompts.AGAIN)
            if transcript.usage and len(transcript.usage.attempts) == 1:
                break
        else:
            raise DemoFailed("the broken provider was expected to be passed over after a few failures")
        self._health = self._client.health(timeout=_DEADLINE)
        self._terminal.show("", health_table(self._health))

    def _cancel(self) -> None:
        """Stop reading after some tokens; the simulator must see its connection closed."""
        prompt, transcript = demo_prompts.CANCELLED, Transcript()
        live, asked = Live(self._terminal), time.monotonic()
        self._terminal.show(Text(f"> {prompt.request.text()}", style="bold"))
        with closing(self._client.stream(prompt.request, timeout=_DEADLINE)) as events:
            for event in events:
                transcript.add(event)
                live.show(event)
                if transcript.deltas == _READ_BEFORE_LEAVING:
                    break
        left = time.monotonic()
        decision = transcript.decision
        if decision is None or transcript.finish is not None:
            raise DemoFailed("the request that was to be cancelled had ended already")
        call = _awaited(partial(self._closed_call, asked), "the simulator to see the connection closed")
        recorded = _awaited(lambda: find(self._ledger, decision.decision_id), "its row in the ledger")
        self._told_of(call, recorded, left)

    def _told_of(self, call: dict[str, Any], recorded: Recorded, left: float) -> None:
        record = recorded.record
        self._cancellation = {"simulator": call, "status": record.status, "cost": record.cost}
        # Both processes read the same clock of this machine.
        after = max(0.0, call["ended"] - left)
        self._terminal.show(
            Text(" …\n"),
            Text(f"The caller left after {_READ_BEFORE_LEAVING} pieces. The simulator's log of {call['provider']}:"),
            Text(f"  {call['ending']} {seconds(after)} later, {call['tokens']} tokens sent", style="bold green"),
            Text(f"The ledger: {record.status}, {usd(record.cost.total)}, estimated from the tokens that came."),
        )

    def _closed_call(self, since: float) -> dict[str, Any] | None:
        # This machine's own simulator: a proxy from the environment has no business in between.
        with build_opener(ProxyHandler({})).open(f"{self._simulator}/sim/log", timeout=_PATIENCE) as response:
            calls: list[dict[str, Any]] = json.load(response)
        # Hedges that lost, of this request or of one before, closed their connections too; the caller read of this one.
        closed = (call for call in calls if call["ending"] == "client_closed" and call["started"] >= since)
        return next((call for call in closed if call["tokens"]), None)

    def _refused(self, prompt: Prompt) -> None:
        transcript = self._ask(prompt, _unseen)
        if transcript.failure is None:
            raise DemoFailed(f"{prompt.shows!r} was expected to be refused")
        self._terminal.show(Text(f"> {prompt.request.text()}  ({prompt.shows})", style="bold"))
        self._terminal.show(*answers.failure_lines(transcript.failure, ""), "")

    def _add_up(self, config: Path) -> None:
        catalogue = load(config, {}, simulated=self._simulator).catalogue
        period = Period(0.0, time.time() + 1.0)
        self._report = report(self._ledger, Question(period=period, one_model=one_model(catalogue, None)))
        self._terminal.show(*report_parts(self._report))

    def _explain(self, decision_id: str) -> None:
        self._explained = find(self._ledger, decision_id)
        if self._explained is None:
            raise DemoFailed(f"decision {decision_id} is not in the ledger")
        self._terminal.show(*explanation(self._explained))


def _unseen(event: StreamEvent) -> None:
    pass


def _awaited(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    raise DemoFailed(f"waited {_PATIENCE:g} s for {what}, in vain")
