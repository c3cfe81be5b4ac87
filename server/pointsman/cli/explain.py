"""Why a recorded request went where it did: the decision, every policy's verdict, what was tried, and what it cost.

Or what would have been decided otherwise (--what-if, --config), and whether it is decided the same way again
(--recompute). Exit status then: 0 the same, 1 something differs, 3 it cannot be told.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import RenderableType
from rich.text import Text

from pointsman.cli.again import Wished, decide_again, suppose_otherwise
from pointsman.cli.figures import micros, seconds, usd
from pointsman.cli.ledger_option import add_ledger
from pointsman.cli.priced import priced
from pointsman.cli.side_by_side import outcome_line, outlines_table, replay_parts, verdicts_lines
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.cli.wishes import wish
from pointsman.engine.replay import Outcome
from pointsman.errors import RequestError
from pointsman.ledger.feedback import find_feedback
from pointsman.ledger.place import Place
from pointsman.ledger.recorded import find, find_config
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Assessed, Candidate, Decision, Refusal, Verdict
from pointsman.model.feedback import Feedback
from pointsman.model.record import Record, Recorded

STATUSES = {Outcome.EQUAL: 0, Outcome.DIFFERS: 1, Outcome.NOT_REPLAYABLE: 3}
"""Exit status by what became of deciding again."""

_WRONG = 2
_HEADS = ("recorded", "what if")
_CONSIDERED = (">", "model", ">expected", ">worst case", ">ttft", "*excluded")
_SAID = ("when", "who", ">score", "should have been", "*comment")
_TRIED = (">", "kind", "model", "provider", "outcome", ">ttft", ">time", ">tokens", ">cost", "*what happened")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a decision id, or what it alone begins with")
    add_ledger(parser)
    parser.add_argument("--recompute", action="store_true", help="decide it again, under what was recorded")
    parser.add_argument(
        "--what-if",
        type=wish,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="such as mode=eco, label.project=apollo, health.openai=down, budget.NAME=0.5; may be repeated",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="decide it under this configuration")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    otherwise = options.what_if or options.config
    if options.recompute and otherwise:
        terminal.error("pointsman explain: --recompute decides what was recorded; leave --what-if and --config out")
        return _WRONG
    recorded = find(options.ledger, options.id)
    if recorded is None:
        terminal.error(f"pointsman explain: ledger {options.ledger} has no decision that begins with {options.id!r}")
        return 1
    if options.recompute:
        return _recompute(recorded, options.ledger, terminal)
    if otherwise:
        return _what_if(Wished(recorded, options.ledger, options.what_if, options.config), terminal)
    feedback = find_feedback(options.ledger, recorded.record.decision_id)
    if terminal.json:
        terminal.dump({**msgspec.to_builtins(recorded), "feedback": feedback})
    else:
        terminal.show(*explanation(recorded, feedback))
        terminal.show(*priced(recorded.record, find_config(options.ledger, recorded.record.snapshot.config_version)))
    return 0


def _recompute(recorded: Recorded, ledger: Place, terminal: Terminal) -> int:
    replay = decide_again(recorded, ledger)
    if terminal.json:
        terminal.dump({"decision_id": recorded.record.decision_id, "replay": replay})
    else:
        terminal.show(Text(f"Decision {recorded.record.decision_id}"), *replay_parts(replay))
    return STATUSES[replay.outcome]


def _what_if(wished: Wished, terminal: Terminal) -> int:
    decision_id = wished.recorded.record.decision_id
    try:
        found = suppose_otherwise(wished)
    except RequestError as unknown:
        terminal.error(f"pointsman explain: {unknown.message}")
        return _WRONG
    if terminal.json:
        terminal.dump({"decision_id": decision_id, "what_if": found})
        return STATUSES[found.outcome]
    terminal.show(Text(f"Decision {decision_id}"))
    said = {Outcome.EQUAL: "nothing would have changed", Outcome.DIFFERS: "it would have changed"}
    terminal.show(outcome_line(found.outcome, said.get(found.outcome, found.why)))
    if found.supposed is not None:
        terminal.show(outlines_table(_HEADS, found.recorded, found.supposed))
        terminal.show(*verdicts_lines(_HEADS, found.first_verdict))
    terminal.show(*(Text(f"Note: {printable(note)}") for note in found.notes))
    return STATUSES[found.outcome]


def explanation(recorded: Recorded, feedback: Sequence[Feedback] = ()) -> Iterator[RenderableType]:
    """What there is to say about one request, from the whole to the parts, and what was said of it since."""
    record = recorded.record
    when = datetime.fromtimestamp(record.received, UTC).isoformat(sep=" ", timespec="milliseconds")
    yield Text.assemble(("Decision ", "bold"), (record.decision_id, "bold"), f", {record.method}, {when[:-6]} UTC")
    yield from _outcome(record)
    decision = record.decision
    if decision is None:
        return
    yield Text(f"Configuration {decision.config_version}, prompt hash {recorded.prompt_hash[:16]}\n")
    yield table(
        "Policies",
        ("policy", "asked to", "answer", ">left", ">time", "*reason"),
        _verdicts(decision.trace, record.policy_micros),
    )
    ranking = decision.ranking if isinstance(decision, Decision) else ()
    yield table("Candidates", _CONSIDERED, [*_candidates(ranking), *_candidates(decision.excluded)])
    if record.attempts:
        yield table("Attempts", _TRIED, map(_attempt, record.attempts))
    yield _costs(record)
    if feedback:
        yield table("Feedback", _SAID, map(_said, feedback))


def _outcome(record: Record) -> Iterator[Text]:
    decision = record.decision
    if isinstance(decision, Decision):
        yield Text.assemble(
            (decision.target, "bold green"),
            f" at {record.provider} ({record.tier}), decided by ",
            (decision.decided_by, "bold"),
            f" ({decision.decided_by_kind}): {decision.reason}",
        )
        yield _assessment(decision.assessed)
        yield Text(f"Plan: {' → '.join(map(str, decision.plan.stages))}")
    elif isinstance(decision, Refusal):
        yield _assessment(decision.assessed)
    else:
        yield Text("Failed before anything was decided.")
    style = "" if record.status == "OK" else "bold red"
    said = f": {printable(record.message)}" if record.message else ""
    finish = f", {record.finish}" if record.finish else ""
    times = f", first token after {seconds(record.ttft)}" if record.ttft is not None else ""
    yield Text.assemble(("Status ", ""), (record.status, style), f"{said}{finish}{times}, {seconds(record.duration)}")


def _assessment(assessed: Assessed) -> Text:
    by = f" by {assessed.task_by}" if assessed.task_by else ""
    return Text(
        f"Task {assessed.task}{by} (from {assessed.source}, confidence {assessed.confidence:g}), mode {assessed.mode}"
    )


def _verdicts(trace: tuple[Verdict, ...], spent: dict[str, float]) -> Iterator[list[str]]:
    # Entries are timed as a whole: the time stands at an entry's first verdict, so that the times add up.
    left = dict(spent)
    for verdict in trace:
        counts = f"{verdict.before} → {verdict.after}" if verdict.before else ""
        answer = verdict.outcome + (" (shadow)" if verdict.dry_run else "")
        time = micros(left.pop(verdict.policy)) if verdict.policy in left else "-"
        yield [verdict.policy, verdict.hook, answer, counts, time, printable(verdict.reason)]


def _candidates(candidates: tuple[Candidate, ...]) -> Iterator[list[str]]:
    for number, candidate in enumerate(candidates, start=1):
        estimate = candidate.estimate
        why = f"{candidate.excluded_by}: {candidate.excluded_reason}" if candidate.excluded_by else ""
        costs = (usd(estimate.expected_nano_usd), usd(estimate.worst_case_nano_usd))
        yield ["-" if why else str(number), candidate.target, *costs, seconds(candidate.ttft), printable(why)]


def _attempt(attempt: Attempt) -> list[str]:
    status = f"HTTP {attempt.upstream_status}, " if attempt.upstream_status and attempt.error_reason else ""
    failed = f"{status}{attempt.error_reason}: {attempt.error_message}" if attempt.error_reason else ""
    served = f"as {attempt.served_model}" if attempt.served_model else ""
    usage = attempt.usage
    return [
        str(attempt.number),
        attempt.kind,
        attempt.target,
        attempt.provider,
        attempt.outcome,
        seconds(attempt.ttft),
        seconds(attempt.duration),
        f"{usage.input_tokens:,} → {usage.output_tokens:,}",
        f"{usd(attempt.cost_nano_usd)} ({attempt.cost_source})",
        printable(failed or served),
    ]


def _said(feedback: Feedback) -> list[str]:
    wanted = {"task": feedback.correct_task, "model": feedback.preferred_model, "tier": feedback.preferred_tier}
    labels = [f"{key}={value}" for key, value in feedback.labels.items()]
    return [
        datetime.fromtimestamp(feedback.received, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        feedback.source,
        "-" if feedback.score is None else f"{feedback.score:.2g}",
        printable(", ".join(f"{name} {value}" for name, value in wanted.items() if value)),
        printable(" ".join(filter(None, [feedback.comment, *labels]))),
    ]


def _costs(record: Record) -> Text:
    cost = record.cost
    estimated = "; some of it is estimated" if cost.estimated else ""
    return Text(f"Cost {usd(cost.total)}: answer {usd(cost.answer)}, overhead {usd(cost.overhead)}{estimated}")
