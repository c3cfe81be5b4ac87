"""Rules asked one by one, condition by condition, as their page describes them: what any faster way must equal."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.model.request import Mode, Request, Role, Text, ToolResult
from pointsman_policies.rules_patterns import compiled
from pointsman_policies.rules_schema import Counts, Label, Rule, When

CODE = r"(?m)^ {0,3}(?:```|~~~)|`[^`\n]+`|^(?: {4}|\t)[ \t]*\S"


def matching(rules: Sequence[Rule], request: Request, default_mode: Mode) -> list[int]:
    """Positions of the rules that match."""
    return [position for position, rule in enumerate(rules) if holds(rule.when, request, default_mode)]


def holds(when: When, request: Request, default_mode: Mode) -> bool:
    hints, facts = request.hints, request.facts
    tokens = facts.input_tokens if hints.input_tokens is None else hints.input_tokens
    conditions = [
        when.text is None or found(when.text, request.text()),
        when.any_text is None or found(when.any_text, said(request, *Role)),
        when.system is None or found(when.system, said(request, Role.SYSTEM, Role.DEVELOPER)),
        within(len(request.text().split()), when.words),
        within(tokens, when.tokens),
        within(facts.turns, when.turns),
        within(facts.images, when.images),
        within(facts.tools, when.tools),
        when.code is None or found(CODE, request.text()) is when.code,
        when.schema_ is None or (request.response_format is not None) is when.schema_,
        all(labelled(label, hints.labels.get(key)) for key, label in (when.labels or {}).items()),
        when.tenant is None or request.tenant in when.tenant,
        when.mode is None or (hints.mode or default_mode) in when.mode,
        when.task_hint is None or hints.task in when.task_hint,
        all(holds(part, request, default_mode) for part in when.all or ()),
        when.any is None or any(holds(part, request, default_mode) for part in when.any),
        when.not_ is None or not holds(when.not_, request, default_mode),
    ]
    return all(conditions)


def said(request: Request, *roles: Role) -> str:
    parts = (part for message in request.messages if message.role in roles for part in message.parts)
    return "\n".join(part.text for part in parts if isinstance(part, Text | ToolResult))


def found(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text.encode(errors="replace")) is not None


def within(count: int, bounds: Counts | None) -> bool:
    return bounds is None or ((bounds.min or 0) <= count and (bounds.max is None or count <= bounds.max))


def labelled(label: Label, value: str | None) -> bool:
    if value is None:
        return False
    return (label.is_ is None or value in label.is_) and (label.matches is None or found(label.matches, value))
