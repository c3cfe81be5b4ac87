"""Noticing that a configuration's files have changed, and not before they have come to rest."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pointsman.bounded import read_at_most
from pointsman.config.positions import read
from pointsman.config.scalars import parse_reference

log = logging.getLogger(__name__)

# A path is told from a name by a slash or an ending. What only looks like one costs a look at a file that is not there.
_PATH_LIKE = re.compile(r"(?!.*://)(?:.*/.+|.+\.[A-Za-z]{2,8})")
# These hold names and prices, or a path that is ours to write to.
_NO_PATHS = frozenset({"models", "tiers", "tasks", "tags", "ledger", "server", "auth"})
_MOST_FILES, _LONGEST = 256, 1024
_MOST_BYTES = 16 * 1024 * 1024

# What a look at a file tells without reading it; None: it is not there.
Mark = tuple[int, int, int, int] | None


class Files:
    """A configuration's file and those that it names, known by what they hold.

    A file is read again only when its inode, its size or its times have changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Path, tuple[Mark, bytes]] = {}
        self._named: tuple[Path, ...] = ()

    def look(self) -> bytes:
        """A digest of everything in them. Blocks, as reading files does."""
        mark = _mark(self._path)
        if self._path not in self._known or self._known[self._path][0] != mark:
            self._named = named_in(_content(self._path))
        self._known = {path: self._look_at(path) for path in dict.fromkeys((self._path, *self._named))}
        whole = hashlib.sha256()
        for path, (_, digest) in self._known.items():
            whole.update(f"{path}\n".encode() + digest)
        return whole.digest()

    def _look_at(self, path: Path) -> tuple[Mark, bytes]:
        mark = _mark(path)
        known = self._known.get(path)
        if known and known[0] == mark and not path.is_dir():
            return known
        return mark, hashlib.sha256(_content(path)).digest()


def named_in(document: bytes) -> tuple[Path, ...]:
    """The files that a document may name: what looks like a path, where options and secrets stand."""
    data = read(document.decode("utf-8-sig", errors="replace")).data
    if not isinstance(data, Mapping):
        return ()
    texts = _texts([value for key, value in data.items() if key not in _NO_PATHS])
    found = dict.fromkeys(path for text in texts if (path := _path(text)))
    return tuple(found)[:_MOST_FILES]


# JSON-like, as the document itself.
def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _path(text: str) -> Path | None:
    match parse_reference(text):
        case ("file", path):
            return Path(path)
        case None if len(text) <= _LONGEST and _PATH_LIKE.fullmatch(text):
            return Path(text)
    return None


def _mark(path: Path) -> Mark:
    try:
        # Not of a link but of what it leads to: mounted secrets and maps are changed by turning a link.
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _content(path: Path) -> bytes:
    """What it holds, of a directory the names and marks of what is in it; b"" where it is not there."""
    try:
        if path.is_dir():
            return repr([(child.name, _mark(child)) for child in sorted(path.iterdir())[:_MOST_FILES]]).encode()
        with path.open("rb") as file:
            return read_at_most(file, _MOST_BYTES)
    except (OSError, ValueError):
        return b""


class Rest:
    """Tells when what is looked at has come to rest on something new: two looks in a row saw the same."""

    def __init__(self, known: bytes) -> None:
        self._known = self._last = known

    def on(self, seen: bytes) -> bool:
        """Take a look into account. True once for each content, whatever becomes of it then."""
        rested = seen == self._last and seen != self._known
        self._last = seen
        if rested:
            self._known = seen
        return rested


@asynccontextmanager
async def watching(
    files: Files, known: bytes, every: float, changed: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """Until left, look every so many seconds, off the event loop, and call `changed` at what is new.

    `known` is the look that was taken before the running configuration was loaded.
    """
    task = asyncio.create_task(_watch(files, Rest(known), every, changed))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _watch(files: Files, rest: Rest, every: float, changed: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            if rest.on(await asyncio.to_thread(files.look)):
                await changed()
        # The boundary of a task that nobody waits for: a fault in one look must not end all of them.
        except Exception as error:  # noqa: BLE001
            log.error("watching the configuration failed: %s", type(error).__name__)
