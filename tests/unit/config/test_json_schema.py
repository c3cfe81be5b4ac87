from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from tests.unit.config.documents import entry_point

from pointsman.config.json_schema import json_schema
from pointsman.config.policies import Policies
from pointsman.config.schema.document import Document
from pointsman.config.schema.providers import Wire
from pointsman.providers.wires import WIRES


def references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def test_options_of_every_installed_policy_are_in_it(policies: Policies) -> None:
    cases = json_schema(policies)["$defs"]["ChainEntry"]["allOf"]
    options = {case["if"]["properties"]["use"]["const"]: case["then"]["properties"]["with"] for case in cases}
    assert set(options) == set(policies)
    assert "context_share" in options["feasibility"]["properties"]
    assert options["routing"]["maxProperties"] == 0


def test_a_policy_that_cannot_be_loaded_leaves_the_rest(policies: Policies) -> None:
    broken = {**policies, "broken": (entry_point("broken", "there.is.no.such.module:plugin"),)}
    assert json_schema(broken) == json_schema(policies)


def test_it_is_json_whose_references_lead_somewhere(policies: Policies) -> None:
    schema = json.loads(json.dumps(json_schema(policies)))
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_every_wire_that_is_built_can_be_configured() -> None:
    assert set(get_args(Wire)) == set(WIRES)


def test_every_key_is_described() -> None:
    schema = Document.model_json_schema()
    for node in (schema, *schema["$defs"].values()):
        for key, value in node.get("properties", {}).items():
            assert value.get("description"), f"{node['title']}.{key}"
