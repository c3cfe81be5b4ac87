"""A small good document, what its secrets are, and an entry point that nobody installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint

from pointsman.chain.discovery import Installed
from pointsman.chain.plugin import GROUP
from pointsman.errors import Problem

ProblemsOf = Callable[..., list[Problem]]

KEYS = {"OPENAI_API_KEY": "sk-openai", "GROQ_API_KEY": "sk-groq"}

DOCUMENT = """\
providers:
  openai: {wire: openai, api_key: "${OPENAI_API_KEY}"}
  groq: {wire: openai, api_key: "${GROQ_API_KEY}", base_url: "https://api.groq.com/openai/v1"}
models:
  mini:
    provider: openai
    upstream: gpt-5.4-mini
    tier: small
    context: 400_000
    max_output: 128_000
    aliases: [fast]
    price: {input: 0.75, cached_input: 0.0375, output: 4.50}
  oss: {provider: groq, upstream: openai/gpt-oss-120b, tier: mid, context: 131_072, price: {input: 0.15, output: 0.6}}
tiers: [small, mid]
tasks:
  simple:
    route: {eco: small, balanced: small, sport: mid}
    max_output_tokens: 256
  code:
    route: {eco: oss, balanced: [fast, mid]}
    select: priority
    min_output_tokens: 1024
tags: {nightly-report: code}
default: simple
auth: none
chain:
  - {id: tags, use: tags}
  - {id: fits, use: feasibility, with: {context_share: 0.5}}
  - {id: route, use: routing}
"""


def entry_point(name: str, value: str, distribution: str = "fake") -> Installed:
    return Installed(name, distribution, "1.0", EntryPoint(name, value, GROUP))
