"""Pointsman, an LLM router. What is exported here is the API for policy packages; all else may change."""

from typing import TYPE_CHECKING, Any

from pointsman.chain.plugin import Names, PolicyPlugin, PolicySetup, register
from pointsman.errors import PointsmanError
from pointsman.hookspecs import API_VERSION, hookimpl
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.balance import Balance, BudgetAction, BudgetStep
from pointsman.model.catalogue import Adaptation, Catalogue, Model, Price, Select, Task
from pointsman.model.decision import (
    Assessed,
    Assessment,
    Cause,
    Choice,
    Decision,
    Estimate,
    Exclusion,
    NoOpinion,
    PolicyKind,
    Refusal,
    Shape,
    Shaped,
)
from pointsman.model.events import AttemptEnded, Decided, Event, RequestEnded
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage
from pointsman.model.record import Record
from pointsman.model.request import (
    CacheHint,
    Facts,
    Hints,
    Image,
    Message,
    Mode,
    ModelOverride,
    Params,
    Part,
    ProviderState,
    Reasoning,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    measure,
)
from pointsman.model.snapshot import Health, HealthState, Latency, Pin, Snapshot
from pointsman.services import Denial, Lease, Services, Store

if TYPE_CHECKING:
    from pointsman.config.scalars import Duration

__all__ = [
    "API_VERSION",
    "Adaptation",
    "Assessed",
    "Assessment",
    "Attempt",
    "AttemptEnded",
    "AttemptKind",
    "AttemptOutcome",
    "Balance",
    "BudgetAction",
    "BudgetStep",
    "CacheHint",
    "Catalogue",
    "Cause",
    "Choice",
    "Decided",
    "Decision",
    "Denial",
    "Duration",
    "Estimate",
    "Event",
    "Exclusion",
    "Facts",
    "Health",
    "HealthState",
    "Hints",
    "Image",
    "Latency",
    "Lease",
    "Message",
    "Mode",
    "Model",
    "ModelOverride",
    "Names",
    "NoOpinion",
    "Params",
    "Part",
    "Pin",
    "Plan",
    "PlannedAttempt",
    "PointsmanError",
    "PolicyKind",
    "PolicyPlugin",
    "PolicySetup",
    "Price",
    "ProviderState",
    "Reasoning",
    "Record",
    "Refusal",
    "Request",
    "RequestEnded",
    "ResponseFormat",
    "Role",
    "Select",
    "Services",
    "Shape",
    "Shaped",
    "Snapshot",
    "Stage",
    "Store",
    "Task",
    "Text",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Usage",
    "hookimpl",
    "measure",
    "register",
]


# Any: what a module holds. Loaded on use, because pydantic is slow to import and most commands need none of it.
def __getattr__(name: str) -> Any:
    if name != "Duration":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pointsman.config import scalars

    return scalars.Duration
