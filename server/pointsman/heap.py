"""Keeping a process that runs for months, and is reloaded in between, from taking ever more memory."""

from __future__ import annotations

import ctypes
import gc

# From glibc's malloc.h.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 128 * 1024


def set_up() -> None:
    """Let all threads share one heap, and keep what is large out of it; to be called before there are any.

    glibc gives each thread a heap of its own. What a reload needs for a moment it then takes from now this, now that
    one, and each is torn apart in turn. Threads seldom wait for each other there, since those of Python hold the
    interpreter's lock anyway.

    Pieces of 128 kB and more begin as mappings of their own, which go back to the system when they are freed. But with
    each that is freed, glibc takes the next of its size from the heap, where small ones settle in the gap that it
    leaves. Saying once what is large ends that.
    """
    # Other C libraries have neither the function nor the need.
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)


def tidy() -> None:
    """Free what has no more use. Takes some milliseconds: for after a reload, not for requests.

    Policies and rules refer to each other, so that only the collector frees them, and a busy server has it look rarely;
    and the allocator keeps what a reload needed for a moment.
    """
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
