"""Providers for accounts, and the transports below them: what a new configuration leaves as it was stays connected."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.config.settings import Account
from pointsman.errors import ConfigInvalid, Problem
from pointsman.ports import Provider, Transport


@dataclass(frozen=True, slots=True)
class _Key:
    """Accounts that are alike in this share a transport, and so its pool. `authority` is a digest of the file."""

    ca_file: str | None
    authority: str
    max_connections: int | None


class Connections:
    """Opens providers for one configuration after the other; `connect` and `speak` make the adapters.

    connections = Connections(make_transport, make_provider)
    providers = connections.open(config.providers)
    ...
    await connections.close(providers)  # and whatever transport nobody else has open
    """

    def __init__(
        self, connect: Callable[[Account], Transport], speak: Callable[[Account, Transport], Provider]
    ) -> None:
        self._connect, self._speak = connect, speak
        self._transports: dict[_Key, Transport] = {}
        self._users: Counter[_Key] = Counter()
        # By what they were made of: the same account over the same transport is the same provider.
        self._made: dict[tuple[str, _Key], tuple[Account, Provider]] = {}

    def open(self, accounts: Mapping[str, Account]) -> Opened:
        """All of them, by id. ConfigInvalid for a certificate file that cannot be used; then nothing is open."""
        keys = {name: _key(name, account) for name, account in accounts.items()}
        made: dict[_Key, Transport] = {}
        for name, key in keys.items():
            if key not in self._transports and key not in made:
                made[key] = self._open(name, accounts[name])
        self._transports |= made
        self._users.update(set(keys.values()))
        providers = {name: self._provider(name, account, keys[name]) for name, account in accounts.items()}
        return Opened(providers, frozenset(keys.values()))

    async def close(self, opened: Opened) -> None:
        """Close the transports that no other has open."""
        self._users.subtract(opened.transports)
        for key in [key for key in opened.transports if not self._users[key]]:
            del self._users[key]
            self._made = {at: made for at, made in self._made.items() if at[1] != key}
            await self._transports.pop(key).aclose()

    def _open(self, name: str, account: Account) -> Transport:
        try:
            return self._connect(account)
        # An SSLError is one: the file is there, and is no certificate.
        except OSError as error:
            raise _unusable(name, account.ca_file, error) from error

    def _provider(self, name: str, account: Account, key: _Key) -> Provider:
        known = self._made.get((name, key))
        if known and known[0] == account:
            return known[1]
        provider = self._speak(account, self._transports[key])
        self._made[name, key] = account, provider
        return provider


@dataclass(frozen=True, slots=True)
class Opened:
    """The providers of one configuration, by id, and what to close with them."""

    providers: Mapping[str, Provider]
    transports: frozenset[_Key]


def same_connections(before: Mapping[str, Account], after: Mapping[str, Account], opened: Opened) -> bool:
    """Whether `after` would open just what `before` has `opened`: the same accounts, secrets and certificates too."""
    return before == after and opened.transports == {_key(name, account) for name, account in after.items()}


def _key(name: str, account: Account) -> _Key:
    if account.ca_file is None:
        return _Key(None, "", account.max_connections)
    try:
        authority = hashlib.sha256(Path(account.ca_file).read_bytes()).hexdigest()
    except OSError as error:
        raise _unusable(name, account.ca_file, error) from error
    return _Key(account.ca_file, authority, account.max_connections)


def _unusable(name: str, ca_file: str | None, error: OSError) -> ConfigInvalid:
    why = error.strerror or type(error).__name__
    message = f"{ca_file!r} cannot be used: {why}; name a PEM file of certificates"
    return ConfigInvalid([Problem(f"providers.{name}.ca_file", message)])
