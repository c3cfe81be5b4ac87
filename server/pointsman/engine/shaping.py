"""Shape every target: merge the policies' shapes, apply them to the caller's parameters, estimate tokens and cost."""

from __future__ import annotations

from pointsman.chain.calling import FAILED
from pointsman.chain.loading import Hook
from pointsman.engine import checks
from pointsman.engine.deliberation import Deliberation
from pointsman.model.catalogue import Model
from pointsman.model.decision import Assessed, Cause, Estimate, Exclusion, Shape, Shaped, VerdictOutcome
from pointsman.model.pricing import plain_cost
from pointsman.model.request import Params
from pointsman.model.tokens import estimate_tokens

EXPECTED_OUTPUT = 500
"""Tokens an answer is expected to take where nothing limits it: the middle of ordinary chat traffic."""

_UNSHAPED = Shape()


def shape_targets(d: Deliberation, assessed: Assessed) -> dict[str, Shaped]:
    """Every enabled model, shaped; those whose floor the caller's own maximum undercuts are vetoed."""
    shapes = _ask(d, assessed)
    params = d.request.params
    merged: dict[tuple[int, ...], Shape] = {}
    shaped: dict[str, Shaped] = {}
    for target, model in d.catalogue.models.items():
        if not model.enabled:
            continue
        opinions = shapes.get(target, [])
        # Policies return the same object for the same answer, so a merge is made once, not once a model.
        key = tuple(map(id, opinions))
        shape = merged.get(key)
        if shape is None:
            shape = merged[key] = _merge(opinions)
        shaped[target] = _apply(shape, model, params, _input_tokens(d, target))
        wanted, floor = params.max_output_tokens, shape.min_output_tokens
        if wanted is not None and floor is not None and wanted < floor:
            reason = f"needs at least {floor} output tokens, the caller allows {wanted}"
            d.vetoes.add(Exclusion(target, Cause.POLICY, reason), "shape")
    return shaped


def _input_tokens(d: Deliberation, target: str) -> int:
    """The caller's own count, or ours corrected by what this model was seen to make of our estimates."""
    if d.request.hints.input_tokens is not None:
        return d.request.hints.input_tokens
    return int(d.request.facts.input_tokens * d.snapshot.token_ratios.get(target, 1.0))


def _ask(d: Deliberation, assessed: Assessed) -> dict[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {}
    for hook in d.chain.shape:
        mine = _ask_one(d, assessed, hook)
        if mine is None:
            continue
        for target, shape in mine.items():
            shapes.setdefault(target, []).append(shape)
        outcome = VerdictOutcome.NARROWED if mine else VerdictOutcome.NO_OPINION
        d.asking.note(hook, outcome, f"shaped {len(mine)} targets" if mine else "")
    return shapes


def _ask_one(d: Deliberation, assessed: Assessed, hook: Hook) -> dict[str, Shape] | None:
    """One policy's shapes by target; None where it failed, so that half an answer is never used."""
    mine: dict[str, Shape] = {}
    sound: set[int] = set()
    for target, model in d.catalogue.models.items():
        if not model.enabled:
            continue
        shape = d.asking.ask(hook, d.request, d.snapshot, assessed, target)
        if shape is FAILED:
            return None
        if shape is None:
            continue
        if id(shape) not in sound:
            if fault := checks.shape_fault(shape):
                d.asking.fail(hook, fault)
                return None
            sound.add(id(shape))
        mine[target] = shape
    return mine


def _merge(shapes: list[Shape]) -> Shape:
    """The lowest cap, the highest floor, the lowest temperature cap, the first prompt; a floor beats a cap."""
    if not shapes:
        return _UNSHAPED
    cap = min((s.max_output_tokens for s in shapes if s.max_output_tokens is not None), default=None)
    floor = max((s.min_output_tokens for s in shapes if s.min_output_tokens is not None), default=None)
    if cap is not None and floor is not None:
        cap = max(cap, floor)
    return Shape(
        max_output_tokens=cap,
        min_output_tokens=floor,
        temperature_cap=min((s.temperature_cap for s in shapes if s.temperature_cap is not None), default=None),
        system_prompt=next((s.system_prompt for s in shapes if s.system_prompt), ""),
    )


def _apply(shape: Shape, model: Model, params: Params, input_tokens: int) -> Shaped:
    limits = [x for x in (params.max_output_tokens, shape.max_output_tokens, model.max_output) if x]
    limit = min(limits) if limits else None
    temperature = params.temperature
    if temperature is not None and shape.temperature_cap is not None:
        temperature = min(temperature, shape.temperature_cap)
    tokens = input_tokens + (estimate_tokens(shape.system_prompt) + 4 if shape.system_prompt else 0)
    asked = params.max_output_tokens or shape.max_output_tokens
    expected = EXPECTED_OUTPUT if asked is None else min(asked, max(EXPECTED_OUTPUT, asked // 4))
    worst = limit if limit is not None else max(0, model.context - tokens)
    estimate = Estimate(
        expected_nano_usd=plain_cost(model.price, tokens, min(expected, worst)),
        worst_case_nano_usd=plain_cost(model.price, tokens, worst),
        input_tokens=tokens,
        expected_output_tokens=min(expected, worst),
    )
    # A model's own limit needs no asking for: only what the caller or a policy set is sent.
    sent = None if asked is None else limit
    return Shaped(model.id, sent, temperature, shape.system_prompt, estimate)
