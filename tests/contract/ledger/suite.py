"""What every ledger must keep. Subclass it with fixtures that open one and look into it from outside."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, attempt, decision, record

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.recording import DatabaseLedger
from pointsman.ledger.redaction import redacted
from pointsman.model.activation import ActivatedBy, Activation
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.feedback import Feedback, FeedbackSource
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record

DAY = 24 * 3600.0


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


Opener = Callable[..., Awaitable[DatabaseLedger]]


class LedgerContract:
    """`open_ledger` takes fields of `LedgerOptions`, and closes nothing by itself."""

    @pytest.fixture
    async def ledger(self, open_ledger: Opener) -> AsyncIterator[DatabaseLedger]:
        ledger = await open_ledger()
        yield ledger
        await ledger.aclose()

    async def test_what_is_acknowledged_is_there_for_others(self, ledger: DatabaseLedger, outside: Outside) -> None:
        await ledger.append(record("d-1"))
        assert outside.decision_ids() == ["d-1"]

    async def test_each_attempt_has_its_row(self, ledger: DatabaseLedger, outside: Outside) -> None:
        kept = record("d-1")
        await ledger.append(kept)
        assert outside.attempts("d-1") == list(kept.attempts)

    @pytest.mark.parametrize("spooled", [False, True])
    async def test_no_character_costs_a_record(self, open_ledger: Opener, outside: Outside, spooled: bool) -> None:
        text = "a\udcffb"
        paid = replace(attempt(), upstream_request_id=text, error_message=text)
        strange = record("d-1", paid)
        hints = replace(strange.request.hints, labels={"project": text, text: text}, session_id=text)
        decided = replace(decision(), reason=text)
        strange = replace(strange, request=replace(strange.request, hints=hints), decision=decided, message=text)
        ledger = await open_ledger(spool_after=0.01)
        with outside.locked() if spooled else nullcontext():
            await ledger.append(strange)
        await replayed(ledger)
        await ledger.add_feedback(Feedback(feedback_id="f-1", decision_id="d-1", received=1.0, comment=text))
        await ledger.aclose()
        (kept,) = outside.attempts("d-1")
        assert kept == replace(paid, upstream_request_id="a\ufffdb", error_message="a\ufffdb")

    async def test_a_sum_that_no_column_holds_keeps_nobody_waiting(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger()
        await ledger.append(record("d-1"))
        most = replace(attempt(), cost_nano_usd=2**63 - 1)
        await ledger.add_outcome("d-1", replace(most, number=2))
        with pytest.raises(LedgerUnavailable):
            await ledger.add_outcome("d-1", replace(most, number=3))
        await ledger.append(record("d-2"))
        assert ledger.spooled == 0
        await ledger.aclose()

    async def test_a_thousand_at_once(self, ledger: DatabaseLedger, outside: Outside) -> None:
        ids = [f"d-{number:04}" for number in range(1000)]
        await asyncio.gather(*(ledger.append(record(decision_id)) for decision_id in ids))
        await replayed(ledger)
        assert outside.decision_ids() == ids

    async def test_an_id_is_recorded_once(self, ledger: DatabaseLedger, outside: Outside) -> None:
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

    async def test_a_configuration_is_kept_once(self, ledger: DatabaseLedger, outside: Outside) -> None:
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

    async def test_without_text_the_answers_of_those_who_read_it_are_kept(self, ledger: DatabaseLedger) -> None:
        kept = record("d-1")
        await ledger.append(kept)
        found = await ledger.find("d-1")
        assert found is not None
        assert not found.text_kept
        assert found.record == replace(kept, request=redacted(kept.request))
        assert {opinion.hook: opinion.answer() for opinion in found.record.opinions} == {
            opinion.hook: opinion.answer() for opinion in kept.opinions
        }

    async def test_only_a_whole_id_is_found(self, ledger: DatabaseLedger) -> None:
        await ledger.append(record("d-10"))
        assert await ledger.find("d-1") is None
        assert await ledger.find("") is None

    async def test_a_configuration_can_be_read_back(self, ledger: DatabaseLedger) -> None:
        await ledger.add_config("v1", "chain: []")
        assert await ledger.find_config("v1") == "chain: []"
        assert await ledger.find_config("v2") is None

    async def test_sums_of_a_window_by_what_budgets_tell_apart(self, ledger: DatabaseLedger) -> None:
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

    async def test_another_writer_only_delays(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(spool_after=0.05)
        with outside.locked():
            await ledger.append(record("d-1"))
            await ledger.append(record("d-2"))
            assert ledger.spooled == 2
            assert outside.decision_ids() == []
        await replayed(ledger)
        assert outside.decision_ids() == ["d-1", "d-2"]
        assert len(outside.attempts("d-1")) == 2
        await ledger.append(record("d-3"))
        await replayed(ledger)
        assert outside.decision_ids() == ["d-1", "d-2", "d-3"]
        await ledger.aclose()

    async def test_going_away_and_coming_back_at_any_moment(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(spool_after=0.01)
        written: list[str] = []

        async def write(name: str) -> None:
            for number in range(100):
                await ledger.append(record(f"{name}-{number:03}"))
                written.append(f"{name}-{number:03}")

        writing = asyncio.gather(*(write(name) for name in "abcd"))
        while not writing.done():
            with outside.locked():
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.02)
        await writing
        await replayed(ledger)
        await ledger.aclose()
        assert outside.decision_ids() == sorted(written)

    async def test_what_was_spooled_survives_a_restart(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(spool_after=0.01)
        with outside.locked():
            await ledger.append(record("d-1"))
            await ledger.add_config("v1", "chain: []")
            await ledger.aclose()
            assert outside.decision_ids() == []
            early = await open_ledger(timeout=0.05)
            with pytest.raises(LedgerUnavailable, match="2 records of an earlier run are still in the spool"):
                await early.caught_up()
            await early.aclose()
        again = await open_ledger()
        await again.caught_up()
        assert outside.decision_ids() == ["d-1"]
        assert outside.config("v1") == "chain: []"
        await again.aclose()

    async def test_what_is_in_both_is_recorded_once(self, open_ledger: Opener, outside: Outside) -> None:
        """As after a kill between a commit and the deletion of what it was made of."""
        ledger = await open_ledger(spool_after=0.01)
        with outside.locked():
            await ledger.append(record("d-1"))
            await ledger.aclose()
        again = await open_ledger()
        await again.append(record("d-1"))
        await replayed(again)
        await again.aclose()
        assert outside.decision_ids() == ["d-1"]
        assert len(outside.attempts("d-1")) == 2

    async def test_a_record_that_cannot_be_stored_holds_up_no_other_in_the_spool(
        self, open_ledger: Opener, outside: Outside, caplog: pytest.LogCaptureFixture
    ) -> None:
        ledger = await open_ledger(spool_after=0.01)
        with outside.locked():
            await ledger.append(record("d-1"))
            await ledger.append(record("d-2", replace(attempt(), cost_nano_usd=2**63)))
            await ledger.append(record("d-3"))
        await replayed(ledger)
        await ledger.aclose()
        assert outside.decision_ids() == ["d-1", "d-3"]
        (told,) = [line.message for line in caplog.records if line.levelname == "ERROR"]
        assert "a record of the spool cannot be stored" in told
        assert b"d-2" in content(told.rpartition("it is in ")[2])

    async def test_a_record_that_cannot_be_stored_is_refused_and_set_aside(
        self, open_ledger: Opener, outside: Outside, caplog: pytest.LogCaptureFixture
    ) -> None:
        ledger = await open_ledger()
        strange = record("d-2", replace(attempt(), cost_nano_usd=2**63))
        results = await asyncio.gather(
            *(ledger.append(kept) for kept in (record("d-1"), strange, record("d-3"))), return_exceptions=True
        )
        await ledger.aclose()
        assert [type(result) for result in results] == [type(None), LedgerUnavailable, type(None)]
        assert outside.decision_ids() == ["d-1", "d-3"]
        (told,) = [line.message for line in caplog.records if line.levelname == "ERROR"]
        assert b"d-2" in content(told.rpartition("it is in ")[2])

    async def test_a_full_spool_refuses_at_once(
        self, open_ledger: Opener, outside: Outside, caplog: pytest.LogCaptureFixture
    ) -> None:
        ledger = await open_ledger(spool_after=0.05, spool_bytes=8_000)
        with outside.locked():
            results = await asyncio.gather(
                *(ledger.append(record(f"d-{number}")) for number in range(9)), return_exceptions=True
            )
            kept = ledger.spooled
            assert 0 < kept < 9
            assert [type(result) for result in results] == [type(None)] * kept + [LedgerUnavailable] * (9 - kept)
            with pytest.raises(LedgerUnavailable, match="the spool is full"):
                await ledger.append(record("d-9"))
        await replayed(ledger)
        await ledger.append(record("d-8"))
        await replayed(ledger)
        await ledger.aclose()
        # What was refused may have been on its way to the database already.
        stored = {*outside.decision_ids()}
        assert {*(f"d-{number}" for number in range(kept)), "d-8"} <= stored <= {f"d-{number}" for number in range(9)}
        # One line for each change of state, however many records were refused.
        assert len([line for line in caplog.records if "answers are refused" in line.message]) == 1
        changes = [line.message for line in caplog.records if "answers are refused" not in line.message]
        assert ["go to the spool" in change for change in changes[::2]] == [True] * (len(changes) // 2)
        assert ["are committed again" in change for change in changes[1::2]] == [True] * (len(changes) // 2)

    async def test_what_is_too_old_is_blanked_and_then_deleted(self, open_ledger: Opener, outside: Outside) -> None:
        now = time.time()
        ledger = await open_ledger(prompts="text")
        ages = {f"old-{number:03}": 100 * DAY for number in range(250)} | {"blank": 50 * DAY, "whole": 10 * DAY}
        await asyncio.gather(*(ledger.append(record(name, received=now - age)) for name, age in ages.items()))
        # Said of a request whose text is gone, or was never kept, a comment may quote it all the same.
        for name, age in (("late", 40 * DAY), ("young", DAY)):
            said = Feedback(feedback_id=name, decision_id="blank", received=now - age, comment=CANARY)
            await ledger.add_feedback(said)
        await ledger.aclose()
        ledger = await open_ledger(prompts="text", keep_text=30 * DAY, keep_records=60 * DAY)
        await ledger.append(record("new", received=now))
        async with asyncio.timeout(20):
            while len(outside.decision_ids()) > 3:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.01)
        found = {name: await ledger.find(name) for name in outside.decision_ids()}
        comments = {said.feedback_id: said.comment for said in await ledger.feedback("blank")}
        await ledger.aclose()
        assert comments == {"late": "", "young": CANARY}
        assert {name: each and each.text_kept for name, each in found.items()} == {
            "blank": False,
            "new": True,
            "whole": True,
        }
        assert found["blank"] is not None
        assert found["blank"].record.request == redacted(record("blank").request)
        assert [len(outside.attempts(name)) for name in ("blank", "old-000")] == [2, 0]

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
        with outside.locked(), pytest.raises(LedgerUnavailable, match="not recorded within"):
            await ledger.append(record("d-1"))
        await ledger.aclose()
        again = await open_ledger()
        await again.append(record("d-1"))
        await again.aclose()
        assert outside.decision_ids() == ["d-1"]
        assert len(outside.attempts("d-1")) == 2

    async def test_closing_says_what_was_lost(self, open_ledger: Opener, outside: Outside) -> None:
        ledger = await open_ledger(spool_after=0.1, spool_bytes=0)
        with outside.locked():
            append = asyncio.create_task(ledger.append(record("d-1")))
            await asyncio.sleep(0)
            with pytest.raises(LedgerUnavailable, match="without its last 1 records"):
                await ledger.aclose()
            with pytest.raises(LedgerUnavailable, match="the spool is full"):
                await append
        assert outside.decision_ids() == []

    async def test_the_history_of_configurations(self, ledger: DatabaseLedger) -> None:
        assert list(await ledger.activations(10)) == []
        first, second = (
            Activation("v1", 1_700_000_000.25, ActivatedBy.START),
            Activation("v2", 1_700_000_060.0, ActivatedBy.WATCH),
        )
        again = Activation("v1", 1_700_000_120.0, ActivatedBy.ROLLBACK)
        for activation in (first, second, again, again):
            await ledger.add_activation(activation)
        assert list(await ledger.activations(10)) == [again, second, first]
        assert list(await ledger.activations(2)) == [again, second]

    async def test_an_outcome_is_added_once_and_summed_up(self, ledger: DatabaseLedger, outside: Outside) -> None:
        await ledger.append(replace(record("d-1"), attempts=(), cost=Cost()))
        failed = replace(attempt(1), outcome=AttemptOutcome.FAILED, error_reason="ALL_PROVIDERS_DOWN", cost_nano_usd=10)
        answered = replace(attempt(2), kind=AttemptKind.FAILOVER, cost_nano_usd=500, cost_source=CostSource.ESTIMATE)
        for reported in (failed, answered, answered, replace(answered, cost_nano_usd=7)):
            await ledger.add_outcome("d-1", reported)
        assert outside.attempts("d-1") == [failed, answered]
        found = await ledger.find("d-1")
        assert found
        assert found.record.cost == Cost(answer=500, overhead=10, estimated=True)

    async def test_an_outcome_of_what_is_not_recorded_changes_nothing(
        self, ledger: DatabaseLedger, outside: Outside
    ) -> None:
        await ledger.add_outcome("d-9", attempt(1))
        assert outside.decision_ids() == []

    async def test_feedback_is_kept_with_its_decision(self, ledger: DatabaseLedger) -> None:
        said = Feedback(
            feedback_id="f-1",
            decision_id="d-1",
            received=1_700_000_000.5,
            source=FeedbackSource.REVIEWER,
            score=0.25,
            correct_task="code",
            preferred_model="opus",
            preferred_tier="frontier",
            comment="wrong \U0001f600",
            labels={"team": "search"},
        )
        bare = Feedback(feedback_id="f-2", decision_id="d-1", received=1_700_000_001.0)
        other = replace(bare, decision_id="d-2", score=1.0)
        for each in (bare, said, other):
            await ledger.add_feedback(each)
        assert list(await ledger.feedback("d-1")) == [said, bare]
        assert list(await ledger.feedback("d-3")) == []
        changed = replace(said, score=None, received=1_700_000_002.0, labels={})
        await ledger.add_feedback(changed)
        assert list(await ledger.feedback("d-1")) == [bare, changed]
        assert list(await ledger.feedback("d-2")) == [other]


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def replayed(ledger: DatabaseLedger) -> None:
    """Wait until nothing is in the spool."""
    async with asyncio.timeout(20):
        while ledger.spooled:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)
