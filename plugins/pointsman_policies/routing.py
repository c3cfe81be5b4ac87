"""The routing table: a task row and a mode give models, and the row shapes the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import inf, log

from msgspec.structs import replace

from pointsman import (
    Adaptation,
    Assessed,
    Catalogue,
    Choice,
    PolicyKind,
    PolicySetup,
    Request,
    Select,
    Shape,
    Shaped,
    Snapshot,
    Task,
    hookimpl,
    register,
)

POINTSMAN_API = 1

_Shapes = Mapping[str, Mapping[str, Shape]]

_UNADAPTED, _UNSHAPED = Adaptation(), Shape()


class Table:
    """Chooses the models that the task's row names, ordered by its `select`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tasks = catalogue.tasks
        self._floors = {task.name: task.min_output_tokens or 0 for task in catalogue.tasks.values()}
        self._rows = {
            task.name: {
                mode: (row, f"row {task.name}/{mode}, {task.select} of {len(row)}") for mode, row in task.route.items()
            }
            for task in catalogue.tasks.values()
        }

    @hookimpl
    def pointsman_choose_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
    ) -> Choice:
        task = self._tasks[assessment.task]
        row, reason = self._rows[assessment.task][assessment.mode]
        if task.select is Select.WEIGHTED:
            targets = _drawn(task, row, candidates, request.session or f"#{snapshot.seed}")
        else:
            targets = _ordered(task.select, row, candidates, snapshot)
        allowed, floor = request.params.max_output_tokens, self._floors[assessment.task]
        if allowed is not None and allowed < floor:
            reason = f"{reason}; its floor of {floor} output tokens is not applied, the caller allows {allowed}"
        return Choice(targets, reason, follows_task=True)


class Routing(Table):
    """Shapes every call by the task's row: cap, floor, temperature cap and system prompt.

    The floor gives way to a lower maximum of the caller's, who would get nothing for it; a model's own does not.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._shapes = {name: _shape(task) for name, task in self._tasks.items()}
        self._unfloored = {name: _shape(_unfloored(task)) for name, task in self._tasks.items()}

    @hookimpl
    def pointsman_shape_request(self, request: Request, assessment: Assessed) -> Shape | None:
        allowed = request.params.max_output_tokens
        if allowed is not None and allowed < self._floors[assessment.task]:
            return self._unfloored[assessment.task]
        return self._shapes[assessment.task]


class AdaptiveRouting(Table):
    """Shapes calls by task, tier and model: asked once for each target, which `Routing` need not be."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._shapes, self._unreasoned = _both(self._tasks, catalogue)
        unfloored = {name: _unfloored(task) for name, task in self._tasks.items()}
        self._unfloored, self._unfloored_unreasoned = _both(unfloored, catalogue)

    @hookimpl
    def pointsman_shape_request(self, request: Request, assessment: Assessed, target: str) -> Shape | None:
        allowed, unreasoned = request.params.max_output_tokens, request.params.reasoning_effort == "none"
        if allowed is not None and allowed < self._floors[assessment.task]:
            shapes = self._unfloored_unreasoned if unreasoned else self._unfloored
        else:
            shapes = self._unreasoned if unreasoned else self._shapes
        return shapes[assessment.task].get(target)


def routing(options: None, setup: PolicySetup) -> Table:
    """The cheaper of both, where it is enough."""
    models, catalogue = setup.catalogue.models.values(), setup.catalogue
    adaptive = catalogue.adaptations or any(m.system_prompt or m.min_output_tokens for m in models)
    return AdaptiveRouting(catalogue) if adaptive else Routing(catalogue)


def _both(tasks: Mapping[str, Task], catalogue: Catalogue) -> tuple[_Shapes, _Shapes]:
    """By task and model: with reasoning, and without."""
    reasoned = {name: _adapted(task, catalogue, reasoning=True) for name, task in tasks.items()}
    return reasoned, {name: _adapted(task, catalogue, reasoning=False) for name, task in tasks.items()}


def _unfloored(task: Task) -> Task:
    """The row for callers who allow less than its floor. As that beats a tier's cap, nothing caps what they allow."""
    if task.min_output_tokens is None:
        return task
    cap = max(task.max_output_tokens or 0, task.min_output_tokens)
    return replace(task, min_output_tokens=None, max_output_tokens=cap)


def _adapted(task: Task, catalogue: Catalogue, *, reasoning: bool) -> dict[str, Shape]:
    """Shapes by model, those that say anything; equal ones are one object, since merging is then free."""
    made: dict[Shape, Shape] = {}
    shapes: dict[str, Shape] = {}
    for model in catalogue.models.values():
        tier = catalogue.adaptations.get(model.tier, _UNADAPTED)
        floors = [task.min_output_tokens, model.min_output_tokens if reasoning else None]
        caps = [task.temperature_cap, tier.temperature_cap]
        shape = Shape(
            tier.max_output_tokens if task.max_output_tokens is None else task.max_output_tokens,
            max((floor for floor in floors if floor is not None), default=None),
            min((cap for cap in caps if cap is not None), default=None),
            "\n\n".join(filter(None, (task.system_prompt, tier.system_prompt, model.system_prompt))),
        )
        if shape != _UNSHAPED:
            shapes[model.id] = made.setdefault(shape, shape)
    return shapes


def _ordered(
    select: Select, row: Sequence[str], candidates: Mapping[str, Shaped], snapshot: Snapshot
) -> tuple[str, ...]:
    """Candidates in order of preference, equal ones by id; the excluded rest keeps the row's order."""
    if select is Select.PRIORITY:
        return tuple(row)
    order = _fastest if select is Select.FASTEST else _cheapest
    eligible = sorted([(*order(candidates[target], snapshot), target) for target in row if target in candidates])
    preferred = [target for _, _, target in eligible]
    return (*preferred, *[target for target in row if target not in candidates])


def _drawn(task: Task, row: Sequence[str], candidates: Mapping[str, Shaped], seed: str) -> tuple[str, ...]:
    """An order in which each model comes first as often as it weighs; the same for the same seed.

    Every model draws on its own (weighted rendezvous hashing): where one is excluded or added, or a weight changes, the
    others keep their order, so that few sessions move.
    """

    def draw(target: str) -> tuple[float, str]:
        digest = sha256(f"{task.name}/{target}/{seed}".encode()).digest()
        # Within (0, 1): the logarithm of 0 has no value.
        chance = (int.from_bytes(digest[:8], "big") + 0.5) / 2**64
        weight = task.weights.get(target, 1.0)
        return (-log(chance) / weight if weight else inf, target)

    eligible = sorted((target for target in row if target in candidates), key=draw)
    return (*eligible, *(target for target in row if target not in candidates))


def _cheapest(shaped: Shaped, snapshot: Snapshot) -> tuple[float, int]:
    return (0.0, shaped.estimate.expected_nano_usd)


def _fastest(shaped: Shaped, snapshot: Snapshot) -> tuple[float, int]:
    # A model never tried counts as instant: otherwise the first one tried would be the fastest for ever.
    latency = snapshot.latencies.get(shaped.target)
    return (latency.p50 if latency else 0.0, shaped.estimate.expected_nano_usd)


def _shape(task: Task) -> Shape | None:
    shape = Shape(task.max_output_tokens, task.min_output_tokens, task.temperature_cap, task.system_prompt)
    return None if shape == _UNSHAPED else shape


plugin = register(routing, kind=PolicyKind.ROUTING, deterministic=True, reads_text=False)
