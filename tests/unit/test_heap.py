from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")

THREADS = """
import ctypes, sys, threading
from pointsman import heap
if sys.argv[1:]: heap.set_up()
def work():
    held.append([bytearray(3000) for _ in range(1000)])
    all_there.wait()
held, all_there = [], threading.Barrier(5)
for _ in range(4): threading.Thread(target=work, daemon=True).start()
all_there.wait()
heap.tidy()
ctypes.CDLL(None).malloc_stats()
"""

LARGE = """
import ctypes, sys
from pointsman import heap
if sys.argv[1:]: heap.set_up()
before = bytearray(1 << 24)
del before
held = bytearray(1 << 22)
ctypes.CDLL(None).malloc_stats()
"""


def said(program: str, *arguments: str) -> str:
    """What glibc says at the end of a program, run without what the environment tells it about its heaps."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={}).stderr  # noqa: S603 - our own


@pytest.mark.parametrize(("arguments", "heaps"), [([], 5), (["set up"], 1)])
def test_threads_share_one_heap(arguments: list[str], heaps: int) -> None:
    assert said(THREADS, *arguments).count("Arena") == heaps


@pytest.mark.parametrize(("arguments", "within"), [([], True), (["set up"], False)])
def test_what_is_large_stays_out_of_the_heap_also_after_another_was_freed(arguments: list[str], within: bool) -> None:
    in_the_heap = int(said(LARGE, *arguments).split("system bytes", 1)[1].split()[1])
    assert (in_the_heap > 1 << 22) == within
