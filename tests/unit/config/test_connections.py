from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from pointsman.config.connections import Connections, same_connections
from pointsman.config.settings import Account
from pointsman.errors import ConfigInvalid
from pointsman.ports import Provider, Transport
from pointsman.providers.settings import ProviderSettings


class Line:
    """A transport that is only opened and closed."""

    def __init__(self, account: Account) -> None:
        if account.ca_file and "CERTIFICATE" not in Path(account.ca_file).read_text():
            raise OSError("no certificate")
        self.open = True

    async def aclose(self) -> None:
        self.open = False


class Speaker:
    def __init__(self, account: Account, line: Any) -> None:
        self.account, self.line = account, line


def made() -> Connections:
    return Connections(
        lambda account: cast(Transport, Line(account)), lambda account, line: cast(Provider, Speaker(account, line))
    )


def account(name: str, key: str = "k", ca_file: str | None = None, most: int | None = None) -> Account:
    return Account("openai", ProviderSettings(provider=name, api_key=key), ca_file, most)


def accounts(*rows: Account) -> Mapping[str, Account]:
    return {row.settings.provider: row for row in rows}


def line_of(provider: Provider) -> Line:
    line: Line = cast(Speaker, provider).line
    return line


async def test_the_same_account_is_the_same_provider() -> None:
    connections = made()
    first = connections.open(accounts(account("a"), account("b")))
    second = connections.open(accounts(account("a"), account("b", "other key")))
    assert second.providers["a"] is first.providers["a"]
    assert second.providers["b"] is not first.providers["b"]
    assert len({line_of(provider) for opened in (first, second) for provider in opened.providers.values()}) == 1


async def test_a_transport_is_closed_with_its_last_user() -> None:
    connections = made()
    first = connections.open(accounts(account("a"), account("b", most=3)))
    second = connections.open(accounts(account("a")))
    shared, own = line_of(first.providers["a"]), line_of(first.providers["b"])
    await connections.close(first)
    assert (shared.open, own.open) == (True, False)
    third = connections.open(accounts(account("b", most=3)))
    assert line_of(third.providers["b"]).open
    await connections.close(second)
    assert not shared.open


async def test_a_certificate_that_changes_opens_anew(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("CERTIFICATE 1")
    connections, wanted = made(), accounts(account("a", ca_file=str(file)))
    first = connections.open(wanted)
    assert same_connections(wanted, wanted, first)
    file.write_text("CERTIFICATE 2")
    assert not same_connections(wanted, wanted, first)
    second = connections.open(wanted)
    assert line_of(second.providers["a"]) is not line_of(first.providers["a"])
    await connections.close(first)
    assert line_of(second.providers["a"]).open


@pytest.mark.parametrize("content", [None, "garbage"])
async def test_a_certificate_that_cannot_be_used_leaves_nothing_open(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    connections = made()
    first = connections.open(accounts(account("a")))
    with pytest.raises(ConfigInvalid, match=r"providers\.b\.ca_file"):
        connections.open(accounts(account("a"), account("c", most=5), account("b", ca_file=str(file))))
    await connections.close(first)
    assert not line_of(first.providers["a"]).open
