"""What `benchmarks.decide` decides about: models, requests and the state of things, as a busy team has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from msgspec.structs import replace

from benchmarks.decide_rules import FEW, Given
from pointsman.engine.rules import Rules
from pointsman.model.balance import Balance, BudgetAction, BudgetStep
from pointsman.model.catalogue import Adaptation, Catalogue, Model, Price, Task
from pointsman.model.request import Hints, Message, Mode, Params, Request, ResponseFormat, Role, Text, Tool
from pointsman.model.snapshot import Health, HealthState, Latency, Pin, Snapshot
from pointsman.testing import make_entry, make_request, make_rules, make_snapshot
from pointsman.testing.builders import NOW
from pointsman_policies import budgets, classifier, feasibility, health, limits, override, pinning, routing, rules, tags

TIERS = ("nano", "small", "mid", "large", "frontier")
PROVIDERS = ("openai", "anthropic", "google", "groq", "mistral", "openrouter")
CLASSIFIER = "classifier"

_ALL = frozenset({"tools", "json_schema", "json_object", "images", "image_urls", "reasoning"})
_REGIONS = (("eu", "us"), ("us",), ("eu",), ("us",), ())
_STEPS = (
    BudgetStep(0.5, BudgetAction.NOTICE),
    BudgetStep(0.8, BudgetAction.DEGRADE),
    BudgetStep(1.0, BudgetAction.REFUSE),
)
# Of every ten models one is down, one slow and one only being tried again.
_HEALTH = {
    2: Health(HealthState.DOWN, "5 of 5 attempts failed", NOW + 30),
    5: Health(HealthState.DEGRADED, "slow"),
    7: Health(HealthState.PROBING),
}
_LONG = 40
"""Messages of the long conversation."""


def decider(models: int, more: Sequence[Given] = (), *, adapted: bool = False, classified: bool = True) -> Rules:
    """The ten standard policies over so many models, with five rules and `more`.

    `adapted`: each tier has a system prompt of its own. Not `classified`: the chain is without the classifier.
    """
    given = [{"id": f"r{number}", **rule} for number, rule in enumerate((*FEW, *more))]
    return make_rules(
        override.plugin,
        tags.plugin,
        make_entry(rules.plugin, "rules", rules.RulesOptions.model_validate({"rules": given})),
        *([make_entry(classifier.plugin, CLASSIFIER)] if classified else []),
        limits.plugin,
        feasibility.plugin,
        budgets.plugin,
        health.plugin,
        pinning.plugin,
        make_entry(routing.plugin, "routing"),
        catalogue=_catalogue(models, adapted=adapted),
    )


def nobody(models: int) -> Rules:
    """The same models without any policy: what deciding costs by itself."""
    return make_rules(catalogue=_catalogue(models, adapted=False))


def requests_of(kind: str, prompts: Sequence[str]) -> list[Request]:
    """A request of a kind for each prompt."""
    return [_REQUESTS[kind](prompt) for prompt in prompts]


def snapshot_of(kind: str, models: int) -> Snapshot:
    """Three budgets, one of which has something to say, or in the kind `low` forbids the dearest tier."""
    ids = [model.id for model in map(_model, range(models))]
    return make_snapshot(
        latencies={id: Latency(0.2 + number / 50, 0.9, 40) for number, id in enumerate(ids)},
        token_ratios={id: 1.0 + number % 7 / 20 for number, id in enumerate(ids)},
        health={id: _HEALTH[number % 10] for number, id in enumerate(ids) if number % 10 in _HEALTH},
        pin=Pin(ids[-1], NOW - 60, 3) if kind in ("session", "long") else None,
        balances=(
            _balance("tenant default, day", 0.2),
            _balance("project apollo, month", 0.85 if kind == "low" else 0.6),
            _balance("label feature=chat, hour", 0.1),
        ),
    )


def session_of(number: int) -> str:
    """The id of one of many sessions."""
    return f"chat-{number}"


def _plain(prompt: str) -> Request:
    return make_request(prompt)


def _tagged(prompt: str) -> Request:
    return make_request(prompt, hints=Hints(tags=("classify-intent",), mode=Mode.ECO, labels={"project": "apollo"}))


def _tools(prompt: str) -> Request:
    schema = '{"type": "object"}'
    tools = tuple(Tool(f"find_{what}", f"Finds {what}s.", schema) for what in ("order", "parcel", "refund"))
    asked = make_request(prompt, tools=tools, params=Params(max_output_tokens=5000, temperature=0.3))
    return replace(asked, response_format=ResponseFormat("json_schema", "found", schema))


def _session(prompt: str) -> Request:
    said = ("Hello, I have a question about my order.", "Of course, which one?", prompt)
    messages = _messages("You are the shop's assistant.", said)
    return make_request(messages=messages, hints=Hints(session_id=session_of(7)))


def _limited(prompt: str) -> Request:
    hints = Hints(max_cost_nano_usd=500_000_000, allowed_regions=("eu",), exclude_providers=("groq",))
    return make_request(prompt, hints=hints, params=Params(max_output_tokens=5000))


def _conversation(prompt: str) -> Request:
    said = [f"{prompt} ({number})" * 10 for number in range(_LONG)]
    return make_request(
        messages=_messages("You are the shop's assistant.", [*said, prompt]),
        hints=Hints(session_id=session_of(7), labels={"feature": "chat", "source": "web"}),
    )


def _messages(system: str, said: Sequence[str]) -> list[Message]:
    """A conversation that ends with the user."""
    roles = [Role.USER if (len(said) - number) % 2 else Role.ASSISTANT for number in range(len(said))]
    turns = [Message(role, (Text(text),)) for role, text in zip(roles, said, strict=True)]
    return [Message(Role.SYSTEM, (Text(system),)), *turns]


_REQUESTS = {
    "plain": _plain,
    "tagged": _tagged,
    "tools": _tools,
    "session": _session,
    "limited": _limited,
    "low": _plain,
    "long": _conversation,
}
KINDS = tuple(_REQUESTS)
"""Plain, tagged, with tools and a schema, in a session, with limits, on a low budget, in a long conversation."""


def shuffled(prompts: Sequence[str], seed: int) -> list[str]:
    """The same prompts in another order: no scenario must profit from what an earlier one left in a cache."""
    return Random(seed).sample(prompts, len(prompts))  # noqa: S311  # an order, not a secret


def _balance(scope: str, used: float) -> Balance:
    limit = 100_000_000_000
    return Balance(
        scope=scope,
        limit_nano_usd=limit,
        spent_nano_usd=int(limit * used),
        reserved_nano_usd=40_000_000,
        resets_at=NOW + 3600,
        steps=_STEPS,
    )


def _catalogue(models: int, *, adapted: bool) -> Catalogue:
    made = {model.id: model for model in map(_model, range(models))}
    held = {tier: tuple(id for id, model in made.items() if model.tier == tier) for tier in TIERS}
    # With fewer models than tiers a row leads to whatever there is.
    rows = {tier: held[tier] or tuple(made)[:1] for tier in TIERS}
    tasks = (
        _task("general", ("nano", "small", "mid"), rows, max_output_tokens=4096),
        _task("simple", ("nano", "nano", "small"), rows, max_output_tokens=256),
        _task("extract", ("small", "small", "mid"), rows, max_output_tokens=1024, temperature_cap=0.2),
        _task("code", ("mid", "mid", "frontier"), rows, max_output_tokens=8192),
        _task("reasoning", ("mid", "large", "frontier"), rows, min_output_tokens=4096),
        _task("complex", ("mid", "large", "frontier"), rows, max_output_tokens=16384),
    )
    return Catalogue(
        models=made,
        tiers=TIERS,
        tasks={task.name: task for task in tasks},
        default_task="general",
        tags={"nightly-report": "reasoning", "classify-intent": "simple", "invoice-fields": "extract"},
        adaptations={tier: Adaptation(system_prompt=f"You are the {tier} one.") for tier in TIERS} if adapted else {},
    )


# The fields of a task row differ in type.
def _task(name: str, tiers: tuple[str, str, str], rows: Mapping[str, tuple[str, ...]], **fields: Any) -> Task:
    return Task(name=name, route={mode: rows[tier] for mode, tier in zip(Mode, tiers, strict=True)}, **fields)


def _model(number: int) -> Model:
    """No two alike in price; one in four cannot do everything, one in five runs in no declared region."""
    level = number % len(TIERS)
    usd = 0.1 * 3**level * (1 + number / 100)
    return Model(
        id=f"model-{number:03d}",
        provider=PROVIDERS[number % len(PROVIDERS)],
        upstream=f"upstream-{number}",
        tier=TIERS[level],
        context=(200_000, 131_072, 400_000, 1_000_000)[number % 4],
        price=Price(input=round(usd * 1e9), output=round(usd * 5e9), cached_input=round(usd * 1e8)),
        max_output=(0, 65_536, 128_000)[number % 3],
        capabilities=_ALL if (number + 1) % 4 else _ALL - {"reasoning", "images", "json_schema"},
        regions=frozenset(_REGIONS[number // len(TIERS) % len(_REGIONS)]),
    )
