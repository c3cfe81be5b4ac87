"""Generates the parts of docs/ that repeat what the code declares, so that neither can drift.

python scripts/docs.py           rewrites every section between `<!-- generated: NAME -->` and `<!-- end -->`
python scripts/docs.py --check   names the sections that are stale, exit 1 if any is
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pointsman.chain import discovery
from pointsman.chain.plugin import GATES
from pointsman.doors.failures import FAILURES
from pointsman.errors import Reason
from pointsman.http.anthropic_errors import kind_of
from pointsman.http.hints import HINTS
from pointsman.http.openai_errors import code_of
from pointsman.http.statuses import STATUSES
from pointsman.providers import failures
from pointsman.providers.failures import Meaning
from pointsman.rpc.status import TABLE
from pointsman.telemetry import names
from pointsman.v1.errors_pb2 import ErrorReason

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs"
SECTION = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z_]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)
CLIENT_EXAMPLES = {
    "Go": Path("clients/go/examples/chat/main.go"),
    "Java": Path("clients/java/example/dev/pointsman/example/RouteAndComplete.java"),
    "Python": Path("clients/python/examples/route_and_complete.py"),
    "TypeScript": Path("clients/typescript/examples/complete.ts"),
}
# A JSON Schema node is whatever JSON holds.
Schema = Mapping[str, Any]


def hooks() -> str:
    """Each hook's exact signature and docstring, from the source: the signature as written, not as resolved."""
    return "\n\n".join(
        f"## {spec.name}\n\n```python\n{signature(spec)}\n```\n\n{ast.get_docstring(spec) or ''}"
        for spec in hook_specs()
    )


def hook_index() -> str:
    """One row for each hook, with what its docstring says first."""
    return grid(
        ("hook", "", ""),
        (
            (
                f"[`{spec.name}`](hooks.md#{spec.name})",
                "async" if isinstance(spec, ast.AsyncFunctionDef) else "sync",
                (ast.get_docstring(spec) or "").partition("\n\n")[0],
            )
            for spec in hook_specs()
        ),
    )


def hook_specs() -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / "server/pointsman/hookspecs.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function for function in functions if function.name.startswith("pointsman_")]


def signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    keyword = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    returns = ast.unparse(function.returns) if function.returns else "None"
    line = f"{keyword} {function.name}({ast.unparse(function.args)}) -> {returns}"
    if len(line) <= 100:
        return line
    parameters = "".join(f"    {ast.unparse(parameter)},\n" for parameter in function.args.args)
    return f"{keyword} {function.name}(\n{parameters}) -> {returns}"


def configuration() -> str:
    """One table of keys for each object of the configuration, from the JSON Schema that editors get too."""
    document = importlib.import_module("pointsman.config.schema.document").Document
    root: Schema = document.model_json_schema()
    definitions: Mapping[str, Schema] = root.get("$defs", {})
    return "\n\n".join(table(path, node, definitions) for path, node in objects(root, definitions))


