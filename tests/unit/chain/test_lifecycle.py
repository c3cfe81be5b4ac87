"""Policies that are entered and left."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import pytest
from tests.unit.engine.policies import entry

from pointsman import hookimpl, register
from pointsman.chain.lifecycle import entered
from pointsman.chain.loading import build_chain
from pointsman.errors import PluginRefused
from pointsman.testing import make_catalogue


class Opens:
    """Writes into `log` when it is entered and left."""

    def __init__(self, log: list[str], name: str, error: Exception | None = None) -> None:
        self._log, self._name, self._error = log, name, error

    @hookimpl
    def pointsman_assess_request(self) -> None: ...

    async def __aenter__(self) -> Self:
        if self._error:
            raise self._error
        self._log.append(f"enter {self._name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.append(f"leave {self._name}")


async def test_in_chain_order_and_back() -> None:
    log: list[str] = []
    chain, _ = build_chain([entry(Opens(log, "a"), "a"), entry(Opens(log, "b"), "b")], make_catalogue())
    async with entered(chain):
        log.append("work")
    assert log == ["enter a", "enter b", "work", "leave b", "leave a"]


async def test_one_that_cannot_be_entered_is_named_and_the_others_are_left() -> None:
    log: list[str] = []
    broken = Opens(log, "b", OSError("no such host"))
    chain, _ = build_chain([entry(Opens(log, "a"), "a"), entry(broken, "b")], make_catalogue())
    with pytest.raises(PluginRefused, match="'b' is refused: entering it raised OSError: no such host"):
        async with entered(chain):
            raise AssertionError
    assert log == ["enter a", "leave a"]


def test_what_is_said_of_reading_must_make_sense() -> None:
    plugin = register(lambda options, setup: object())
    assert (plugin.reads_text, plugin.reads_only_text) == (True, False)
    with pytest.raises(ValueError, match="cannot read only what it does not read"):
        register(lambda options, setup: object(), reads_text=False, reads_only_text=True)
