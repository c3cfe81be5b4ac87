"""The routing table: a task row and a mode give models, and the row shapes the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import inf, log

from pointsman import (
    Assessed,
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


class Routing:
    """Looks up the task's row: caps, floor, temperature cap and system prompt; and its models, ordered by `select`."""

    def __init__(self, options: None, setup: PolicySetup) -> None:
        self._tasks = setup.catalogue.tasks
        self._shapes = {name: _shape(task) for name, task in self._tasks.items()}

    @hookimpl
    def pointsman_shape_request(self, assessment: Assessed) -> Shape | None:
        return self._shapes[assessment.task]

    @hookimpl
    def pointsman_choose_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
    ) -> Choice:
        task = self._tasks[assessment.task]
        row = task.route[assessment.mode]
        if task.select is Select.WEIGHTED:
            targets = _drawn(task, row, candidates, request.session or f"#{snapshot.seed}")
        else:
            targets = _ordered(task.select, row, candidates, snapshot)
        reason = f"row {task.name}/{assessment.mode}, {task.select} of {len(row)}"
        return Choice(targets, reason, follows_task=True)


def _ordered(
    select: Select, row: Sequence[str], candidates: Mapping[str, Shaped], snapshot: Snapshot
) -> tuple[str, ...]:
    """Candidates in order of preference, equal ones by id; the excluded rest keeps the row's order."""
    if select is Select.PRIORITY:
        return tuple(row)
    eligible = [target for target in row if target in candidates]
    order = _fastest if select is Select.FASTEST else _cheapest
    eligible.sort(key=lambda target: (order(target, candidates, snapshot), target))
    return (*eligible, *(target for target in row if target not in candidates))


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


def _cheapest(target: str, candidates: Mapping[str, Shaped], snapshot: Snapshot) -> tuple[float, int]:
    return (0.0, candidates[target].estimate.expected_nano_usd)


def _fastest(target: str, candidates: Mapping[str, Shaped], snapshot: Snapshot) -> tuple[float, int]:
    # A model never tried counts as instant: otherwise the first one tried would be the fastest for ever.
    latency = snapshot.latencies.get(target)
    return (latency.p50 if latency else 0.0, candidates[target].estimate.expected_nano_usd)


def _shape(task: Task) -> Shape | None:
    shape = Shape(task.max_output_tokens, task.min_output_tokens, task.temperature_cap, task.system_prompt)
    return None if shape == Shape() else shape


plugin = register(Routing, kind=PolicyKind.ROUTING, deterministic=True)
