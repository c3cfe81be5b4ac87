"""Replacing the configuration of a running server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pointsman.config.connections import same_connections
from pointsman.config.generation import Generation
from pointsman.config.restart import waiting_for_a_start
from pointsman.config.rules import build_rules
from pointsman.config.settings import Config
from pointsman.engine.failure import RETRY_DELAY
from pointsman.engine.rules import Rules, not_found
from pointsman.errors import ConfigInvalid, LedgerUnavailable, PluginRefused, Problem, Reason, RequestError
from pointsman.heap import tidy
from pointsman.model.activation import ActivatedBy, Activation, Reloaded
from pointsman.ports import Clock, Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")
_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a server's configuration comes from. `load` blocks, and raises ConfigInvalid.

    `known` is what `Files(path).look()` said before it was loaded for the start. `shared`: other workers live by it
    too, and what reaches one of them alone must not change it.
    """

    path: Path
    load: Callable[[Path | str], Config]
    known: bytes = b""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Seams:
    """What a reload needs of the server.

    `open` as `open_generation`. `remember` lets budgets that are new begin with what the ledger says. `adopt` lets the
    requests to come live by a generation, and returns what waits until those that live by the one before it have ended.
    """

    ledger: Ledger
    clock: Clock
    open: Callable[[Config], Awaitable[Generation]]
    remember: Callable[[Rules], Awaitable[None]]
    adopt: Callable[[Generation], Callable[[], Awaitable[object]]]


