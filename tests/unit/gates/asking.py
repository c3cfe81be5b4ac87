"""Gates made and asked without a server."""

from __future__ import annotations

from typing import Any

from pointsman import Accepted, Assessed, GatedAnswer, GatePlugin, Mode, PolicySetup, Rejected, Request
from pointsman.testing import FakeAsk, make_answer, make_catalogue, make_request, make_services

ASSESSED = Assessed("simple", Mode.BALANCED, 1.0, "test")


# Options as YAML gives them.
def gate(plugin: GatePlugin, **options: Any) -> Any:
    return plugin.factory(plugin.config(**options) if plugin.config else None, PolicySetup("gate", make_catalogue()))


async def verdict(
    made: Any, *answers: str | GatedAnswer, request: Request | None = None, ask: FakeAsk | None = None
) -> Accepted | Rejected:
    """What a gate says of these answers; a text is a whole one."""
    given = [make_answer(answer) if isinstance(answer, str) else answer for answer in answers]
    said: Accepted | Rejected = await made.judge(request or make_request(), ASSESSED, given, make_services(ask=ask))
    return said


async def said(made: Any, answer: str | GatedAnswer, request: Request | None = None) -> str:
    """Why a gate rejects this answer; "" where it accepts it."""
    told = await verdict(made, answer, request=request)
    return told.reason if isinstance(told, Rejected) else ""
