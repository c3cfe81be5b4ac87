"""Shape every target: merge the policies' shapes, apply them to the caller's parameters, estimate tokens and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from pointsman.chain.calling import SILENT
from pointsman.chain.loading import Hook
from pointsman.engine import checks
from pointsman.engine.deliberation import Deliberation
from pointsman.engine.rules import Tariff, tariff_of
from pointsman.model.catalogue import Model
from pointsman.model.decision import Assessed, Cause, Estimate, Exclusion, Shape, Shaped, VerdictOutcome
from pointsman.model.pricing import HALF, PER_TOKENS
from pointsman.model.request import Params, Request
from pointsman.model.tokens import estimate_tokens

EXPECTED_OUTPUT = 500
"""Tokens an answer is expected to take where nothing limits it: the middle of ordinary chat traffic."""

_LOW = 8
"""Our estimates of input tokens may be low by a part in so many: past a price step all of a request costs more."""

_UNSHAPED = Shape()


def shape_targets(d: Deliberation, assessed: Assessed) -> dict[str, Shaped]:
    """Every enabled model, shaped; those whose floor the caller's own maximum undercuts are vetoed."""
    counted = d.request.hints.input_tokens
    ratios: Mapping[str, float] | None = d.snapshot.token_ratios
    tokens = d.request.facts.input_tokens if counted is None else counted
    # The caller's own count stands; ours is corrected by what this model was seen to make of our estimates.
    if counted is not None:
        ratios = None
    tariffs = d.rules.hourly_tariffs if d.request.facts.hourly_cache else d.rules.tariffs
    castings = _castings(_ask(d, assessed), tariffs, d.request.params)
    shaped: dict[str, Shaped] = {}
    for mold, some in castings:
        mold.cast(some, tokens, ratios, shaped)
    if len(castings) > 1:
        shaped = {target: shaped[target] for target in d.rules.target_ids}
    if [mold for mold, _ in castings if mold.floor]:
        _veto(d, castings)
    return shaped


class _Opinion(Struct, frozen=True):
    """One policy's shapes by target, or `alike`: one for all of them, by "", since it does not look at the target."""

    shapes: dict[str, Shape]
    alike: bool

    def of(self, target: str) -> Shape | None:
        return self.shapes.get("" if self.alike else target)


def _ask(d: Deliberation, assessed: Assessed) -> list[_Opinion]:
    """What each policy says, in chain order; half an answer of one that failed is never used."""
    opinions: list[_Opinion] = []
    for hook in d.chain.shape:
        mine = d.asking.ask_each(hook, d.rules.target_ids, d.request, d.snapshot, assessed)
        if mine is SILENT:
            continue
        if fault := _fault(mine):
            d.asking.fail(hook, fault)
            continue
        # By the answer, not by the hook: one that was recorded may be of a policy that did look at the target.
        alike = "" in mine
        if mine:
            opinions.append(_Opinion(mine, alike))
        _note(d, hook, len(d.rules.target_ids) if alike else len(mine))
    return opinions


def _fault(mine: dict[str, Shape]) -> str:
    shapes = {id(shape): shape for shape in mine.values()}.values()
    return next((fault for shape in shapes if (fault := checks.shape_fault(shape))), "")


def _note(d: Deliberation, hook: Hook, shaped: int) -> None:
    if shaped:
        d.asking.note(hook, VerdictOutcome.NARROWED, f"shaped {shaped} targets")
    else:
        d.asking.note_silence(hook)


def _castings(
    opinions: Sequence[_Opinion], tariffs: Sequence[Tariff], params: Params
) -> Sequence[tuple[_Mold, Sequence[Tariff]]]:
    """Each mold with the models that it is for: one for all of them, unless policies tell targets apart."""
    if not [opinion for opinion in opinions if not opinion.alike]:
        return [(_mold(_merge([opinion.shapes[""] for opinion in opinions]), params), tariffs)]
    alike: dict[tuple[int, ...], tuple[list[Shape], list[Tariff]]] = {}
    for tariff in tariffs:
        shapes = [shape for opinion in opinions if (shape := opinion.of(tariff[0])) is not None]
        # Policies return the same object for the same answer, so a merge is made once, not once a model.
        alike.setdefault(tuple(map(id, shapes)), (shapes, []))[1].append(tariff)
    return [(_mold(_merge(shapes), params), some) for shapes, some in alike.values()]


