from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from pointsman import heap
if sys.argv[1:]: heap.share_one()
def work():
    held.append([bytearray(3000) for _ in range(1000)])
    all_there.wait()
held, all_there = [], threading.Barrier(5)
for _ in range(4): threading.Thread(target=work, daemon=True).start()
all_there.wait()
heap.tidy()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")
@pytest.mark.parametrize(("arguments", "heaps"), [([], 5), (["share"], 1)])
def test_threads_share_one_heap(arguments: list[str], heaps: int) -> None:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    assert done.stderr.count("Arena") == heaps
