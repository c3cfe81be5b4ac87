from __future__ import annotations

from pointsman.nearest import nearest
from pointsman_policies import rules_schema

KNOWN = frozenset(f"model-{number:02}" for number in range(14))


def test_what_is_left_off_a_long_list_is_counted() -> None:
    for remedy in (nearest, rules_schema.nearest):
        assert remedy("zzz", KNOWN).endswith("'model-06', 'model-07' and 6 more")
        assert remedy("zzz", frozenset({"a", "b"})) == "; known are 'a', 'b'"
        assert remedy("model-0", KNOWN).startswith("; did you mean 'model-")
