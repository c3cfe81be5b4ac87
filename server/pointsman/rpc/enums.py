"""Our closed sets as the numbers that the wire gives them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar, cast

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from pointsman.model.answer import FinishReason
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.balance import BudgetAction, BudgetUnit
from pointsman.model.decision import PolicyKind, VerdictOutcome
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Mode
from pointsman.model.snapshot import HealthState
from pointsman.rpc.status import TABLE
from pointsman.v1 import admin_service_pb2, errors_pb2, router_service_pb2, routing_pb2

Member = TypeVar("Member", bound=StrEnum)
Number = TypeVar("Number", bound=int)


def _numbers(members: type[Member], wire: type[Number], prefix: str) -> Mapping[Member, Number]:
    """Each member's number by its name: a member that the contract does not have fails at import."""
    # The stubs declare a class where there is a wrapper at run time.
    values = cast(EnumTypeWrapper, wire)
    return {member: cast(Number, values.Value(prefix + member.name)) for member in members}


MODES = _numbers(Mode, routing_pb2.Mode, "MODE_")
POLICY_KINDS = _numbers(PolicyKind, routing_pb2.PolicyKind, "POLICY_KIND_")
VERDICT_OUTCOMES = _numbers(VerdictOutcome, routing_pb2.VerdictOutcome, "VERDICT_OUTCOME_")
ATTEMPT_KINDS = _numbers(AttemptKind, routing_pb2.AttemptKind, "ATTEMPT_KIND_")
ATTEMPT_OUTCOMES = _numbers(AttemptOutcome, routing_pb2.AttemptOutcome, "ATTEMPT_OUTCOME_")
HEALTH_STATES = _numbers(HealthState, admin_service_pb2.HealthState, "HEALTH_STATE_")
BUDGET_UNITS = _numbers(BudgetUnit, admin_service_pb2.BudgetUnit, "BUDGET_UNIT_")
BUDGET_ACTIONS = _numbers(BudgetAction, admin_service_pb2.BudgetAction, "BUDGET_ACTION_")
FINISH_REASONS = _numbers(FinishReason, router_service_pb2.FinishReason, "FINISH_REASON_")
# By name, because attempts and refusals carry names.
REASONS: Mapping[str, errors_pb2.ErrorReason] = {
    reason.value: cast(errors_pb2.ErrorReason, errors_pb2.ErrorReason.Value(f"ERROR_REASON_{reason.value}"))
    for reason in TABLE
}
