"""Fixtures for pytest: `pytest_plugins = ["pointsman.testing.fixtures"]` in a test module or the top conftest.py."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from pointsman.testing.server import RunningServer, make_config, running_server

_START = 30.0


@pytest.fixture(scope="module")
def pointsman_config() -> Path | str:
    """What `pointsman_server` runs: a file, or YAML text. Override it to put a policy into the chain.

    @pytest.fixture(scope="module")
    def pointsman_config() -> str:
        return make_config("acme-policy")
    """
    return make_config()


@pytest.fixture(scope="module")
def pointsman_server(pointsman_config: Path | str) -> Iterator[RunningServer]:
    """A server over simulated providers, one a module, on an event loop and in a thread of its own.

    So tests need no event loop, and may call it with any client that waits.
    """
    ready: Future[RunningServer] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(pointsman_config, ready, stop), name="pointsman-testing")
    thread.start()
    try:
        yield ready.result(_START)
    finally:
        stop.set()
        thread.join()


def _run(config: Path | str, ready: Future[RunningServer], stop: threading.Event) -> None:
    async def run() -> None:
        async with running_server(config) as server:
            ready.set_result(server)
            await asyncio.to_thread(stop.wait)

    try:
        asyncio.run(run())
    # The thread has nobody else to tell; whoever waits for the server raises it.
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)
