"""One entry of the configured chain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pointsman.chain.plugin import PolicyPlugin


class OnError(StrEnum):
    """What a failing policy does to the request: SKIP goes on without it, FAIL refuses."""

    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy as configured: `use:` names it, `id` this instance of it.

    `options` are its validated `with:`. `on_error` None: vetoes and admission fail, the rest skips. `timeout` bounds
    each asynchronous hook, in seconds. `shadow`: evaluated for comparison only.
    """

    id: str
    use: str
    plugin: PolicyPlugin
    # An instance of plugin.config, or None.
    options: object = None
    on_error: OnError | None = None
    timeout: float = 1.0
    shadow: bool = False
    optional: bool = False