def _veto(d: Deliberation, castings: Sequence[tuple[_Mold, Sequence[Tariff]]]) -> None:
    """Veto what cannot give the least that policies want, in catalogue order."""
    molds = {target: mold for mold, tariffs in castings for target, *_ in tariffs}
    for model in d.rules.targets:
        mold = molds[model.id]
        if shortfall := mold.shortfall(model):
            d.vetoes.add(Exclusion(model.id, Cause.POLICY, shortfall), "shape")
        elif mold.conflict:
            d.vetoes.add_undercut(Exclusion(model.id, Cause.POLICY, mold.conflict), "shape", mold.floor)


def _merge(shapes: Sequence[Shape]) -> Shape:
    """The lowest cap, the highest floor, the lowest temperature cap, the first prompt; a floor beats a cap."""
    if not shapes:
        return _UNSHAPED
    if len(shapes) == 1 and (shapes[0].max_output_tokens is None or shapes[0].min_output_tokens is None):
        return shapes[0]
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

    `limit` is the output limit that somebody asked for, None for nobody, and `expected` is never above it; `floor` the
    least that policies want, 0 for nothing; `conflict` why the caller cannot be served.
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

    def cast(
        self,
        tariffs: Sequence[Tariff],
        input_tokens: int,
        ratios: Mapping[str, float] | None,
        shaped: dict[str, Shaped],
    ) -> None:
        """Add the call to each model. Its own limit is not asked for, but bounds what an answer can cost.

        `ratios` by model id correct the estimate of input tokens; None: they were counted.
        """
        plain_tokens, wanted = input_tokens + self.prompt_tokens, self.limit
        temperature, system_prompt, most = self.temperature, self.system_prompt, self.expected
        for target, own, context, input_price, output_price, dearest_input, per_request, steps in tariffs:
            ratio = 1.0 if ratios is None else ratios.get(target, 1.0)
            tokens = plain_tokens if ratio == 1.0 else int(plain_tokens * ratio)
            if wanted is None:
                limit, worst = None, own or max(0, context - tokens)
                expected = min(most, worst)
            elif 0 < own < wanted:
                limit = worst = own
                expected = min(most, own)
            else:
                limit = worst = wanted
                expected = most
            dearest_output = output_price
            if steps and (most_tokens := tokens if ratios is None else tokens + tokens // _LOW) > steps[0][0]:
                for above, asked, answered, dearest_asked in steps:
                    if tokens > above:
                        input_price, output_price, dearest_input, dearest_output = (
                            asked,
                            answered,
                            dearest_asked,
                            answered,
                        )
                    elif most_tokens > above:
                        dearest_input = max(dearest_input, dearest_asked)
                        dearest_output = max(dearest_output, answered)
            # `cost_nano_usd` where nothing is cached, or all is written to the cache where that costs more, written
            # out: calls would be the most of it for every model.
            likely = (tokens * input_price + expected * output_price + HALF) // PER_TOKENS + per_request
            dearest = (tokens * dearest_input + worst * dearest_output + HALF) // PER_TOKENS + per_request
            estimate = Estimate(likely, dearest, tokens, expected)
            shaped[target] = Shaped(target, limit, temperature, system_prompt, estimate)


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
        system_prompt=shape.system_prompt or "",
        prompt_tokens=_prompt_tokens(shape.system_prompt),
        floor=floor or 0,
        conflict=conflict,
    )


def _prompt_tokens(system_prompt: str) -> int:
    # A message more: four tokens of markers, as in every chat template.
    return estimate_tokens(system_prompt) + 4 if system_prompt else 0


def shape_question(model: Model, request: Request, ratio: float) -> Shaped:
    """A call that no policy shapes: its own parameters, as far as the model goes."""
    shaped: dict[str, Shaped] = {}
    tariff = tariff_of(model, hourly=request.facts.hourly_cache)
    _mold(_UNSHAPED, request.params).cast([tariff], request.facts.input_tokens, {model.id: ratio}, shaped)
    return shaped[model.id]


def uncorrected_tokens(request: Request, shaped: Shaped) -> int:
    """What we estimated of a call before any correction, which is what corrections are learnt from.

    0 where the caller counted: his count says nothing of our estimates.
    """
    if request.hints.input_tokens is not None:
        return 0
    return request.facts.input_tokens + _prompt_tokens(shaped.system_prompt)
