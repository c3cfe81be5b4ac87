"""Gates that judge each answer on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointsman import Accepted, GatedAnswer, Rejected


def judge_each(answers: Sequence[GatedAnswer], fault: Callable[[GatedAnswer], str]) -> Accepted | Rejected:
    """Accept the answers in which `fault` finds none, the first of them above all; it says what is wrong, or "".

    Where all are wrong, the reason names each fault once.
    """
    faults = [fault(answer) for answer in answers]
    good = [index for index, found in enumerate(faults) if not found]
    if not good:
        return Rejected("; ".join(dict.fromkeys(faults)))
    return Accepted(which=good[0], others=tuple(good[1:]))


def only_calls(answer: GatedAnswer) -> bool:
    """Whether it says nothing and calls tools."""
    return bool(answer.tool_calls) and not answer.text.strip()
