"""Everything wrong with one request, collected so that a caller learns all of it at once."""

from __future__ import annotations

from pointsman.doors.limits import VIOLATIONS
from pointsman.errors import InvalidRequest, Reason

# A content part that we cannot read names a newer client, and a client that only shortens a malformed request gains
# nothing: the first reason here that applies is the one to answer.
_PRECEDENCE = (Reason.UNSUPPORTED_CONTENT_PART, Reason.INVALID_REQUEST, Reason.REQUEST_TOO_LARGE)


class Violations:
    """Collects while a request is read; the first ten are reported."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []
        self._reasons: set[Reason] = set()

    def add(self, field: str, description: str, reason: Reason = Reason.INVALID_REQUEST) -> None:
        """`field` is a path such as `input.messages[2].parts[0].image.media_type`."""
        self._found.append((field, description))
        self._reasons.add(reason)

    def check_count(self, field: str, count: int, limit: int) -> bool:
        """Whether a repeated field is short enough to look at."""
        if count > limit:
            self.add(field, f"has {count:,} entries, and at most {limit:,} are taken", Reason.REQUEST_TOO_LARGE)
        return count <= limit

    def check_bytes(self, field: str, text: str, limit: int) -> bool:
        """Whether `text` takes at most `limit` bytes of UTF-8."""
        # No code point takes more than four: most texts need not be encoded to know.
        if len(text) * 4 <= limit or (size := len(text.encode())) <= limit:
            return True
        self.add(field, f"is {size:,} bytes, and at most {limit:,} are taken", Reason.REQUEST_TOO_LARGE)
        return False

    def check_utf8(self, field: str, text: str) -> bool:
        """Whether a header came as UTF-8: of one that did not, other bytes are held as surrogates, which nobody can
        send on or record.
        """
        try:
            text.encode()
        except UnicodeEncodeError:
            self.add(field, "is not UTF-8")
            return False
        return True

    def raise_if_any(self) -> None:
        """InvalidRequest with what was found."""
        if self._found:
            reason = next(r for r in _PRECEDENCE if r in self._reasons)
            raise InvalidRequest(self._found[:VIOLATIONS], reason)
