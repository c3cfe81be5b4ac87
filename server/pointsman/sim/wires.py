"""The wires that the simulator speaks, all of them at every provider."""

from __future__ import annotations

from typing import Final

from pointsman.sim.anthropic import AnthropicWire
from pointsman.sim.gemini import GeminiWire
from pointsman.sim.openai import OpenAIWire
from pointsman.sim.openai_responses import ResponsesWire
from pointsman.sim.wire import Wire

OPENAI: Final = OpenAIWire()
WIRES: Final[tuple[Wire, ...]] = (OPENAI, ResponsesWire(), AnthropicWire(), GeminiWire())
