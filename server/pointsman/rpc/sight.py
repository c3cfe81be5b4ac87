"""What telemetry is told of calls that only the door sees: where they begin and end, and those without a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pointsman.rpc.callers import Metadata
from pointsman.telemetry.tracing import Trace, Tracing

METHODS: Mapping[str, str] = {
    "_route": "pointsman.v1.RouterService/Route",
    "_route_batch": "pointsman.v1.RouterService/RouteBatch",
    "_complete": "pointsman.v1.RouterService/Complete",
    "_complete_unary": "pointsman.v1.RouterService/CompleteUnary",
    "list_models": "pointsman.v1.AdminService/ListModels",
    "list_provider_health": "pointsman.v1.AdminService/ListProviderHealth",
    "get_budget": "pointsman.v1.AdminService/GetBudget",
    "list_budgets": "pointsman.v1.AdminService/ListBudgets",
    "explain": "pointsman.v1.AdminService/Explain",
    "simulate": "pointsman.v1.AdminService/Simulate",
    "reload": "pointsman.v1.AdminService/ReloadConfig",
    "rollback": "pointsman.v1.AdminService/RollbackConfig",
    "activations": "pointsman.v1.AdminService/ListConfigActivations",
    "submit": "pointsman.v1.FeedbackService/SubmitFeedback",
    "report": "pointsman.v1.FeedbackService/ReportOutcome",
}
"""The gRPC method that a function of ours answers, by its name: grpc.aio does not tell a handler which it is."""

# The engine tells of these itself, once it has seen them.
_RECORDED = frozenset({"_route", "_route_batch", "_complete", "_complete_unary"})


@dataclass(frozen=True, slots=True)
class Sight:
    """`count` is told the method, and "OK" or the reason, of calls that leave no record; `tracing` None: no traces."""

    count: Callable[[str, str], None]
    tracing: Tracing | None = None

    def begin(self, handle: str, metadata: Metadata) -> Trace | None:
        """A call begins that our function `handle` answers."""
        return self.tracing.begin(METHODS[handle], metadata) if self.tracing else None

    def unrecorded(self, handle: str, reason: str) -> None:
        """The engine never saw it, or it is not the engine's: count it."""
        self.count(METHODS[handle].rpartition("/")[2], reason)

    def end(self, handle: str, trace: Trace | None, reason: str) -> None:
        """It is over: "OK", or the reason that its caller was told."""
        if reason == "OK" and handle not in _RECORDED:
            self.unrecorded(handle, reason)
        if self.tracing and trace:
            self.tracing.end(trace, reason)
