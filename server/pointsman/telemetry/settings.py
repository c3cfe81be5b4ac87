"""How telemetry is sent, secrets included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """An OTLP collector over HTTP. `endpoint` is its base URL, `sample` a share 0..1, `timeout` seconds."""

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sample: float = 0.1
    timeout: float = 10.0
