"""What a pure hook must not do, seen as it happens: clock, random numbers, files, sockets, environment, threads.

Nothing is patched. Two of the interpreter's own instruments look on: audit events (files, sockets, processes, imports)
and the profiler's view of every built-in function that Python code calls (clocks, random numbers, `os.stat`). Out of
their sight is what compiled code does inside: a C extension that reads a clock, `numpy.random`, `random.Random()`
seeding itself; and what other threads do. Much of that, the check for equal answers finds.
"""

from __future__ import annotations

import _thread
import builtins
import datetime
import gc
import os
import random
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

# Prefixes of audit events; https://docs.python.org/3/library/audit_events.html lists them all.
_EVENTS: Mapping[str, str] = {
    "open": "opens a file",
    "import": "imports a module",
    "socket.": "uses a socket",
    "subprocess.": "starts a process",
    "os.": "asks the operating system",
    "shutil.": "works on files",
    "tempfile.": "works on files",
    "glob.": "looks for files",
    "sqlite3.": "opens a database",
    "urllib.": "uses the network",
    "http.": "uses the network",
    "time.sleep": "sleeps",
}

_CLOCKS = (
    "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time "
    "thread_time_ns clock_gettime clock_gettime_ns localtime sleep"
)
_SYSTEM = "stat lstat access getcwd getpid getloadavg urandom getrandom cpu_count"
_STANDARD_LIBRARY = (sysconfig.get_path("stdlib"), "<frozen")

_seen: ContextVar[list[str] | None] = ContextVar("pointsman_effects_seen", default=None)


@contextmanager
def effects() -> Iterator[list[str]]:
    """Collect what this thread does meanwhile that no pure hook may do, each as one sentence with its line.

    with effects() as seen:
        answer = policy.pointsman_assess_request(request, snapshot)
    assert not seen
    """
    _listen()
    found: list[str] = []
    token, profiler, collecting = _seen.set(found), sys.getprofile(), gc.isenabled()
    # A collection would run finalizers here that belong to somebody else.
    gc.disable()
    sys.setprofile(_profile)
    try:
        yield found
    finally:
        sys.setprofile(profiler)
        if collecting:
            gc.enable()
        _seen.reset(token)


@cache
def _listen() -> None:
    """Once a process: an audit hook cannot be taken away again. Outside `effects` it looks away."""
    sys.addaudithook(_audit)


# Arguments differ per event.
def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    found = _seen.get(None)
    if found is None:
        return
    for prefix, what in _EVENTS.items():
        if event.startswith(prefix):
            detail = f" {arguments[0]!r}" if event in ("open", "import") else ""
            found.append(f"{_where(sys._getframe(1))} {what}{detail} ({event})")
            return


def _profile(frame: FrameType, event: str, argument: object) -> None:
    found = _seen.get(None)
    if found is None:
        return
    if event == "c_call":
        if what := _built_in(argument, frame):
            found.append(f"{_where(frame)} {what}")
    elif event == "call" and frame.f_code is _ENVIRONMENT:
        found.append(f"{_where(frame)} reads the environment")


def _built_in(function: object, caller: FrameType) -> str:
    """What is wrong with calling this built-in function, or ""."""
    if what := _named().get(id(function)):
        return what
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if owner is _SHARED_RANDOM:
        return f"draws random numbers ({name}); make a random.Random(snapshot.seed) instead"
    if name in ("now", "utcnow", "today") and isinstance(owner, type) and issubclass(owner, datetime.date):
        return f"reads the clock ({owner.__name__}.{name}); use snapshot.now"
    # A class may define its hash by another one; only its value, taken elsewhere, can reach an answer.
    if function is builtins.hash and caller.f_code.co_name != "__hash__":
        return "calls hash(), which differs between processes; use zlib.crc32"
    return ""


@cache
def _named() -> Mapping[int, str]:
    """By identity: not everything that is called can be hashed."""
    clocks = {name: f"reads the clock (time.{name}); use snapshot.now" for name in _CLOCKS.split()}
    system = {name: f"asks the operating system (os.{name})" for name in _SYSTEM.split()}
    named = {id(getattr(time, name)): what for name, what in clocks.items() if hasattr(time, name)}
    named |= {id(getattr(os, name)): what for name, what in system.items() if hasattr(os, name)}
    named |= {id(function): f"calls {function.__name__}()" for function in (print, input)}
    starts = [name for name in dir(_thread) if name.startswith("start")]
    return named | {id(getattr(_thread, name)): "starts a thread" for name in starts}


# The generator behind the functions of the module `random`; theirs are the bound methods.
_SHARED_RANDOM: object = getattr(random.random, "__self__", None)
_ENVIRONMENT = type(os.environ).__getitem__.__code__


def _where(frame: FrameType | None) -> str:
    """The nearest line that is not the standard library's."""
    nearest = frame
    while frame is not None and frame.f_code.co_filename.startswith(_STANDARD_LIBRARY):
        frame = frame.f_back
    frame = frame or nearest
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else "somewhere"
