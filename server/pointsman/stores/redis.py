"""State that processes and machines share, in Redis; what this process knows, while Redis is away."""

from __future__ import annotations

import asyncio
import logging
import secrets
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Self

import msgspec

from pointsman.errors import StateLost
from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.model.attempt import Attempt
from pointsman.model.snapshot import Pin
from pointsman.model.vitals import Vitals
from pointsman.ports import Clock, State
from pointsman.stores.health import HealthBook
from pointsman.stores.memory import MemoryStore
from pointsman.stores.redis_accounts import RedisAccounts, unavailable
from pointsman.stores.redis_commands import Commands
from pointsman.stores.redis_link import Link
from pointsman.stores.redis_options import RedisOptions, WhenDown
from pointsman.stores.redis_wire import Reply, Wire
from pointsman.stores.shared_health import SharedHealth

log = logging.getLogger(__name__)

_FLUSH = 1.0
"""Seconds that writes have to arrive at a stop."""

_CONSEQUENCES = {
    WhenDown.REFUSE: "requests are refused until it is back",
    WhenDown.LAST_KNOWN: "requests go by what was last known, and budgets by this process's share of what was left",
}


class RedisStore:
    """Implements `ports.StateStore` for all that share a Redis.

        async with RedisStore(options, clock, health) as store:
            ...

    Latencies and token ratios stay each process's own: they come with every answer, so that each has its own soon
    enough, and sharing them would cost a write for each attempt. So do the failures that are counted before a model is
    taken out; that it is out, and for how long, all know at their next request.
    """

    def __init__(self, options: RedisOptions, clock: Clock, health: HealthBook) -> None:
        self._options, self._health = options, health
        # What this process knows by itself; all that there is while Redis is away.
        self._local = MemoryStore(clock, health)
        self._shared = SharedHealth(health, clock)
        self._view = health.view()
        self._commands = Commands(options.prefix, secrets.token_hex(6))
        self._link = Link(options.address, options.timeout, self._restore, _CONSEQUENCES[options.when_down])
        self._accounts = RedisAccounts(self._link, self._commands, clock, options)

    @property
    def degraded(self) -> bool:
        """Is Redis away?"""
        return not self._link.up

    async def __aenter__(self) -> Self:
        await self._link.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let the last writes arrive, and close."""
        deadline = asyncio.get_running_loop().time() + _FLUSH
        while self._link.outbox and self._link.up and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(self._options.timeout / 4)
        self._accounts.put_down()
        if self._link.outbox:
            log.error("%d writes to the shared state are lost: it was away to the end", len(self._link.outbox))
        await self._link.aclose()

    async def read(self, session: str | None = None, accounts: Sequence[Account] = ()) -> State:
        try:
            pin, states = await self._look(session, accounts)
        except StateLost:
            pin, states = None, self._accounts.last_known(accounts)
        own = await self._local.read(session)
        return State(own.latencies, own.token_ratios, own.health, pin or own.pin, states)

    async def _look(
        self, session: str | None, accounts: Sequence[Account]
    ) -> tuple[Pin | None, tuple[AccountState, ...]]:
        """Ask Redis for everything at once, and take over what is new of health."""
        command = self._commands.read(self._shared.version, session or "", accounts)
        epoch, now, health, pin, pin_ms, *amounts = await self._link.call(command)
        if epoch != self._link.epoch:
            raise self._link.forgotten()
        if health is not None:
            self._shared.take(int(now), dict(zip(health[::2], health[1::2], strict=True)))
            self._view = self._health.view()
        states = tuple([AccountState(int(amounts[i]), int(amounts[i + 1])) for i in range(0, len(amounts), 2)])
        self._accounts.note(accounts, states)
        if pin is None or session is None:
            return None, states
        found = Pin(*msgspec.json.decode(pin))
        self._local.keep_pin(session, found, pin_ms / 1000)
        return found, states

    async def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        return await self._accounts.reserve(lease, charges, ttl)

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        self._accounts.settle(lease, charges)

    async def preset(self, charges: Sequence[Charge]) -> None:
        self._accounts.preset(charges)

    async def put_pin(self, session: str, pin: Pin, ttl: float, *, instead_of: str = "") -> None:
        await self._local.put_pin(session, pin, ttl, instead_of=instead_of)
        self._link.write(self._commands.pin(session, pin, ttl, instead_of))

    async def begin(self, target: str) -> int | None:
        lease = await self._local.begin(target)
        if not lease:
            return lease
        try:
            granted = await self._link.call(self._commands.begin_trial(target, lease, self._health.trials))
        except StateLost:
            return lease
        except asyncio.CancelledError:
            self.give_back(target, lease)
            raise
        if granted:
            return lease
        self._local.give_back(target, lease)
        return None

    def give_back(self, target: str, lease: int) -> None:
        self._local.give_back(target, lease)
        self._end_trial(target, lease)

    def record(self, attempt: Attempt, estimated_input_tokens: int, lease: int = 0) -> None:
        self._local.record(attempt, estimated_input_tokens, lease)
        self._end_trial(attempt.target, lease)
        self._tell()

    def probed(self, provider: str) -> None:
        self._local.probed(provider)
        self._tell()

    async def vitals(self) -> Sequence[Vitals]:
        with suppress(StateLost):
            await self._look(None, ())
        return await self._local.vitals()

    async def get(self, key: str) -> bytes | None:
        try:
            value: bytes | None = await self._link.call(self._commands.get(key))
        except StateLost:
            return await self._local.get(key)
        return value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self._local.put(key, value, ttl)
        self._link.write(self._commands.put(key, value, ttl))

    async def claim(self, key: str, value: bytes, ttl: float) -> bytes | None:
        try:
            there: bytes | None = await self._link.call(self._commands.claim(key, value, ttl))
        except StateLost:
            # Others may have claimed it: to say that nobody did would have it done twice.
            raise unavailable() from None
        if there is None:
            await self._local.put(key, value, ttl)
        return there

    async def forget(self, key: str) -> None:
        await self._local.forget(key)
        self._link.write(self._commands.forget(key))

    async def add(self, key: str, amount: int, ttl: float) -> int:
        answer = self._link.write(self._commands.add(key, amount, ttl))
        if answer is not None:
            try:
                # Whoever gives up waiting must not have it sent again.
                total: int = await asyncio.shield(answer)
            except StateLost:
                pass
            else:
                self._local.keep_counter(key, total, ttl)
                return total
        return await self._local.add(key, amount, ttl)

    async def total(self, *keys: str) -> int:
        try:
            found = await self._link.call(self._commands.total(keys))
        except StateLost:
            return await self._local.total(*keys)
        return sum(int(count) for count in found if count is not None)

    def _tell(self) -> None:
        """Tell the others what this process has found out of health."""
        view = self._health.view()
        if view is self._view or self._link.wire is None:
            return
        self._view = view
        if targets := self._shared.news():
            answer = self._link.say(self._commands.out(self._shared.tell(targets)))
            if answer is None:
                self._shared.told(targets, None)
            else:
                answer.add_done_callback(partial(self._told, targets))

    def _told(self, targets: Sequence[str], answer: Future[Reply]) -> None:
        failed = answer.exception() is not None
        self._shared.told(targets, None if failed else tuple(answer.result()))

    async def _restore(self, wire: Wire) -> int:
        """Tell a Redis that was away what it has missed, and one that is empty what we know."""
        wire.call(("SET", self._commands.epoch, secrets.token_hex(8), "NX"))
        found: bytes = await wire.call(("GET", self._commands.epoch))
        if self._link.epoch and found != self._link.epoch:
            log.warning("the shared state has begun anew: budgets and health go by what this process last knew of them")
            self._shared.forget()
            await self._accounts.remind(wire)
        self._link.epoch = found
        if targets := self._shared.news():
            answer = wire.call(self._commands.out(self._shared.tell(targets)))
            answer.add_done_callback(partial(self._told, targets))
            await answer
        return await self._accounts.catch_up(wire)

    def _end_trial(self, target: str, lease: int) -> None:
        if lease:
            self._link.say(self._commands.end_trial(target, lease))
