"""How hard a Gemini model is asked to think: levels since Gemini 3, a budget of tokens before."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from pointsman.model.catalogue import Model

_GENERATION = re.compile(r"gemini-(\d{1,3})")
# As Google's own compatible endpoint translates efforts.
_BUDGETS: Final = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576}
_PRO_LEAST, _PRO_MOST = 128, 32_768
_LEVELS: Final = ("minimal", "low", "medium", "high")
# Asked for a level that it does not have, a model answers 400. These know "minimal"; all others begin at "low".
_MINIMAL = re.compile(r"flash-lite|gemini-3-flash|gemini-3\.[56]-flash")
_TWO_LEVELS = re.compile(r"gemini-3-pro")


class Thinking(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A thinkingConfig: a level or a budget of tokens, never both."""

    include_thoughts: bool = False
    thinking_level: str = ""
    thinking_budget: int | None = None


def generation(model: Model) -> int:
    """3 for gemini-3.1-pro; names that do not say are the newest, as gemini-flash-latest is."""
    found = _GENERATION.search(model.upstream)
    return int(found[1]) if found else 99


def thinking(model: Model, effort: str, limit: int | None = None) -> Thinking | None:
    """What to send; None for a model that does not think, which may refuse to be told not to.

    `limit` is of tokens, and means nothing where there are levels.
    """
    if "reasoning" not in model.capabilities:
        return None
    if generation(model) < 3:
        budget = _budget(model, effort, limit)
        return Thinking(include_thoughts=budget != 0, thinking_budget=budget)
    return Thinking(include_thoughts=True, thinking_level=_level(model, effort) if effort else "")


def thinks_all_the_same(model: Model, effort: str) -> bool:
    """Whether a caller who wants no thinking gets some: only few models can be told not to."""
    sent = thinking(model, effort)
    return effort == "none" and sent is not None and sent.thinking_budget != 0


def keeps_limit(model: Model, limit: int) -> bool:
    """Whether a limit of tokens for thinking is kept to; what does not think keeps any."""
    sent = thinking(model, "", limit)
    return sent is None or sent.thinking_budget == limit


def _budget(model: Model, effort: str, limit: int | None) -> int | None:
    """None leaves it to the model."""
    pro = "pro" in model.upstream
    most = _PRO_MOST if pro else _BUDGETS["high"]
    wanted = _BUDGETS.get(effort, most) if effort else limit
    if wanted is None:
        return None
    return max(_PRO_LEAST if pro else 0, min(wanted, most, most if limit is None else limit))


def _level(model: Model, effort: str) -> str:
    """The lowest level that it has and that is not below the effort; its highest where there is none."""
    known: tuple[str, ...] = _LEVELS if _MINIMAL.search(model.upstream) else _LEVELS[1:]
    if _TWO_LEVELS.search(model.upstream):
        known = ("low", "high")
    if effort == "none":
        return known[0]
    wanted = _LEVELS.index(effort) if effort in _LEVELS else len(_LEVELS)
    return next((level for level in known if _LEVELS.index(level) >= wanted), known[-1])
