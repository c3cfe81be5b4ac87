"""An answer and what it costs, before any wire has put it into words."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.sim.answers import Answer


@dataclass(frozen=True, slots=True)
class Usage:
    """What is billed besides the answer: tokens of the prompt, and of them those read from the cache or written to it.

    `price` is USD per million (input, output); None tells no cost.
    """

    prompt: int
    cached: int
    price: tuple[float, float] | None = None
    written: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `created` is Unix seconds; ids are made from `mark`.

    `usage` None leaves it out everywhere; `stream_usage` asks for it in streams, where a wire leaves the choice.
    """

    mark: str
    created: int
    model: str
    answer: Answer
    usage: Usage | None
    stream_usage: bool
