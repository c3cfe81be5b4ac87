"""The JSON Schema of `pointsman.yaml` for editors, with the options of every installed policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from pointsman.chain import discovery
from pointsman.chain.plugin import GATES, GatePlugin, PolicyPlugin
from pointsman.config.gates import import_gate
from pointsman.config.policies import Policies, import_policy, options_model
from pointsman.config.schema.document import Document
from pointsman.errors import PluginRefused

# JSON, of any shape.
Schema = dict[str, Any]


def json_schema(installed: Policies | None = None) -> Schema:
    """Draft 2020-12. A policy that cannot be loaded or described is left out: its options are whatever one writes."""
    schema: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}
    definitions: Schema = schema["$defs"]
    policies = discovery.installed() if installed is None else installed
    _describe("ChainEntry", policies, import_policy, definitions)
    _describe("Gate", discovery.installed(GATES), import_gate, definitions)
    return schema


def _describe(
    section: str, installed: Policies, load: Callable[[str, Policies], PolicyPlugin | GatePlugin], definitions: Schema
) -> None:
    """Say in `section` what `with` may hold for each `use`."""
    cases = []
    for use in sorted(installed):
        try:
            options = _options(f"{section}.{use}", options_model(use, load(use, installed)), definitions)
        except (PluginRefused, PydanticInvalidForJsonSchema):
            continue
        named = {"properties": {"use": {"const": use}}, "required": ["use"]}
        cases.append({"if": named, "then": {"properties": {"with": options}}})
    if cases:
        definitions[section]["allOf"] = cases


def _options(name: str, model: type[BaseModel] | None, definitions: Schema) -> Schema:
    if model is None:
        return {"type": ["object", "null"], "maxProperties": 0, "description": "It takes no options."}
    # Two policies may call a part of their options the same.
    options = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    for part, definition in options.pop("$defs", {}).items():
        definitions[f"{name}.{part}"] = definition
    if model.model_config.get("extra") is None:
        options["additionalProperties"] = False
    return options
