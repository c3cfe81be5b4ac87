from __future__ import annotations

from collections.abc import Sequence

import pytest

from pointsman.doors.callers import Visit
from pointsman.errors import ConfigInvalid, InvalidRequest, Problem, Reason, RequestError
from pointsman.model.activation import ActivatedBy, Activation, Reloaded
from pointsman.model.caller import ANYBODY, Caller
from pointsman.rpc.client.configuring import History, history_from_wire, reloaded_from_wire
from pointsman.rpc.configuring import Configuring
from pointsman.v1 import admin_service_pb2 as wire

ADMIN = Visit(ANYBODY, "")
DONE = Reloaded("v1", "v2", True, (Problem("tasks.code", "has no doc", 7, fatal=False),), ("server.grpc",))
PAST = tuple(Activation(f"v{i}", 1_700_000_000.25 + i, by) for i, by in enumerate(ActivatedBy))


class Configurations:
    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        self.asked: list[object] = []
        self._problems = problems

    async def reload(self, by: ActivatedBy, *, dry_run: bool = False, expected: str = "") -> Reloaded:
        return self._answer((by, dry_run, expected))

    async def rollback(self, version: str = "", *, expected: str = "") -> Reloaded:
        return self._answer((version, expected))

    async def history(self, limit: int) -> Sequence[Activation]:
        self.asked.append(limit)
        return PAST

    @property
    def version(self) -> str:
        return "v2"

    def _answer(self, asked: object) -> Reloaded:
        self.asked.append(asked)
        if self._problems:
            raise ConfigInvalid(self._problems)
        return DONE


async def test_what_was_done_arrives_whole() -> None:
    configurations = Configurations()
    desk = Configuring(configurations)
    reloaded = await desk.reload(wire.ReloadConfigRequest(dry_run=True, expected_version="v1"), None, ADMIN)
    rolled_back = await desk.rollback(wire.RollbackConfigRequest(version="v0"), None, ADMIN)
    assert [reloaded_from_wire(answer.change) for answer in (reloaded, rolled_back)] == [DONE, DONE]
    assert configurations.asked == [(ActivatedBy.RPC, True, "v1"), ("v0", "")]


async def test_problems_are_violations_by_path() -> None:
    problems = [Problem("tiers", "is missing", 3), Problem("tasks", "has no doc", 4, fatal=False)]
    desk = Configuring(Configurations(problems))
    calls = (
        desk.reload(wire.ReloadConfigRequest(), None, ADMIN),
        desk.rollback(wire.RollbackConfigRequest(), None, ADMIN),
    )
    for call in calls:
        with pytest.raises(RequestError) as refused:
            await call
        assert refused.value.reason is Reason.CONFIG_INVALID
        assert refused.value.violations == (("tiers", "line 3: is missing"),)


async def test_the_history_arrives_whole() -> None:
    configurations = Configurations()
    answer = await Configuring(configurations).activations(wire.ListConfigActivationsRequest(), None, ADMIN)
    assert history_from_wire(answer) == History(PAST, "v2")
    assert configurations.asked == [100]


@pytest.mark.parametrize("size", [-1, 1001])
async def test_a_page_has_a_size(size: int) -> None:
    with pytest.raises(InvalidRequest, match="page_size"):
        await Configuring(Configurations()).activations(wire.ListConfigActivationsRequest(page_size=size), None, ADMIN)


async def test_who_is_no_admin_may_do_nothing_of_it() -> None:
    configurations, visit = Configurations(), Visit(Caller("acme", "k1"), "")
    desk = Configuring(configurations)
    calls = (
        desk.reload(wire.ReloadConfigRequest(), None, visit),
        desk.rollback(wire.RollbackConfigRequest(), None, visit),
        desk.activations(wire.ListConfigActivationsRequest(), None, visit),
    )
    for call in calls:
        with pytest.raises(RequestError) as refused:
            await call
        assert refused.value.reason is Reason.PERMISSION_DENIED
    assert configurations.asked == []
