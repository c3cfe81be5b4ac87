"""Configurations: a model that fails, one on another provider that may stand in for it, and one that always works."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

KEY_CANARY = "sk-canarykey9z"
KEYS: Mapping[str, str] = {name: f"{KEY_CANARY}-{name}" for name in ("FIRST", "SECOND", "THIRD")}

# Where the API of each wire begins at a simulated provider.
BASES: Mapping[str, str] = {"openai": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": "/v1beta"}

every_wire = pytest.mark.parametrize("wire", BASES)

# The tier below is never a fallback, so that `healthy` is asked by its own task only.
_DOCUMENT = """\
providers:
  first: {wire: WIRE, api_key: "${FIRST}", base_url: "SIMULATOR/firstBASE"}
  second: {wire: openai, api_key: "${SECOND}", base_url: "SIMULATOR/second/v1"}
  third: {wire: openai, api_key: "${THIRD}", base_url: "SIMULATOR/third/v1"}
models:
  healthy: {provider: third, upstream: sim-healthy, tier: lower, context: 100_000, price: {input: 1, output: 4}}
  failing: {provider: first, upstream: "UPSTREAM", tier: upper, context: 100_000, price: {input: 2, output: 8}}
tiers: [lower, upper]
tasks:
  risky: {route: failing}
  healthy: {route: healthy}
default: risky
auth: none
server: {grpc: "127.0.0.1:0", http: "127.0.0.1:0", drain: 0s}
ledger: {path: "LEDGER"}
"""
_STANDARD = "".join(f"  - {{use: {use}}}\n" for use in ("override", "tags", "limits", "feasibility", "routing"))


def document(
    upstream: str = "sim-failing",
    *,
    wire: str = "openai",
    fallback: bool = False,
    models: str = "",
    extra: str = "",
    behind: str = "",
    timeouts: str = "",
    failover: str = "retries: 0",
) -> str:
    """`upstream` is the failing model's name at its provider, a fault for instance; `wire` is what that one speaks.

    With `fallback` the model `standby` may answer instead. `models` are more rows, `extra` begins the chain, `behind`
    ends it; `timeouts` are other than the default, and so is `failover`: nobody is asked twice.
    """
    rows = models + (row("standby", "second", "sim-standby") if fallback else "")
    text = _DOCUMENT.replace("UPSTREAM", upstream).replace("tiers:", f"{rows}tiers:")
    text = text.replace("WIRE", wire).replace("BASE", BASES[wire])
    return f"{text}timeouts: {{{timeouts}}}\nfailover: {{{failover}}}\nchain:\n{extra}{_STANDARD}{behind}"


def keyed(text: str, keys: Path, tls: str = "") -> str:
    """The same, for callers with a key of this file, and `tls` at the door."""
    return text.replace("auth: none", f'auth: {{keys: "{keys}"}}').replace("drain: 0s", f"drain: 0s{tls}")


def row(name: str, provider: str, upstream: str) -> str:
    """A model of the same tier as the failing one, and dearer."""
    return (
        f'  {name}: {{provider: {provider}, upstream: "{upstream}", tier: upper, context: 100_000, '
        "price: {input: 3, output: 12}}\n"
    )
