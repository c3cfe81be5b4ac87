"""How requests are recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct


class LedgerOptions(Struct, frozen=True, kw_only=True):
    """How to record.

    `prompts`: "text" keeps prompts as they are, "none" only their shape and hash. `synchronous` is for SQLite: what
    is acknowledged survives the death of the process with "normal", and a power cut only with "full".

    `spool` is the directory of the spool, of `spool_bytes` at most, where records go that are not committed within
    `spool_after` seconds; None: beside the file, or in the working directory. `timeout`: seconds in which an `append`
    is committed or spooled, or fails; `queue` records, and `queue_bytes` of them, may wait meanwhile. `keep_text` and
    `keep_records`: seconds, from when a request was received; None: for ever.
    """

    synchronous: Literal["normal", "full"] = "normal"
    spool: Path | None = None
    spool_bytes: int = 256 * 1024 * 1024
    spool_after: float = 1.0
    prompts: Literal["none", "text"] = "none"
    queue: int = 10_000
    queue_bytes: int = 256 * 1024 * 1024
    timeout: float = 10.0
    keep_text: float | None = None
    keep_records: float | None = None
