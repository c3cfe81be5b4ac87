"""What Pointsman adds to a call: CPU of the server process and latency, beside a bare grpc.aio echo in the same run.

The floor of a call is the echo of the same request. The floor of a token is a message that a bare server streams at the
same pace: tokens come when the provider sends them, so each wakes the server by itself. A message streamed back to back
is cheaper, because nothing is waited for; what a token costs beside that one is printed, too. Streams are as long as an
ordinary answer, since each token carries its share of the call; calls have a figure of their own. The HTTP door is
measured beside the gRPC door, by the same question as OpenAI's chat completion, against the same floors.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
import grpc.aio
import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.echo_server import SERVICE
from benchmarks.machine import machine, versions
from benchmarks.processes import Server
from benchmarks.simulator import EXAMPLE
from pointsman.v1 import chat_pb2
from pointsman.v1 import router_service_pb2 as wire

ROUTER = "pointsman.v1.RouterService"
RESULTS = Path(__file__).parent / "results" / "overhead.json"
# The server under measurement has a core of its own; everything else shares the other one.
SERVER_CORE, CLIENT_CORE = 0, 1
CONCURRENCY, STREAMS, PAUSE, TOKENS = 32, 8, 0.002, 300
PROMPT = (
    "We sell second-hand bicycles in three cities and every spring the questions about delivery triple. Sort this "
    "message into one of delivery, returns, repair or other, and answer with that one word only: the courier left my "
    "parcel at the neighbour's yesterday but nobody there remembers taking it, what am I supposed to do now?"
)
_JSON = {"content-type": "application/json"}
PACKAGES = ("grpcio", "protobuf", "aiohttp", "msgspec", "uvloop")
# PERFORMANCE budgets of the project: at most so many times the floor.
BUDGETS = {"unary_vs_echo": 2.5, "route_vs_echo": 2.0, "token_vs_echo_message": 1.6, "added_p50_vs_echo": 2.5}


# Bytes both ways: the client's own parsing must not be what limits the load.
Unary = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
Stream = grpc.aio.UnaryStreamMultiCallable[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Load:
    """One slice of load: `done` units of work took the server `cpu` seconds, and everybody `elapsed`."""

    done: int
    cpu: float
    elapsed: float
    latencies: tuple[float, ...] = ()

    @property
    def micros(self) -> float:
        """CPU microseconds of the server per unit."""
        return self.cpu / self.done * 1e6


def completion_input() -> chat_pb2.CompletionInput:
    """The prompt that every call carries."""
    message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, parts=[chat_pb2.ContentPart(text=PROMPT)])
    return chat_pb2.CompletionInput(messages=[message])


async def repeat(server: Server, calls: int, concurrency: int, call: Callable[[], Awaitable[int]]) -> Load:
    """Make `calls` calls, so many at a time; `call` returns the units it did and raises where it failed."""
    left, done, latencies = calls, 0, []

    async def work() -> None:
        nonlocal left, done
        while left > 0:
            left -= 1
            began = time.perf_counter()
            units = await call()
            done += units
            latencies.append(time.perf_counter() - began)

    cpu, began = server.cpu(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return Load(done, server.cpu() - cpu, time.perf_counter() - began, tuple(sorted(latencies)))


class HttpCallers:
    """The same calls at the HTTP door; `router` and `streaming` are addresses."""

    def __init__(self, session: aiohttp.ClientSession, router: str, streaming: str) -> None:
        self._session = session
        self._router, self._streaming = (f"http://{address}/v1/chat/completions" for address in (router, streaming))
        asked = {"model": "pointsman/auto", "messages": [{"role": "user", "content": PROMPT}]}
        self._unary, self._stream = msgspec.json.encode(asked), msgspec.json.encode({**asked, "stream": True})

    async def unary(self) -> int:
        async with self._session.post(self._router, data=self._unary, headers=_JSON) as answer:
            body = await answer.read()
        if answer.status != 200 or b'"finish_reason":"' not in body:
            raise SystemExit(f"a call by HTTP came back without an answer: {answer.status}")
        return 1

    async def tokens(self) -> int:
        async with self._session.post(self._streaming, data=self._stream, headers=_JSON) as answer:
            body = await answer.read()
        if not body.endswith(b"data: [DONE]\n\n"):
            raise SystemExit("a stream by HTTP ended without [DONE]")
        # The first has the role, the last how it ended.
        return body.count(b'"delta":{"content":')


class Callers:
    """Prepared calls over one channel each to the echo server and to Pointsman."""

    def __init__(
        self, echo: grpc.aio.Channel, router: grpc.aio.Channel, streaming: grpc.aio.Channel, http: HttpCallers
    ) -> None:
        self.http = http
        self._echo: Unary = echo.unary_unary(f"/{SERVICE}/Unary")
        self._echo_stream: Stream = echo.unary_stream(f"/{SERVICE}/Stream")
        self._route: Unary = router.unary_unary(f"/{ROUTER}/Route")
        self._unary: Unary = router.unary_unary(f"/{ROUTER}/CompleteUnary")
        self._stream: Stream = streaming.unary_stream(f"/{ROUTER}/Complete")
        asked = completion_input()
        self._unary_request = wire.CompleteUnaryRequest(input=asked).SerializeToString()
        self._route_request = wire.RouteRequest(input=asked).SerializeToString()
        self._stream_request = wire.CompleteRequest(input=asked).SerializeToString()

    async def echo(self) -> int:
        await self._echo(self._unary_request)
        return 1

    async def route(self) -> int:
        await self._route(self._route_request)
        return 1

    async def unary(self) -> int:
        answer = wire.CompleteUnaryResponse.FromString(await self._unary(self._unary_request))
        if not answer.message.parts or not answer.HasField("finish"):
            raise SystemExit("a unary call came back without an answer")
        return 1

    async def tokens(self) -> int:
        deltas, finished = 0, False
        async for data in self._stream(self._stream_request):
            event = wire.CompleteResponse.FromString(data).WhichOneof("event")
            deltas += event == "text_delta"
            finished = event == "finish"
        if not finished:
            raise SystemExit("a stream ended without finish")
        return deltas

    def echo_messages(self, count: int, pause: float) -> Callable[[], Awaitable[int]]:
        request = f"{count}:{int(pause * 1e6)}".encode()

        async def call() -> int:
            messages = sum([1 async for _ in self._echo_stream(request)])
            if messages != count:
                raise SystemExit(f"the echo server streamed {messages} messages instead of {count}")
            return messages

        return call


async def direct(url: str, calls: int) -> list[float]:
    """Latencies of the same question put to the simulator itself, one call at a time."""
    body = {"model": "nano", "messages": [{"role": "user", "content": PROMPT}]}
    latencies = []
    async with aiohttp.ClientSession(headers={"authorization": "Bearer simulated"}) as session:
        for _ in range(calls):
            began = time.perf_counter()
            async with session.post(f"{url}/openai/v1/chat/completions", json=body) as answer:
                if answer.status != 200:
                    raise SystemExit(f"the simulator answered {answer.status}")
                await answer.read()
            latencies.append(time.perf_counter() - began)
    return sorted(latencies)


@dataclass(frozen=True, slots=True)
class Servers:
    """What is measured; `streaming` is a second Pointsman, over a simulator that paces its tokens."""

    echo: Server
    router: Server
    streaming: Server


@dataclass(frozen=True, slots=True)
class Round:
    """One slice of everything. `paced` and `full` are echo messages with and without a pause between them."""

    echo: Load
    unary: Load
    route: Load
    tokens: Load
    paced: Load
    full: Load
    alone: Load
    echo_alone: Load
    http_unary: Load
    http_tokens: Load
    direct: tuple[float, ...]

    def ratios(self) -> dict[str, float]:
        """Times the floor, each against the floor's slice of the same round."""
        added = median(self.alone.latencies) - median(self.direct)
        return {
            "unary_vs_echo": self.unary.micros / self.echo.micros,
            "route_vs_echo": self.route.micros / self.echo.micros,
            "token_vs_echo_message": self.tokens.micros / self.paced.micros,
            "http_unary_vs_echo": self.http_unary.micros / self.echo.micros,
            "http_token_vs_echo_message": self.http_tokens.micros / self.paced.micros,
            "token_vs_echo_back_to_back": self.tokens.micros / self.full.micros,
            "added_p50_vs_echo": added / median(self.echo_alone.latencies),
        }


