"""What a prompt is about, found with a few expressions, so that answers can pick it up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_READ = 1_000
_WORDS = re.compile(r"\w+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{3,}")
_NAME = re.compile(r"(?<=[\w,:;(] )[A-Z][a-z]+(?: [A-Z][a-z]+){0,3}")
_QUOTED = re.compile(r"[\"“]([^\"“”\n]{1,60})[\"”]")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,12}(?:\.\d{1,6})?(?![\w.]\d)")
_DIGIT = re.compile(r"\d")
_SUM = re.compile(r"(-?\d{1,9}(?:\.\d{1,6})?)\s{0,3}([-+*/x×])\s{0,3}(\d{1,9}(?:\.\d{1,6})?)")
_DULL = (
    "about after also answer because been before being between both cannot check classify could describe does doing "
    "each exactly explain five four list three "
    "from give have here into just like make more most must only over please question reply respond return same "
    "should some such tell than that their them then there these they this those using very want what when where "
    "which while will with without word words would write your"
)
_STOP = frozenset(_DULL.split())

# Looking a word up in a set is what keeps long prompts cheap; expressions run only where one of these is said.
_SORTING_WORDS = (
    "classify classified classifies classification categorize categorise category categories class classes label "
    "labels sentiment intent intents one yes"
)
_SORTING_SAID = frozenset(_SORTING_WORDS.split())
_SORTING = re.compile(
    r"\b(?:classif|categori|label|which (?:intent|class|category)|sentiment|yes or no"
    r"|(?:exactly|only|with|return|output|choose|pick) one of)",
    re.IGNORECASE,
)
# After a colon labels may have several words; elsewhere they are single words, for what else would end the first?
_LISTED = re.compile(
    r"\b(?:one of|labels?|categories|classes|intents|options)\b[^.:,\n]{0,25}[:=]\s{0,3}([^.\n?]{3,400})", re.IGNORECASE
)
_ENUMERATED = re.compile(
    r"\b(?:one of|labels?|categor(?:y|ies)|class(?:es)?|intents?|options|sentiment|into|as|either)\b[^.\n]{0,60}?"
    r"([\"'`]?\b[\w-]{1,40}\b[\"'`]?"
    r"(?:\s?(?:,(?: or| and)?|;|\||/|\bor\b|\band\b)\s?[\"'`]?\b[\w-]{1,40}\b[\"'`]?){1,40})",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(r"^[ \t]{0,8}[-*][ \t]{1,3}([\w-]{1,40}(?: [\w-]{1,40}){0,2}): ([^\n]{1,300})$", re.MULTILINE)
_SET_OFF = re.compile(r"^===[^\n]*===\n(.*)\n===[^\n]*===$", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"^\s{0,8}[-*]\s{1,3}[`\"']?([\w-]{1,40})[`\"']?\s{0,3}(?::|$)", re.MULTILINE)
_BETWEEN = re.compile(r"\s{0,3}(?:,(?: or\b| and\b)?|;|\||/|\bor\b|\band\b)\s{0,3}")
_LABEL = re.compile(r"[\w-]{1,40}(?: [\w-]{1,40}){0,2}")
# In the description of a label: it is for what fits no other.
_REST = frozenset(["anything", "else", "other", "otherwise", "rest", "whatever"])
_FILLERS = ("the goal", "the cost", "the plan")
_TELLING = {
    "positive": "amazing awesome excellent fantastic glad good great happy love perfect pleased thanks wonderful",
    "negative": "awful bad broken disappointed fail hate horrible never poor slow terrible unhappy worst wrong",
    "neutral": "okay average fine",
    "billing": "bill card charge charged invoice paid pay payment price receipt subscription",
    "refund": "money back refund return reimburse",
    "bug": "broken bug crash crashes error exception fail fails stuck",
    "code": "bug class code compile function golang java javascript python refactor regex script sql test",
    "reasoning": "derive explain how proof prove puzzle reason solve step steps why",
    "complex": "analyse analyze architecture compare design essay plan report strategy",
    "simple": "capital define name spell translate who",
    "urgent": "asap emergency immediately now outage urgent",
    "spam": "casino click congratulations free lottery offer prize winner",
    "yes": "always correct is true",
    "no": "false incorrect never",
}


@dataclass(frozen=True)
class Prompt:
    """A question and the instructions that came with it, read as far as `_READ` characters from either end."""

    question: str
    instructions: str = ""

    @cached_property
    def asked(self) -> str:
        """The question, its middle left out where it is very long."""
        text = self.question
        return text if len(text) <= 2 * _READ else f"{text[:_READ]}\n{text[-_READ:]}"

    @cached_property
    def whole(self) -> str:
        """Instructions and question."""
        return f"{self.instructions[:_READ]}\n{self.asked}"

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Three to eight telling words or what stands in for them, as first met."""
        words = (word.lower() for word in _WORD.findall(self.asked[:_READ]))
        found = list(dict.fromkeys(word for word in words if word not in _STOP))[:8]
        return (*found, *_FILLERS[len(found) :])

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of the question in lower case."""
        return frozenset(_WORDS.findall(self.asked.lower()))

    @cached_property
    def all_words(self) -> frozenset[str]:
        """The same for the instructions too."""
        return self.words | frozenset(_WORDS.findall(self.instructions[:_READ].lower()))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Proper names, then quoted strings."""
        found = _NAME.findall(self.asked) + _QUOTED.findall(self.asked)
        return tuple(dict.fromkeys(found))[:8]

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        return tuple(float(text) for text in _NUMBER.findall(self.asked)[:8])

    @cached_property
    def sum(self) -> tuple[str, float] | None:
        """The first simple calculation asked for and its result: ("17 * 23", 391.0)."""
        found = _SUM.search(self.asked) if _DIGIT.search(self.asked) else None
        if found is None:
            return None
        left, sign, right = float(found[1]), found[2], float(found[3])
        if sign == "/" and not right:
            return None
        results = {"+": left + right, "-": left - right, "/": left / right if right else 0.0}
        return found[0], results.get(sign, left * right)

    @cached_property
    def described(self) -> dict[str, frozenset[str]]:
        """The labels that the instructions list and describe, where they ask for one of them: the words about each."""
        told = self.instructions[:_READ]
        if not _SORTING_SAID.intersection(_WORDS.findall(told.lower())) or not _SORTING.search(told):
            return {}
        return {label: frozenset(_WORDS.findall(about.lower())) for label, about in _DESCRIBED.findall(told)}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels to choose from where the prompt asks for a classification, else none."""
        if len(self.described) > 1:
            return tuple(self.described)
        if not _SORTING_SAID & self.all_words or not _SORTING.search(self.whole):
            return ()
        for listed in (*_LISTED.finditer(self.whole), *_ENUMERATED.finditer(self.whole)):
            parts = [part.strip(" \t\"'`[]{}()<>*") for part in _BETWEEN.split(listed[1])]
            if len(parts) > 1 and all(_LABEL.fullmatch(part) for part in parts if part):
                return tuple(dict.fromkeys(part for part in parts if part))
        bullets = tuple(dict.fromkeys(_BULLET.findall(self.whole)))
        if len(bullets) > 1:
            return bullets
        return ("yes", "no") if "yes or no" in self.whole.lower() else ()

    @cached_property
    def best_label(self) -> str | None:
        """The label that most words of the question speak for, else the one for the rest; None where there is none."""
        subject = self._subject
        scores = {label: self._score(label, subject) for label in self.labels}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best]:
            return best
        return next((label for label, about in self.described.items() if about & _REST), None)

    @property
    def _subject(self) -> frozenset[str]:
        """The words to be classified: what is set off, else all but the list of labels where the question has one."""
        if (set_off := _SET_OFF.search(self.asked)) is not None:
            return frozenset(_WORDS.findall(set_off[1].lower()))
        text = _ENUMERATED.sub(" ", _LISTED.sub(" ", self.asked, count=1), count=1)
        return frozenset(_WORDS.findall(text.lower()))

    def _score(self, label: str, subject: frozenset[str]) -> int:
        own = frozenset(re.findall(r"[^\W_]+", label.lower()))
        told = frozenset(word for part in own for word in _TELLING.get(part, "").split())
        about = frozenset(word for word in self.described.get(label, ()) if len(word) > 3) - _STOP - _REST
        return 2 * len(own & subject) + len(told & subject) + len(about & subject)
