"""The key file: one JSON object a line, replaced as a whole, so that whoever reads it never sees half a change."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE

import msgspec

from pointsman.access.keys import Key
from pointsman.bounded import read_at_most
from pointsman.errors import KeysUnusable
from pointsman.model.caller import is_tenant

MAX_BYTES = 64 << 20

_REMEDY = "`pointsman keys create` makes one"


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a file, in its order. KeysUnusable names the first line that is no key."""
    try:
        with path.open("rb") as file:
            data = read_at_most(file, MAX_BYTES + 1)
    except FileNotFoundError:
        raise KeysUnusable(f"there is no key file {str(path)!r}; {_REMEDY}") from None
    except OSError as error:
        raise KeysUnusable(f"key file {str(path)!r} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise KeysUnusable(f"key file {str(path)!r} is larger than {MAX_BYTES:,} bytes; remove keys of the past")
    keys: dict[str, Key] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        key = _key(path, number, line)
        if key.id in keys:
            raise KeysUnusable(f"key file {str(path)!r}, line {number}: key {key.id} is there already; remove one")
        keys[key.id] = key
    return tuple(keys.values())


def change_keys(path: Path, change: Callable[[tuple[Key, ...]], Sequence[Key]]) -> None:
    """Replace the keys by what `change` makes of them, alone among processes; a file that is not there has none."""
    try:
        with _locked(path.resolve().parent):
            _write(path, change(read_keys(path) if path.exists() else ()))
    except OSError as error:
        raise KeysUnusable(f"key file {str(path)!r} cannot be written: {error.strerror}") from None


def _key(path: Path, number: int, line: bytes) -> Key:
    where = f"key file {str(path)!r}, line {number}"
    try:
        key = msgspec.json.decode(line, type=Key)
        hashed = bytes.fromhex(key.sha256)
    # Neither error quotes a hash.
    except (msgspec.MsgspecError, ValueError) as error:
        raise KeysUnusable(f"{where} is no key: {error}") from None
    if len(hashed) != 32 or not is_tenant(key.tenant):
        raise KeysUnusable(f"{where} is no key: its sha256 is not 64 hexadecimal digits, or its tenant no name")
    for instant in (key.created, key.expires, key.revoked):
        if instant is not None and instant.tzinfo is None:
            raise KeysUnusable(f"{where}: an instant needs its time zone, as in 2027-01-31T12:00:00Z")
    return key


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    # The directory, since the file itself is another one after every change.
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, keys: Sequence[Key]) -> None:
    # A link is kept: what it leads to is replaced, in its own directory.
    target = path.resolve()
    # Made for nobody else to read or, which is worse, to write.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(msgspec.json.encode(key) + b"\n" for key in keys)
            file.flush()
            if target.exists():
                # Changed by root, it is still the server's to read, or a revocation would never reach it.
                before = target.stat()
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), S_IMODE(before.st_mode) & ~0o022)
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
