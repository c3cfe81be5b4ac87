"""What entries that read the prompt answered, for a decision that is made again after its text is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pointsman.chain.loading import Hook
from pointsman.model.opinion import Opinion

Key = tuple[str, str]
"""An entry's id and a hook."""


class Recollection:
    """Answers as they were recorded, to whoever asks. `asked` has the arguments of each question, those taken alone."""

    def __init__(self, opinions: tuple[Opinion, ...]) -> None:
        self._opinions = {(opinion.entry, opinion.hook): opinion for opinion in opinions}
        self.asked: dict[Key, tuple[Any, ...]] = {}

    def recall(self, hook: Hook, arguments: tuple[Any, ...]) -> Opinion | None:
        key = hook.entry.id, hook.name
        self.asked[key] = taken(hook, arguments)
        return self._opinions.get(key)


class Inference:
    """Answers where they follow from those recorded: a pure policy answers the same question in the same way.

    `asked` are the arguments of the recorded questions. What depends on the text alone `lasts`, whatever else is asked.
    """

    def __init__(
        self, recollection: Recollection, asked: Mapping[Key, tuple[Any, ...]], lasts: Callable[[Hook], bool]
    ) -> None:
        self._recollection, self._asked, self._lasts = recollection, dict(asked), lasts

    def recall(self, hook: Hook, arguments: tuple[Any, ...]) -> Opinion | None:
        same = self._asked.get((hook.entry.id, hook.name)) == taken(hook, arguments)
        return self._recollection.recall(hook, arguments) if same or self._lasts(hook) else None


def taken(hook: Hook, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments that this implementation looks at; which target it is asked about last is not among them."""
    if hook.takes is None:
        return arguments
    return tuple(arguments[position] for position in hook.takes if position < len(arguments))
