"""`pointsman rules test`: which rule takes which prompt, which never fires, and which is hidden by earlier ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from pydantic import ValidationError

from pointsman import Hints, Image, Message, Mode, Request, ResponseFormat, Role, Text, Tool, measure
from pointsman_policies.rules_file import read_rules, spell
from pointsman_policies.rules_matching import Program
from pointsman_policies.rules_reading import READ_CHARACTERS
from pointsman_policies.rules_schema import Rule

_WON = ("task", "mode", "models")


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One earlier message."""

    role: Role
    text: str


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One prompt to try; a plain text stands for `{text: …}`.

    `tools` are names, `images` a number, `tokens` the caller's own count, `schema` whether JSON is asked for.
    """

    text: str
    system: str = ""
    earlier: tuple[Said, ...] = ()
    labels: Mapping[str, str] = {}
    tools: tuple[str, ...] = ()
    images: int = 0
    tokens: int | None = None
    schema: bool = False
    tenant: str = "default"
    mode: Mode | None = None
    task: str = ""

    def request(self) -> Request:
        """As a door would hand it to the policies."""
        system = (Message(Role.SYSTEM, (Text(self.system),)),) if self.system else ()
        earlier = tuple(Message(said.role, (Text(said.text),)) for said in self.earlier)
        asked = Message(Role.USER, (Text(self.text), *[Image(url="https://example.org/image")] * self.images))
        messages, tools = (*system, *earlier, asked), tuple(map(Tool, self.tools))
        return Request(
            messages=messages,
            tools=tools,
            response_format=ResponseFormat("json_schema") if self.schema else None,
            hints=Hints(task=self.task, mode=self.mode, input_tokens=self.tokens, labels=self.labels),
            tenant=self.tenant,
            facts=measure(messages, tools),
        )


class Taken(msgspec.Struct, frozen=True):
    """What became of one prompt: every rule that matched, and the rule that won each thing there is to win."""

    prompt: int
    text: str
    matched: tuple[str, ...]
    won: Mapping[str, str]
    excluding: tuple[str, ...]


class Count(msgspec.Struct, frozen=True):
    """How often one rule matched and had an effect; `shadowed_by` are the earlier rules that won all it gives."""

    id: str
    matched: int
    effective: int
    shadowed_by: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True):
    """All of it. `never` are rules that matched no prompt, `shadowed` those that matched and never had an effect."""

    prompts: tuple[Taken, ...]
    rules: tuple[Count, ...]
    unmatched: int
    never: tuple[str, ...]
    shadowed: tuple[str, ...]


class RulesCommand:
    """The command as `pointsman.commands` mounts it."""

    help = "try a rules file on prompts"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        test = verbs.add_parser("test", help="which rule takes which prompt", description=__doc__)
        test.add_argument("rules", metavar="FILE", help="the rules file")
        test.add_argument(
            "--prompts",
            type=Path,
            required=True,
            metavar="FILE",
            help="prompts: a YAML list, or JSON lines; each a text, or {text, system, labels, tools, …}",
        )
        test.add_argument("--json", action="store_true", help="print JSON")

    def run(self, options: argparse.Namespace) -> int:
        """0; 2 for a file that cannot be used."""
        try:
            rules = read_rules(options.rules).rules
            prompts = read_prompts(options.prompts)
        except ValidationError as error:
            wrong = [f"{detail['msg']} ({spell(detail['loc'])})" for detail in error.errors(include_url=False)]
        except ValueError as error:
            wrong = [str(error)]
        else:
            made = tried(rules, prompts)
            sys.stdout.write(_json(made) if options.json else "".join(f"{line}\n" for line in _lines(made)))
            return 0
        sys.stderr.write("".join(f"{line}\n" for line in wrong))
        return 2


def tried(rules: Sequence[Rule], prompts: Sequence[Prompt]) -> Trial:
    """Every rule on every prompt."""
    program = Program(rules, Mode.BALANCED, READ_CHARACTERS)
    taken = [
        _taken(number, prompt.text, [rules[position] for position in program.matching(prompt.request())])
        for number, prompt in enumerate(prompts, start=1)
    ]
    counts = tuple(_count(rule, taken) for rule in rules)
    return Trial(
        prompts=tuple(taken),
        rules=counts,
        unmatched=sum(not prompt.matched for prompt in taken),
        never=tuple(count.id for count in counts if not count.matched),
        shadowed=tuple(count.id for count in counts if count.shadowed_by),
    )


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of a file; ValueError says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        # Anything, until it is converted.
        given: Any
        if path.suffix == ".jsonl":
            given = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
        else:
            given = yaml.safe_load(text)
        if isinstance(given, list):
            given = [{"text": prompt} if isinstance(prompt, str) else prompt for prompt in given]
        return msgspec.convert(given, list[Prompt])
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}; name a file of prompts with --prompts") from None
    except (msgspec.MsgspecError, yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{path}: {error}; a list of texts or of {{text, labels, …}} is expected") from None


def _taken(number: int, text: str, matched: Sequence[Rule]) -> Taken:
    won: dict[str, str] = {}
    for rule in matched:
        for what in _gives(rule):
            won.setdefault(what, rule.id)
    excluding = tuple(rule.id for rule in matched if rule.then.exclude)
    return Taken(number, text, tuple(rule.id for rule in matched), won, excluding)


def _gives(rule: Rule) -> Iterator[str]:
    return (what for what in _WON if getattr(rule.then, what) is not None)


def _count(rule: Rule, taken: Sequence[Taken]) -> Count:
    mine = [prompt for prompt in taken if rule.id in prompt.matched]
    effective = sum(rule.id in (*prompt.won.values(), *prompt.excluding) for prompt in mine)
    winners = dict.fromkeys(prompt.won[what] for prompt in mine for what in _gives(rule))
    return Count(rule.id, len(mine), effective, () if effective else tuple(winners))


def _json(made: Trial) -> str:
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _lines(made: Trial) -> Iterator[str]:
    width = max(len(count.id) for count in made.rules)
    for prompt in made.prompts:
        won = ", ".join(f"{what} by {rule}" for what, rule in prompt.won.items())
        excluded = f"exclusions by {', '.join(prompt.excluding)}" if prompt.excluding else ""
        # A terminal must not obey what a prompt holds.
        shown = repr(prompt.text if len(prompt.text) <= 60 else f"{prompt.text[:57]}...")
        yield f"{prompt.prompt:>4}  {'; '.join(filter(None, (won, excluded))) or 'no rule'}: {shown}"
    yield ""
    yield f"{'rule':<{width}}  matched  effective"
    for count in made.rules:
        notes = "  never matches" if not count.matched else ""
        if count.shadowed_by:
            notes = f"  shadowed by {', '.join(count.shadowed_by)}"
        yield f"{count.id:<{width}}  {count.matched:>7}  {count.effective:>9}{notes}"
    yield ""
    yield (
        f"{len(made.prompts)} prompts, {made.unmatched} without a rule; {len(made.rules)} rules, "
        f"{len(made.never)} never match, {len(made.shadowed)} shadowed"
    )


command = RulesCommand()
