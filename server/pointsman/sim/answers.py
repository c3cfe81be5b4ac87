"""What a simulated model answers: a pure function of the request, the seed and what was set for the model."""

from __future__ import annotations

import json
import math
import random
import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import blake2b
from statistics import NormalDist

from pointsman.sim import prose
from pointsman.sim.instances import instance
from pointsman.sim.prompt import Prompt
from pointsman.sim.request import ChatRequest, Json, Message
from pointsman.sim.settings import ModelSettings
from pointsman.sim.tokens import split
from pointsman.sim.toolcalls import ToolCall, choose

_NORMAL = NormalDist()
_THINKING = {"low": 64, "medium": 256, "high": 1024, "xhigh": 4096}
_THOUGHT = 12  # tokens in the shortest sentence of thinking, so that enough are made
_KEYS = re.compile(
    r"[\"'`](\w{1,40})[\"'`]\s{0,2}:"
    r"|\b(?:keys|fields)\b:?\s{0,2}((?:[\"'`]?\w{1,40}[\"'`]?(?:, and |, | and )){1,12}[\"'`]?\w{1,40})"
)


@dataclass(frozen=True, slots=True)
class Brief:
    """What an answer is made from. `subject` digests what was asked, `identity` also which model of whom."""

    request: ChatRequest
    model: ModelSettings
    subject: bytes
    identity: bytes

    @staticmethod
    def of(request: ChatRequest, model: ModelSettings, subject: bytes, provider: str) -> Brief:
        """The brief of a request whose messages and formats digest to `subject`."""
        whom = f"{provider}/{request.model}".encode()
        return Brief(request, model, subject, blake2b(subject + whom, digest_size=16).digest())

    @property
    def weak(self) -> bool:
        """Whether this model is not good enough for this prompt: drawn once for the two, against its quality."""
        return self.model.quality < 1 and int.from_bytes(self.identity[:6], "big") / 2**48 >= self.model.quality

    @property
    def sureness(self) -> float:
        """The mean log-probability of an answer's tokens: about 0.95 each where it is good, 0.37 where it is weak."""
        return -1.0 if self.weak else -0.05

    def spread(self, call: str, sigma: float) -> float:
        """A lognormal factor with median 1 that differs from call to call, drawn by its id."""
        if not sigma:
            return 1.0
        drawn = int.from_bytes(blake2b(self.identity + call.encode(), digest_size=6).digest(), "big")
        return math.exp(sigma * _NORMAL.inv_cdf((drawn + 0.5) / 2**48))

    def chance(self, call: str) -> float:
        """A number from 0 to 1 that differs from call to call, drawn by its id."""
        drawn = blake2b(self.identity + call.encode(), digest_size=6, salt=b"chance").digest()
        return int.from_bytes(drawn, "big") / 2**48

    @property
    def mark(self) -> str:
        """The hexadecimal that ids are made of."""
        return self.identity.hex()


@dataclass(frozen=True, slots=True)
class Answer:
    """Tokens of thinking and of text, tool calls, and why it ended: stop, length or tool_calls."""

    content: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"

    @property
    def text(self) -> str:
        return "".join(self.content)

    @property
    def tokens(self) -> int:
        """The completion tokens billed, those of reasoning included."""
        return len(self.content) + len(self.reasoning) + sum(call.tokens for call in self.calls)


def compose(brief: Brief, every_tool: bool = False) -> Answer:
    """The answer to a request within its limits. `every_tool` calls all tools at once, wanted or not."""
    request = brief.request
    # Not seeded with the model: two models that are both good enough give the same answer.
    chance = random.Random(brief.subject + (brief.identity if brief.weak else b""))
    prompt = Prompt(request.question, request.instructions)
    reasoning = _thinking(brief, prompt, chance)
    calls = choose(request, prompt, chance, brief.mark, every_tool)
    if calls:
        return limited(Answer(reasoning=reasoning, calls=calls, finish="tool_calls"), request.limit)
    text, finish = _stopped(_text(brief, prompt, chance), request.stops)
    return limited(Answer(tuple(split(text)), reasoning, finish=finish), request.limit)


