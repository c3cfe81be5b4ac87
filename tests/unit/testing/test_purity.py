from __future__ import annotations

import datetime as dt
import logging
import os
import random
import secrets
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pointsman.testing.purity import effects

BERLIN = ZoneInfo("Europe/Berlin")
HERE = Path(__file__)


def open_socket() -> None:
    socket.socket().close()


def start_thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


IMPURE: list[tuple[Callable[[], object], str]] = [
    (lambda: time.time(), "reads the clock (time.time); use snapshot.now"),
    (lambda: time.monotonic_ns(), "reads the clock (time.monotonic_ns)"),
    (lambda: dt.datetime.now(dt.UTC), "reads the clock (datetime.now)"),
    (lambda: dt.datetime.now(tz=BERLIN), "reads the clock (datetime.now)"),
    (dt.date.today, "reads the clock (date.today)"),
    (random.random, "draws random numbers (random)"),
    (partial(random.choice, "ab"), "draws random numbers (getrandbits)"),
    (lambda: secrets.token_hex(), "asks the operating system (os.urandom)"),
    (lambda: uuid.uuid4(), "asks the operating system (os.urandom)"),
    (lambda: HERE.read_text(), f"opens a file {str(HERE)!r}"),
    (lambda: HERE.exists(), "asks the operating system (os.stat)"),
    (lambda: os.listdir("/"), "(os.listdir)"),
    (lambda: os.environ.get("HOME"), "reads the environment"),
    (lambda: os.getenv("NO_SUCH_VARIABLE"), "reads the environment"),
    (open_socket, "uses a socket (socket.__new__)"),
    (partial(socket.getaddrinfo, "127.0.0.1", 80), "uses a socket (socket.getaddrinfo)"),
    (start_thread, "starts a thread"),
    (lambda: hash("text"), "calls hash(), which differs between processes; use zlib.crc32"),
    (lambda: print(end=""), "calls print()"),
    (lambda: logging.getLogger("pointsman.test").warning("said"), "reads the clock"),
]


@pytest.mark.parametrize(("act", "what"), IMPURE, ids=[what for _, what in IMPURE])
def test_what_no_pure_hook_may_do_is_seen(act: Callable[[], object], what: str) -> None:
    with effects() as seen:
        act()
    assert [effect for effect in seen if what in effect], seen


class Key:
    def __hash__(self) -> int:
        return hash("key")

    def __eq__(self, other: object) -> bool:
        return self is other


PURE: list[Callable[[], object]] = [
    lambda: dt.datetime.fromtimestamp(1_700_000_000, BERLIN).isoformat(),
    lambda: dt.datetime(2026, 1, 1, tzinfo=BERLIN).timestamp(),
    lambda: time.gmtime(1_700_000_000),
    lambda: random.Random(7).choice("abc"),  # noqa: S311 - not for secrets
    lambda: sorted({"b", "a"}),
    lambda: {Key(): 1},
    lambda: b"text".decode(),
]


@pytest.mark.parametrize("act", PURE)
def test_what_decides_from_its_arguments_alone_is_not(act: Callable[[], object]) -> None:
    with effects() as seen:
        act()
    assert seen == []


def test_an_effect_names_its_line_and_not_the_standard_librarys() -> None:
    with effects() as seen:
        HERE.read_text()
    assert seen
    assert all(effect.startswith(f"{HERE.name}:") for effect in seen)


def test_the_clock_can_be_read_again_afterwards_and_a_profiler_goes_on() -> None:
    def profiler(*arguments: object) -> None: ...

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        with effects() as seen:
            pass
        time.time()
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
    assert seen == []


def test_other_threads_are_not_looked_at() -> None:
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        open_socket()
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with effects() as seen:
        go.set()
        done.wait()
    thread.join()
    assert not [effect for effect in seen if "socket" in effect]
