"""Golden cases: a request and a snapshot in YAML, and the decision they must give.

    - name: a caller's word for its job
      request: {hints: {tags: [nightly]}}
      expect: {target: medium, task: reasoning}

`expect` may name: target, decided_by, reason, kind, plan, kinds, stages, pin_ttl, best_effort, ranking, shaped,
estimate; refusal, violations; task, mode, source, excluded, because, verdicts, said. Everything else has a default, as
in `make_request` and `make_snapshot`. Of `stages` each is a text, as `str(stage)` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec.structs import replace

from pointsman.chain.plugin import PolicyPlugin
from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.model.balance import Balance, RateLimit
from pointsman.model.catalogue import Adaptation, Catalogue
from pointsman.model.decision import Decision, Exclusion, Refusal, Shaped
from pointsman.model.request import Hints, Params, Request, ResponseFormat, Tool, ToolChoice
from pointsman.model.snapshot import Health, Latency, Pin, Snapshot
from pointsman.testing.builders import NOW, make_catalogue, make_entry, make_request, make_rules, make_snapshot
from pointsman.testing.fakes import PassingGate

T = TypeVar("T", bound=msgspec.Struct)

_OF_DECISIONS = frozenset(
    {
        *("target", "decided_by", "reason", "kind", "ranking", "shaped", "estimate"),
        *("plan", "kinds", "stages", "pin_ttl", "best_effort"),
    }
)
# Documents are what YAML gives; every field is converted by its type before it is used.
Given = Mapping[str, Any]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A request; `facts` replaces what was measured of its text."""

    text: str = "What is the capital of France?"
    hints: Given = {}
    params: Given = {}
    tools: tuple[str, ...] = ()
    tool_choice: Given | None = None
    response_format: Given | None = None
    facts: Given = {}


class World(msgspec.Struct, forbid_unknown_fields=True):
    """A snapshot; `now` is Unix seconds, or a time with its offset such as 2026-03-14T09:00:00+01:00.

    `latencies` are medians in seconds by model; `signals` are by chain entry.
    """

    now: float | datetime = NOW
    signals: Given = {}
    latencies: Mapping[str, float] = {}
    token_ratios: Mapping[str, float] = {}
    denials: tuple[Given, ...] = ()
    quarantined: tuple[str, ...] = ()
    balances: tuple[Given, ...] = ()
    rates: tuple[Given, ...] = ()
    pin: Given | None = None
    health: Mapping[str, Given] = {}
    spent_nano_usd: int = 0


class Changes(msgspec.Struct, forbid_unknown_fields=True):
    """Fields that differ from `make_catalogue()`, by model and by task; `default`: the default task."""

    models: Mapping[str, Given] = {}
    tasks: Mapping[str, Given] = {}
    tags: Mapping[str, str] = {}
    adaptations: Mapping[str, Given] = {}
    default: str = "simple"


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """`chain` entries are names of policies, or a mapping of a name to its options; None: the chain given.

    `gates` are the ids of those that are configured.
    """

    name: str
    expect: Given
    request: Asked = msgspec.field(default_factory=Asked)
    snapshot: World = msgspec.field(default_factory=World)
    catalogue: Changes = msgspec.field(default_factory=Changes)
    chain: tuple[str | Mapping[str, Given], ...] | None = None
    max_attempts: int = 4
    gates: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def read_cases(path: Path) -> list[Case]:
    """The cases of one YAML file."""
    return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), list[Case])


def check_case(case: Case, policies: Mapping[str, PolicyPlugin], chain: Sequence[str] | None = None) -> None:
    """Decide it, over `policies` by name; AssertionError where the decision is another one.

    `chain` stands for the chain of a case that has none; None: all policies, in order.

    @pytest.mark.parametrize("case", read_cases(CASES), ids=str)
    def test_decision(case):
        check_case(case, {"acme": acme.plugin})
    """
    rules = _rules(case, policies, tuple(policies) if chain is None else chain)
    request = _request(case.request)
    rules.check(request)
    outcome = decide(request, _snapshot(case.snapshot), rules)
    assert case.expect, f"{case}: a case expects something"
    found = {key: _seen(outcome, key, wanted) for key, wanted in case.expect.items()}
    assert found == case.expect, f"{case}: decided {found}, expected {case.expect}"


def _rules(case: Case, policies: Mapping[str, PolicyPlugin], chain: Sequence[str]) -> Rules:
    entries = []
    for link in chain if case.chain is None else case.chain:
        name, options = (link, None) if isinstance(link, str) else next(iter(link.items()))
        plugin = policies[name]
        given = plugin.config(**options) if plugin.config and options else None
        entries.append(make_entry(plugin, name, given))
    gates = dict.fromkeys(case.gates, PassingGate())
    return make_rules(*entries, catalogue=_catalogue(case.catalogue), max_attempts=case.max_attempts, gates=gates)


