"""What decides: one configuration's catalogue and chain, swapped as a whole on reload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pointsman.chain.gates import LoadedGate
from pointsman.chain.loading import Chain
from pointsman.chain.plugin import HONOURABLE
from pointsman.engine.budgets import Budgets
from pointsman.engine.retries import Retries
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.budget import Budget
from pointsman.model.catalogue import Catalogue, Model
from pointsman.model.decision import PolicyKind
from pointsman.model.request import Hints, ModelOverride, Request
from pointsman.nearest import nearest


@dataclass(frozen=True, slots=True)
class Compliance:
    """Whose requests only deterministic policies may decide: `everyone`'s, or those of `tenants`."""

    everyone: bool = False
    tenants: frozenset[str] = frozenset()

    def covers(self, tenant: str) -> bool:
        return self.everyone or tenant in self.tenants


NO_COMPLIANCE = Compliance()
NO_RETRIES = Retries(again=0)


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds: for a connection, to a stream's first content, and between two pieces of it, in either direction."""

    connect: float = 5.0
    first_content: float = 120.0
    between_chunks: float = 30.0


Tariff = tuple[str, int, int, int, int, int]
"""A model as every estimate needs it: its id, `max_output` and `context`, and of its price `input`, `output` and
`per_request`. A tuple, since it is looked at for every enabled model by every request."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`chain` decides; `shadowed` is the same with the shadow entries, None where there are none.

    `targets` are the enabled models; `levels` gives every model's tier as a number, 0 for the cheapest. `max_attempts`
    bounds the stages of the default plan. `strict_tags`: an unknown tag fails the request. `undetermined` are the ids
    of entries that may not decide where `compliance` holds. `blocked_elsewhere`: a prompt that one provider's content
    policy blocks is tried at the others. `heeds_health`: an entry of kind health is in the chain. `disabled_providers`,
    sorted, are those without a key; `packages` the distributions that the policies come from. `budgets` says which
    accounts a request counts towards.
    """

    version: str
    catalogue: Catalogue
    chain: Chain
    shadowed: Chain | None
    honours: frozenset[str]
    targets: tuple[Model, ...]
    target_ids: tuple[str, ...]
    levels: Mapping[str, int]
    tariffs: tuple[Tariff, ...]
    max_attempts: int = 4
    strict_tags: bool = False
    compliance: Compliance = NO_COMPLIANCE
    undetermined: frozenset[str] = frozenset()
    heeds_health: bool = False
    timers: Timers = Timers()
    gates: Mapping[str, LoadedGate] = field(default_factory=dict)
    retries: Retries = NO_RETRIES
    blocked_elsewhere: bool = True
    disabled_providers: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    budgets: Budgets = field(default_factory=Budgets)

    @classmethod
    def of(
        cls,
        version: str,
        catalogue: Catalogue,
        chain: Chain,
        *,
        max_attempts: int = 4,
        strict_tags: bool = False,
        compliance: Compliance = NO_COMPLIANCE,
        timers: Timers = Timers(),
        gates: Mapping[str, LoadedGate] | None = None,
        retries: Retries = NO_RETRIES,
        blocked_elsewhere: bool = True,
        packages: tuple[str, ...] = (),
        budgets: Iterable[Budget] = (),
    ) -> Rules:
        """The rules of a loaded chain, shadow entries set apart."""
        live = chain.live()
        targets = tuple(model for model in catalogue.models.values() if model.enabled)
        enabled = {model.provider for model in targets}
        return cls(
            version=version,
            catalogue=catalogue,
            chain=live,
            shadowed=chain if len(live.entries) < len(chain.entries) else None,
            honours=live.honours(),
            targets=targets,
            target_ids=tuple(model.id for model in targets),
            tariffs=tuple(map(tariff_of, targets)),
            levels={model.id: catalogue.tiers.index(model.tier) for model in catalogue.models.values()},
            max_attempts=max_attempts,
            strict_tags=strict_tags,
            compliance=compliance,
            undetermined=frozenset(entry.id for entry in chain.entries if not entry.plugin.deterministic),
            heeds_health=any(entry.plugin.kind is PolicyKind.HEALTH for entry in live.entries),
            timers=timers,
            gates=gates or {},
            retries=retries,
            blocked_elsewhere=blocked_elsewhere,
            disabled_providers=tuple(sorted(catalogue.providers() - enabled)),
            packages=packages,
            budgets=Budgets(budgets, catalogue),
        )

    def unheard(self, tenant: str) -> frozenset[str]:
        """The entries that may not decide on a request of this tenant."""
        return self.undetermined if self.compliance.covers(tenant) else frozenset()

    def check(self, request: Request) -> None:
        """RequestError for names that this configuration does not know and hints that nobody would honour."""
        hints = request.hints
        if hints == _NO_HINTS:
            return
        self._check_honoured(hints)
        tasks, tags = self.catalogue.tasks, self.catalogue.tags
        if hints.task and hints.task not in tasks:
            raise _unknown(Reason.UNKNOWN_TASK, "hints.task", "task", hints.task, tasks)
        for i, tag in enumerate(hints.tags):
            if self.strict_tags and tag not in tags and tag not in tasks:
                raise _unknown(Reason.UNKNOWN_TAG, f"hints.tags[{i}]", "tag", tag, [*tags, *tasks])
        self._check_models(hints)

    def _check_honoured(self, hints: Hints) -> None:
        wanted = {name for name in HONOURABLE if getattr(hints, name) not in (None, "", ())}
        if missing := sorted(wanted - self.honours):
            raise RequestError(
                Reason.FEATURE_DISABLED,
                f"hints.{missing[0]} is set, but no entry of this server's chain honours it",
                metadata={"hints": ",".join(missing)},
            )

    def _check_models(self, hints: Hints) -> None:
        providers = self.catalogue.providers()
        override = hints.model_override
        if override and override.model:
            self._check_model(override)
        wanted = (override.provider,) if override and override.provider else ()
        for provider in (*wanted, *hints.exclude_providers):
            if provider not in providers:
                raise not_found(Reason.UNKNOWN_PROVIDER, "provider", provider, providers)

    def _check_model(self, override: ModelOverride) -> None:
        model = self.catalogue.find(override.model)
        if model is None:
            known = [*self.catalogue.models, *self.catalogue.aliases]
            raise not_found(Reason.UNKNOWN_MODEL, "model", override.model, known)
        if override.provider not in ("", model.provider):
            found = (
                f"{override.model!r} is at {model.provider!r}, not at {override.provider[:64]!r}; leave one of them out"
            )
            raise InvalidRequest([("hints.model_override.provider", found)])


def tariff_of(model: Model) -> Tariff:
    price = model.price
    return model.id, model.max_output, model.context, price.input, price.output, price.per_request


_NO_HINTS = Hints()


def _unknown(reason: Reason, field: str, what: str, value: str, known: Iterable[str]) -> InvalidRequest:
    return InvalidRequest([(field, f"no {what} {value[:64]!r} is configured{nearest(value, known)}")], reason)


def not_found(
    reason: Reason, what: str, value: str, known: Iterable[str], where: str = "is configured"
) -> RequestError:
    """The error of a name that is none of those `known`."""
    message = f"no {what} {value[:64]!r} {where}{nearest(value, known)}"
    return RequestError(reason, message, metadata={what: value[:64]})