class Reloader:
    """One reload at a time: 1. load and validate; 2. make and enter the policies, open what providers are new; 3. keep
    it in the ledger, and let its budgets begin with what that says; 4. swap one reference; 5. after the last request
    under the old one, close what is its own.

    Whatever fails before 4 leaves everything as it was. Pins, breakers, budgets and latencies are nobody's own: they
    outlive every configuration. Whoever waits for a reload may be cancelled; the reload goes on.
    """

    def __init__(self, first: Generation, origin: Origin | None, seams: Seams) -> None:
        """`origin` None: the server was not started from a file, and RequestError FEATURE_DISABLED is all it says."""
        self._started, self._current = first.config, first
        self._origin, self._seams = origin, seams
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def config(self) -> Config:
        """The active one."""
        return self._current.config

    @property
    def version(self) -> str:
        """Of the active one."""
        return self._current.config.version

    async def reload(self, by: ActivatedBy, *, dry_run: bool = False, expected: str = "") -> Reloaded:
        """Read the file again. ConfigInvalid, or RequestError: another version than the one `expected` is active, the
        ledger takes nothing, the server stops.
        """
        origin = self._known_origin()
        if origin.shared and by is ActivatedBy.RPC and not dry_run and not self.config.server.watch:
            raise RequestError(
                Reason.FEATURE_DISABLED,
                "one of several workers cannot reload for all of them, and server.watch is off: send SIGHUP to the "
                "process that started them",
            )

        async def work() -> Reloaded:
            self._check_expected(expected)
            return await self._replace(await asyncio.to_thread(origin.load, origin.path), by, dry_run=dry_run)

        return await self._run(work())

    async def rollback(self, version: str = "", *, expected: str = "") -> Reloaded:
        """Activate a configuration that was active before, "": the last one but this. It stays until the file changes,
        a reload is asked for, or the next start. RequestError UNKNOWN_CONFIG where the ledger has no such.
        """
        origin = self._known_origin()

        if origin.shared:
            raise RequestError(
                Reason.FEATURE_DISABLED,
                "one of several workers cannot go back for all of them: write the older configuration to the file",
            )

        async def work() -> Reloaded:
            self._check_expected(expected)
            wanted = version or await self._version_before()
            config = await asyncio.to_thread(origin.load, await self._document(wanted))
            if config.version != wanted:
                message = (
                    f"configuration {wanted} cannot be had again: a file that it names says something else today; "
                    "bring that file back first"
                )
                raise ConfigInvalid([Problem("document", message)])
            done = await self._replace(config, ActivatedBy.ROLLBACK, dry_run=False)
            if done.changed:
                log.warning("%s counts again when it changes, at a reload and at the next start", origin.path)
            return done

        return await self._run(work())

    async def history(self, limit: int = _HISTORY) -> Sequence[Activation]:
        """What was active, the newest first. RequestError LEDGER_UNAVAILABLE."""
        try:
            return await self._seams.ledger.activations(limit)
        except LedgerUnavailable:
            raise _unavailable() from None

    def attempt_soon(self, by: ActivatedBy) -> None:
        """`attempt`, without waiting for it."""
        task = asyncio.create_task(self.attempt(by))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def attempt(self, by: ActivatedBy) -> None:
        """Reload and tell the log alone, for who has nobody to answer: a signal, the watch over the files."""
        try:
            await self.reload(by)
        except ConfigInvalid as invalid:
            fatal = [problem for problem in invalid.problems if problem.fatal]
            log.error("the configuration is refused, %s stays active; problems: %d", self.version, len(fatal))
            for problem in fatal:
                log.error("configuration: %s", problem)
        except RequestError as error:
            log.error("the configuration is not reloaded, %s stays active: %s", self.version, error.message)
        # The boundary of what nobody waits for: a bug in it must be told, and must not end the watch.
        except Exception as error:  # noqa: BLE001
            log.error("the configuration is not reloaded, %s stays active: %s", self.version, type(error).__name__)

    def refuse(self) -> None:
        """Take no reload any more."""
        self._closed = True

    async def settle(self) -> None:
        """Wait for the reload that is under way."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)

    async def aclose(self) -> None:
        """Close every generation; for when the last request has ended."""
        await self.settle()
        if self._retiring:
            await asyncio.wait(self._retiring)
        await self._current.aclose()

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        async def alone() -> T:
            async with self._lock:
                return await work

        if self._closed:
            work.close()
            raise RequestError(Reason.SHUTTING_DOWN, "the server is shutting down")
        task = asyncio.create_task(alone())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _replace(self, config: Config, by: ActivatedBy, *, dry_run: bool) -> Reloaded:
        before = self._current
        changed = config.version != before.config.version or not same_connections(
            before.config.providers, config.providers, before.opened
        )
        waiting = waiting_for_a_start(self._started, config)
        reloaded = Reloaded(before.config.version, config.version, changed, config.warnings, waiting)
        try:
            if changed and dry_run:
                await asyncio.to_thread(build_rules, config)
            elif changed:
                await self._activate(config, by)
        except PluginRefused as refused:
            raise ConfigInvalid([Problem("chain", str(refused))]) from refused
        if not dry_run:
            _log(reloaded, by)
        return reloaded

    async def _activate(self, config: Config, by: ActivatedBy) -> None:
        generation = await self._seams.open(config)
        ledger = self._seams.ledger
        try:
            await self._seams.remember(generation.built.rules)
            await ledger.add_config(config.version, config.document)
            await ledger.add_activation(Activation(config.version, self._seams.clock.now(), by))
        except BaseException as error:
            await generation.aclose()
            if isinstance(error, LedgerUnavailable):
                raise _unavailable() from None
            raise
        before, self._current = self._current, generation
        self._retire(before, self._seams.adopt(generation))

    def _retire(self, generation: Generation, over: Callable[[], Awaitable[object]]) -> None:
        async def retire() -> None:
            await over()
            await self._remember_late()
            try:
                await generation.aclose()
            # A policy's own code: what it raises on being left must not be lost, nor end anything else.
            except Exception as error:  # noqa: BLE001
                log.error("closing configuration %s failed: %s", generation.config.version, type(error).__name__)
            else:
                log.info("configuration %s has served its last request", generation.config.version)

        task = asyncio.create_task(retire())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
        # Not before: until then the task itself holds on to what it retired.
        task.add_done_callback(lambda _: tidy())

    async def _remember_late(self) -> None:
        """Requests under the configuration before have ended: they count towards budgets that are new as well."""
        try:
            await self._seams.remember(self._current.built.rules)
        except LedgerUnavailable as away:
            log.warning("a budget that is new may miss what ran as it came: %s", away)

    def _known_origin(self) -> Origin:
        if self._origin is None:
            raise RequestError(
                Reason.FEATURE_DISABLED,
                "this server was not started from a configuration that it could load again",
            )
        return self._origin

    def _check_expected(self, expected: str) -> None:
        if expected not in ("", self.config.version):
            raise RequestError(
                Reason.CONFIG_CHANGED,
                f"configuration {self.config.version} is active, not the one expected",
                metadata={"active_version": self.config.version},
            )

    async def _version_before(self) -> str:
        active = self.config.version
        found = next((past.version for past in await self.history() if past.version != active), None)
        if found is None:
            raise RequestError(Reason.UNKNOWN_CONFIG, f"no configuration but {active} was active here")
        return found

    async def _document(self, version: str) -> str:
        try:
            document = await self._seams.ledger.find_config(version)
        except LedgerUnavailable:
            raise _unavailable() from None
        if document is None:
            known = {past.version for past in await self.history()}
            raise not_found(Reason.UNKNOWN_CONFIG, "configuration", version, known, "is in the ledger")
        return document


def _log(reloaded: Reloaded, by: ActivatedBy) -> None:
    if reloaded.changed:
        log.info("configuration %s is active (%s), %s before", reloaded.active, by, reloaded.previous)
        for warning in reloaded.warnings:
            log.warning("configuration: %s", warning)
    else:
        log.info("configuration %s stays active (%s): nothing in it has changed", reloaded.active, by)
    for setting in reloaded.at_next_start:
        log.warning("configuration: %s has changed, which takes effect at the next start", setting)


def _unavailable() -> RequestError:
    return RequestError(
        Reason.LEDGER_UNAVAILABLE, "the ledger takes or gives no configuration", retry_delay=RETRY_DELAY
    )