def objects(root: Schema, definitions: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Every object with keys of its own, once, under the path where it is met first; `<name>` stands for a free key."""
    met: set[str] = set()

    def walk(path: str, node: Schema) -> Iterator[tuple[str, Schema]]:
        if "$ref" in node:
            if node["$ref"] not in met:
                met.add(node["$ref"])
                yield from walk(path, resolved(node, definitions))
            return
        for choice in choices(node):
            yield from walk(path, choice)
        if isinstance(items := node.get("items"), Mapping):
            yield from walk(f"{path}[]", items)
        if isinstance(values := node.get("additionalProperties"), Mapping):
            yield from walk(f"{path}.<name>", values)
        if "properties" in node:
            yield path, node
            for key, value in node["properties"].items():
                yield from walk(f"{path}.{key}" if path else key, value)

    return walk("", root)


def gate(use: str) -> str:
    """The options of one of our gates."""
    plugin = discovery.load_gate(discovery.installed(GATES)[use])
    assert plugin.config is not None
    assert issubclass(plugin.config, BaseModel)
    node: Schema = plugin.config.model_json_schema()
    return table("", node, node.get("$defs", {})).partition("\n\n")[2]


def gates() -> list[str]:
    """The gates that come with Pointsman."""
    return sorted(
        name
        for name, found in discovery.installed(GATES).items()
        if any(one.distribution == "pointsman" for one in found)
    )


def table(path: str, node: Schema, definitions: Mapping[str, Schema]) -> str:
    """The heading, description and keys of one object."""
    required = node.get("required", ())
    rows = [
        (f"`{key}`", type_of(value, definitions), default_of(value, key in required), value.get("description", ""))
        for key, value in node["properties"].items()
    ]
    prose = [node["description"]] if path and "description" in node else []
    return "\n\n".join([f"## `{path}`" if path else "## Top level", *prose, grid(("key", "type", "default", ""), rows)])


def metrics() -> str:
    """One row for each metric, with the bounds of a histogram's buckets."""
    return grid(
        ("metric", "type", "labels", "", "buckets"),
        (
            (f"`{m.name}`", m.kind, ", ".join(m.labels), m.help, " ".join(f"{bound:g}" for bound in m.buckets))
            for m in names.METRICS
        ),
    )


def log_fields() -> str:
    """One row for each key of a JSON log line."""
    return _fields(names.LOG_FIELDS)


def request_fields() -> str:
    """One row for each key that a line about a request has more."""
    return _fields(names.REQUEST_FIELDS)


def _fields(fields: Iterable[names.LogField]) -> str:
    return grid(("field", ""), ((f"`{field.name}`", field.meaning) for field in fields))


def errors() -> str:
    """One row for each reason of a failure."""
    return grid(
        ("reason", "code", "when", "retry?", "details"),
        (
            (f"`{reason}`", row.code.name, FAILURES[reason].meaning, FAILURES[reason].retry, row.detail.value)
            for reason, row in TABLE.items()
        ),
    )


def retries() -> str:
    """For each reason of the proto whether the caller may try again, the same answers together."""
    groups: dict[str, list[str]] = {}
    for name in ErrorReason.keys()[1:]:  # but for the unspecified one
        reason = Reason(name.removeprefix("ERROR_REASON_"))
        groups.setdefault(FAILURES[reason].retry, []).append(f"`{reason}`")
    return grid(("again?", "reasons"), ((retry, ", ".join(reasons)) for retry, reasons in groups.items()))


def client_examples() -> str:
    """Each language's example, whole, under a heading that leads to its page."""
    return "\n\n".join(
        f"### {language}\n\n[{path.parts[1]}](../{Path(*path.parts[:2])}/README.md): [{path.name}](../{path})\n\n"
        f"```{path.suffix[1:]}\n{(ROOT / path).read_text().rstrip()}\n```"
        for language, path in CLIENT_EXAMPLES.items()
    )


def http_errors() -> str:
    """One row for each reason of a failure, as the HTTP API tells it."""
    return grid(
        ("reason", "status", "code of OpenAI's API", "type of Anthropic's", "when", "retry?"),
        (
            (
                f"`{reason}`",
                str(STATUSES[reason]),
                f"`{code_of(reason)}`",
                f"`{kind_of(STATUSES[reason])}`",
                failure.meaning,
                failure.retry,
            )
            for reason, failure in FAILURES.items()
        ),
    )


def http_hints() -> str:
    """One row for each hint."""
    return grid(("header", "value", ""), ((f"`{hint.header}`", hint.values, hint.meaning) for hint in HINTS))


def provider_failures() -> str:
    """One row for each meaning that a provider's status, error code or silence has, and what follows from it."""
    groups: dict[Meaning, list[str]] = {}
    for status, meaning in failures.STATUSES.items():
        groups.setdefault(meaning, []).append(str(status))
    for rest, status in (("any other 4xx", 499), ("any other 5xx", 599), ("any other that is no success", 300)):
        groups.setdefault(failures.by_status(status), []).append(rest)
    for code, meaning in failures.CODES.items():
        groups.setdefault(meaning, []).append(f"`{code}`")
    for meaning, what in failures.TRANSPORT.values():
        groups.setdefault(meaning, []).append(what)
    return grid(
        ("what it says or does", "the same again", "another model", "at the end the caller is told"),
        ((", ".join(said), _again(meaning), _another(meaning), _told(meaning)) for meaning, said in groups.items()),
    )


def _again(meaning: Meaning) -> str:
    return "once nobody else is left" if meaning.again else "no"


def _another(meaning: Meaning) -> str:
    if meaning.elsewhere:
        return "at other providers, unless `failover.blocked_elsewhere: false`"
    if not meaning.retryable:
        return "no"
    return "at other providers" if meaning.provider_wide else "yes"


def _told(meaning: Meaning) -> str:
    # Whoever insists on one model is told of its limit, everybody else that nobody was left.
    limited = meaning.reason is Reason.PROVIDER_RATE_LIMITED
    reason = Reason.ALL_PROVIDERS_DOWN if limited else meaning.reason
    strict = f"; `{Reason.PROVIDER_RATE_LIMITED}` to callers who insist on this model" if limited else ""
    return f"`{reason}`{strict}"


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = (f"| {' | '.join(map(cell, row))} |" for row in rows)
    return "\n".join((f"| {' | '.join(header)} |", "|" + "---|" * len(header), *lines))


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def choices(node: Schema) -> list[Schema]:
    return [choice for kind in ("anyOf", "oneOf", "allOf") for choice in node.get(kind, ())]


def resolved(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    return definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def type_of(node: Schema, definitions: Mapping[str, Schema]) -> str:
    """The type of a value in a reader's words, with its bounds."""
    node = resolved(node, definitions)
    if several := [choice for choice in choices(node) if choice.get("type") != "null"]:
        return " or ".join(dict.fromkeys(type_of(choice, definitions) for choice in several))
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "properties" in node:
        return "mapping, see below"
    if node.get("type") == "array":
        return f"list of {type_of(node.get('items', {}), definitions)}"
    if isinstance(values := node.get("additionalProperties"), Mapping):
        return f"mapping of name to {type_of(values, definitions)}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = ", ".join(f"{sign} {node[key]}" for key, sign in signs.items() if key in node)
    return f"{node.get('type', 'any')} {bounds}".rstrip()


def default_of(node: Schema, required: bool) -> str:
    if required:
        return "required"
    if "default" not in node:  # made by a factory
        return "`[]`" if node.get("type") == "array" else "`{}`"
    return "unset" if node["default"] is None else f"`{json.dumps(node['default'], ensure_ascii=False)}`"


GENERATORS: Mapping[str, Callable[[], str]] = {
    "hooks": hooks,
    "hook_index": hook_index,
    "configuration": configuration,
    "metrics": metrics,
    "log_fields": log_fields,
    "request_fields": request_fields,
    "errors": errors,
    "http_errors": http_errors,
    "http_hints": http_hints,
    "provider_failures": provider_failures,
    "retries": retries,
    "client_examples": client_examples,
    **{f"gate_{use}": partial(gate, use) for use in gates()},
}


def fill(text: str, made: Mapping[str, str]) -> str:
    """`text` with each generated section replaced by what is `made` for its name."""
    return SECTION.sub(lambda match: f"{match['open']}\n{made[match['name']]}\n\n{match['close']}", text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Generated sections of docs/.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check

    pages = {path: path.read_text() for path in sorted(PAGES.rglob("*.md"))}
    named = {match["name"] for text in pages.values() for match in SECTION.finditer(text)}
    if named != GENERATORS.keys():
        odd = ", ".join(sorted(named ^ GENERATORS.keys()))
        raise SystemExit(f"docs/ and scripts/docs.py must name the same generated sections; only one of them has {odd}")

    made = {name: generator() for name, generator in GENERATORS.items()}
    stale = {path: fill(text, made) for path, text in pages.items() if fill(text, made) != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is not what the code declares: run make generate", file=sys.stderr)
        else:
            path.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
