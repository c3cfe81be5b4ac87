"""python -m clients.conformance LANGUAGE ...    plays all scenarios to their runners, and prints what differs"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection

from clients.conformance.comparing import latencies, play
from clients.conformance.runners import RUNNERS
from clients.conformance.scenarios import scenarios


async def main(languages: Collection[str]) -> int:
    differing = 0
    for runner in RUNNERS:
        if runner.language not in languages:
            continue
        played = await play(runner, scenarios())
        for scenario in scenarios():
            differences = played.differences(scenario)
            differing += bool(differences)
            took = ", ".join(f"{ms:.1f} ms" for ms in latencies(played.calls[scenario.name]))
            print(f"{runner.name} {scenario.name}: {'; '.join(differences) or 'as expected'}{took and f' ({took})'}")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
