from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS

from pointsman.config.connections import Connections
from pointsman.config.generation import Generation, open_generation
from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.config.reload import Origin, Reloader, Seams
from pointsman.config.settings import Config
from pointsman.engine.rules import Rules
from pointsman.errors import ConfigInvalid, LedgerUnavailable, Reason, RequestError
from pointsman.model.activation import ActivatedBy
from pointsman.ports import Transport
from pointsman.providers.wires import WIRES
from pointsman.stores.memory import MemoryStore
from pointsman.testing import FakeClock, FakeLedger

STRICT = f"{DOCUMENT}strict_tags: true\n"
ENTERED = """
import anyio, logging
from pointsman import hookimpl, register

POINTSMAN_API = 1

class Policy:
    def __init__(self, options, setup): ...
    async def __aenter__(self):
        # What must be left by the task that entered it.
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        logging.info("entered")
    async def __aexit__(self, *exc):
        await self.group.__aexit__(*exc)
        logging.info("left")
    @hookimpl
    def pointsman_assess_request(self, request, snapshot): return None

plugin = register(Policy)
"""


class Line:
    async def aclose(self) -> None: ...


class Bench:
    """A reloader over a file, with nothing but a ledger behind it. Generations are over when a test says so.

    `freed` once a policy of any is no more.
    """

    def __init__(self, path: Path, policies: Policies) -> None:
        self.path, self.policies = path, policies
        self.ledger, self.adopted = FakeLedger(), list[Config]()
        self.remembered: list[str] = []
        self.over, self.freed = asyncio.Event(), asyncio.Event()
        self.keys = dict(KEYS)
        self.connections = Connections(lambda _: cast(Transport, Line()), lambda a, t: WIRES[a.wire](a.settings, t))

    def load(self, document: Path | str) -> Config:
        return load(document, self.keys, installed=self.policies)

    async def open(self, config: Config) -> Generation:
        generation = await open_generation(config, self.connections, MemoryStore(FakeClock()))
        weakref.finalize(generation.built.chain.instances[0], self.freed.set)
        return generation

    async def remember(self, rules: Rules) -> None:
        self.remembered.append(rules.version)

    def adopt(self, generation: Generation) -> Callable[[], Awaitable[object]]:
        self.adopted.append(generation.config)
        return self.over.wait

    async def start(self, text: str, *, origin: bool = True, shared: bool = False) -> Reloader:
        self.path.write_text(text)
        config = self.load(self.path)
        await self.ledger.add_config(config.version, config.document)
        first = await self.open(config)
        seams = Seams(self.ledger, FakeClock(), self.open, self.remember, self.adopt)
        return Reloader(first, Origin(self.path, self.load, shared=shared) if origin else None, seams)


@pytest.fixture
def bench(tmp_path: Path, policies: Policies) -> Bench:
    return Bench(tmp_path / "pointsman.yaml", policies)


