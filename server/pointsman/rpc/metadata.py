"""Metadata, in and out: what load balancers and logs want to know before they parse anything."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.engine.exchange import Routed
from pointsman.v1 import routing_pb2

AUTHORIZATION = "authorization"
DECISION_ID = "x-pointsman-decision-id"
SESSION_ID = "x-pointsman-session-id"
REPLAYED = "x-pointsman-replayed"


def read_metadata(metadata: Iterable[tuple[str, str | bytes]] | None) -> tuple[str, str]:
    """The `authorization` and the session that incoming metadata names, "" for none; the first counts."""
    authorization = session = ""
    for key, value in metadata or ():
        if key == AUTHORIZATION and not authorization and isinstance(value, str):
            authorization = value
        elif key == SESSION_ID and not session and isinstance(value, str):
            session = value
    return authorization, session


def replay_metadata(decision: routing_pb2.Decision) -> tuple[tuple[str, str], ...]:
    """The same for an answer that was given before, and that it is one."""
    return (
        (DECISION_ID, decision.decision_id),
        ("x-pointsman-model", decision.model),
        ("x-pointsman-provider", decision.provider),
        ("x-pointsman-config-version", decision.config_version),
        (REPLAYED, "true"),
    )


def routing_metadata(routed: Routed) -> tuple[tuple[str, str], ...]:
    """Who decided what for whom. Leading in a stream; in the trailers of a unary call, where both arrive together and a
    leading batch of its own would cost a third of a bare call.
    """
    decision = routed.decision
    return (
        (DECISION_ID, routed.decision_id),
        ("x-pointsman-model", decision.target),
        ("x-pointsman-provider", routed.rules.catalogue.models[decision.target].provider),
        ("x-pointsman-config-version", decision.config_version),
    )
