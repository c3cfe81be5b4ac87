"""Requests, catalogues, snapshots and rules with sensible defaults, so that a test names only what it is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pointsman.chain.entry import Entry
from pointsman.chain.gates import GateEntry, LoadedGate
from pointsman.chain.loading import build_chain
from pointsman.chain.plugin import GatePlugin, PolicyPlugin, register
from pointsman.engine.decide import assess
from pointsman.engine.deliberation import deliberate
from pointsman.engine.retries import Retries
from pointsman.engine.rules import NO_COMPLIANCE, NO_RETRIES, Compliance, Rules
from pointsman.engine.shaping import shape_targets
from pointsman.gatespec import Gate
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.balance import Balance, RateLimit
from pointsman.model.budget import Budget
from pointsman.model.catalogue import Catalogue, Model, Price, Task
from pointsman.model.decision import Exclusion, Shaped
from pointsman.model.gate import GatedAnswer
from pointsman.model.request import Hints, Message, Mode, Params, Part, Request, Role, Text, Tool, ToolCall, measure
from pointsman.model.snapshot import Health, Latency, Pin, Snapshot

NOW = 1_700_000_000.0
"""Unix seconds of every snapshot that does not say otherwise."""

_EVERYTHING = frozenset({"tools", "json_object", "json_schema", "images", "image_urls", "reasoning"})


def make_request(
    text: str = "What is the capital of France?",
    *,
    hints: Hints | None = None,
    params: Params | None = None,
    messages: Sequence[Message] = (),
    tools: Sequence[Tool] = (),
) -> Request:
    """One user message of `text`, or `messages`; measured, as a door does it.

    make_request("Fix it.", hints=Hints(task="code", mode=Mode.SPORT))
    """
    said = tuple(messages) or (Message(Role.USER, (Text(text),)),)
    return Request(
        messages=said,
        tools=tuple(tools),
        params=params or Params(),
        hints=hints or Hints(),
        facts=measure(said, tools),
    )


def make_model(
    id: str, *, provider: str = "openai", tier: str = "small", usd: tuple[float, float] = (1, 4), context: int = 200_000
) -> Model:
    """A model that can do everything, in regions eu and us. `usd` per million tokens: input, output.

    Its upstream name is its id with "-upstream"; `msgspec.structs.replace` changes what is not a parameter.
    """
    return Model(
        id=id,
        provider=provider,
        upstream=f"{id}-upstream",
        tier=tier,
        context=context,
        price=Price(input=round(usd[0] * 1e9), output=round(usd[1] * 1e9)),
        capabilities=_EVERYTHING,
        regions=frozenset({"eu", "us"}),
    )


def make_catalogue(
    models: Sequence[Model] = (), *, tasks: Sequence[Task] = (), tags: Mapping[str, str] | None = None
) -> Catalogue:
    """A small world; the first of `tasks` is the default one.

    | tier     | cheaper            | dearer             |
    |----------|--------------------|--------------------|
    | small    | flash (google)     | mini (openai)      |
    | mid      | medium (openai)    | sonnet (anthropic) |
    | frontier | ultra (google)     | opus (anthropic)   |

    Task rows `simple` (cap 256), `code` and `reasoning` (floor 4,096); tags `nightly-report` → reasoning and
    `refactor` → code; alias `claude` → sonnet. `ultra` declares no region; `flash` runs in us only and takes no image
    URLs.
    """
    by_id = {model.id: model for model in models or _models()}
    by_name = {task.name: task for task in tasks or _tasks()}
    return Catalogue(
        models=by_id,
        tiers=("small", "mid", "frontier"),
        tasks=by_name,
        default_task=next(iter(by_name)),
        tags={"nightly-report": "reasoning", "refactor": "code"} if tags is None else tags,
        aliases={alias: model.id for model in by_id.values() for alias in model.aliases},
    )


def _models() -> tuple[Model, ...]:
    flash = make_model("flash", provider="google", usd=(0.3, 2.5), context=1_000_000)
    sonnet = make_model("sonnet", provider="anthropic", tier="mid", usd=(3, 15))
    ultra = make_model("ultra", provider="google", tier="frontier", usd=(4, 20), context=1_000_000)
    return (
        replace(flash, regions=frozenset({"us"}), capabilities=_EVERYTHING - {"image_urls"}),
        make_model("mini", usd=(0.75, 4.5), context=400_000),
        make_model("medium", tier="mid", usd=(2.5, 12), context=400_000),
        replace(sonnet, aliases=("claude",)),
        replace(ultra, regions=frozenset()),
        make_model("opus", provider="anthropic", tier="frontier", usd=(5, 25)),
    )


def _tasks() -> tuple[Task, ...]:
    small, mid, frontier = ("flash", "mini"), ("medium", "sonnet"), ("ultra", "opus")
    return (
        Task(name="simple", route=_route(small, small, mid), max_output_tokens=256),
        Task(name="code", route=_route(("mini",), mid, frontier)),
        Task(name="reasoning", route=_route(mid, frontier, frontier), min_output_tokens=4096),
    )


def _route(eco: tuple[str, ...], balanced: tuple[str, ...], sport: tuple[str, ...]) -> dict[Mode, tuple[str, ...]]:
    return {Mode.ECO: eco, Mode.BALANCED: balanced, Mode.SPORT: sport}


def make_snapshot(
    *,
    now: float = NOW,
    seed: int = 7,
    latencies: Mapping[str, Latency] | None = None,
    token_ratios: Mapping[str, float] | None = None,
    # As in Snapshot: only the policy that gave a signal knows its type.
    signals: Mapping[str, Any] | None = None,
    quarantined: Sequence[str] = (),
    denials: Sequence[Exclusion] = (),
    pin: Pin | None = None,
    health: Mapping[str, Health] | None = None,
    balances: Sequence[Balance] = (),
    rates: Sequence[RateLimit] = (),
    spent_nano_usd: int = 0,
) -> Snapshot:
    """A world in which nothing has happened yet, under configuration "test"."""
    return Snapshot(
        now=now,
        seed=seed,
        config_version="test",
        latencies=latencies or {},
        token_ratios=token_ratios or {},
        signals=signals or {},
        quarantined=frozenset(quarantined),
        denials=tuple(denials),
        pin=pin,
        health=health or {},
        balances=tuple(balances),
        rates=tuple(rates),
        spent_nano_usd=spent_nano_usd,
    )


def make_answer(
    text: str = "Paris.",
    *,
    target: str = "mini",
    calls: Sequence[ToolCall] = (),
    reason: FinishReason = FinishReason.STOP,
    seconds: tuple[float, float | None] = (1.0, 0.2),
    mean_logprob: float | None = None,
) -> GatedAnswer:
    """A whole answer, as a gate is shown it. `seconds` are its duration and its time to first token.

    make_answer("", calls=[ToolCall("call-1", "look_up", '{"city": "Paris"}')])
    """
    parts: tuple[Part, ...] = (*((Text(text),) if text else ()), *calls)
    finish = FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason
    ending = Ending(reason=finish, usage=Usage(20, 10), mean_logprob=mean_logprob)
    return GatedAnswer(target, Answer(parts, ending), *seconds)


def make_entry(policy: object, id: str = "", options: object = None) -> Entry:
    """A chain entry of an Entry, of what `pointsman.register` returned, or of any object that implements hooks.

    The id defaults to the lower-case name of its class; options to those of an empty `with:`. `dataclasses.replace`
    sets the rest:

        replace(make_entry(politeness.plugin), shadow=True)
    """
    if isinstance(policy, Entry):
        return policy
    if isinstance(policy, PolicyPlugin):
        name = id or getattr(policy.factory, "__name__", "policy").lower()
        return Entry(name, name, policy, policy.config() if policy.config and options is None else options)
    name = id or type(policy).__name__.lower()
    return Entry(name, name, register(lambda options, setup: policy))


def make_rules(
    *policies: object,
    catalogue: Catalogue | None = None,
    max_attempts: int = 4,
    strict_tags: bool = False,
    compliance: Compliance = NO_COMPLIANCE,
    gates: Mapping[str, Gate] | None = None,
    retries: Retries = NO_RETRIES,
    budgets: Sequence[Budget] = (),
) -> Rules:
    """Rules over a chain of `policies` (whatever `make_entry` takes), in this order, without entry points.

    A second entry of the same name gets the id "name-2", and so on. `gates` are gates by id.
    """
    catalogue = catalogue or make_catalogue()
    loaded = {name: _loaded(name, gate) for name, gate in (gates or {}).items()}
    entries: list[Entry] = []
    for policy in policies:
        entry = make_entry(policy)
        same = sum(other.use == entry.use for other in entries)
        if same and entry.id == entry.use:
            entry = dataclasses.replace(entry, id=f"{entry.id}-{same + 1}")
        entries.append(entry)
    chain, _ = build_chain(entries, catalogue)
    return Rules.of(
        "test",
        catalogue,
        chain,
        max_attempts=max_attempts,
        strict_tags=strict_tags,
        compliance=compliance,
        gates=loaded,
        retries=retries,
        budgets=budgets,
    )


def _loaded(name: str, gate: Gate) -> LoadedGate:
    return LoadedGate(GateEntry(name, name, GatePlugin(lambda options, setup: gate, None)), gate)


def shaped_targets(request: Request, rules: Rules, snapshot: Snapshot | None = None) -> dict[str, Shaped]:
    """Every enabled model as `pointsman_exclude_targets` gets it."""
    deliberation = deliberate(request, snapshot or make_snapshot(), rules)
    return shape_targets(deliberation, assess(deliberation))
