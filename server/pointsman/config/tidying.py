"""What a configuration leaves behind goes back to the system."""

from __future__ import annotations

import ctypes
import gc


def tidy() -> None:
    """Free what has no more use. Takes some milliseconds: for after a reload, not for requests.

    Policies and rules refer to each other, so that only the collector frees them, and a busy server has it look rarely;
    and the allocator keeps what a reload needed for a moment, in pieces that fit little else.
    """
    gc.collect()
    # glibc's own; other C libraries have no such thing, nor the need.
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
