"""The upstream of a benchmark: the simulator without a wait for the first token, its tokens paced as asked.

`python -m benchmarks.simulator SECONDS [TOKENS]`: one token every so often, answers of so many tokens.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop
import yaml

from pointsman.sim import ModelSettings, SimSettings, serve

EXAMPLE = Path(__file__).parent.parent / "examples" / "pointsman.yaml"


async def main(pause: float, tokens: int | None) -> None:
    """Serve on a free port; the URL is printed."""
    upstreams = [model["upstream"] for model in yaml.safe_load(EXAMPLE.read_text())["models"].values()]
    settings = SimSettings(
        port=0,
        ttft_median=0.0,
        token_interval=pause,
        per_token_writes=pause > 0,
        models={upstream: ModelSettings(output_tokens=tokens) for upstream in upstreams},
    )
    await serve(settings, lambda url: print(url, flush=True))


if __name__ == "__main__":
    sys.exit(uvloop.run(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)))
