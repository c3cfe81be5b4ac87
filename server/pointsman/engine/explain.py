"""Explain: a past decision from the ledger, with the models that it was made among."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from pointsman.engine.failure import RETRY_DELAY
from pointsman.engine.rules import Rules
from pointsman.errors import ConfigInvalid, LedgerUnavailable, Reason, RequestError
from pointsman.model.catalogue import Catalogue, Model, Price
from pointsman.model.decision import Decision
from pointsman.model.feedback import Feedback
from pointsman.model.record import Record
from pointsman.ports import Ledger

ReadCatalogue = Callable[[str], Awaitable[Catalogue]]
"""The models of a configuration document; ConfigInvalid."""


class Explained(Struct, frozen=True):
    """`models` has every model that the record names.

    `partial`: the configuration that decided can no longer be read, so that of models which were not tried little more
    than the id is known. `feedback` is what was said of it since.
    """

    record: Record
    models: Mapping[str, Model]
    partial: bool
    feedback: tuple[Feedback, ...] = ()


class Explainer:
    """Reads the ledger; a configuration other than the active one is read from there too."""

    def __init__(self, active: Callable[[], Rules], ledger: Ledger, read_catalogue: ReadCatalogue) -> None:
        self._active, self._ledger, self._read_catalogue = active, ledger, read_catalogue

    async def explain(self, decision_id: str, tenant: str | None = None) -> Explained:
        """Whosever, or `tenant`'s only.

        RequestError UNKNOWN_DECISION, LEDGER_UNAVAILABLE, or PERMISSION_DENIED: for whatever is not the tenant's own,
        so that nobody learns what others have.
        """
        try:
            recorded = await self._ledger.find(decision_id)
            if tenant is not None and (recorded is None or recorded.record.request.tenant != tenant):
                raise RequestError(
                    Reason.PERMISSION_DENIED, f"decision {decision_id[:64]!r} is none of tenant {tenant!r}"
                )
            if recorded is None:
                raise RequestError(
                    Reason.UNKNOWN_DECISION,
                    f"no decision {decision_id[:64]!r} is recorded",
                    metadata={"decision": decision_id[:64]},
                )
            catalogue = await self._catalogue(recorded.record.snapshot.config_version)
            feedback = tuple(await self._ledger.feedback(decision_id))
        except LedgerUnavailable:
            raise RequestError(
                Reason.LEDGER_UNAVAILABLE, "the ledger cannot be read", retry_delay=RETRY_DELAY
            ) from None
        record = recorded.record
        known: Mapping[str, Model] = catalogue.models if catalogue else {}
        stand_ins = {model.id: model for model in _stand_ins(record)}
        return Explained(record, {**stand_ins, **known}, not stand_ins.keys() <= known.keys(), feedback)

    async def _catalogue(self, version: str) -> Catalogue | None:
        active = self._active()
        if version == active.version:
            return active.catalogue
        document = await self._ledger.find_config(version)
        if document is None:
            return None
        try:
            return await self._read_catalogue(document)
        except ConfigInvalid:
            return None


def _stand_ins(record: Record) -> list[Model]:
    """What the record itself says of each model that it names."""
    decided = record.decision
    if decided is None:
        return []
    named: dict[str, None] = dict.fromkeys(candidate.target for candidate in decided.excluded)
    upstreams = {attempt.target: (attempt.provider, attempt.upstream) for attempt in record.attempts}
    tiers: dict[str, str] = {}
    if isinstance(decided, Decision):
        named |= dict.fromkeys(candidate.target for candidate in decided.ranking)
        upstreams.setdefault(decided.target, (record.provider, ""))
        tiers[decided.target] = record.tier
    return [_stand_in(target, *upstreams.get(target, ("", "")), tiers.get(target, "")) for target in named]


def _stand_in(target: str, provider: str, upstream: str, tier: str) -> Model:
    return Model(id=target, provider=provider, upstream=upstream, tier=tier, context=0, price=Price(0, 0))
