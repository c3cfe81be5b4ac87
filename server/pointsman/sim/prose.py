"""Answers in plain text: labels, sums, summaries, lists, code, or several sentences on what was asked."""

from __future__ import annotations

import random
import re
from itertools import cycle, islice

from pointsman.sim.prompt import Prompt

_CODE_WORDS = "code function method script implement refactor unittest regex python javascript typescript golang sql"
_CODE = frozenset(_CODE_WORDS.split())
_SHORTEN = frozenset({"summarise", "summarize", "summary", "tldr"})
_SUMMARY = re.compile(r"\b(?:summari[sz]e|summary|tldr)\b[^:\n]{0,60}:?", re.IGNORECASE)
_ENUMERATE = frozenset({"list", "name", "give", "suggest"})
_COUNT = re.compile(r"\b(?:list|name|give|suggest)(?: me)? (\d{1,2}|two|three|four|five|six|ten)\b", re.IGNORECASE)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_LANGUAGES = (("sql", "sql"), ("typescript", "typescript"), ("javascript", "javascript"), ("golang", "go"))

_OPENINGS = (
    "The short answer on {a} is that it depends on {b}, and the reasons are worth spelling out.",
    "There are two sides to {a}: what {b} asks for, and what it costs.",
    "It helps to take {a} apart before deciding anything about {b}.",
    "Most questions about {a} come down to how {b} is handled.",
)
_MIDDLES = (
    "First, {a} sets the limits, because everything that touches {b} has to pass through it.",
    "In practice {b} is the part that goes wrong, so measure it before changing {a}.",
    "A small example makes this concrete: keep {a} fixed, vary {c}, and watch what {b} does.",
    "If {c} grows, {a} grows with it, which is why the two should be planned together.",
    "The usual mistake is to treat {b} and {c} as one thing.",
    "Where {a} is uncertain, the cheaper choice can be undone later and the expensive one cannot.",
    "Experience with {c} suggests starting small and keeping {b} easy to replace.",
    "None of this requires {c} to be perfect; it has to be good enough for {a}.",
)
_CLOSINGS = (
    "So begin with {a}, check {b}, and return to {c} once the first numbers are in.",
    "Taken together, {a} comes first and {c} can wait.",
    "That leaves {b} as the one decision to make now.",
)
_WEAK = (
    "I'm not sure about {a}.",
    "I cannot say much about {a} without more context.",
    "It could be several things, possibly {a} or {b}; I don't know.",
)
_THOUGHTS = (
    "The question is about {a}, and it also mentions {b}. ",
    "Let me check whether {c} changes anything. ",
    "If {a} holds, then {b} follows, so the order matters. ",
    "Another reading would put {c} first, but that contradicts {a}. ",
    "I should keep the answer short and name {b}. ",
)


def reply(prompt: Prompt, chance: random.Random, weak: bool) -> str:
    """Plain text in the form the prompt asks for. `weak` gives what an overtaxed model would: wrong, vague or bare."""
    if prompt.labels:
        return _label(prompt, chance, weak)
    if prompt.sum is not None:
        task, result = prompt.sum
        return f"{task} = {round(result + (weak and 10), 6):g}."
    if _CODE & prompt.all_words or "```" in prompt.whole:
        return _code(prompt, weak)
    if weak:
        return _filled(chance.choice(_WEAK), prompt, chance)
    if _SHORTEN & prompt.words and (found := _SUMMARY.search(prompt.asked)) is not None:
        return _summary(prompt.asked[found.end() :], prompt, chance)
    if _ENUMERATE & prompt.words and (counted := _COUNT.search(prompt.asked)) is not None:
        count = min(12, int(_COUNTS.get(counted[1].lower(), 0) or counted[1]))
        lines = enumerate(_sentences(_MIDDLES, count, prompt, chance), start=1)
        return "\n".join(f"{at}. {line}" for at, line in lines)
    return essay(prompt, chance, 2 + chance.randrange(5))


def essay(prompt: Prompt, chance: random.Random, middles: int) -> str:
    """An opening, so many sentences between, and a conclusion."""
    first, last = (_filled(chance.choice(stock), prompt, chance) for stock in (_OPENINGS, _CLOSINGS))
    text = " ".join((first, *_sentences(_MIDDLES, middles, prompt, chance), last))
    return text[0].upper() + text[1:]


def thoughts(prompt: Prompt, chance: random.Random, count: int) -> str:
    """So many sentences of thinking aloud."""
    return "".join(_sentences(_THOUGHTS, count, prompt, chance))


def _label(prompt: Prompt, chance: random.Random, weak: bool) -> str:
    right = prompt.best_label or chance.choice(prompt.labels)
    others = [label for label in prompt.labels if label != right]
    return chance.choice(others) if weak and others else right


def _summary(text: str, prompt: Prompt, chance: random.Random) -> str:
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s", text) if len(part.strip()) > 10]
    return f"In short: {' '.join(sentences[:2])[:400]}" if sentences else essay(prompt, chance, 1)


def _code(prompt: Prompt, weak: bool) -> str:
    topics = [topic for topic in prompt.topics if topic not in _CODE] or ["value"]
    name = "_".join(re.sub(r"\W", "", topic) for topic in topics[:3])
    language = next((fence for word, fence in _LANGUAGES if word in prompt.words), "python")
    body = {
        "sql": f"SELECT {topics[0]}, count(*) AS total\nFROM {topics[-1]}\nGROUP BY {topics[0]}\nORDER BY total DESC;",
        "go": f"func {name}(items []string) []string {{\n\treturn append([]string(nil), items...)\n}}",
    }.get(language) or _function(language, name, " ".join(topics))
    if weak:
        return body.replace("return", "retrun", 1)
    return (
        f"Here is a version that keeps to what was asked.\n\n```{language}\n{body}\n```\n\n"
        f"It goes over the input once, leaves it unchanged, and needs no library. Test it with an empty input first."
    )


def _function(language: str, name: str, subject: str) -> str:
    if language == "python":
        doc = f'    """Work on {subject}, in order."""\n'
        loop = "    for item in items:\n        result.append(item)\n"
        return f"def {name}(items):\n{doc}    result = []\n{loop}    return result"
    return f"// Work on {subject}, in order.\nexport function {name}(items) {{\n  return items.map((item) => item);\n}}"


def _filled(sentence: str, prompt: Prompt, chance: random.Random) -> str:
    topics = prompt.topics
    at = chance.randrange(len(topics))
    a, b, c = (topics[(at + step) % len(topics)] for step in range(3))
    return sentence.format(a=a, b=b, c=c)


def _sentences(stock: tuple[str, ...], count: int, prompt: Prompt, chance: random.Random) -> list[str]:
    """So many from the stock, none twice until all were used."""
    at = chance.randrange(len(stock))
    return [_filled(text, prompt, chance) for text in islice(cycle(stock[at:] + stock[:at]), count)]
