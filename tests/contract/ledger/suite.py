"""What every ledger must keep. Subclass it with fixtures that open one and look into it from outside."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, record

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.redaction import redacted
from pointsman.model.attempt import Attempt
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.record import Record
from pointsman.ports import Ledger


class Outside(ABC):
    """The ledger's storage, seen by another process."""

    @abstractmethod
    def decision_ids(self) -> list[str]: ...

    @abstractmethod
    def attempts(self, decision_id: str) -> list[Attempt]: ...

    @abstractmethod
    def config(self, version: str) -> str | None: ...

    @abstractmethod
    def stored_bytes(self) -> bytes:
        """Everything that lies on the disk."""

    @abstractmethod
    def locked(self) -> AbstractContextManager[None]:
        """Nobody else can write meanwhile."""


WINDOW = Window(1_700_000_000.0, 1_700_000_060.0)


def summed() -> list[Record]:
    """Requests at the edges of the window, inside and outside."""
    first = record("d-1", received=WINDOW.start)
    hints = replace(first.request.hints, labels={"user": "u-2"})
    other = replace(first.request, hints=hints)
    keyed = replace(hints, labels={"project": "apollo", "feature": "search"}, session_id="s-1")
    return [
        first,
        replace(record("d-2", received=WINDOW.end - 0.001), request=other),
        replace(record("d-3", received=WINDOW.end - 1), request=replace(first.request, hints=keyed, key="k-1")),
        record("d-4", received=WINDOW.end),
        record("d-5", received=WINDOW.start - 0.001),
        replace(record("d-6", received=WINDOW.start), attempts=()),
    ]


Opener = Callable[..., Awaitable[Ledger]]