async def measure(callers: Callers, servers: Servers, url: str, rounds: int) -> list[Round]:
    """Interleaved slices, so that a slow moment of the machine hits the floor and what stands on it alike."""
    await repeat(servers.echo, 500, CONCURRENCY, callers.echo)
    await repeat(servers.router, 500, CONCURRENCY, callers.unary)
    await repeat(servers.router, 500, CONCURRENCY, callers.route)
    await repeat(servers.streaming, STREAMS, STREAMS, callers.tokens)
    await repeat(servers.router, 500, CONCURRENCY, callers.http.unary)
    await repeat(servers.streaming, STREAMS, STREAMS, callers.http.tokens)
    await direct(url, 50)
    measured = []
    for _ in range(rounds):
        unary = await repeat(servers.router, 500, CONCURRENCY, callers.unary)
        echo = await repeat(servers.echo, 1000, CONCURRENCY, callers.echo)
        route = await repeat(servers.router, 500, CONCURRENCY, callers.route)
        tokens = await repeat(servers.streaming, STREAMS, STREAMS, callers.tokens)
        per_call = round(tokens.done / STREAMS)
        paced = await repeat(servers.echo, STREAMS, STREAMS, callers.echo_messages(per_call, PAUSE))
        full = await repeat(servers.echo, STREAMS, STREAMS, callers.echo_messages(per_call, 0))
        alone = await repeat(servers.router, 200, 1, callers.unary)
        echo_alone = await repeat(servers.echo, 200, 1, callers.echo)
        http_unary = await repeat(servers.router, 500, CONCURRENCY, callers.http.unary)
        http_tokens = await repeat(servers.streaming, STREAMS, STREAMS, callers.http.tokens)
        latencies = tuple(await direct(url, 200))
        measured.append(
            Round(echo, unary, route, tokens, paced, full, alone, echo_alone, http_unary, http_tokens, latencies)
        )
    return measured


