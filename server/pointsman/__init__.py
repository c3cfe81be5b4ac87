"""Pointsman, an LLM router. What is exported here is the API for policy packages; all else may change."""

from typing import TYPE_CHECKING, Any

from pointsman.chain.plugin import GatePlugin, Names, PolicyPlugin, PolicySetup, register, register_gate
from pointsman.errors import AskFailed, PointsmanError, SecretMissing
from pointsman.gatespec import Gate
from pointsman.hookspecs import API_VERSION, hookimpl
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.balance import Balance, BudgetAction, BudgetStep, BudgetUnit, RateLimit
from pointsman.model.catalogue import Adaptation, Catalogue, Model, Price, PriceStep, Select, Task
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
from pointsman.model.events import AttemptEnded, AttemptSkipped, Decided, Event, GateJudged, RequestEnded
from pointsman.model.gate import Accepted, GatedAnswer, Rejected
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
from pointsman.nearest import nearest as did_you_mean
from pointsman.services import Ask, Denial, Lease, Services, Store

if TYPE_CHECKING:
    from pointsman.config.scalars import BaseUrl, Duration, SecretReference, Share
    from pointsman.config.secrets import read_secret

__all__ = [
    "API_VERSION",
    "Accepted",
    "Adaptation",
    "Answer",
    "Ask",
    "AskFailed",
    "Assessed",
    "Assessment",
    "Attempt",
    "AttemptEnded",
    "AttemptKind",
    "AttemptOutcome",
    "AttemptSkipped",
    "Balance",
    "BaseUrl",
    "BudgetAction",
    "BudgetStep",
    "BudgetUnit",
    "CacheHint",
    "Catalogue",
    "Cause",
    "Choice",
    "Decided",
    "Decision",
    "Denial",
    "Duration",
    "Ending",
    "Estimate",
    "Event",
    "Exclusion",
    "Facts",
    "FinishReason",
    "Gate",
    "GateJudged",
    "GatePlugin",
    "GatedAnswer",
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
    "PriceStep",
    "ProviderState",
    "RateLimit",
    "Reasoning",
    "Record",
    "Refusal",
    "Rejected",
    "Request",
    "RequestEnded",
    "ResponseFormat",
    "Role",
    "SecretMissing",
    "SecretReference",
    "Select",
    "Services",
    "Shape",
    "Shaped",
    "Share",
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
    "did_you_mean",
    "hookimpl",
    "measure",
    "read_secret",
    "register",
    "register_gate",
]


# Any: what a module holds. Loaded on use, because pydantic is slow to import and most commands need none of it.
def __getattr__(name: str) -> Any:
    if name == "read_secret":
        from pointsman.config import secrets

        return secrets.read_secret
    if name not in {"BaseUrl", "Duration", "SecretReference", "Share"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pointsman.config import scalars

    return getattr(scalars, name)
