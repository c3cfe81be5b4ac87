"""The upstream of a benchmark: the simulator without a wait for the first token, its tokens paced as asked."""

from __future__ import annotations

import sys

import uvloop

from pointsman.sim import SimSettings, serve


async def main(pause: float) -> None:
    """Serve on a free port; the URL is printed."""
    settings = SimSettings(port=0, ttft_median=0.0, token_interval=pause, per_token_writes=pause > 0)
    await serve(settings, lambda url: print(url, flush=True))


if __name__ == "__main__":
    sys.exit(uvloop.run(main(float(sys.argv[1]))))
