"""Does the answer match its JSON Schema?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.json_text import read_json
from pointsman_gates.one_by_one import judge_each, only_calls
from pointsman_gates.schemas import MAX_CHARACTERS, Schema, Schemas

POINTSMAN_API = 1


# A validator is handed whatever the YAML held.
def _read(path: Any) -> Any:
    if not isinstance(path, str):
        raise ValueError("must be the path of a JSON Schema file")
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or "no path"
        raise ValueError(f"{path!r} cannot be read: {why}; name a JSON Schema file") from None
    try:
        Schema(text)
    except ValueError as error:
        raise ValueError(f"{path!r} {error}") from None
    return text


class SchemaOptions(BaseModel):
    """Options of the gate `schema`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Kept as the schema's text, so that the configuration's version knows of it.
    file: Annotated[str, BeforeValidator(_read), WithJsonSchema({"type": "string"})] | None = Field(
        default=None,
        description="A file with the JSON Schema; a relative path starts at the working directory. Unset: the schema "
        "that the caller asks for, and answers to a caller who asks for none are good.",
    )
    fence: StrictBool = Field(
        default=False,
        description="Whether a ``` fence around it is good; the caller is given the answer with its fence.",
    )


class MatchesSchema:
    """Accepts an answer that matches; of one that only calls tools, arguments must match the tools' own schemas."""

    def __init__(self, options: SchemaOptions, setup: PolicySetup) -> None:
        self._own = Schema(options.file) if options.file else None
        self._fence = options.fence
        self._callers = Schemas()

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        wanted = request.response_format.json_schema if request.response_format else ""
        schema = self._own or (self._callers.get(wanted) if wanted else None)
        if schema is None and not any(map(only_calls, answers)):
            return Accepted("the caller asks for no schema")

        def fault(answer: GatedAnswer) -> str:
            try:
                return self._fault(answer, schema, request)
            except _NotJson as error:
                return str(error)

        return judge_each(answers, fault)

    def _fault(self, answer: GatedAnswer, schema: Schema | None, request: Request) -> str:
        if only_calls(answer):
            tools = {tool.name: tool.parameters_json_schema for tool in request.tools}
            for call in answer.tool_calls:
                if call.name not in tools:
                    return "calls a tool that was not offered"
                value = _json(call.arguments_json or "{}", fence=False)
                if tools[call.name] and not self._callers.get(tools[call.name]).fits(value):
                    return "a tool call's arguments do not match the tool's schema"
            return ""
        if schema is None or schema.fits(_json(answer.text, fence=self._fence)):
            return ""
        return "does not match the schema"


class _NotJson(Exception):
    """Unlike a schema that cannot be used, this is the answer's fault."""


def _json(text: str, *, fence: bool) -> Any:
    try:
        return read_json(text, fence=fence)
    except ValueError as error:
        raise _NotJson(str(error)) from None


plugin = register_gate(MatchesSchema, config=SchemaOptions)
