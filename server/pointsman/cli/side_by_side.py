"""Two decisions beside each other, and what became of one that was made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import usd
from pointsman.cli.terminal import printable, table
from pointsman.engine.compare import Outline, Verdicts
from pointsman.engine.replay import Outcome, Replay
from pointsman.model.decision import Verdict

_STYLES = {Outcome.EQUAL: "bold green", Outcome.DIFFERS: "bold yellow", Outcome.NOT_REPLAYABLE: "bold red"}
_NAMES = {"expected_nano_usd": "expected cost", "worst_case_nano_usd": "worst case", "decided_by": "decided by"}


def outcome_line(outcome: Outcome, said: str) -> Text:
    """The outcome in one sentence."""
    return Text.assemble((outcome.value, _STYLES[outcome]), f": {printable(said)}")


def outlines_table(heads: tuple[str, str], before: Outline, after: Outline) -> Table:
    """Every field of both, what differs marked."""
    rows: list[list[RenderableType]] = []
    for field in msgspec.structs.fields(Outline):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if not one and not other:
            continue
        style = "" if one == other else "bold"
        told = (_cell(field.name, one), _cell(field.name, other))
        rows.append(["" if one == other else "≠", _NAMES.get(field.name, field.name), *(Text(t, style) for t in told)])
    return table("", ("", "", *(f"*{head}" for head in heads)), rows)


def verdicts_lines(heads: tuple[str, str], verdicts: Verdicts | None) -> Iterator[Text]:
    """The first verdict that differs, as each of both has it."""
    if verdicts is None:
        return
    yield Text("First verdict that differs:")
    width = max(map(len, heads))
    for head, verdict in zip(heads, verdicts, strict=True):
        yield Text(f"  {head:<{width}}  {_verdict(verdict)}")


def replay_parts(replay: Replay) -> Iterator[RenderableType]:
    """What became of deciding again."""
    said = {
        Outcome.EQUAL: "decided again, it is the same byte for byte",
        Outcome.DIFFERS: "decided again under what was recorded, it comes out differently",
        Outcome.NOT_REPLAYABLE: replay.why,
    }
    yield outcome_line(replay.outcome, said[replay.outcome])
    if replay.differences:
        rows = [[d.path, _json(d.before), _json(d.after)] for d in replay.differences]
        yield table("", ("*", "*recorded", "*again"), rows)


def _json(value: object) -> str:
    return "-" if value is None else printable(msgspec.json.encode(value).decode())


def _cell(name: str, value: object) -> str:
    if value in (None, "", ()):
        return "-"
    if isinstance(value, int):
        return usd(value)
    if isinstance(value, str):
        return printable(value)
    assert isinstance(value, tuple)
    if name == "plan":
        return " → ".join(value)
    return "\n".join(_excluded(each) for each in value)


def _excluded(excluded: Sequence[str]) -> str:
    target, by, reason = excluded
    return printable(f"{target}, by {by}: {reason}")


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "nobody was asked any more"
    counts = f" ({verdict.before} → {verdict.after})" if verdict.before else ""
    said = f": {verdict.reason}" if verdict.reason else ""
    return printable(f"{verdict.policy} {verdict.hook}: {verdict.outcome}{counts}{said}")
