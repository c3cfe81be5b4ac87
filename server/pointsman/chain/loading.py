"""Entries → a chain of checked hook implementations, in the configured order.

pluggy declares, validates and discovers; it never calls: it has no coroutines, does not say who answered, and lets any
package's `tryfirst` beat the configured order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import pluggy
from msgspec.structs import replace

from pointsman import hookspecs
from pointsman.chain.entry import Entry
from pointsman.chain.plugin import PolicySetup
from pointsman.errors import PluginRefused
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import PolicyKind, Verdict, VerdictOutcome


@dataclass(frozen=True, slots=True)
class Hook:
    """One entry's implementation of one hook; `call` takes the spec's arguments by position.

    `takes_last` says whether it looks at the last of them: where that is the target and it does not, one answer serves
    for all. `takes` are the positions of all that it looks at; None: every one. `silence` is the verdict of having no
    opinion: most policies have none of most requests.
    """

    entry: Entry
    name: str
    call: Callable[..., Any]
    takes_last: bool = True
    takes: tuple[int, ...] | None = None
    id: str = field(init=False)
    reads_text: bool = field(init=False)
    names_only_tasks: bool = field(init=False)
    silence: Verdict = field(init=False)

    def __post_init__(self) -> None:
        said = Verdict(self.entry.id, self.entry.plugin.kind, self.name, VerdictOutcome.NO_OPINION, "")
        object.__setattr__(self, "silence", replace(said, dry_run=self.entry.shadow))
        object.__setattr__(self, "id", self.entry.id)
        object.__setattr__(self, "reads_text", self.entry.plugin.reads_text)
        object.__setattr__(self, "names_only_tasks", self.entry.plugin.names_only_tasks)


@dataclass(frozen=True, slots=True)
class Chain:
    """Implementations by hook, each in chain order. `instances` are what the factories made."""

    entries: tuple[Entry, ...]
    instances: tuple[object, ...]
    gather: tuple[Hook, ...]
    assess: tuple[Hook, ...]
    shape: tuple[Hook, ...]
    exclude: tuple[Hook, ...]
    choose: tuple[Hook, ...]
    plan: tuple[Hook, ...]
    admit: tuple[Hook, ...]
    settle: tuple[Hook, ...]
    observe: tuple[Hook, ...]

    def honours(self) -> frozenset[str]:
        """The hints that some live entry obeys."""
        return frozenset().union(*(e.plugin.honours for e in self.entries if not e.shadow))

    def kind_of(self, entry: str) -> PolicyKind:
        """What sort of policy the entry of this id is."""
        for configured in self.entries:
            if configured.id == entry:
                return configured.plugin.kind
        raise KeyError(entry)

    def live(self) -> Chain:
        """Without the shadow entries."""
        if not any(entry.shadow for entry in self.entries):
            return self
        return _assemble([(e, i) for e, i in zip(self.entries, self.instances, strict=True) if not e.shadow])


_HOOKS = {
    "gather": "pointsman_gather_signal",
    "assess": "pointsman_assess_request",
    "shape": "pointsman_shape_request",
    "exclude": "pointsman_exclude_targets",
    "choose": "pointsman_choose_targets",
    "plan": "pointsman_plan_attempts",
    "admit": "pointsman_admit_attempt",
    "settle": "pointsman_settle_attempt",
    "observe": "pointsman_observe",
}


def build_chain(entries: Sequence[Entry], catalogue: Catalogue) -> tuple[Chain, tuple[PluginRefused, ...]]:
    """Make an instance per entry and check it; the refusals are of entries marked optional, others are raised."""
    built: list[tuple[Entry, object]] = []
    refused: list[PluginRefused] = []
    for entry in entries:
        try:
            instance = _construct(entry, catalogue)
            _check_own(entry, instance, built)
            _assemble([(entry, instance)])
        except PluginRefused as refusal:
            if not entry.optional:
                raise
            refused.append(refusal)
        else:
            built.append((entry, instance))
    return _assemble(built), tuple(refused)


def implemented(entry: Entry) -> tuple[str, ...] | None:
    """The hooks of a policy whose factory is a class, in the order of a request, without making an instance.

    None where its factory is a function: only an instance would show them. PluginRefused as `build_chain` raises it.
    """
    if not isinstance(entry.plugin.factory, type):
        return None
    chain = _assemble([(entry, entry.plugin.factory)])
    return tuple(hook.name for phase in _HOOKS for hook in getattr(chain, phase))


def _construct(entry: Entry, catalogue: Catalogue) -> object:
    try:
        return entry.plugin.factory(entry.options, PolicySetup(entry.id, catalogue))
    # A factory is the plugin's own code: whatever it raises must name it and stop nothing else.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginRefused(entry.id, f"its factory raised {type(error).__name__}: {error}") from error


def _check_own(entry: Entry, instance: object, built: Iterable[tuple[Entry, object]]) -> None:
    # Equal ones are refused as well: pluggy knows its plugins by equality.
    if twin := next((other.id for other, made in built if made == instance), None):
        why = f"its factory returned the instance of entry {twin!r}, or one that equals it; entries share no state"
        raise PluginRefused(entry.id, why)


def _assemble(built: Iterable[tuple[Entry, object]]) -> Chain:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    pairs = tuple(built)
    for entry, instance in pairs:
        _register(manager, entry, instance)
    hooks = {field: _implementations(manager, name, pairs) for field, name in _HOOKS.items()}
    return Chain(entries=tuple(e for e, _ in pairs), instances=tuple(i for _, i in pairs), **hooks)


def _register(manager: pluggy.PluginManager, entry: Entry, instance: object) -> None:
    unmarked = [
        name
        for name in dir(instance if isinstance(instance, type) else type(instance))
        if name.startswith("pointsman_") and not hasattr(getattr(instance, name), "pointsman_impl")
    ]
    if unmarked:
        raise PluginRefused(entry.id, f"{unmarked[0]} is not marked with @hookimpl, so it would never be called")
    try:
        manager.register(instance, name=entry.id)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginRefused(entry.id, str(error).replace("\n", " ")) from error
    if not manager.get_hookcallers(instance):
        raise PluginRefused(entry.id, f"it implements no hook; its factory returned a {type(instance).__name__}")


def _implementations(
    manager: pluggy.PluginManager, name: str, pairs: Sequence[tuple[Entry, object]]
) -> tuple[Hook, ...]:
    found = {impl.plugin_name: impl for impl in getattr(manager.hook, name).get_hookimpls()}
    return tuple(_hook(name, entry, found[entry.id]) for entry, _ in pairs if entry.id in found)


def _hook(name: str, entry: Entry, impl: pluggy.HookImpl) -> Hook:
    for option in ("tryfirst", "trylast", "wrapper", "hookwrapper", "optionalhook"):
        if getattr(impl, option):
            raise PluginRefused(entry.id, f"{name} is marked {option}; the order is the configuration's alone")
    spec = getattr(hookspecs, name)
    if inspect.iscoroutinefunction(impl.function) is not inspect.iscoroutinefunction(spec):
        kind = "a coroutine" if inspect.iscoroutinefunction(spec) else "a plain function"
        raise PluginRefused(entry.id, f"{name} must be {kind}")
    parameters = tuple(inspect.signature(spec).parameters)
    call = _positional(impl, parameters)
    takes = tuple(parameters.index(name) for name in impl.argnames)
    return Hook(entry, name.removeprefix("pointsman_"), call, takes_last=parameters[-1] in impl.argnames, takes=takes)


def _positional(impl: pluggy.HookImpl, parameters: tuple[str, ...]) -> Callable[..., Any]:
    """Implementations may leave arguments out; the chain always passes all of them, by position."""
    if impl.argnames == parameters:
        return impl.function
    function, wanted = impl.function, tuple(parameters.index(name) for name in impl.argnames)
    if len(wanted) == 1:
        only = wanted[0]
        return lambda *arguments: function(arguments[only])
    if not wanted:
        return lambda *_: function()
    pick = itemgetter(*wanted)
    return lambda *arguments: function(*pick(arguments))
