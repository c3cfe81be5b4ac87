"""Providers ready for use: secrets found, or the provider disabled and the operator told which variable to set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from pointsman.config.positions import Source, YamlPath
from pointsman.config.references import mapping
from pointsman.config.schema.providers import Provider
from pointsman.config.secrets import read_secret
from pointsman.config.settings import Account
from pointsman.engine.probing import Probe
from pointsman.errors import Problem, SecretMissing
from pointsman.providers.settings import ProviderSettings, Quirks

_SIMULATED_AT: Final[Mapping[str, str]] = MappingProxyType(
    {"openai": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": "/v1beta"}
)
"""Where each wire's API begins at a simulated provider: base URLs end before what the wire adds."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The providers that can be used, and what is wrong with the others."""

    enabled: Mapping[str, Account]
    problems: tuple[Problem, ...]


class _Missing(Exception):
    """A secret that is not where its reference points; `fatal` where it is there and cannot be a secret."""

    def __init__(self, path: YamlPath, message: str, *, fatal: bool = False) -> None:
        self.path, self.fatal = path, fatal
        super().__init__(message)


def open_accounts(
    source: Source, environ: Mapping[str, str], simulated: str | None, *, required: bool = True
) -> Accounts:
    """Resolve every provider that is readable. With `simulated`, all are at that simulator and no secret is needed.

    `required`: that every provider is disabled is fatal.
    """
    enabled: dict[str, Account] = {}
    problems: list[Problem] = []
    rows = mapping(mapping(source.data).get("providers"))
    for name, row in rows.items():
        try:
            provider = Provider.model_validate(row)
        except ValidationError:
            continue
        if simulated is not None:
            base_url = f"{simulated.rstrip('/')}/{name}{_SIMULATED_AT[provider.wire]}"
            settings = ProviderSettings(provider=name, base_url=base_url, api_key="simulated", quirks=_quirks(provider))
            enabled[name] = _opened(provider, settings, None)
            continue
        found = _account(source, name, provider, environ)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            enabled[name] = found
    if len(problems) == len(rows) > 0 and not any(problem.fatal for problem in problems):
        remedy = "to serve, set one of the keys that they miss, or use --simulated, which needs none"
        message = f"every provider is disabled ({', '.join(rows)}); {remedy}"
        problems.append(source.problem(("providers",), message, fatal=required))
    return Accounts(enabled, tuple(problems))


def _account(source: Source, name: str, provider: Provider, environ: Mapping[str, str]) -> Account | Problem:
    path: YamlPath = ("providers", name)
    if provider.ca_file is not None and not Path(provider.ca_file).is_file():
        message = f"there is no file {provider.ca_file!r}; paths are relative to the working directory"
        return source.problem((*path, "ca_file"), message)
    try:
        settings = _settings(name, provider, environ)
    except _Missing as missing:
        consequence = "" if missing.fatal else f"; provider {name!r} and its models are disabled"
        return source.problem((*path, *missing.path), f"{missing}{consequence}", fatal=missing.fatal)
    return _opened(provider, settings, provider.ca_file)


def _opened(provider: Provider, settings: ProviderSettings, ca_file: str | None) -> Account:
    return Account(provider.wire, settings, ca_file, provider.max_connections, _probe(provider), provider.propagate)


def _probe(provider: Provider) -> Probe | None:
    return Probe(provider.probe.every, provider.probe.timeout) if provider.probe else None


def _settings(name: str, provider: Provider, environ: Mapping[str, str]) -> ProviderSettings:
    return ProviderSettings(
        provider=name,
        base_url=provider.base_url or "",
        api_key=_resolve(provider.api_key, environ, ("api_key",)) if provider.api_key else "",
        headers={key: _resolve(value, environ, ("headers", key)) for key, value in provider.headers.items()},
        quirks=_quirks(provider),
    )


def _quirks(provider: Provider) -> Quirks:
    return Quirks(
        max_tokens_field=provider.max_tokens_field,
        stream_usage=provider.stream_usage,
        seed_field=provider.seed_field,
        max_effort=provider.max_effort or "",
        reasoning_field=provider.reasoning_field,
        omit=frozenset(provider.omit),
        thinking=provider.thinking,
    )


def _resolve(value: str, environ: Mapping[str, str], at: YamlPath) -> str:
    try:
        return read_secret(value, environ)
    except SecretMissing as missing:
        raise _Missing(at, str(missing), fatal=missing.unusable) from None
