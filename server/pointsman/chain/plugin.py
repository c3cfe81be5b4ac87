"""What a policy package registers, and what its factory is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import PolicyKind

GROUP = "pointsman.policies"
"""Entry-point group; the entry point's name is the `use:` name of the configuration."""

HONOURABLE = frozenset(
    {
        "task",
        "tags",
        "model_override",
        "max_cost_nano_usd",
        "exclude_providers",
        "allowed_regions",
        "input_tokens",
        "session_id",
    }
)
"""Hints that a policy must honour: set by a caller while no entry does, the request is refused, never half obeyed."""


@dataclass(frozen=True, slots=True)
class PolicySetup:
    """What a factory is given beside its options: the id of the chain entry, and the catalogue it will route over."""

    entry: str
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Names:
    """What the configuration names; validators of a policy's `config` find it in pydantic's `info.context`.

    `models` holds ids and aliases. None: that section cannot be read, so nothing should be checked against it. Options
    that are validated outside of a configuration have no context at all.
    """

    models: frozenset[str] | None
    tiers: frozenset[str] | None
    tasks: frozenset[str] | None
    providers: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class PolicyPlugin:
    """A registered policy. `factory(options, setup)` makes one instance per chain entry and configuration."""

    # The options type differs per policy; `config` validates them before the factory sees them.
    factory: Callable[[Any, PolicySetup], object]
    config: type | None
    kind: PolicyKind
    deterministic: bool
    honours: frozenset[str]
    reads_text: bool = True
    reads_only_text: bool = False


def register(
    factory: Callable[[Any, PolicySetup], object],
    *,
    config: type | None = None,
    kind: PolicyKind = PolicyKind.PLUGIN,
    deterministic: bool = False,
    honours: Iterable[str] = (),
    reads_text: bool = True,
    reads_only_text: bool = False,
) -> PolicyPlugin:
    """Register a policy: the entry point of group `pointsman.policies` names what this returns.

    `config` is a pydantic model for the entry's `with:`; None takes no options and the factory gets None. `honours`
    names the request hints that this policy obeys. `deterministic`: the same request and snapshot always get the same
    answer, by rules that can be read; in compliance mode only such policies decide.

    `reads_text` False: its answers to pure hooks would be the same if all texts of the request were blank, since it
    looks at hints, facts and shapes alone. Others cannot be asked again once the text is gone, so that their answers
    are recorded. `reads_only_text`: they depend on the text and nothing else of the request or the snapshot, and a
    recorded one holds whatever hint is changed.

        POINTSMAN_API = 1
        plugin = register(Greeting, config=GreetingConfig, kind=PolicyKind.RULE, deterministic=True)
    """
    hints = frozenset(honours)
    if unknown := hints - HONOURABLE:
        raise ValueError(f"honours={sorted(unknown)}: a policy can honour only {sorted(HONOURABLE)}")
    if reads_only_text and not reads_text:
        raise ValueError("reads_only_text=True with reads_text=False: a policy cannot read only what it does not read")
    return PolicyPlugin(factory, config, PolicyKind(kind), deterministic, hints, reads_text, reads_only_text)
