"""An answer and what it costs, before any wire has put it into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pointsman.sim.answers import Answer

_WAVE: Final = (0.5, 1.0, 1.5, 1.0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What is billed besides the answer: tokens of the prompt, and of them those read from the cache or written to it.

    `price` is USD per million (input, output); None tells no cost. `hourly`: what is written stays for an hour.
    """

    prompt: int
    cached: int
    price: tuple[float, float] | None = None
    written: int = 0
    hourly: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `created` is Unix seconds; ids are made from `mark`.

    `usage` None leaves it out everywhere; `stream_usage` asks for it in streams, where a wire leaves the choice.
    `sureness` is the mean log-probability of its tokens, None where it is not asked for; `summarized` whether thinking
    is told, where a wire leaves the choice.
    """

    mark: str
    created: int
    model: str
    answer: Answer
    usage: Usage | None
    stream_usage: bool
    sureness: float | None = None
    summarized: bool = True

    def likelihood(self, at: int) -> float:
        """The log-probability of one token of the content: around the mean, and no token like the next."""
        return round((self.sureness or 0.0) * _WAVE[at % len(_WAVE)], 6)
