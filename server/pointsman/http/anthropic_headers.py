"""Headers of the Messages API: its version, and what callers ask for beside the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pointsman.doors.violations import Violations

VERSION: Final = "anthropic-version"
VERSIONS: Final = ("2023-06-01", "2026-10-21")

_BETA = "anthropic-beta"
# What these betas change is said in the body, which is checked by itself, or is so here anyway.
_BETAS: Final = frozenset({
    "advisor-tool-2026-03-01",
    "cache-diagnosis-2026-04-07",
    "claude-code-20250219",
    "code-execution-2025-05-22",
    "compact-2026-01-12",
    "compact-2026-09-04",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "extended-cache-ttl-2025-04-11",
    "fast-mode-2026-02-01",
    "files-api-2025-04-14",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "mcp-client-2025-04-04",
    "mcp-client-2025-11-20",
    "mcp-client-2026-09-15",
    "mid-conversation-system-2026-04-07",
    "model-context-window-exceeded-2025-08-26",
    "oauth-2025-04-20",
    "pdfs-2024-09-25",
    "prompt-caching-2024-07-31",
    "prompt-caching-scope-2026-01-05",
    "skills-2025-10-02",
    "structured-outputs-2025-11-13",
    "structured-outputs-2025-12-15",
    "task-budgets-2026-03-13",
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