def report(rounds: list[Round]) -> None:
    """Print what was measured and write the ratios."""
    rows = {
        "bare echo": ("us/call", [r.echo.micros for r in rounds]),
        "CompleteUnary": ("us/call", [r.unary.micros for r in rounds]),
        "Route": ("us/call", [r.route.micros for r in rounds]),
        "chat completion by HTTP": ("us/call", [r.http_unary.micros for r in rounds]),
        "bare message, back to back": ("us/message", [r.full.micros for r in rounds]),
        f"bare message, every {PAUSE * 1e3:g} ms": ("us/message", [r.paced.micros for r in rounds]),
        f"streamed token, every {PAUSE * 1e3:g} ms": ("us/token", [r.tokens.micros for r in rounds]),
        f"streamed token by HTTP, every {PAUSE * 1e3:g} ms": ("us/token", [r.http_tokens.micros for r in rounds]),
        "CompleteUnary on one core": ("calls/s", [r.unary.done / r.unary.elapsed for r in rounds]),
        "latency of bare echo, p50": ("ms", [median(r.echo_alone.latencies) * 1e3 for r in rounds]),
        "added latency, p50": ("ms", [(median(r.alone.latencies) - median(r.direct)) * 1e3 for r in rounds]),
        "added latency, p99": ("ms", [(_p99(r.alone.latencies) - _p99(r.direct)) * 1e3 for r in rounds]),
    }
    table = Table(
        "what", "unit", "median", "least", "most", title=f"{machine()}\n{versions(PACKAGES)}", title_justify="left"
    )
    for name, (unit, values) in rows.items():
        table.add_row(name, unit, *(f"{value:,.2f}" for value in (median(values), min(values), max(values))))
    ratios = {name: [r.ratios()[name] for r in rounds] for name in rounds[0].ratios()}
    verdicts = Table("ratio", "median", "least", "most", "budget", "", title=f"n = {len(rounds)} rounds")
    for name, values in ratios.items():
        budget = BUDGETS.get(name)
        kept = "" if budget is None else "kept" if median(values) <= budget else "MISSED"
        numbers = (f"{value:.2f}" for value in (median(values), min(values), max(values)))
        verdicts.add_row(name, *numbers, f"{budget}" if budget else "", kept)
    console = Console(width=110)
    console.print(table)
    console.print(verdicts)
    RESULTS.parent.mkdir(exist_ok=True)
    summary = {
        name: {"ratio": median(v), "least": min(v), "most": max(v), "n": len(v), "budget": BUDGETS.get(name)}
        for name, v in ratios.items()
    }
    figures = {f"{name} ({unit})": median(values) for name, (unit, values) in rows.items()}
    result = {"machine": machine(), "versions": versions(PACKAGES), "figures": figures, **summary}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    console.print(f"written to {RESULTS.relative_to(EXAMPLE.parent.parent)}")


def _p99(latencies: tuple[float, ...]) -> float:
    return latencies[int(len(latencies) * 0.99)]


async def main(rounds: int) -> None:
    """Start everything, measure, report."""
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the server under measurement, one for everything else")
    os.sched_setaffinity(0, {CLIENT_CORE})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def start(arguments: list[str], core: int) -> tuple[Server, str]:
            server = stack.enter_context(Server(arguments, core))
            return server, server.first_line

        sim = ["-m", "benchmarks.simulator"]
        _, instant = start([*sim, "0"], CLIENT_CORE)
        _, paced = start([*sim, str(PAUSE), str(TOKENS)], CLIENT_CORE)
        echo, echo_port = start(["-m", "benchmarks.echo_server"], SERVER_CORE)
        router, router_at = start(_serve(instant, folder / "unary.db"), SERVER_CORE)
        streaming, streaming_at = start(_serve(paced, folder / "stream.db"), SERVER_CORE)
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{echo_port}") as echo_channel,
            grpc.aio.insecure_channel(_address("grpc", router_at)) as router_channel,
            grpc.aio.insecure_channel(_address("grpc", streaming_at)) as streaming_channel,
            aiohttp.ClientSession() as session,
        ):
            http = HttpCallers(session, _address("api", router_at), _address("api", streaming_at))
            callers = Callers(echo_channel, router_channel, streaming_channel, http)
            report(await measure(callers, Servers(echo, router, streaming), instant, rounds))


def _serve(simulator: str, ledger: Path) -> list[str]:
    doors = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0"]
    chosen = ["--config", str(EXAMPLE), "--simulated", simulator, "--ledger", str(ledger)]
    return ["-m", "pointsman", "serve", *chosen, *doors]


def _address(door: str, line: str) -> str:
    found = re.search(rf"{door} (\S+:\d+)", line)
    if not found:
        raise SystemExit(f"the server did not say where it listens: {line!r}")
    return found[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of interleaved slices (%(default)s)")
    sys.exit(uvloop.run(main(parser.parse_args().rounds)))
