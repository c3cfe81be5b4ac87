"""What grpc.aio does not tell a handler: which method it answers."""

from __future__ import annotations

from collections.abc import Mapping

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
"""The gRPC method that a function of ours answers, by its name."""

RECORDED = frozenset({"_route", "_route_batch", "_complete", "_complete_unary"})
"""Those of which the engine tells itself, once it has seen them."""
