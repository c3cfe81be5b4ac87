"""What a simulator run can be told: address, seed, pace, which providers fail and how, what single models are like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _no_faults() -> Mapping[str, str]:
    return MappingProxyType({})


def _no_models() -> Mapping[str, ModelSettings]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How one model behaves. None leaves the rule that holds for all models.

    `output_tokens` is the exact length of a plain-text answer; `quality` (0 to 1) the share of prompts it answers well;
    `reasoning` whether it thinks first; `ttft_median` and `token_interval` are seconds; `price` is USD per million
    (input, output) tokens, seen only in the usage of a provider named `openrouter`.
    """

    output_tokens: int | None = None
    quality: float = 1.0
    reasoning: bool | None = None
    ttft_median: float | None = None
    token_interval: float | None = None
    price: tuple[float, float] = (1.0, 4.0)


@dataclass(frozen=True, slots=True)
class SimSettings:
    """One simulator. Times are seconds; port 0 takes a free one.

    The time to first token is lognormal: `ttft_median`, and `ttft_sigma` as the deviation of its logarithm; of
    `slow_share` of the calls it is `slow_median` and `slow_sigma`, as providers have bad moments. Tokens follow every
    `token_interval`, one write each; at 0 the rest leaves in as few writes as possible, unless `per_token_writes`.
    `faults` and `models` are keyed by provider, `provider/model` or (models only) model. `log_limit` bounds the log of
    calls; `drain` is how long those in flight may go on when the server stops.

        SimSettings(port=0, ttft_median=0, token_interval=0, faults={"groq": "http-500", "openai/gpt-5.4": "slow=2"})
    """

    host: str = "127.0.0.1"
    port: int = 8900
    seed: int = 0
    ttft_median: float = 0.2
    ttft_sigma: float = 0.3
    slow_share: float = 0.0
    slow_median: float = 4.0
    slow_sigma: float = 0.6
    token_interval: float = 0.01
    per_token_writes: bool = False
    faults: Mapping[str, str] = field(default_factory=_no_faults)
    models: Mapping[str, ModelSettings] = field(default_factory=_no_models)
    log_limit: int = 10_000
    drain: float = 1.0

    def model(self, provider: str, model: str) -> ModelSettings:
        """What was set for this model, at this provider first."""
        return self.models.get(f"{provider}/{model}") or self.models.get(model) or ModelSettings()
