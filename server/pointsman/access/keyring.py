"""The keys in use: who presents one, by a file that may change at any time."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from typing import Self

from msgspec import Struct

from pointsman.access.keyfile import read_keys
from pointsman.access.keys import Key, digest, id_of
from pointsman.errors import KeysUnusable, Reason, RequestError
from pointsman.model.caller import Caller

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks at the file, and so at most between a revocation and the first call that it refuses."""

_NEVER = float("inf")
_NOBODY = bytes(32)


class _Held(Struct, frozen=True):
    """One key, as calls need it. `until` is Unix seconds."""

    caller: Caller
    hashed: bytes
    until: float
    revoked: bool


class _Keys(Struct, frozen=True):
    """The keys of one state of the file. `proven` are the tokens seen of them: one a key, so it cannot grow beyond."""

    by_id: Mapping[str, _Held]
    proven: dict[str, _Held]


class Keyring:
    """Says who presents a token, and watches the file in a thread while entered.

        with Keyring(Path("keys.jsonl")) as ring:
            ring.authenticate(f"Bearer {token}", time.time()).tenant

    Raises KeysUnusable where the file cannot be used at the start. One that cannot be used later leaves the keys as
    they are, and is told of once. `refused` counts the calls turned away, by reason.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.refused = Counter({Reason.CREDENTIALS_MISSING: 0, Reason.CREDENTIALS_INVALID: 0})
        self._seen = _look(path)
        self._keys = _held(read_keys(path))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pointsman-keys", daemon=True)
        if not self._keys.by_id:
            log.warning("key file %s holds no key, so nobody may call; `pointsman keys create` makes one", path)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def authenticate(self, authorization: str, now: float) -> Caller:
        """Who calls with this `authorization` header, "" for none, at `now`, Unix seconds.

        RequestError CREDENTIALS_MISSING or CREDENTIALS_INVALID, which quotes nothing of what was presented.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise self._refusal(Reason.CREDENTIALS_MISSING, "an API key is needed: send `authorization: Bearer KEY`")
        keys = self._keys
        # A look-up compares hashes, seeded anew in every process, before it compares texts: how long it takes says
        # nothing of a token that is nearly right.
        held = keys.proven.get(token) or self._prove(keys, token)
        if held.until > now and not held.revoked:
            return held.caller
        why = "was revoked" if held.revoked else f"expired at {datetime.fromtimestamp(held.until, UTC):%Y-%m-%dT%H:%MZ}"
        raise self._refusal(Reason.CREDENTIALS_INVALID, f"the API key {held.caller.key} {why}")

    def refresh(self) -> bool:
        """Read the file if it is another than before; whether the keys are others now. Never raises."""
        seen = _look(self._path)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._keys = _held(read_keys(self._path))
        except KeysUnusable as unusable:
            log.error("the API keys stay as they were: %s", unusable)
            return False
        log.info("key file %s was read again: %d keys", self._path, len(self._keys.by_id))
        return True

    def _prove(self, keys: _Keys, token: str) -> _Held:
        held = keys.by_id.get(id_of(token))
        if not compare_digest(digest(token), held.hashed if held else _NOBODY) or held is None:
            raise self._refusal(Reason.CREDENTIALS_INVALID, "the API key is none of this server's")
        keys.proven[token] = held
        return held

    def _refusal(self, reason: Reason, message: str) -> RequestError:
        self.refused[reason] += 1
        return RequestError(reason, message)

    def _watch(self) -> None:
        while not self._stop.wait(POLL):
            self.refresh()


def _held(keys: tuple[Key, ...]) -> _Keys:
    return _Keys({key.id: _hold(key) for key in keys}, {})


def _hold(key: Key) -> _Held:
    return _Held(
        Caller(key.tenant, key.id, frozenset(key.permissions)),
        bytes.fromhex(key.sha256),
        _NEVER if key.expires is None else key.expires.timestamp(),
        key.revoked is not None,
    )


def _look(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of the file from another, without reading it; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
