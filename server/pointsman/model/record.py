"""The record of one request: what was asked, what the world looked like, what was decided and what came of it."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.answer import FinishReason
from pointsman.model.attempt import Attempt, Cost
from pointsman.model.decision import Decision, Refusal
from pointsman.model.opinion import Opinion
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot


class Record(Struct, frozen=True, kw_only=True):
    """One row per request and one per attempt are made of this.

    `received` is Unix seconds, `duration` and `ttft` (None: no token came) seconds from then. `status` is "OK" or a
    `Reason` name. `policy_micros` are microseconds per chain entry, timed from outside. `decision` is None where the
    request failed before anything was decided. `shadow` is what the shadow entries would have decided. `tier` and
    `provider` are those of the decided target, "" where nothing was decided. `opinions` are the answers of the entries
    that read the prompt, `packages` the distributions that the policies come from, such as "pointsman 0.1.0".
    """

    decision_id: str
    method: str
    received: float
    request: Request
    snapshot: Snapshot
    decision: Decision | Refusal | None
    shadow: Decision | Refusal | None = None
    tier: str = ""
    provider: str = ""
    attempts: tuple[Attempt, ...] = ()
    cost: Cost = Cost()
    status: str = "OK"
    message: str = ""
    finish: FinishReason | None = None
    ttft: float | None = None
    duration: float = 0.0
    policy_micros: dict[str, float] = {}
    opinions: tuple[Opinion, ...] = ()
    packages: tuple[str, ...] = ()


class Recorded(Struct, frozen=True):
    """A record read back. `prompt_hash`: BLAKE2b, 32 bytes, of the messages.

    With `text_kept` the request is whole and no opinions were needed; without, all its texts are blank.
    """

    record: Record
    prompt_hash: str
    text_kept: bool
