"""Values that satisfy a JSON schema, coloured by the prompt: for structured answers and tool arguments."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle

from pointsman.sim.prompt import Prompt
from pointsman.sim.request import Json

_FULL_DEPTH = 4
_MOST_DEPTH = 12
_FORMATS = {
    "date-time": "2026-03-14T09:26:53Z",
    "date": "2026-03-14",
    "time": "09:26:53Z",
    "duration": "PT1H30M",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/",
    "uuid": "6f1c2a54-8a2b-4c1f-9d53-0e8d5b7a9c10",
}
_SHORT = ("a", "A", "1", "ab", "AB", "12", "abc", "ABC", "123", "abcd", "1234", "12345", "123456", "abc-123")
_LONGER = ("A1", "AB12", "ABC-123", "a_b", "#a1b2c3", "+4930123456", "1.0.0", "12:30", "/a")
_SPECIMENS = (*_SHORT, *_LONGER, *_FORMATS.values())
_SENTENCES = frozenset({"text", "summary", "description", "answer", "explanation", "reason", "comment", "message"})
_FREE = frozenset({"type", "title", "description"})
_QUESTIONS = frozenset({"query", "question", "input", "prompt", "search"})


def instance(schema: Json, chance: random.Random, prompt: Prompt) -> Json:
    """A value valid against `schema`.

    Understood: type, enum, const, properties, required, items, prefixItems, the bounds of numbers, strings and arrays,
    multipleOf, uniqueItems, format, anyOf, oneOf, allOf, local $ref, and a pattern that one of some specimens meets.
    """
    return _Maker(schema, chance, prompt, cycle(prompt.names or prompt.topics)).value(schema, "", 0)


@dataclass(frozen=True, slots=True)
class _Maker:
    root: Json
    chance: random.Random
    prompt: Prompt
    names: Iterator[str]

    def value(self, schema: Json, name: str, depth: int) -> Json:
        if not isinstance(schema, Mapping) or depth > _MOST_DEPTH:
            return None
        schema = self.resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.one_of(schema["enum"])
        match self.kind(schema, depth):
            case "object":
                return self.mapping(schema, depth)
            case "array":
                return self.array(schema, name, depth)
            case "integer":
                return self.number(schema, whole=True)
            case "number":
                return self.number(schema, whole=False)
            case "boolean":
                return self.chance.random() < 0.5
            case "null":
                return None
            case _:
                return self.string(schema, name)

    def resolved(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        """The schema with its references followed, its allOf merged and one alternative chosen."""
        merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        parts = [self.target(schema["$ref"])] if "$ref" in schema else []
        parts += schema.get("allOf") or []
        options = [option for option in schema.get("anyOf") or schema.get("oneOf") or [] if isinstance(option, Mapping)]
        if options:
            parts.append(self.alternative(options, depth))
        if depth > _MOST_DEPTH:
            return merged
        for part in parts:
            if isinstance(part, Mapping):
                _merge(merged, self.resolved(part, depth + 1))
        return merged

    def target(self, reference: Json) -> Json:
        found = self.root
        for step in str(reference).removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key, {}) if isinstance(found, Mapping) else {}
        return found

    def alternative(self, options: list[Mapping[str, Json]], depth: int) -> Mapping[str, Json]:
        """Something rather than null, but the simplest once it gets deep, so that recursive schemas end."""
        telling = [option for option in options if option.get("type") != "null"]
        if depth < _FULL_DEPTH:
            return self.chance.choice(telling or options)
        return min(options, key=lambda option: (option.get("type") != "null", "$ref" in option, len(option)))

    def kind(self, schema: Mapping[str, Json], depth: int) -> str:
        kinds = schema.get("type")
        if isinstance(kinds, list):
            if depth >= _FULL_DEPTH and "null" in kinds:
                return "null"
            return next((str(kind) for kind in kinds if kind != "null"), "null")
        if isinstance(kinds, str):
            return kinds
        if "properties" in schema:
            return "object"
        return "array" if "items" in schema or "prefixItems" in schema else "string"

    def one_of(self, values: Json) -> Json:
        said = [value for value in values if isinstance(value, str) and value.lower() in self.prompt.words]
        return said[0] if said else self.chance.choice(values)

    def mapping(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        properties: Mapping[str, Json] = schema.get("properties") or {}
        required = schema.get("required") or []
        wanted = [name for name in properties if depth < _FULL_DEPTH or name in required]
        made = {name: self.value(properties[name], name, depth + 1) for name in wanted}
        extra = schema.get("additionalProperties")
        for name in required:
            made.setdefault(name, self.value(extra if isinstance(extra, Mapping) else {}, name, depth + 1))
        return made

    def array(self, schema: Mapping[str, Json], name: str, depth: int) -> list[Json]:
        least = int(schema.get("minItems") or 0)
        most = int(schema.get("maxItems", max(least, 3)))
        count = least if depth >= _FULL_DEPTH else max(least, min(most, 1 + self.chance.randrange(3)))
        made = [self.value(each, name, depth + 1) for each in schema.get("prefixItems") or []]
        items: Mapping[str, Json] = schema.get("items") or {}
        free = items.get("type") == "string" and items.keys() <= _FREE
        for _ in range(8 * count):
            if len(made) >= count:
                break
            item = self.value(items, name, depth + 1)
            if item in made and free:
                item = f"{item} {len(made) + 1}"
            if not (schema.get("uniqueItems") and item in made):
                made.append(item)
        return made

    def number(self, schema: Mapping[str, Json], whole: bool) -> int | float:
        """A number of the prompt if one fits, else one within the bounds."""
        step = schema.get("multipleOf") or (1 if whole else 0.01)
        low = max((schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema), default=-math.inf)
        high = min((schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema), default=math.inf)
        open_ends = (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
        for said in self.prompt.numbers:
            if low <= said <= high and said not in open_ends and (said / step) % 1 == 0:
                return int(said) if whole else said
        if low == -math.inf:
            low = min(1, high - 99 * step)
        high = min(high, low + 99 * step)
        first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
        first += first * step == open_ends[0]
        last -= last * step == open_ends[1]
        if last < first:
            return (low + high) / 2
        made = self.chance.randint(first, last) * step
        return int(made) if whole else round(made, 9)

    def string(self, schema: Mapping[str, Json], name: str) -> str:
        least, most = int(schema.get("minLength") or 0), schema.get("maxLength")
        if schema.get("pattern"):
            return self.patterned(str(schema["pattern"]), least, most)
        made = _FORMATS.get(str(schema.get("format"))) or self.phrase(name)
        while len(made) < least:
            made = f"{made} {self.chance.choice(self.prompt.topics)}"
        return made if most is None else made[: int(most)]

    def phrase(self, name: str) -> str:
        if name in _QUESTIONS:
            return self.prompt.asked[:120].strip() or "anything"
        if name in _SENTENCES:
            return f"In short, {' '.join(self.prompt.topics[:4])}."
        if "email" in name:
            return _FORMATS["email"]
        return next(self.names)

    def patterned(self, pattern: str, least: int, most: Json) -> str:
        try:
            wanted = re.compile(pattern)
        except re.error:
            return self.chance.choice(self.prompt.topics)
        candidates = (*self.prompt.names, *self.prompt.topics, *_SPECIMENS)
        fitting = (text for text in candidates if len(text) >= least and (most is None or len(text) <= int(most)))
        return next((text for text in fitting if wanted.search(text)), self.prompt.topics[0])


def _merge(into: dict[str, Json], part: Mapping[str, Json]) -> None:
    for key, value in part.items():
        if key == "properties":
            into[key] = {**value, **into.get(key, {})}
        elif key == "required":
            into[key] = list(dict.fromkeys([*into.get(key, []), *value]))
        else:
            into.setdefault(key, value)
