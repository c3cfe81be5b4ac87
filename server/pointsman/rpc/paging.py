"""Lists, page by page: a token is the last name seen, so that what comes or goes meanwhile breaks nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Sequence

from pointsman.doors.limits import PAGE_DEFAULT, PAGE_MAX
from pointsman.errors import InvalidRequest


def page_of(names: Sequence[str], size: int, token: str, kind: str) -> tuple[Sequence[str], str]:
    """One page of sorted names, and the token of the next, "" for none.

    `kind` says what a token is, so that any other text is refused: InvalidRequest, as for a size out of range.
    """
    if not 0 <= size <= PAGE_MAX:
        raise InvalidRequest([("page_size", f"is {size}, and must be between 0 and {PAGE_MAX:,}")])
    mark = f"{kind}-after:".encode()
    last = _last_seen(token, mark)
    start = bisect_right(names, last) if last else 0
    page = names[start : start + (size or PAGE_DEFAULT)]
    more = start + len(page) < len(names)
    return page, urlsafe_b64encode(mark + page[-1].encode()).decode() if more else ""


def _last_seen(token: str, mark: bytes) -> str:
    if not token:
        return ""
    try:
        data = urlsafe_b64decode(token.encode("ascii"))
        if not data.startswith(mark):
            raise ValueError
        return data[len(mark) :].decode()
    except ValueError:
        problem = "is none of our tokens; take next_page_token as it is, or start over without"
        raise InvalidRequest([("page_token", problem)]) from None
