"""What the demo asks: every kind of task, short and long, in several languages, with every sort of hint."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from msgspec import Struct
from msgspec.structs import replace

from pointsman.model.request import (
    Hints,
    Message,
    Mode,
    ModelOverride,
    Params,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
)

INVOICE = """{"type": "object", "properties": {
  "number": {"type": "string"}, "supplier": {"type": "string"}, "total": {"type": "number"},
  "currency": {"type": "string", "enum": ["EUR", "USD", "GBP"]}}, "required": ["number", "supplier", "total"]}"""
CONTACT = """{"type": "object", "properties": {
  "name": {"type": "string"}, "company": {"type": "string"}, "phone": {"type": ["string", "null"]}},
  "required": ["name", "company", "phone"]}"""
WEATHER = Tool(
    "get_weather",
    "The current weather in a city",
    '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}',
)
BOOKING = Tool(
    "book_room",
    "Book a meeting room (Besprechungsraum) for a number of people",
    '{"type": "object", "properties": {"people": {"type": "integer", "minimum": 1}, "day": {"type": "string"}},'
    ' "required": ["people", "day"]}',
)


_UNCLEAR = "Points, crossings and signals: our strategy?"


class Prompt(Struct, frozen=True):
    """One request. `shows` says in a few words what to look at; `live`: its answer is shown as it streams."""

    shows: str
    request: Request
    live: bool = False


def _said(text: str, system: str = "") -> tuple[Message, ...]:
    first = (Message(Role.SYSTEM, (Text(system),)),) if system else ()
    return (*first, Message(Role.USER, (Text(text),)))


def _ask(text: str, hints: Hints, reasoning_effort: str = "") -> Request:
    return Request(messages=_said(text), hints=hints, params=Params(reasoning_effort=reasoning_effort))


def _extract(text: str, schema: str, hints: Hints) -> Request:
    shape = ResponseFormat("json_schema", "fields", schema, strict=True)
    return Request(messages=_said(text), response_format=shape, hints=hints)


def _with_tool(text: str, tool: Tool, hints: Hints) -> Request:
    return Request(messages=_said(text), tools=(tool,), hints=hints)


def _minutes(words: int) -> str:
    """Minutes of a meeting that does not want to end."""
    return " ".join(islice((word for sentence in _sentences() for word in sentence.split()), words))


def _sentences() -> Iterator[str]:
    teams = ("The harbour team", "Accounting", "The night shift", "Our depot in Gdynia", "Quality control")
    verbs = ("reported that", "asked whether", "insisted that", "doubted that", "noted with relief that")
    facts = (
        "the second crane waits for a spare part which the supplier promised for the end of the month",
        "seven containers were weighed twice because the labels had come off in the rain",
        "the new rota leaves nobody at the gate between four and five in the morning",
        "the cold store used a fifth less power since the doors close by themselves",
        "nobody had told the customs office about the changed arrival of the evening ferry",
        "two of the older forklifts should be sold before they need another inspection",
        "the training for dangerous goods has to be repeated before the winter",
    )
    # Lengths without a common factor, so that the same sentence hardly comes back.
    for number, (team, verb, fact) in enumerate(zip(cycle(teams), cycle(verbs[:4]), cycle(facts), strict=False), 1):
        yield f"{number}. {team} {verb} {fact}."


def _long(question: str, words: int) -> str:
    return f"{question}\n\n{_minutes(words)}\n\n{question}"


LIVE = (
    Prompt(
        "no hint at all",
        _ask("Which river runs through Vienna, Budapest and Belgrade, and which sea does it reach?", Hints()),
        live=True,
    ),
    Prompt(
        "code, sport",
        _ask(
            "Write a Python function that merges overlapping time intervals and keeps them sorted.",
            Hints(task="code", mode=Mode.SPORT),
        ),
        live=True,
    ),
    Prompt(
        "German, eco",
        _ask(
            "Erkläre einem Lehrling, warum ein Weichenwärter bei Nebel anders arbeitet als bei klarer Sicht.",
            Hints(task="complex", mode=Mode.ECO),
        ),
        live=True,
    ),
)

MIXED = (
    Prompt(
        "label, by tag",
        _ask(
            "Classify the message with exactly one of: billing, refund, bug, praise.\n"
            "Message: my card was charged twice for the same invoice this month.",
            Hints(tags=("classify-intent",)),
        ),
    ),
    Prompt(
        "label, Spanish",
        _ask(
            "Clasifica la opinión, only one of: positive, negative, neutral.\n"
            "Opinión: el tren llegó tarde y nadie supo decirnos por qué. Terrible.",
            Hints(tags=("classify-intent",), mode=Mode.ECO),
        ),
    ),
    Prompt("fact, Chinese", _ask("长江全长大约多少公里？它流经哪些省份？", Hints(task="simple"))),
    Prompt(
        "rewrite",
        _ask(
            "Rewrite in a friendlier tone: Your parcel is late because you gave us the wrong address.",
            Hints(task="simple", mode=Mode.BALANCED),
        ),
    ),
    Prompt(
        "rewrite, French, sport",
        _ask(
            "Reformule plus simplement : la présente clause produit ses effets nonobstant toute stipulation contraire.",
            Hints(task="simple", mode=Mode.SPORT),
        ),
    ),
    Prompt(
        "translation, Arabic",
        _ask("ترجم إلى الإنجليزية: وصلت السفينة إلى الميناء قبل الفجر بساعة.", Hints(task="simple", mode=Mode.ECO)),
    ),
    Prompt(
        "fields, JSON schema",
        _extract(
            'Invoice 2291-B from Nordhafen Logistik GmbH: transport "Rotterdam to Kiel", 1840.50 EUR, due in May.',
            INVOICE,
            Hints(tags=("invoice-fields",)),
        ),
    ),
    Prompt(
        "fields, Japanese, sport",
        _extract(
            "名刺: 株式会社みなと運輸 営業部 佐藤花子 (Hanako Sato) 電話 03-1234-5678",
            CONTACT,
            Hints(task="extract", mode=Mode.SPORT),
        ),
    ),
    Prompt(
        "code, SQL, eco",
        _ask("Write one SQL query that counts late deliveries per depot and month.", Hints(task="code", mode=Mode.ECO)),
    ),
    Prompt(
        "code, balanced",
        _ask(
            "Refactor this function so that it needs no nested loops:\n```python\ndef pairs(a, b):\n    out = []\n"
            "    for x in a:\n        for y in b:\n            if x.id == y.id:\n                out.append((x, y))\n"
            "    return out\n```",
            Hints(task="code"),
        ),
    ),
    Prompt(
        "code, provider excluded",
        _ask(
            "Write a Go function in golang that retries a call with growing pauses.",
            Hints(task="code", mode=Mode.SPORT, exclude_providers=("openai",)),
        ),
    ),
    Prompt(
        "maths, reasoning effort",
        _ask(
            "Three cranes unload 18 ships in 4 days. How many days do five cranes need for 45 ships? Show every step.",
            Hints(task="reasoning"),
            reasoning_effort="low",
        ),
    ),
    Prompt(
        "puzzle, Polish, eco",
        _ask(
            "Na stacji są trzy tory i dwa pociągi, które muszą się minąć. Udowodnij, że wystarczy jedna zwrotnica.",
            Hints(task="reasoning", mode=Mode.ECO),
        ),
    ),
    Prompt(
        "report, by tag", _ask("Explain why last night's throughput fell by 12 %.", Hints(tags=("nightly-report",)))
    ),
    Prompt(
        "planning",
        _ask(
            "Plan the move of a warehouse system from one database to another without a stop: phases, risks, who "
            "decides what, and how to go back.",
            Hints(task="complex", labels={"project": "atlas", "feature": "planner"}),
        ),
    ),
    Prompt(
        "planning, French, sport",
        _ask(
            "Compare trois façons d'organiser les équipes d'un port ouvert jour et nuit, puis recommande-en une.",
            Hints(task="complex", mode=Mode.SPORT),
        ),
    ),
    Prompt(
        "a stack trace: a rule knows",
        _ask(
            "Why does this happen every second night?\nTraceback (most recent call last):\n"
            '  File "rota.py", line 12, in <module>\n    gate = rota[night]\nKeyError: 14',
            Hints(),
        ),
    ),
    Prompt("unclear: a small model is asked", _ask(_UNCLEAR, Hints())),
    Prompt("the same again: it is not asked twice", _ask(_UNCLEAR, Hints(mode=Mode.ECO))),
    Prompt("two tool calls", _with_tool("What is the weather in Hamburg and in Porto right now?", WEATHER, Hints())),
    Prompt(
        "tool call, German",
        _with_tool(
            "Reserviere einen Besprechungsraum (book a room) für 8 Leute am Dienstag.",
            BOOKING,
            Hints(task="simple", mode=Mode.SPORT),
        ),
    ),
    Prompt(
        "conversation, eco",
        Request(
            messages=(
                *_said("Who invented the container?", system="You answer children in two sentences."),
                Message(Role.ASSISTANT, (Text("Malcom McLean, an American haulier. He was tired of waiting."),)),
                Message(Role.USER, (Text("And what did ships carry before that?"),)),
            ),
            hints=Hints(mode=Mode.ECO),
        ),
    ),
    Prompt(
        "a model preferred",
        _ask(
            "Give 4 names for a night train from Lisbon to Madrid.",
            Hints(task="simple", model_override=ModelOverride(model="mini")),
        ),
    ),
    Prompt(
        "a model and nothing else",
        _ask(
            "List 3 objections a harbour master could raise against this plan.",
            Hints(task="complex", mode=Mode.ECO, model_override=ModelOverride(model="gpt-5.4", strict=True)),
        ),
    ),
    Prompt(
        "at most $0.002",
        _ask(
            "Suggest 3 subject lines for a letter about new opening hours.",
            Hints(task="simple", max_cost_nano_usd=2_000_000, labels={"feature": "newsletter"}),
        ),
    ),
)


def long_ones() -> tuple[Prompt, ...]:
    """Long, and too long for what is cheapest."""
    question = "Summarise these minutes in three sentences:"
    return (
        Prompt("4,000 words", _ask(_long(question, 4_000), Hints(mode=Mode.ECO))),
        Prompt("80,000 words: too long for the cheapest", _ask(_long(question, 80_000), Hints(mode=Mode.ECO))),
    )


FAILOVER = Prompt(
    "failover",
    _ask(
        "What does the signal of three short blasts mean at sea?",
        Hints(task="simple", exclude_providers=("groq",), labels={"project": "atlas"}),
    ),
)

AGAIN = Prompt(
    "the same again",
    replace(FAILOVER.request, params=Params(max_output_tokens=16)),
)

CANCELLED = Prompt(
    "cancelled",
    _ask(
        "List 12 things that can go wrong when a railway line is reopened after thirty years, with a remedy for each.",
        Hints(task="complex"),
    ),
)

REFUSED = (
    Prompt(
        "max_cost too low",
        _ask("Write a poem about a lighthouse that was switched off.", Hints(max_cost_nano_usd=1_000)),
    ),
    Prompt("unknown task", _ask("Is 2027 a prime number? Give the reason.", Hints(task="reasonin"))),
    Prompt(
        "only in the EU, whose provider is down",
        _ask("Fasse zusammen, was ein Stellwerk tut.", Hints(task="simple", allowed_regions=("eu",))),
    ),
)
