"""A collector ready for use: its secrets found and its library there, or the operator told what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from pointsman.config.positions import Source
from pointsman.config.schema.telemetry import Otlp
from pointsman.config.secrets import read_secret
from pointsman.errors import Problem, SecretMissing
from pointsman.telemetry.settings import OtlpSettings

_PATH = ("telemetry", "otlp")


def open_otlp(source: Source, otlp: Otlp | None, environ: Mapping[str, str]) -> OtlpSettings | Problem | None:
    """What the section says, None where it is left out. A secret that is missing is a warning: requests need none."""
    if otlp is None:
        return None
    if not _installed():
        return source.problem(_PATH, "needs OpenTelemetry's SDK; install the extra: pip install 'pointsman[otel]'")
    headers: dict[str, str] = {}
    for key, value in otlp.headers.items():
        try:
            headers[key] = read_secret(value, environ)
        except SecretMissing as missing:
            consequence = "" if missing.unusable else "; nothing is exported"
            path = (*_PATH, "headers", key)
            return source.problem(path, f"{missing}{consequence}", fatal=missing.unusable)
    return OtlpSettings(otlp.endpoint, headers, otlp.sample, otlp.timeout)


def _installed() -> bool:
    try:
        return all(map(find_spec, ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")))
    # Of a name with dots, when not even its parent is there.
    except ModuleNotFoundError:
        return False