def _catalogue(changes: Changes) -> Catalogue:
    catalogue = make_catalogue()
    models = {id: _changed(model, changes.models.get(id, {})) for id, model in catalogue.models.items()}
    tasks = {name: _changed(task, changes.tasks.get(name, {})) for name, task in catalogue.tasks.items()}
    assert set(changes.models) <= set(models)
    assert set(changes.tasks) <= set(tasks)
    meanings = {**catalogue.tags, **changes.tags}
    adaptations = {tier: _made(Adaptation, given) for tier, given in changes.adaptations.items()}
    return replace(
        catalogue,
        models=models,
        tasks=tasks,
        tags=meanings,
        default_task=changes.default,
        adaptations=adaptations,
    )


def _request(asked: Asked) -> Request:
    tools = tuple(Tool(name) for name in asked.tools)
    request = make_request(asked.text, hints=_made(Hints, asked.hints), params=_made(Params, asked.params), tools=tools)
    return replace(
        request,
        tool_choice=None if asked.tool_choice is None else _made(ToolChoice, asked.tool_choice),
        response_format=None if asked.response_format is None else _made(ResponseFormat, asked.response_format),
        facts=_changed(request.facts, asked.facts),
    )


def _snapshot(world: World) -> Snapshot:
    return make_snapshot(
        now=world.now.timestamp() if isinstance(world.now, datetime) else world.now,
        signals=world.signals,
        latencies={target: Latency(p50, 2 * p50, 100) for target, p50 in world.latencies.items()},
        token_ratios=world.token_ratios,
        denials=[_made(Exclusion, denial) for denial in world.denials],
        quarantined=world.quarantined,
        balances=[_made(Balance, balance) for balance in world.balances],
        rates=[_made(RateLimit, rate) for rate in world.rates],
        health={target: _made(Health, given) for target, given in world.health.items()},
        spent_nano_usd=world.spent_nano_usd,
        pin=None if world.pin is None else _made(Pin, world.pin),
    )


def _made(kind: type[T], given: Given) -> T:
    assert set(given) <= set(kind.__struct_fields__), f"{kind.__name__} has no such field"
    return msgspec.convert(given, kind)


def _changed(value: T, given: Given) -> T:
    """With other fields; of a mapping, such as a task's route, with other values."""
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    for name, change in given.items():
        fields[name] = {**fields[name], **change} if isinstance(fields.get(name), dict) else change
    return _made(type(value), fields)


def _seen(outcome: Decision | Refusal, key: str, wanted: Any) -> object:
    """What the outcome says under one key of `expect`; of mappings by target only the targets asked for."""
    if key in _OF_DECISIONS:
        assert isinstance(outcome, Decision), f"refused: {outcome.reason}"
        return _seen_of_decision(outcome, key, wanted)
    if key == "refusal":
        assert isinstance(outcome, Refusal), f"decided on {outcome.target}"
        said = {"reason": str(outcome.reason), "metadata": dict(outcome.metadata), "message": outcome.message}
        return {name: said[name] for name in wanted}
    if key == "violations":
        assert isinstance(outcome, Refusal), f"decided on {outcome.target}"
        return dict(reversed([violation for violation in outcome.violations if violation[0] in wanted]))
    verdicts = {f"{verdict.policy}.{verdict.hook}": verdict for verdict in outcome.trace}
    everywhere: dict[str, object] = {
        "task": outcome.assessed.task,
        "mode": str(outcome.assessed.mode),
        "source": outcome.assessed.source,
        "excluded": {candidate.target: candidate.excluded_by for candidate in outcome.excluded},
        "because": {c.target: c.excluded_reason for c in outcome.excluded if c.target in wanted},
        "verdicts": {by: str(verdict.outcome) for by, verdict in verdicts.items() if by in wanted},
        "said": {by: verdict.reason for by, verdict in verdicts.items() if by in wanted},
    }
    return everywhere[key]


def _seen_of_decision(decision: Decision, key: str, wanted: Any) -> object:
    if key == "plan":
        return [attempt.target for stage in decision.plan.stages for attempt in stage.attempts]
    if key == "ranking":
        return [candidate.target for candidate in decision.ranking]
    if key == "kinds":
        return [str(attempt.kind) for stage in decision.plan.stages for attempt in stage.attempts]
    if key == "stages":
        return [str(stage) for stage in decision.plan.stages]
    if key in {"pin_ttl", "best_effort"}:
        return getattr(decision.plan, key)
    if key == "kind":
        return str(decision.decided_by_kind)
    if key == "shaped":
        return {s.target: _shaped_fields(s, wanted[s.target]) for s in decision.shaped if s.target in wanted}
    if key == "estimate":
        ranked = {candidate.target: candidate.estimate for candidate in decision.ranking}
        return {target: {name: getattr(ranked[target], name) for name in wanted[target]} for target in wanted}
    return getattr(decision, key)


def _shaped_fields(shaped: Shaped, names: Given) -> dict[str, object]:
    return {name: getattr(shaped, name) for name in names}
