"""Decisions, attempts and failures of a running server as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import micros, seconds, usd
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.model.answer import Usage
from pointsman.rpc.client.views import (
    AttemptView,
    CallFailed,
    CandidateView,
    DecisionView,
    Failure,
    UsageView,
    VerdictView,
)

UNREACHABLE = "UNAVAILABLE"
_HANDSHAKE = "handshake failed"


def decision_line(decision: DecisionView) -> Text:
    """The decision in one sentence."""
    return Text.assemble(
        (decision.model, "bold green"),
        f" at {decision.provider} ({decision.tier}) for {decision.task}/{decision.mode}, decided by ",
        (decision.decided_by, "bold"),
        f": {decision.reason}",
    )


def candidates_table(candidates: Sequence[CandidateView]) -> Table:
    """What was considered: those that would be tried, in order, then the excluded ones with the reason."""
    columns = ("model", "provider", "tier", ">expected", ">worst case", ">ttft", "*excluded")
    return table("Candidates", columns, map(_candidate, candidates))


def verdicts_table(trace: Sequence[VerdictView]) -> Table:
    """Every policy's answer, in the order they were asked."""
    return table("Policies", ("policy", "asked to", "answer", ">left", ">time", "*reason"), map(_verdict, trace))


def attempts_table(attempts: Sequence[AttemptView]) -> Table:
    """Every provider call, in order of start."""
    columns = (">", "kind", "model", "provider", "outcome", ">ttft", ">time", ">tokens", ">cost", "*what happened")
    return table("Attempts", columns, map(_attempt, attempts))


def usage_line(usage: UsageView) -> Text:
    """Tokens and money in one sentence."""
    estimated = ", estimated" if usage.cost.estimated else ""
    overhead = f", {usd(usage.cost.overhead)} of it overhead" if usage.cost.overhead else ""
    return Text(f"{tokens(usage.usage)}; cost {usd(usage.cost.total)}{overhead}{estimated}")


def tokens(usage: Usage) -> str:
    """`120 → 45 tokens (20 reasoning, 64 cached)`"""
    kinds = {"reasoning": usage.reasoning_tokens, "cached": usage.cached_input_tokens}
    parts = ", ".join(f"{count:,} {name}" for name, count in kinds.items() if count)
    return f"{usage.input_tokens:,} → {usage.output_tokens:,} tokens" + (f" ({parts})" if parts else "")


def failure_lines(failure: Failure, address: str) -> Iterator[Text]:
    """A failure with all that the server said about it."""
    # Some reasons are named as their code is.
    reason = f" {failure.reason}" if failure.reason not in ("", failure.code) else ""
    yield Text.assemble((f"{failure.code}{reason}", "bold red"), f": {printable(failure.message)}")
    if failure.code == UNREACHABLE and not failure.reason:
        if _HANDSHAKE in failure.message.lower():
            yield Text(
                f"  what answered at {address} speaks no TLS, or its certificate is not trusted: leave --tls out, "
                "or name its authority with --ca"
            )
        else:
            yield Text(
                f"  no server answered at {address}: is `pointsman serve` running there? --address names another"
            )
    for subject, description in failure.violations:
        # The message often says the one thing that is wrong already.
        if description not in failure.message:
            yield Text(f"  {subject}: {printable(description)}")
    for key, value in failure.metadata.items():
        yield Text(f"  {key} = {printable(value)}" + _in_dollars(key, value))
    for provider, model, why, status in failure.failed:
        yield Text(f"  tried {model} at {provider}: {why}" + (f" (HTTP {status})" if status else ""))
    if failure.retry_delay is not None:
        yield Text(f"  try again after {failure.retry_delay:g} s")


def _in_dollars(key: str, value: str) -> str:
    return f" ({usd(int(value))})" if key.endswith("_nano_usd") and value.isdecimal() else ""


def _candidate(candidate: CandidateView) -> list[str]:
    estimate = candidate.estimate
    why = f"{candidate.excluded_by}: {candidate.excluded_reason}" if candidate.excluded_by else ""
    costs = (usd(estimate.expected_nano_usd), usd(estimate.worst_case_nano_usd))
    return [candidate.model, candidate.provider, candidate.tier, *costs, seconds(candidate.ttft), why]


def _verdict(verdict: VerdictView) -> list[str]:
    left = f"{verdict.before} → {verdict.after}" if verdict.before else ""
    spent = micros(None if verdict.seconds is None else verdict.seconds * 1e6)
    shadow = " (shadow)" if verdict.dry_run else ""
    return [verdict.policy, verdict.hook, verdict.outcome + shadow, left, spent, printable(verdict.reason)]


def _attempt(attempt: AttemptView) -> list[str]:
    said = f"HTTP {attempt.upstream_status}, " if attempt.upstream_status else ""
    failed = f"{said}{attempt.error}: {attempt.error_message}" if attempt.error else ""
    served = f"as {attempt.served_model}" if attempt.served_model and not attempt.error else ""
    return [
        str(attempt.number),
        attempt.kind,
        attempt.model,
        attempt.provider,
        attempt.outcome,
        seconds(attempt.ttft),
        seconds(attempt.duration),
        f"{attempt.usage.input_tokens:,} → {attempt.usage.output_tokens:,}",
        usd(attempt.cost_nano_usd),
        printable("; ".join(filter(None, (failed, served, attempt.gate)))),
    ]


def refused(failed: CallFailed, address: str, terminal: Terminal) -> int:
    """Tell why a call came to nothing; the exit status."""
    if terminal.json:
        terminal.dump({"error": failed.failure})
    for line in failure_lines(failed.failure, address):
        terminal.note(line)
    return 1
