"""Hints from the wire. A restriction that we cannot read is refused: dropping it would route where it forbids."""

from __future__ import annotations

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from pointsman.doors.checks import check_labels, check_names
from pointsman.doors.limits import NAME_BYTES, PROVIDERS, REGIONS, SESSION_BYTES, TAGS
from pointsman.doors.violations import Violations
from pointsman.model.request import Hints, Mode, ModelOverride
from pointsman.v1 import routing_pb2

_MODES = {
    routing_pb2.MODE_UNSPECIFIED: None,
    routing_pb2.MODE_ECO: Mode.ECO,
    routing_pb2.MODE_BALANCED: Mode.BALANCED,
    routing_pb2.MODE_SPORT: Mode.SPORT,
}


def hints_from_wire(wire: routing_pb2.RoutingHints, found: Violations) -> Hints:
    """The hints; the tenant is the door's business and not in here."""
    _refuse_unknown("hints", wire, found)
    if wire.mode not in _MODES:
        found.add("hints.mode", f"{wire.mode} is not a mode we know")
    if wire.task:
        found.check_bytes("hints.task", wire.task, NAME_BYTES)
    found.check_bytes("hints.session_id", wire.session_id, SESSION_BYTES)
    max_cost = wire.max_cost_nano_usd if wire.HasField("max_cost_nano_usd") else None
    if max_cost is not None and max_cost < 0:
        found.add("hints.max_cost_nano_usd", f"is {max_cost}, and must not be negative")
    tokens = wire.input_tokens if wire.HasField("input_tokens") else None
    if tokens is not None and tokens < 0:
        found.add("hints.input_tokens", f"is {tokens}, and must not be negative; unset: we estimate")
    return Hints(
        task=wire.task,
        tags=check_names("hints.tags", wire.tags, TAGS, found),
        mode=_MODES.get(wire.mode),
        model_override=_override(wire.model_override, found) if wire.HasField("model_override") else None,
        max_cost_nano_usd=max_cost,
        input_tokens=tokens,
        labels=check_labels("hints.labels", wire.labels, found) if wire.labels else {},
        exclude_providers=check_names("hints.exclude_providers", wire.exclude_providers, PROVIDERS, found),
        allowed_regions=check_names("hints.allowed_regions", wire.allowed_regions, REGIONS, found),
        session_id=wire.session_id,
        allow_hedging=wire.allow_hedging if wire.HasField("allow_hedging") else None,
        allow_cascade=wire.allow_cascade if wire.HasField("allow_cascade") else None,
    )


def _refuse_unknown(field: str, wire: Message, found: Violations) -> None:
    unknown = UnknownFieldSet(wire)
    if len(unknown):
        numbers = {unknown[index].field_number for index in range(min(len(unknown), 10))}
        shown = ", ".join(map(str, sorted(numbers)))
        found.add(field, f"has fields that this server does not know (number {shown}); it may be older than the client")


def _override(wire: routing_pb2.ModelOverride, found: Violations) -> ModelOverride | None:
    _refuse_unknown("hints.model_override", wire, found)
    found.check_bytes("hints.model_override.model", wire.model, NAME_BYTES)
    found.check_bytes("hints.model_override.provider", wire.provider, NAME_BYTES)
    if wire.model or wire.provider:
        return ModelOverride(wire.model, wire.provider, wire.strict)
    if wire.strict:
        found.add("hints.model_override", "is strict, and names neither a model nor a provider")
    return None
