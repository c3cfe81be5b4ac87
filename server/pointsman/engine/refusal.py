"""Nothing is left to try: say which cause is to blame, and what every policy said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from pointsman.engine.deliberation import Deliberation
from pointsman.engine.vetoes import Vetoes
from pointsman.errors import Reason
from pointsman.model.decision import Assessed, Cause, Choice, Refusal, Shaped

_REASONS = {
    Cause.HEALTH: (Reason.ALL_PROVIDERS_DOWN, "every provider that could serve this is down"),
    Cause.BUDGET: (Reason.BUDGET_EXHAUSTED, "the budget is exhausted"),
    Cause.RATE: (Reason.RATE_LIMITED, "the rate limit is reached"),
    Cause.COST: (Reason.MAX_COST_UNSATISFIABLE, "every permitted model could cost more than max_cost_nano_usd"),
    Cause.CONTEXT: (Reason.CONTEXT_TOO_LONG, "the prompt fits no permitted model's context window"),
}


def refuse(d: Deliberation, assessed: Assessed, choice: Choice | None, shaped: Mapping[str, Shaped]) -> Refusal:
    """The refusal of a request that policies left without a target.

    The blame is the first cause, in the order above, without which a target would be left; then the caller's own
    maximum of output tokens; mixed causes have none.
    """
    vetoes = d.vetoes
    targets = _within_reach(d, choice, shaped)
    cause = next((c for c in _REASONS if any(vetoes.causes(t) == {c} for t in targets)), None)
    needed = 0 if cause else min(filter(None, map(vetoes.undercut, targets)), default=0)
    reason, message = _REASONS[cause] if cause else (Reason.NO_CANDIDATE, _without_cause(d, needed))
    blamed = [shaped[t] for t in targets if t in shaped and cause and vetoes.causes(t) == {cause}]
    return Refusal(
        reason=reason,
        message=message,
        assessed=assessed,
        excluded=vetoes.candidates(shaped),
        violations=_violations(targets, shaped, vetoes),
        metadata=_undercut(d, needed) if needed else _metadata(d, cause, blamed),
        trace=tuple(d.asking.verdicts),
        config_version=d.rules.version,
    )


def _without_cause(d: Deliberation, needed: int) -> str:
    if not needed:
        return "policies exclude every model that could serve this"
    return (
        f"max_output_tokens is {d.request.params.max_output_tokens}, and no model that could serve this does with "
        f"fewer than {needed} output tokens; allow at least {needed}"
    )


def _undercut(d: Deliberation, needed: int) -> tuple[tuple[str, str], ...]:
    return (("max_output_tokens", str(d.request.params.max_output_tokens)), ("min_output_tokens", str(needed)))


def _within_reach(d: Deliberation, choice: Choice | None, shaped: Mapping[str, Shaped]) -> Sequence[str]:
    """What would have been ranked without vetoes: those below the choice's tier are not to blame for anything."""
    if choice and choice.exclusive:
        return choice.targets
    if choice is None or d.vetoes.any_for(Cause.BUDGET):
        return tuple(shaped)
    models, tiers = d.catalogue.models, d.catalogue.tiers
    level = tiers.index(models[choice.targets[0]].tier)
    return tuple(t for t in shaped if t in choice.targets or tiers.index(models[t].tier) >= level)


def _violations(targets: Sequence[str], shaped: Mapping[str, Shaped], vetoes: Vetoes) -> tuple[tuple[str, str], ...]:
    """Each policy's reason, once a policy and target."""
    disabled = tuple(("configuration", f"{target}: not enabled") for target in targets if target not in shaped)
    vetoed = ((by, f"{target}: {exclusion.reason}") for target in targets for exclusion, by in vetoes.of(target))
    return (*disabled, *vetoed)


def _metadata(d: Deliberation, cause: Cause | None, blamed: Sequence[Shaped]) -> tuple[tuple[str, str], ...]:
    if cause is Cause.HEALTH:
        known = [health.until for s in blamed if (health := d.snapshot.health.get(s.target)) and health.until]
        return (("retry_after_ms", str(max(0, round((min(known) - d.snapshot.now) * 1000)))),) if known else ()
    if cause is Cause.BUDGET:
        return _exhausted(d, blamed)
    if cause is Cause.RATE:
        return _limited(d, blamed)
    if cause is Cause.COST:
        cheapest = min(s.estimate.worst_case_nano_usd for s in blamed) + d.snapshot.spent_nano_usd
        return (("cheapest_nano_usd", str(cheapest)),)
    if cause is Cause.CONTEXT:
        tokens = min(s.estimate.input_tokens for s in blamed)
        window = max(d.catalogue.models[s.target].context for s in blamed)
        return (("tokens", str(tokens)), ("largest_window", str(window)))
    return ()


def _exhausted(d: Deliberation, blamed: Sequence[Shaped]) -> tuple[tuple[str, str], ...]:
    """The budget to blame; of several the one that resets last, since it would refuse the next attempt too."""
    scopes = _scopes(d, blamed)
    balances = [balance for balance in d.snapshot.balances if balance.scope in scopes]
    if not balances:
        return ()
    last = max(balances, key=lambda balance: balance.resets_at)
    return (
        ("budget", last.scope),
        ("remaining_nano_usd", str(last.left)),
        ("resets_at", _instant(last.resets_at)),
    )


def _limited(d: Deliberation, blamed: Sequence[Shaped]) -> tuple[tuple[str, str], ...]:
    """The same of a limit of requests or tokens, and when to come back."""
    scopes = _scopes(d, blamed)
    rates = [rate for rate in d.snapshot.rates if rate.scope in scopes]
    if not rates:
        return ()
    last = max(rates, key=lambda rate: rate.resets_at)
    wait = max(0, ceil((last.resets_at - d.snapshot.now) * 1000))
    return (
        ("budget", last.scope),
        ("unit", last.unit.value),
        ("remaining", str(last.left)),
        ("resets_at", _instant(last.resets_at)),
        ("retry_after_ms", str(wait)),
    )


def _scopes(d: Deliberation, blamed: Sequence[Shaped]) -> set[str]:
    return {exclusion.scope for s in blamed for exclusion, _ in d.vetoes.of(s.target)}


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