async def test_what_has_changed_is_adopted_and_remembered(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    before = reloader.version
    bench.path.write_text(STRICT)
    done = await reloader.reload(ActivatedBy.SIGNAL)
    assert (done.previous, done.active, done.changed, done.at_next_start) == (before, reloader.version, True, ())
    assert [config.strict_tags for config in bench.adopted] == [True]
    assert bench.ledger.configs[done.active] == STRICT
    assert [(past.version, past.by) for past in await reloader.history()] == [(done.active, ActivatedBy.SIGNAL)]


async def test_what_says_the_same_changes_nothing(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(f"# A comment.\n{DOCUMENT}")
    assert not (await reloader.reload(ActivatedBy.WATCH)).changed
    assert bench.adopted == []


async def test_a_new_key_is_taken_up(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.keys["OPENAI_API_KEY"] = "sk-rotated"
    done = await reloader.reload(ActivatedBy.SIGNAL)
    assert (done.changed, done.active) == (True, done.previous)
    assert bench.adopted[0].providers["openai"].settings.api_key == "sk-rotated"


async def test_what_cannot_be_used_changes_nothing(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    before = reloader.version
    for text in ("providers: {", DOCUMENT.replace("default: simple", "default: simpel"), ""):
        bench.path.write_text(text)
        with pytest.raises(ConfigInvalid):
            await reloader.reload(ActivatedBy.RPC)
    bench.path.unlink()
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        await reloader.reload(ActivatedBy.RPC)
    assert (bench.adopted, reloader.version, bench.ledger.activated) == ([], before, [])


async def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(STRICT)
    done = await reloader.reload(ActivatedBy.RPC, dry_run=True)
    assert done.changed
    assert done.active != reloader.version
    assert (bench.adopted, bench.ledger.activated) == ([], [])


async def test_only_while_the_expected_one_is_active(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(STRICT)
    with pytest.raises(RequestError) as failed:
        await reloader.reload(ActivatedBy.RPC, expected="another")
    assert (failed.value.reason, failed.value.metadata) == (
        Reason.CONFIG_CHANGED,
        {"active_version": reloader.version},
    )
    assert (await reloader.reload(ActivatedBy.RPC, expected=reloader.version)).changed


async def test_what_waits_for_a_start_is_named(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(f'{DOCUMENT}server: {{grpc: "127.0.0.1:1", drain: 1s, watch: off}}\nledger: {{path: x.db}}\n')
    done = await reloader.reload(ActivatedBy.RPC)
    assert done.at_next_start == ("server.grpc", "server.watch", "ledger.path")
    assert reloader.config.server.drain == 1
    bench.path.write_text(DOCUMENT)
    assert (await reloader.reload(ActivatedBy.RPC)).at_next_start == ()


async def test_a_ledger_that_takes_nothing_keeps_the_old(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(STRICT)
    bench.ledger.error = LedgerUnavailable("full")
    with pytest.raises(RequestError) as failed:
        await reloader.reload(ActivatedBy.RPC)
    assert (failed.value.reason, bench.adopted) == (Reason.LEDGER_UNAVAILABLE, [])


async def test_policies_are_left_after_the_last_request(
    bench: Bench, install: Callable[[str, str], Policies], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "root")
    bench.policies = install("entered", ENTERED)
    text = DOCUMENT.replace("chain:", "chain:\n  - {use: entered}")
    reloader = await bench.start(text)
    bench.path.write_text(f"{text}strict_tags: true\n")
    await reloader.reload(ActivatedBy.RPC)
    assert _lifecycle(caplog) == ["entered", "entered"]
    bench.over.set()
    await reloader.aclose()
    assert _lifecycle(caplog) == ["entered", "entered", "left", "left"]


def _lifecycle(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "root"]


async def test_back_to_the_one_before(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    first = reloader.version
    bench.path.write_text(STRICT)
    await reloader.reload(ActivatedBy.WATCH)
    done = await reloader.rollback(first)
    assert (done.active, reloader.config.strict_tags) == (first, False)
    assert (await reloader.history())[0].by is ActivatedBy.ROLLBACK
    # And forth again: the last one but this.
    assert (await reloader.rollback()).active == done.previous


async def test_back_to_what_is_not_there(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    for version in ("", "nothing"):
        with pytest.raises(RequestError) as failed:
            await reloader.rollback(version)
        assert failed.value.reason is Reason.UNKNOWN_CONFIG


async def test_back_to_a_file_that_has_changed(bench: Bench) -> None:
    """What an option reads from elsewhere is not in the ledger; going back must not take another in silence."""
    reloader = await bench.start(DOCUMENT)
    await bench.ledger.add_config("as-it-was", DOCUMENT)
    with pytest.raises(ConfigInvalid, match="something else today"):
        await reloader.rollback("as-it-was")


async def test_one_of_several_workers_changes_nothing_that_the_others_would_not_hear_of(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT + "server: {watch: off}\n", shared=True)
    bench.path.write_text(STRICT)
    for call in (reloader.reload(ActivatedBy.RPC), reloader.rollback()):
        with pytest.raises(RequestError, match="one of several workers") as failed:
            await call
        assert failed.value.reason is Reason.FEATURE_DISABLED
    assert bench.adopted == []
    # A signal is passed on to all of them.
    assert (await reloader.reload(ActivatedBy.SIGNAL)).changed


async def test_without_a_file_there_is_nothing_to_reload(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT, origin=False)
    for call in (reloader.reload(ActivatedBy.RPC), reloader.rollback()):
        with pytest.raises(RequestError) as failed:
            await call
        assert failed.value.reason is Reason.FEATURE_DISABLED


async def test_a_server_that_stops_takes_no_reload(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    reloader.refuse()
    with pytest.raises(RequestError) as failed:
        await reloader.reload(ActivatedBy.RPC)
    assert failed.value.reason is Reason.SHUTTING_DOWN


async def test_whoever_waits_may_go(bench: Bench) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(STRICT)
    waiting = asyncio.create_task(reloader.reload(ActivatedBy.RPC))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await reloader.settle()
    assert reloader.config.strict_tags


async def test_who_cannot_be_answered_is_told_in_the_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(DOCUMENT.replace("default: simple", "default: simpel"))
    await reloader.attempt(ActivatedBy.WATCH)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "default (line" in caplog.text


async def test_a_policy_that_cannot_be_entered_leaves_nothing_behind(
    bench: Bench, install: Callable[[str, str], Policies], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "root")
    reloader = await bench.start(DOCUMENT)
    bench.policies = install("entered", ENTERED.replace('logging.info("entered")', "raise OSError('no')"))
    bench.path.write_text(DOCUMENT.replace("chain:", "chain:\n  - {use: entered}"))
    tasks = asyncio.all_tasks()
    with pytest.raises(ConfigInvalid, match="entering it raised OSError"):
        await reloader.reload(ActivatedBy.RPC)
    assert asyncio.all_tasks() == tasks
    assert bench.adopted == []


async def test_what_has_served_its_last_request_is_freed(bench: Bench, request: pytest.FixtureRequest) -> None:
    # A busy server has the collector look so rarely that it might as well not.
    gc.disable()
    request.addfinalizer(gc.enable)
    reloader = await bench.start(DOCUMENT)
    bench.path.write_text(STRICT)
    await reloader.reload(ActivatedBy.SIGNAL)
    assert not bench.freed.is_set()
    bench.over.set()
    bench.path.write_text(DOCUMENT)
    await reloader.reload(ActivatedBy.SIGNAL)
    await bench.freed.wait()
    await reloader.aclose()
