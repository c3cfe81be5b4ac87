"""What a package of policies or gates registers, and what its factories are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pointsman.gatespec import Gate
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import PolicyKind

GROUP = "pointsman.policies"
"""Entry-point group; the entry point's name is the `use:` name of the configuration."""

GATES = "pointsman.gates"
"""The same for gates."""

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
    """What a factory is given beside its options: the id of its entry, and the catalogue it will route over."""

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
    gates: frozenset[str] | None = None


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
    names_only_tasks: bool = False


def register(
    factory: Callable[[Any, PolicySetup], object],
    *,
    config: type | None = None,
    kind: PolicyKind = PolicyKind.PLUGIN,
    deterministic: bool = False,
    honours: Iterable[str] = (),
    reads_text: bool = True,
    reads_only_text: bool = False,
    names_only_tasks: bool = False,
) -> PolicyPlugin:
    """Register a policy: the entry point of group `pointsman.policies` names what this returns.

    `config` is a pydantic model for the entry's `with:`; None takes no options and the factory gets None. `honours`
    names the request hints that this policy obeys. `deterministic`: the same request and snapshot always get the same
    answer, by rules that can be read; in compliance mode only such policies decide.

    `reads_text` False: its answers to pure hooks would be the same if all texts of the request were blank, since it
    looks at hints, facts and shapes alone. Others cannot be asked again once the text is gone, so that their answers
    are recorded. `reads_only_text`: they depend on the text and nothing else of the request or the snapshot, and a
    recorded one holds whatever hint is changed.

    `names_only_tasks`: it assesses requests to name their task, never a mode, so that it need not be asked where an
    entry before it named one.

        POINTSMAN_API = 1
        plugin = register(Greeting, config=GreetingConfig, kind=PolicyKind.RULE, deterministic=True)
    """
    hints = frozenset(honours)
    if unknown := hints - HONOURABLE:
        raise ValueError(f"honours={sorted(unknown)}: a policy can honour only {sorted(HONOURABLE)}")
    if reads_only_text and not reads_text:
        raise ValueError("reads_only_text=True with reads_text=False: a policy cannot read only what it does not read")
    return PolicyPlugin(
        factory, config, PolicyKind(kind), deterministic, hints, reads_text, reads_only_text, names_only_tasks
    )


WANTABLE = frozenset({"logprobs"})
"""What a gate may want of answers that providers give only where they are asked: `Ending.mean_logprob`."""


@dataclass(frozen=True, slots=True)
class GatePlugin:
    """A registered gate. `factory(options, setup)` makes one instance for each gate of a configuration."""

    # As above: options differ per gate.
    factory: Callable[[Any, PolicySetup], Gate]
    config: type | None
    wants: frozenset[str] = frozenset()


def register_gate(
    factory: Callable[[Any, PolicySetup], Gate], *, config: type | None = None, wants: Iterable[str] = ()
) -> GatePlugin:
    """Register a gate: the entry point of group `pointsman.gates` names what this returns.

    `config` is a pydantic model for the gate's `with:`; None takes no options and the factory gets None. `wants` is
    what providers are to be asked for in its stages: "logprobs", so that answers carry `Ending.mean_logprob`.

        POINTSMAN_API = 1
        plugin = register_gate(lambda options, setup: Length(options.least), config=LengthOptions)
    """
    asked = frozenset(wants)
    if unknown := asked - WANTABLE:
        raise ValueError(f"wants={sorted(unknown)}: a gate can want only {sorted(WANTABLE)}")
    return GatePlugin(factory, config, asked)
