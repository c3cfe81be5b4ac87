"""The catalogue that policies route over, made of a document that is known to be right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from pointsman.config.schema import models as model_rows
from pointsman.config.schema import tasks as task_rows
from pointsman.config.schema.document import Document
from pointsman.model.catalogue import Adaptation, Catalogue, Model, Price, PriceStep, Select, Task
from pointsman.model.request import Mode

TIER_CAPS = (256, 1024, 4096, 16384)
"""Output tokens by a tier's place, cheapest first, where tiers are a mapping and say nothing else."""


def build_catalogue(document: Document, enabled: Collection[str]) -> Catalogue:
    """Models of providers that are not `enabled` stay in it, disabled, so that routes and explanations name them."""
    models = {name: _model(name, row, row.provider in enabled) for name, row in document.models.items()}
    aliases = {alias: name for name, row in document.models.items() for alias in row.aliases}
    return Catalogue(
        models=models,
        tiers=document.tiers,
        tasks={name: _task(name, row, models, aliases) for name, row in document.tasks.items()},
        default_task=document.default,
        tags=document.tags,
        aliases=aliases,
        default_mode=Mode(document.mode),
        adaptations={
            tier: _adaptation(row or model_rows.Tier(), place)
            for place, (tier, row) in enumerate(document.tier_rows.items())
        },
    )


def unserved(catalogue: Catalogue) -> Iterator[tuple[str, Mode]]:
    """Tasks and modes whose row names only disabled models."""
    for task in catalogue.tasks.values():
        for mode, models in task.route.items():
            if not any(catalogue.models[name].enabled for name in models):
                yield task.name, mode


def _model(name: str, row: model_rows.Model, enabled: bool) -> Model:
    return Model(
        id=name,
        provider=row.provider,
        upstream=row.upstream,
        tier=row.tier,
        context=row.context,
        price=_price(row.price),
        max_output=row.max_output,
        capabilities=frozenset(row.capabilities),
        regions=frozenset(row.regions),
        aliases=row.aliases,
        enabled=enabled,
        system_prompt=row.system_prompt,
        min_output_tokens=row.min_output_tokens,
        base_model=row.base_model,
        api=row.api or "",
        tenants=frozenset(row.tenants),
    )


def _price(row: model_rows.Price) -> Price:
    steps = [PriceStep(step.input_tokens, _rates(step, row.per_request)) for step in row.above]
    return replace(_rates(row, row.per_request), above=tuple(steps))


def _rates(row: model_rows.Rates, per_request: int) -> Price:
    return Price(row.input, row.output, row.cached_input, row.cache_write, per_request, row.cache_write_1h)


def _adaptation(row: model_rows.Tier, place: int) -> Adaptation:
    cap = row.max_output_tokens
    if "max_output_tokens" not in row.model_fields_set:
        cap = TIER_CAPS[min(place, len(TIER_CAPS) - 1)]
    return Adaptation(cap, row.temperature_cap, row.system_prompt)


def _task(name: str, row: task_rows.Task, models: dict[str, Model], aliases: dict[str, str]) -> Task:
    targets = {mode: getattr(row.route, mode) or row.route.balanced for mode in task_rows.MODES}
    return Task(
        name=name,
        route={Mode(mode): tuple(_expand(named or (), models, aliases)) for mode, named in targets.items()},
        select=Select(row.select),
        weights={aliases.get(target, target): weight for target, weight in row.weights.items()},
        output=row.output,
        owner=row.owner,
        doc=row.doc,
        blast_radius=row.blast_radius,
        waiver=row.waiver,
        gates=row.gate,
        max_output_tokens=row.max_output_tokens,
        min_output_tokens=row.min_output_tokens,
        temperature_cap=row.temperature_cap,
        system_prompt=row.system_prompt,
    )


def _expand(targets: Iterable[str], models: dict[str, Model], aliases: dict[str, str]) -> Iterable[str]:
    """Model ids, each once, in the order written; a tier's in that of the catalogue."""
    ids: dict[str, None] = {}
    for target in targets:
        name = aliases.get(target, target)
        found = [name] if name in models else [model.id for model in models.values() if model.tier == target]
        ids.update(dict.fromkeys(found))
    return ids
