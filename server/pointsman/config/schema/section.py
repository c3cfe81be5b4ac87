"""What all parts of the configuration have in common, and how lists are read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pointsman.config.scalars import ModelName, Name


def tuple_of(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple_of(value)


Names = Annotated[tuple[Name, ...], BeforeValidator(tuple_of, json_schema_input_type=list[str])]
ModelNames = Annotated[tuple[ModelName, ...], BeforeValidator(tuple_of, json_schema_input_type=list[str])]
GateNames = Annotated[tuple[Name, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]
Targets = Annotated[
    tuple[str, ...], Field(min_length=1), BeforeValidator(one_or_many, json_schema_input_type=str | list[str])
]


class Section(BaseModel):
    """What all parts have in common: unknown keys are refused, nothing is converted in silence, all is frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
