"""What there is to choose from: models with their prices, tiers, task rows and tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from pointsman.model.request import Mode


class Price(Struct, frozen=True):
    """Nano-USD per million tokens, so that 0.0375 USD per million is an integer; `per_request` nano-USD.

    None: charged like ordinary input.
    """

    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    per_request: int = 0


class Model(Struct, frozen=True, kw_only=True):
    """A target: one model at one provider. `context` and `max_output` are tokens; 0: no output limit of its own.

    `min_output_tokens` is what it needs to answer at all where it reasons. Models of one `base_model` are the same
    weights at different providers; "": no other is. `api` is which of its provider's it is asked by, chat_completions
    or responses; "": as is known of its name.
    """

    id: str
    provider: str
    upstream: str
    tier: str
    context: int
    price: Price
    max_output: int = 0
    capabilities: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    enabled: bool = True
    system_prompt: str = ""
    min_output_tokens: int | None = None
    base_model: str = ""
    api: str = ""

    def most_tokens(self, input_tokens: int, asked: int | None) -> int:
        """The most that a call can come to, input and output together; `asked`: its output limit, None for none."""
        return input_tokens + (self.max_output or max(0, self.context - input_tokens) if asked is None else asked)

    def same_as(self, other: Model) -> bool:
        """Whether both are deployments of the same weights."""
        return self.id == other.id or (self.base_model != "" and self.base_model == other.base_model)


class Select(StrEnum):
    """How to order the models of one row."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    PRIORITY = "priority"
    WEIGHTED = "weighted"


class Task(Struct, frozen=True, kw_only=True):
    """A task row: everything about one job.

    `route` gives per mode the model ids to choose from, in the order written. Caps and floors are output tokens.
    `weights` by model id are for `select: weighted`; a model that is not in it weighs 1. `doc` says what the job is
    for, `waiver` why a high `blast_radius` is accepted although nothing checks the answers. `gates` are the ids of
    those that its answers must pass, in order.
    """

    name: str
    route: Mapping[Mode, tuple[str, ...]]
    select: Select = Select.CHEAPEST
    weights: Mapping[str, float] = {}
    output: str = ""
    owner: str = ""
    doc: str = ""
    blast_radius: str = ""
    waiver: str = ""
    gates: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    min_output_tokens: int | None = None
    temperature_cap: float | None = None
    system_prompt: str = ""


class Adaptation(Struct, frozen=True):
    """How calls to one tier are shaped. The cap of output tokens is for tasks without one of their own."""

    max_output_tokens: int | None = None
    temperature_cap: float | None = None
    system_prompt: str = ""


class Catalogue(Struct, frozen=True, kw_only=True):
    """Models by id, tiers cheapest first, task rows by name, tags → task rows, aliases → model ids.

    `adaptations` are by tier, of those that have any.
    """

    models: Mapping[str, Model]
    tiers: tuple[str, ...]
    tasks: Mapping[str, Task]
    default_task: str
    tags: Mapping[str, str] = {}
    aliases: Mapping[str, str] = {}
    default_mode: Mode = Mode.BALANCED
    adaptations: Mapping[str, Adaptation] = {}

    def find(self, name: str) -> Model | None:
        """The model with this id or alias."""
        return self.models.get(self.aliases.get(name, name))

    def without(self, providers: Collection[str]) -> Catalogue:
        """With the models of these providers disabled."""
        if not providers:
            return self
        models = {id: replace(m, enabled=m.enabled and m.provider not in providers) for id, m in self.models.items()}
        return replace(self, models=models)

    def providers(self) -> frozenset[str]:
        return frozenset(model.provider for model in self.models.values())
