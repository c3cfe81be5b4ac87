"""What policies answer, and the decision made of their answers. No ids, no timings: equal input, equal bytes.

What there is many of in a decision is left out of garbage collection (`gc=False`): it holds nothing that could hold it.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pointsman.model.plan import Plan
from pointsman.model.request import Mode


class PolicyKind(StrEnum):
    """What sort of policy an entry is; the names of `PolicyKind` in routing.proto."""

    OVERRIDE = "override"
    TAG = "tag"
    RULE = "rule"
    CLASSIFIER = "classifier"
    MODE = "mode"
    CONTEXT_GUARD = "context_guard"
    SESSION_PIN = "session_pin"
    BUDGET = "budget"
    HEALTH = "health"
    HEDGE = "hedge"
    CASCADE = "cascade"
    CANARY = "canary"
    SHADOW = "shadow"
    DEFAULT = "default"
    CAPABILITY = "capability"
    PLUGIN = "plugin"
    LIMIT = "limit"
    ROUTING = "routing"


class Assessment(Struct, frozen=True):
    """One policy's opinion of the request; every field may be left open. `confidence` is 0..1."""

    task: str | None = None
    mode: Mode | None = None
    confidence: float | None = None
    source: str = ""


class Assessed(Struct, frozen=True, omit_defaults=True):
    """All opinions merged field by field, first wins. `task_by` is the entry that named the task, "" for nobody."""

    task: str
    mode: Mode
    confidence: float
    source: str
    task_by: str = ""


class Shape(Struct, frozen=True):
    """How one policy wants the call to a target shaped. Output tokens; None or "" is no opinion."""

    max_output_tokens: int | None = None
    min_output_tokens: int | None = None
    temperature_cap: float | None = None
    system_prompt: str = ""


class Estimate(Struct, frozen=True, gc=False):
    """Nano-USD and tokens; the worst case uses the whole output limit."""

    expected_nano_usd: int
    worst_case_nano_usd: int
    input_tokens: int
    expected_output_tokens: int


class Shaped(Struct, frozen=True, omit_defaults=True, gc=False):
    """One target with every shape merged and applied to the caller's parameters. `max_output_tokens` None: no limit."""

    target: str
    max_output_tokens: int | None
    temperature: float | None
    system_prompt: str
    estimate: Estimate


class Cause(StrEnum):
    """Why a target is out. The cause that alone emptied the list names the status the caller sees."""

    HEALTH = "health"
    BUDGET = "budget"
    RATE = "rate"
    COST = "cost"
    CONTEXT = "context"
    POLICY = "policy"


class Exclusion(Struct, frozen=True, omit_defaults=True, gc=False):
    """A veto: `target` is a model id, `reason` one English sentence.

    `scope` names the budget where one is the cause, so that a refusal can say how it stands. A veto that `yields` is
    lifted where with it there is nothing to try, and without it there is: for guesses, never for rules.
    """

    target: str
    cause: Cause
    reason: str
    scope: str = ""
    yields: bool = False


class NoOpinion(Struct, frozen=True):
    """No opinion, like None, and why: the reason stands in the trace."""

    reason: str


class Choice(Struct, frozen=True):
    """Targets in order of preference.

    `exclusive`: these or nothing, no failover to others. `follows_task`: the choice only looked up the task's row, so
    whoever named the task decided.
    """

    targets: tuple[str, ...]
    reason: str
    exclusive: bool = False
    follows_task: bool = False


class VerdictOutcome(StrEnum):
    """The names of `VerdictOutcome` in routing.proto. REJECTED: a choice not followed, or vetoes lifted."""

    NO_OPINION = "no_opinion"
    NARROWED = "narrowed"
    REORDERED = "reordered"
    SELECTED = "selected"
    REJECTED = "rejected"
    ERROR = "error"


class Verdict(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one policy answered to one hook. `before` and `after` count candidates."""

    policy: str
    kind: PolicyKind
    hook: str
    outcome: VerdictOutcome
    reason: str
    before: int = 0
    after: int = 0
    dry_run: bool = False


class Candidate(Struct, frozen=True, omit_defaults=True, gc=False):
    """A target with what it would cost, or who excluded it and why. `ttft` is seconds, None: not observed."""

    target: str
    estimate: Estimate
    ttft: float | None = None
    excluded_by: str = ""
    excluded_reason: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """`ranking` in the order they would be tried, `excluded` the others; `plan` is what will be done."""

    target: str
    assessed: Assessed
    decided_by: str
    decided_by_kind: PolicyKind
    reason: str
    ranking: tuple[Candidate, ...]
    excluded: tuple[Candidate, ...]
    shaped: tuple[Shaped, ...]
    plan: Plan
    trace: tuple[Verdict, ...]
    config_version: str

    @property
    def panicked(self) -> bool:
        """Were vetoes that yield lifted, because with them nothing was left to try?"""
        rejected = VerdictOutcome.REJECTED
        return bool([v for v in self.trace if v.outcome is rejected and v.hook == "exclude_targets"])


class Refusal(Struct, frozen=True, kw_only=True):
    """No target is left. `reason` is a `Reason` name; `violations` are (policy, why) pairs."""

    reason: str
    message: str
    assessed: Assessed
    excluded: tuple[Candidate, ...]
    violations: tuple[tuple[str, str], ...]
    metadata: tuple[tuple[str, str], ...]
    trace: tuple[Verdict, ...]
    config_version: str
