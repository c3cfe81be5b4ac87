"""`telemetry` and `log`: what operators see of requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pointsman.config.scalars import BaseUrl, Duration, Headers, Share
from pointsman.config.schema.section import Section


def _off(value: Any) -> Any:
    # YAML 1.1 reads a bare `off` as false.
    return "off" if value is False else value


class Otlp(Section):
    """An OpenTelemetry collector that takes OTLP over HTTP (protobuf). Needs the extra `pointsman[otel]`.

    `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_CERTIFICATE`, `…_CLIENT_CERTIFICATE`,
    `…_CLIENT_KEY` and `…_COMPRESSION` are heeded; no other variable of OpenTelemetry is.
    """

    endpoint: BaseUrl = Field(
        default="http://localhost:4318",
        description="Where it begins; `/v1/traces` and `/v1/metrics` are added.",
    )
    headers: Headers = Field(
        default_factory=dict,
        description="Sent with every export. A value may be a reference, as in `providers`; where one is missing, "
        "nothing is exported.",
    )
    sample: Share = Field(
        default="10%",
        le=1,
        validate_default=True,
        description="Share of requests that are traced. A caller that sends a `traceparent` has decided for its own.",
    )
    timeout: Duration = Field(
        default="10s", gt=0, validate_default=True, description="How long one export may take, with its retries."
    )


class Telemetry(Section):
    """What is sent elsewhere; `/metrics` is always there."""

    otlp: Otlp | None = Field(default=None, description="Traces, and the metrics of GenAI. Unset: none, at no cost.")


class Log(Section):
    """What is logged beside what goes wrong; where and how, the options of `serve` say."""

    requests: Annotated[
        Literal["all", "failures", "off"],
        BeforeValidator(_off, json_schema_input_type=Literal["all", "failures", "off"]),
    ] = Field(
        default="failures",
        description="Log a line for every request, or only for those that failed and whose callers had not gone away. "
        "Prompts and answers are in none.",
    )
