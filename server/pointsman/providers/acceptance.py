"""What every wire makes of the beginning of an answer: a body of JSON, a stream of events, or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import anyio

from pointsman.errors import ProviderError, TransportError
from pointsman.ports import HttpResponse, HttpStream
from pointsman.providers.failures import Complaint, Origin, failed_inside, garbled, refused

# An error's body says why, but it is not worth more than this.
_ERROR_BYTES: Final = 64 * 1024
_ERROR_SECONDS: Final = 2.0
# Whoever has no list of models says so, and is there.
_NO_LIST: Final = frozenset({404, 405})

ReadComplaint = Callable[[bytes], Complaint]
"""What a wire's error body says."""


def accept_whole(response: HttpResponse, origin: Origin, read_complaint: ReadComplaint) -> bytes:
    """The body, if it can be an answer; raises ProviderError for anything else."""
    if not _succeeded(response.status):
        raise refused(origin, read_complaint(response.body))
    kind = _media_type(response.headers)
    if kind and "json" not in kind:
        raise garbled(origin, "answered with something other than JSON")
    return response.body


def accept_listing(response: HttpResponse, origin: Origin, read_complaint: ReadComplaint) -> None:
    """Return if a provider that was asked for its models is there; raise ProviderError otherwise."""
    if not _succeeded(response.status) and response.status not in _NO_LIST:
        raise refused(origin, read_complaint(response.body))


async def accept_stream(body: HttpStream, origin: Origin, read_complaint: ReadComplaint) -> None:
    """Return if a stream of events follows; raise ProviderError for anything else."""
    kind = _media_type(body.headers)
    if not _succeeded(body.status):
        raise refused(origin, read_complaint(await _beginning(body)))
    if kind in ("", "text/event-stream"):
        return
    if "json" in kind and kind != "application/x-ndjson":
        raise _json_instead(await _beginning(body), origin, read_complaint)
    raise garbled(origin, "answered with something other than a stream of events")


def _json_instead(body: bytes, origin: Origin, read_complaint: ReadComplaint) -> ProviderError:
    """Some servers put errors that come before the stream into one JSON object, under status 200."""
    complaint = read_complaint(body)
    if complaint.codes or complaint.status:
        return failed_inside(origin, complaint)
    return garbled(origin, "answered with JSON where a stream of events was asked for")


async def _beginning(body: HttpStream) -> bytes:
    """What comes soon of an error's body, up to a limit."""
    parts: list[bytes] = []
    try:
        with anyio.move_on_after(_ERROR_SECONDS):
            while sum(map(len, parts)) < _ERROR_BYTES and (part := await body.read_some()):
                parts.append(part)
    except TransportError:
        pass  # the status says enough
    return b"".join(parts)


def _succeeded(status: int) -> bool:
    return 200 <= status < 300


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
