"""The JSON Schema of `pointsman.yaml` for editors, with the options of every installed policy."""

from __future__ import annotations

from typing import Any

from pydantic.errors import PydanticInvalidForJsonSchema

from pointsman.chain import discovery
from pointsman.config.policies import Policies, import_policy, options_model
from pointsman.config.schema import Document
from pointsman.errors import PluginRefused

# JSON, of any shape.
Schema = dict[str, Any]


def json_schema(installed: Policies | None = None) -> Schema:
    """Draft 2020-12. A policy that cannot be loaded or described is left out: its options are whatever one writes."""
    schema: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}
    definitions: Schema = schema["$defs"]
    policies = discovery.installed() if installed is None else installed
    cases = []
    for use in sorted(policies):
        try:
            options = _options(use, policies, definitions)
        except (PluginRefused, PydanticInvalidForJsonSchema):
            continue
        named = {"properties": {"use": {"const": use}}, "required": ["use"]}
        cases.append({"if": named, "then": {"properties": {"with": options}}})
    if cases:
        definitions["ChainEntry"]["allOf"] = cases
    return schema


def _options(use: str, policies: Policies, definitions: Schema) -> Schema:
    model = options_model(use, import_policy(use, policies))
    if model is None:
        return {"type": ["object", "null"], "maxProperties": 0, "description": f"Policy {use!r} takes no options."}
    # Two policies may call a part of their options the same.
    options = model.model_json_schema(ref_template=f"#/$defs/{use}.{{model}}")
    for name, definition in options.pop("$defs", {}).items():
        definitions[f"{use}.{name}"] = definition
    if model.model_config.get("extra") is None:
        options["additionalProperties"] = False
    return options
