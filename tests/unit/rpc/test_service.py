"""What becomes of a call where this server itself fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest

from pointsman.doors.callers import Porch, Visit, anybody
from pointsman.doors.deadlines import Deadlines
from pointsman.doors.once import Once
from pointsman.doors.sight import Sight
from pointsman.doors.traffic import Traffic
from pointsman.engine.route import Engine
from pointsman.rpc.service import Context, Service

pytestmark = pytest.mark.anyio


async def test_a_fault_that_the_engine_never_sees_is_counted() -> None:
    counted: list[tuple[str, str]] = []
    codes: list[grpc.StatusCode] = []
    sight = Sight(lambda method, reason: counted.append((method, reason)))
    service = Service(cast("Engine", None), cast("Once", None), Deadlines(1.0, 1.0), Porch(anybody, sight, Traffic(1)))

    async def list_models(request: object, context: Context, visit: Visit) -> object:
        raise RuntimeError("a bug")

    # Any: what grpc gives as trailers.
    async def abort(code: grpc.StatusCode, message: str, trailers: Any) -> None:
        codes.append(code)

    context = SimpleNamespace(invocation_metadata=tuple, abort=abort)
    await service.guarding(list_models)(object(), cast("Context", context))
    assert (counted, codes) == ([("ListModels", "INTERNAL")], [grpc.StatusCode.INTERNAL])
