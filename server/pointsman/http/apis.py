"""The APIs that are spoken at the HTTP door; the first where a path is nobody's."""

from __future__ import annotations

from pointsman.http.anthropic import Anthropic
from pointsman.http.api import Api
from pointsman.http.openai import OpenAi

APIS: tuple[Api, ...] = (OpenAi(), Anthropic())
