"""Budgets in Redis; while it is away this process's share of them, and the reckoning once it is back."""

from __future__ import annotations

import secrets
from asyncio import Future
from collections.abc import Iterator, Sequence
from functools import partial

from pointsman.errors import Reason, RequestError, StateLost
from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.ports import Clock
from pointsman.stores.alone import Alone
from pointsman.stores.redis_commands import Commands
from pointsman.stores.redis_link import Link
from pointsman.stores.redis_options import RedisOptions, WhenDown
from pointsman.stores.redis_outbox import Write
from pointsman.stores.redis_wire import Reply, Wire, Word

_RETRY = 1.0
"""Seconds after which a caller who was refused may try again."""

_AT_ONCE = 500
"""Accounts in one command: with more, Redis would keep others waiting."""


class RedisAccounts:
    """What `StateStore` says of accounts."""

    def __init__(self, link: Link, commands: Commands, clock: Clock, options: RedisOptions) -> None:
        self._link, self._commands, self._when_down = link, commands, options.when_down
        self._alone = Alone(clock, options.share)
        # Leases that Redis knows of, or may.
        self._held: set[str] = set()

    def note(self, accounts: Sequence[Account], states: Sequence[AccountState]) -> None:
        """How they stand just now, for later."""
        for account, state in zip(accounts, states, strict=True):
            self._alone.note(account, state)

    def last_known(self, accounts: Sequence[Account]) -> tuple[AccountState, ...]:
        """How they stand as far as this process knows; RequestError where that is not enough."""
        if self._when_down is WhenDown.REFUSE:
            raise unavailable()
        return self._alone.states(accounts)

    async def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        """As `StateStore` says; RequestError where Redis is away and that is not to be done without it."""
        if self._link.up:
            # It may arrive, whatever becomes of the answer.
            self._held.add(lease)
        try:
            answer = await self._link.call(self._commands.reserve(lease, charges, ttl, self._link.epoch))
            if answer and answer[0] < 0:
                raise self._link.forgotten()
        except StateLost:
            if self._when_down is WhenDown.REFUSE:
                self.settle(lease, ())
                raise unavailable() from None
            return self._alone.reserve(lease, charges, ttl)
        if not answer:
            return None
        self._held.discard(lease)
        index, spent, reserved = answer
        return Overdrawn(charges[index], AccountState(int(spent), int(reserved)))

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        """As `StateStore` says."""
        held = lease in self._held
        self._held.discard(lease)
        if not held and not self._link.up:
            self._alone.settle(lease, charges, told=False)
            return
        answer = self._link.write(self._commands.settle(lease, charges))
        if answer is None:
            self._alone.settle(lease, charges, told=True)
        else:
            answer.add_done_callback(partial(self._settled, charges))

    def _settled(self, charges: Sequence[Charge], answer: Future[Reply]) -> None:
        """Redis has it: should it forget, this process must not."""
        if answer.exception() is None:
            self._alone.add(charges)

    def preset(self, charges: Sequence[Charge]) -> None:
        """As `StateStore` says."""
        self._alone.preset(charges)
        amounts = [(charge.account.key, charge.amount, charge.account.keep) for charge in charges]
        for command in self._presetting("spent", amounts):
            self._link.write(Write(command))

    async def remind(self, wire: Wire) -> None:
        """Tell a Redis that has lost what it knew what this process last knew of it."""
        for command in self._presetting("before", list(self._alone.known())):
            await wire.call(command)

    async def catch_up(self, wire: Wire) -> int:
        """Send all that waits, with what was spent and reserved alone; how many writes that was."""
        sent = 0
        # Requests go on meanwhile.
        while self.put_down() or self._link.outbox:
            sent += await self._link.outbox.replay(wire)
        return sent

    def put_down(self) -> bool:
        """Put into the outbox what has happened alone; whether there was anything."""
        statement = self._alone.close()
        for start in range(0, len(statement.spent), _AT_ONCE):
            lump = f"alone/{secrets.token_hex(8)}"
            self._link.outbox.keep(self._commands.settle(lump, statement.spent[start : start + _AT_ONCE]))
        for lease, (charges, ttl) in statement.reserved.items():
            self._held.add(lease)
            self._link.outbox.keep(Write(self._commands.reserve(lease, charges, ttl)))
        return bool(statement.spent or statement.reserved)

    def _presetting(self, which: str, amounts: Sequence[tuple[str, int, float]]) -> Iterator[list[Word]]:
        for start in range(0, len(amounts), _AT_ONCE):
            yield self._commands.preset(which, amounts[start : start + _AT_ONCE])


def unavailable() -> RequestError:
    """What there is to say while Redis is away, and it will not do without."""
    return RequestError(
        Reason.STATE_UNAVAILABLE, "the state that all servers share is not available just now", retry_delay=_RETRY
    )