class LedgerContract:
    """`open_ledger` takes `queue` (records), `timeout` (seconds) and `prompts`, and closes nothing by itself."""

    @pytest.fixture
    async def ledger(self, open_ledger: Opener) -> AsyncIterator[Ledger]:
        ledger = await open_ledger()
        yield ledger
        await ledger.aclose()

    async def test_what_is_acknowledged_is_there_for_others(self, ledger: Ledger, outside: Outside) -> None:
        await ledger.append(record("d-1"))
        assert outside.decision_ids() == ["d-1"]

    async def test_each_attempt_has_its_row(self, ledger: Ledger, outside: Outside) -> None:
        kept = record("d-1")
        await ledger.append(kept)
        assert outside.attempts("d-1") == list(kept.attempts)

    async def test_a_thousand_at_once(self, ledger: Ledger, outside: Outside) -> None:
        ids = [f"d-{number:04}" for number in range(1000)]
        await asyncio.gather(*(ledger.append(record(decision_id)) for decision_id in ids))
        assert outside.decision_ids() == ids

    async def test_an_id_is_recorded_once(self, ledger: Ledger, outside: Outside) -> None:
        await ledger.append(record("d-1"))
        await asyncio.gather(ledger.append(record("d-1")), ledger.append(record("d-1")))
        assert outside.decision_ids() == ["d-1"]
        assert len(outside.attempts("d-1")) == 2

    async def test_a_cancelled_append_is_committed(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger()
        with outside.locked():
            append = asyncio.create_task(ledger.append(record("d-1")))
            await asyncio.sleep(0)
            append.cancel()
            with pytest.raises(asyncio.CancelledError):
                await append
        await ledger.aclose()
        assert outside.decision_ids() == ["d-1"]

    async def test_closing_commits_what_is_pending(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger()
        appends = [asyncio.create_task(ledger.append(record(f"d-{number}"))) for number in range(5)]
        await asyncio.sleep(0)
        await ledger.aclose()
        await asyncio.gather(*appends)
        assert len(outside.decision_ids()) == 5

    async def test_a_closed_ledger_takes_nothing(self, open_ledger: Opener) -> None:
        ledger = await open_ledger()
        await ledger.aclose()
        await ledger.aclose()
        with pytest.raises(LedgerUnavailable, match="closed"):
            await ledger.append(record("d-1"))
        with pytest.raises(LedgerUnavailable, match="closed"):
            await ledger.add_config("v1", "chain: []")

    async def test_a_configuration_is_kept_once(self, ledger: Ledger, outside: Outside) -> None:
        await ledger.add_config("v1", "chain: []")
        await ledger.add_config("v1", "chain: [other]")
        assert outside.config("v1") == "chain: []"
        assert outside.config("v2") is None

    async def test_what_is_acknowledged_can_be_read_back(self, open_ledger: Opener) -> None:
        ledger = await open_ledger(prompts="text")
        kept = record("d-1")
        await ledger.append(kept)
        found = await ledger.find("d-1")
        assert found is not None
        assert found.text_kept
        assert found.record == replace(kept, opinions=())
        await ledger.aclose()

    async def test_without_text_the_answers_of_those_who_read_it_are_kept(self, ledger: Ledger) -> None:
        kept = record("d-1")
        await ledger.append(kept)
        found = await ledger.find("d-1")
        assert found is not None
        assert not found.text_kept
        assert found.record == replace(kept, request=redacted(kept.request))
        assert {opinion.hook: opinion.answer() for opinion in found.record.opinions} == {
            opinion.hook: opinion.answer() for opinion in kept.opinions
        }

    async def test_only_a_whole_id_is_found(self, ledger: Ledger) -> None:
        await ledger.append(record("d-10"))
        assert await ledger.find("d-1") is None
        assert await ledger.find("") is None

    async def test_a_configuration_can_be_read_back(self, ledger: Ledger) -> None:
        await ledger.add_config("v1", "chain: []")
        assert await ledger.find_config("v1") == "chain: []"
        assert await ledger.find_config("v2") is None

    async def test_sums_of_a_window_by_what_budgets_tell_apart(self, ledger: Ledger) -> None:
        assert await ledger.sums((), WINDOW) == [Sum((), 0, 0, 0)]
        for kept in summed():
            await ledger.append(kept)
        # Mini costs 1000 and took 800 tokens, sonnet costs 4000 and took 1200.
        assert await ledger.sums((), WINDOW) == [Sum((), 15_000, 3, 6000)]
        by_user = sorted(await ledger.sums((Dimension.TENANT, Dimension.USER), WINDOW))
        assert by_user == [Sum(("acme", "u-1"), 5000, 1, 2000), Sum(("acme", "u-2"), 5000, 1, 2000)]
        by_model = sorted(await ledger.sums((Dimension.MODEL, Dimension.TASK), WINDOW))
        assert by_model == [Sum(("mini", "simple"), 3000, 3, 2400), Sum(("sonnet", "simple"), 12_000, 3, 3600)]
        others = (Dimension.PROJECT, Dimension.FEATURE, Dimension.KEY, Dimension.SESSION)
        assert await ledger.sums(others, WINDOW) == [Sum(("apollo", "search", "k-1", "s-1"), 5000, 1, 2000)]
        assert await ledger.sums((Dimension.TENANT,), Window(WINDOW.end + 1, WINDOW.end + 60)) == []

    async def test_no_text_of_a_caller_is_stored(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger()
        await ledger.append(record("d-1"))
        assert CANARY.encode() not in outside.stored_bytes()
        await ledger.aclose()
        assert CANARY.encode() not in outside.stored_bytes()

    async def test_unless_it_is_asked_for(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(prompts="text")
        await ledger.append(record("d-1"))
        await ledger.aclose()
        assert CANARY.encode() in outside.stored_bytes()

    async def test_another_writer_only_delays(self, ledger: Ledger, outside: Outside) -> None:
        with outside.locked():
            append = asyncio.create_task(ledger.append(record("d-1")))
            done, _ = await asyncio.wait([append], timeout=1.0)
            assert not done
            assert outside.decision_ids() == []
        await append
        assert outside.decision_ids() == ["d-1"]

    async def test_a_full_queue_refuses_at_once(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(queue=3)
        with outside.locked():
            appends = [asyncio.create_task(ledger.append(record(f"d-{number}"))) for number in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(LedgerUnavailable, match="3 records"):
                await ledger.append(record("d-3"))
        await asyncio.gather(*appends)
        await ledger.append(record("d-4"))
        await ledger.aclose()
        assert outside.decision_ids() == ["d-0", "d-1", "d-2", "d-4"]

    async def test_what_came_too_late_is_recorded_once(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(timeout=0.05)
        with outside.locked(), pytest.raises(LedgerUnavailable, match="not committed within"):
            await ledger.append(record("d-1"))
        await ledger.aclose()
        again = await open_ledger()
        await again.append(record("d-1"))
        await again.aclose()
        assert outside.decision_ids() == ["d-1"]
        assert len(outside.attempts("d-1")) == 2

    async def test_closing_says_what_was_lost(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(timeout=0.05)
        with outside.locked():
            with pytest.raises(LedgerUnavailable):
                await ledger.append(record("d-1"))
            with pytest.raises(LedgerUnavailable, match="without its last 1 records"):
                await ledger.aclose()
        assert outside.decision_ids() == []
