from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.cli import serve, workers
from pointsman.cli.workers import Workers
from pointsman.errors import CannotListen, ConfigInvalid
from pointsman.stores.redis_options import RedisOptions, parse_address
from pointsman.telemetry.siblings import Worker

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"

# What a worker does, as far as the process that started it can tell.
WORKER = """
import os, signal, sys
from pathlib import Path
place, start = sys.argv[-1].removeprefix("--worker=").partition(":")[0].split(".")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with Path(sys.argv[1]).open("a") as started:
    started.write(f"{place}.{start} {os.getpid()}\\n")
print("ready", flush=True)
sys.exit(0 if sys.stdin.read() else 7)
"""


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    serve.add_arguments(parser)
    return parser.parse_args(["--config", str(EXAMPLE), *arguments])


def test_they_need_a_store_that_they_share() -> None:
    options = parsed("--simulated", "--workers", "4")
    with pytest.raises(ConfigInvalid) as invalid:
        workers.serve(options, serve.configuration(options), lambda *_: None)
    (problem,) = invalid.value.problems
    assert problem.path == "state.store"
    assert "--workers 4 needs a store that all of them share" in problem.message
    assert 'state: {store: redis, url: "${REDIS_URL}"}' in problem.message


def test_a_port_that_somebody_has_is_not_shared_in_silence() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        options = parsed("--simulated", "--workers", "2", "--grpc", address)
        config = replace(serve.configuration(options), state=RedisOptions(parse_address("redis://127.0.0.1:1")))
        with pytest.raises(CannotListen, match=r"Address already in use; correct `server\.grpc`"):
            workers.serve(options, config, lambda *_: None)


@pytest.mark.parametrize("number", ["0", "-1", "many", "1000"])
def test_their_number_is_checked_at_once(number: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="must be a number from 1 to 256"):
        parsed("--workers", number)


def test_each_is_told_what_the_command_line_says() -> None:
    options = parsed("--simulated", "http://sim", "--workers", "2", "--log-json", "--ledger", "x.db", "--api", "off")
    assert set(workers._passed_on(options)) == {
        f"--config={EXAMPLE}",
        "--simulated=http://sim",
        "--log-json",
        "--ledger=x.db",
        "--log-level=info",
    }
    assert parsed("--worker=2.7:/tmp/somewhere").worker == Worker(2, 7, Path("/tmp/somewhere"))  # noqa: S108 - no file


async def test_one_that_fails_at_the_start_is_the_end(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    assert await Workers(command, 2, tmp_path).run(lambda: None) == 3


async def test_one_that_dies_is_replaced_and_all_are_told_to_stop(tmp_path: Path) -> None:
    log, ready = tmp_path / "started", asyncio.Event()

    def started() -> list[tuple[str, int]]:
        return [(line.split()[0], int(line.split()[1])) for line in log.read_text().splitlines()]

    command = [sys.executable, "-c", WORKER, str(log)]
    running = asyncio.create_task(Workers(command, 3, tmp_path).run(ready.set))
    await ready.wait()
    first, *others = started()
    assert first[0] == "0.0"
    assert {name for name, _ in others} == {"1.0", "2.0"}
    os.kill(first[1], signal.SIGKILL)
    async with asyncio.timeout(10):
        while len(started()) < 4:  # noqa: ASYNC110 - a file announces nothing
            await asyncio.sleep(0.01)
    assert started()[-1][0] == "0.1"
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
