"""Where OpenAI's own API is, and Microsoft's copies of it: they differ from what is merely compatible."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

OPENAI_URL: Final = "https://api.openai.com/v1"
"""Where the API begins unless a provider says otherwise."""


@lru_cache(maxsize=256)
def at_openai(base_url: str) -> bool:
    """Is it OpenAI's or Azure's? `base_url` "" is OpenAI's."""
    host = base_url.partition("://")[2].partition("/")[0].partition(":")[0]
    return not host or host == "api.openai.com" or host.endswith((".openai.azure.com", ".services.ai.azure.com"))