class Composer:
    """`compose`, remembering the last `limit` answers: benchmarks ask the same questions again and again."""

    def __init__(self, limit: int = 256) -> None:
        self._made: OrderedDict[object, Answer] = OrderedDict()
        self._limit = limit

    def compose(self, brief: Brief) -> Answer:
        """The answer to this brief, made now or before."""
        request = brief.request
        key = (brief.identity, request.limit, *request.stops, request.effort, request.parallel_tool_calls)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = compose(brief)
            if len(self._made) > self._limit:
                self._made.popitem(last=False)
        return found


def lengthened(answer: Answer, tokens: int) -> Answer:
    """The same answer with at least so many content tokens and no tool calls, whatever the request's limits."""
    content = list(answer.content) or ["Well"]
    while len(content) < tokens:
        content += split(f" And further, part {len(content)} goes on as before.")
    return replace(answer, content=tuple(content), calls=(), finish="stop")


def limited(answer: Answer, limit: int | None) -> Answer:
    """Cut to `limit` tokens. Reasoning is spent first, so that a small limit leaves an empty answer."""
    if limit is None or answer.tokens <= limit:
        return answer
    left = limit - len(answer.reasoning)
    reasoning = answer.reasoning[:limit]
    if answer.calls and left > 0:
        first = answer.calls[0]
        return replace(answer, calls=(first.cut(left),), finish="length")
    return Answer(answer.content[: max(0, left)], reasoning, finish="length")


def _thinking(brief: Brief, prompt: Prompt, chance: random.Random) -> tuple[str, ...]:
    effort = brief.request.effort
    if brief.model.reasoning is not None and effort != "none":
        effort = (effort or "medium") if brief.model.reasoning else None
    if effort is None or effort == "none":
        return ()
    count = _THINKING.get(effort, _THINKING["medium"])
    return tuple(split(prose.thoughts(prompt, chance, 1 + count // _THOUGHT))[:count])


def _text(brief: Brief, prompt: Prompt, chance: random.Random) -> str:
    shape = brief.request.response_format
    if shape is not None and shape.type == "json_schema" and shape.json_schema is not None:
        return _dumped(instance(shape.json_schema.schema, chance, prompt))
    if (shape is not None and shape.type == "json_object") or ("json" in prompt.all_words and not prompt.described):
        made = _dumped(_json_object(prompt, chance, brief.weak))
        # Only JSON mode keeps a weak model from talking around its JSON.
        return f"Sure! Here it is: {made}" if brief.weak and shape is None else made
    last = brief.request.messages[-1]
    text = _from_tool(last, prompt, chance) if last.role == "tool" else prose.reply(prompt, chance, brief.weak)
    return text if brief.model.output_tokens is None else _sized(text, brief.model.output_tokens, prompt, chance)


def _json_object(prompt: Prompt, chance: random.Random, weak: bool) -> Json:
    keys = [key for found in _KEYS.finditer(prompt.whole) for key in re.findall(r"\w+", found[1] or found[2])]
    names = [key for key in dict.fromkeys(keys) if key != "and"]
    if not names:
        return {"answer": prose.reply(prompt, chance, weak), "topics": list(prompt.topics[:3])}
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    made: dict[str, Json] = instance(schema, chance, prompt)
    for name in names:
        if name in ("label", "category", "class", "intent", "sentiment", "answer"):
            made[name] = prose.reply(prompt, chance, weak)
    return {name: made[name] for name in names[1:]} if weak else made


def _from_tool(message: Message, prompt: Prompt, chance: random.Random) -> str:
    result = " ".join(message.text.split())[:300]
    return f"The tool answered: {result}. {prose.essay(prompt, chance, 1)}"


def _sized(text: str, tokens: int, prompt: Prompt, chance: random.Random) -> str:
    made = split(text)
    while len(made) < tokens:
        made += split(f" {prose.essay(prompt, chance, 1 + (tokens - len(made)) // 20)}")
    return "".join(made[:tokens])


def _stopped(text: str, stops: list[str]) -> tuple[str, str]:
    places = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    return text[: min(places, default=len(text))], "stop"


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
