"""Headers of the Messages API: its version, and what callers ask for beside the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pointsman.doors.violations import Violations

VERSION: Final = "anthropic-version"
VERSIONS: Final = ("2023-06-01", "2026-10-21")

_BETA = "anthropic-beta"
# What these betas bring is here; of others clients do without, once they hear that a beta is not known.
_BETAS: Final = frozenset({
    "claude-code-20250219",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "extended-cache-ttl-2025-04-11",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "mid-conversation-system-2026-04-07",
    "model-context-window-exceeded-2025-08-26",
    "oauth-2025-04-20",
    "prompt-caching-2024-07-31",
    "prompt-caching-scope-2026-01-05",
    "structured-outputs-2025-12-15",
    "thinking-token-count-2026-05-13",
    "token-counting-2024-11-01",
    "token-efficient-tools-2025-02-19",
})  # fmt: skip
# They would bill somebody, or look somewhere, that we know nothing of.
_REFUSED: Final = ("anthropic-user-profile-id", "anthropic-workspace-id")


def check_headers(headers: Mapping[str, str], found: Violations) -> None:
    """What is wrong with the headers of a request goes to `found`; names in any case, as the mapping takes them."""
    version = headers.get(VERSION)
    if version not in VERSIONS:
        why = "is required" if version is None else f"{version[:64]!r} is no version that this server speaks"
        found.add(VERSION, f"{why}; send {' or '.join(VERSIONS)}")
    # A field may come in several lines, of which a look-up finds one.
    lines = [value for name, value in headers.items() if name.lower() == _BETA]
    betas = [beta.strip() for line in lines for beta in line.split(",")]
    unknown = [beta[:64] for beta in betas if beta and beta not in _BETAS]
    if unknown:
        found.add(_BETA, f"this server does not know {', '.join(map(repr, unknown[:8]))}; leave it out")
    for name in _REFUSED:
        if name in headers:
            found.add(name, "is not supported here; leave it out")
