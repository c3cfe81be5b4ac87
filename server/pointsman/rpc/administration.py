"""What operators and consoles ask: models, health, budgets, past decisions and those that might be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import grpc.aio

from pointsman.doors.callers import Visit, require, whose
from pointsman.doors.once import Once
from pointsman.engine.explain import Explainer
from pointsman.engine.route import Engine
from pointsman.engine.simulate import Simulator
from pointsman.engine.standings import Standings
from pointsman.errors import ConfigInvalid, InvalidRequest, Reason, RequestError
from pointsman.model.caller import Permission
from pointsman.rpc.budgets_to_wire import budget_to_wire, budgets_to_wire
from pointsman.rpc.configuring import Configurations
from pointsman.rpc.explained_to_wire import explained_to_wire
from pointsman.rpc.feedback import FeedbackDesk
from pointsman.rpc.health_to_wire import health_to_wire
from pointsman.rpc.models_to_wire import models_to_wire
from pointsman.rpc.simulation import config_invalid, simulated_to_wire, simulation_from_wire
from pointsman.v1 import admin_service_pb2 as admin

# Requests and responses differ per method; grpc's own annotations say no more.
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the services ask, beside the engine."""

    explainer: Explainer
    simulator: Simulator
    standings: Standings
    configurations: Configurations
    once: Once
    feedback: FeedbackDesk


class Administration:
    """Methods of AdminService, to be guarded. `deadline` gives monotonic seconds by which a call must be answered."""

    def __init__(self, engine: Engine, desk: Desk, deadline: Callable[[Context], float]) -> None:
        self._engine, self._deadline = engine, deadline
        self._explainer, self._simulator, self._standings = desk.explainer, desk.simulator, desk.standings

    async def list_models(
        self, request: admin.ListModelsRequest, context: Context, visit: Visit
    ) -> admin.ListModelsResponse:
        """AdminService.ListModels."""
        catalogue, caller = self._engine.rules.catalogue, visit.caller
        return models_to_wire(request, catalogue if caller.may(Permission.ADMIN) else catalogue.open_to(caller.tenant))

    async def list_provider_health(
        self, request: admin.ListProviderHealthRequest, context: Context, visit: Visit
    ) -> admin.ListProviderHealthResponse:
        """AdminService.ListProviderHealth."""
        require(visit.caller, Permission.ADMIN, "ListProviderHealth")
        return health_to_wire(request, await self._engine.vitals())

    async def get_budget(
        self, request: admin.GetBudgetRequest, context: Context, visit: Visit
    ) -> admin.GetBudgetResponse:
        """AdminService.GetBudget."""
        standing = await self._standings.one(request.scope, whose(visit.caller))
        return admin.GetBudgetResponse(budget=budget_to_wire(standing))

    async def list_budgets(
        self, request: admin.ListBudgetsRequest, context: Context, visit: Visit
    ) -> admin.ListBudgetsResponse:
        """AdminService.ListBudgets."""
        tenant = whose(visit.caller, request.tenant)
        return budgets_to_wire(request, await self._standings.all(tenant))

    async def explain(self, request: admin.ExplainRequest, context: Context, visit: Visit) -> admin.ExplainResponse:
        """AdminService.Explain."""
        if not request.decision_id:
            raise InvalidRequest([("decision_id", "must not be empty")])
        of = whose(visit.caller) or None
        return explained_to_wire(await self._explainer.explain(request.decision_id, of))

    async def simulate(self, request: admin.SimulateRequest, context: Context, visit: Visit) -> admin.SimulateResponse:
        """AdminService.Simulate."""
        asked, simulator = simulation_from_wire(request, visit.caller), self._simulator
        if not asked.document:
            return simulated_to_wire(await simulator.simulate(asked.request, asked.supposed))
        deadline = self._deadline(context)
        try:
            async with asyncio.timeout(deadline - monotonic()):
                other, active = await simulator.compare(asked.request, asked.supposed, asked.document)
        except ConfigInvalid as invalid:
            raise config_invalid(invalid) from None
        except TimeoutError:
            raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed while config_yaml was loaded") from None
        return simulated_to_wire(other, active)
