"""Response headers: what is known of an answer or a failure without reading its body."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from pointsman.doors.failures import retry_delay
from pointsman.engine.exchange import Completion, Routed
from pointsman.http.api import Api, Told
from pointsman.http.statuses import may_retry
from pointsman.model.catalogue import Model

_NANO = 10**9

DECISION_ID = "X-Pointsman-Decision-Id"
REPLAYED = "X-Pointsman-Replayed"
RETRIES = "x-should-retry"


def of_answer(api: Api, routed: Routed, model: Model) -> dict[str, str]:
    """Who decided, and the model that answers, which is the decision's unless that one failed."""
    return {
        DECISION_ID: routed.decision_id,
        "X-Pointsman-Model": model.id,
        "X-Pointsman-Provider": model.provider,
        "X-Pointsman-Config-Version": routed.decision.config_version,
        api.id_header: routed.decision_id,
    }


def of_whole(api: Api, completion: Completion) -> dict[str, str]:
    """The same of an answer that is complete, with what it cost and how many attempts that took."""
    routed, served = completion.routed, completion.served
    assert routed
    assert served
    headers = of_answer(api, routed, routed.rules.catalogue.models[served.attempt.target])
    headers["X-Pointsman-Cost-Usd"] = dollars(completion.cost.total)
    headers["X-Pointsman-Attempts"] = str(len(completion.attempts))
    return headers


def of_failure(api: Api, told: Told) -> Mapping[str, str]:
    """Which failure, and whether and when to try again; official clients heed `x-should-retry`."""
    headers = {"X-Pointsman-Reason": told.error.reason.value}
    if told.decision_id:
        headers[DECISION_ID] = headers[api.id_header] = told.decision_id
    if may_retry(told.error, told.completion):
        if (delay := retry_delay(told.error)) is not None:
            headers["Retry-After"] = str(ceil(delay))
    else:
        headers[RETRIES] = "false"
    if told.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def dollars(nano: int) -> str:
    """Nano-USD as dollars, exact."""
    whole, rest = divmod(nano, _NANO)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)
