"""Shape every target: merge the policies' shapes, apply them to the caller's parameters, estimate tokens and cost."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.chain.calling import SILENT
from pointsman.chain.loading import Hook
from pointsman.engine import checks
from pointsman.engine.deliberation import Deliberation
from pointsman.model.catalogue import Model
from pointsman.model.decision import Assessed, Cause, Estimate, Exclusion, Shape, Shaped, VerdictOutcome
from pointsman.model.pricing import plain_cost
from pointsman.model.request import Params, Request
from pointsman.model.tokens import estimate_tokens

EXPECTED_OUTPUT = 500
"""Tokens an answer is expected to take where nothing limits it: the middle of ordinary chat traffic."""

_UNSHAPED = Shape()


def shape_targets(d: Deliberation, assessed: Assessed) -> dict[str, Shaped]:
    """Every enabled model, shaped; those whose floor the caller's own maximum undercuts are vetoed."""
    shapes = _ask(d, assessed)
    molds: dict[tuple[int, ...], _Mold] = {}
    shaped: dict[str, Shaped] = {}
    counted, ratios = d.request.hints.input_tokens, d.snapshot.token_ratios
    tokens = d.request.facts.input_tokens if counted is None else counted
    # The caller's own count stands; ours is corrected by what this model was seen to make of our estimates.
    if counted is not None:
        ratios = {}
    for model in d.rules.targets:
        target = model.id
        # Policies return the same object for the same answer, so a merge is made once, not once a model.
        key = tuple([id(by_target.get(target)) for by_target in shapes])
        mold = molds.get(key)
        if mold is None:
            opinions = [by_target[target] for by_target in shapes if target in by_target]
            mold = molds[key] = _mold(_merge(opinions), d.request.params)
        shaped[target] = mold.apply(model, tokens, ratios.get(target, 1.0))
        if conflict := mold.conflict or mold.shortfall(model):
            d.vetoes.add(Exclusion(target, Cause.POLICY, conflict), "shape")
    return shaped


def _ask(d: Deliberation, assessed: Assessed) -> list[dict[str, Shape]]:
    """Each policy's shapes by target, in chain order; half an answer of one that failed is never used."""
    shapes: list[dict[str, Shape]] = []
    for hook in d.chain.shape:
        mine = d.asking.ask_each(hook, d.rules.target_ids, d.request, d.snapshot, assessed)
        if mine is SILENT:
            continue
        if fault := _fault(mine):
            d.asking.fail(hook, fault)
            continue
        shapes.append(mine)
        _note(d, hook, len(mine))
    return shapes


def _fault(mine: dict[str, Shape]) -> str:
    different = {id(shape): shape for shape in mine.values()}
    return next((fault for shape in different.values() if (fault := checks.shape_fault(shape))), "")


def _note(d: Deliberation, hook: Hook, shaped: int) -> None:
    if shaped:
        d.asking.note(hook, VerdictOutcome.NARROWED, f"shaped {shaped} targets")
    else:
        d.asking.note(hook, VerdictOutcome.NO_OPINION, "")


def _merge(shapes: Sequence[Shape]) -> Shape:
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


class _Mold(Struct, frozen=True):
    """A merged shape applied to the caller's parameters: all that is the same for every model of that shape.

    `limit` is the output limit that somebody asked for, None for nobody; `floor` the least that policies want, 0 for
    nothing; `conflict` why the caller cannot be served.
    """

    limit: int | None
    expected: int
    temperature: float | None
    system_prompt: str
    prompt_tokens: int
    floor: int
    conflict: str

    def shortfall(self, model: Model) -> str:
        """Why this model cannot give what policies want at least, or ""."""
        if not 0 < model.max_output < self.floor:
            return ""
        return f"needs at least {self.floor} output tokens, its answers end at {model.max_output}"

    def apply(self, model: Model, input_tokens: int, ratio: float) -> Shaped:
        """The call to one model. Its own limit is not asked for, but bounds what an answer can cost."""
        tokens = input_tokens + self.prompt_tokens
        if ratio != 1.0:
            tokens = int(tokens * ratio)
        limit, own = self.limit, model.max_output
        if limit is not None:
            worst = limit = min(limit, own) if own else limit
        else:
            worst = own or max(0, model.context - tokens)
        expected = min(self.expected, worst)
        price = model.price
        dearest = plain_cost(price, tokens, worst)
        likely = dearest if expected == worst else plain_cost(price, tokens, expected)
        estimate = Estimate(likely, dearest, tokens, expected)
        return Shaped(model.id, limit, self.temperature, self.system_prompt, estimate)


def _mold(shape: Shape, params: Params) -> _Mold:
    wanted, floor = params.max_output_tokens, shape.min_output_tokens
    limits = [limit for limit in (wanted, shape.max_output_tokens) if limit is not None]
    limit = min(limits) if limits else None
    temperature = params.temperature
    if temperature is not None and shape.temperature_cap is not None:
        temperature = min(temperature, shape.temperature_cap)
    conflict = ""
    if wanted is not None and floor is not None and wanted < floor:
        conflict = f"needs at least {floor} output tokens, the caller allows {wanted}"
    return _Mold(
        limit=limit,
        expected=EXPECTED_OUTPUT if limit is None else min(limit, max(EXPECTED_OUTPUT, limit // 4)),
        temperature=temperature,
        system_prompt=shape.system_prompt,
        prompt_tokens=_prompt_tokens(shape.system_prompt),
        floor=floor or 0,
        conflict=conflict,
    )


def _prompt_tokens(system_prompt: str) -> int:
    # A message more: four tokens of markers, as in every chat template.
    return estimate_tokens(system_prompt) + 4 if system_prompt else 0


def shape_question(model: Model, request: Request, ratio: float) -> Shaped:
    """A call that no policy shapes: its own parameters, as far as the model goes."""
    return _mold(_UNSHAPED, request.params).apply(model, request.facts.input_tokens, ratio)


def uncorrected_tokens(request: Request, shaped: Shaped) -> int:
    """What we estimated of a call before any correction, which is what corrections are learnt from.

    0 where the caller counted: his count says nothing of our estimates.
    """
    if request.hints.input_tokens is not None:
        return 0
    return request.facts.input_tokens + _prompt_tokens(shaped.system_prompt)
