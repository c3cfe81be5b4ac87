"""The wire formats that a configured provider can speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pointsman.ports import Provider, Transport
from pointsman.providers.anthropic import AnthropicProvider
from pointsman.providers.gemini import GeminiProvider
from pointsman.providers.openai import OpenAIProvider
from pointsman.providers.openai_responses import ResponsesProvider
from pointsman.providers.settings import ProviderSettings

WIRES: Final[Mapping[str, Callable[[ProviderSettings, Transport], Provider]]] = MappingProxyType(
    {
        "openai": OpenAIProvider,
        "openai-responses": ResponsesProvider,
        "anthropic": AnthropicProvider,
        "gemini": GeminiProvider,
    }
)
"""What builds a provider, by the name of its wire."""
