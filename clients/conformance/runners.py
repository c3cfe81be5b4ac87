"""Each language's runner, what it needs on this machine, and one that is run."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clients.conformance.scenarios import Json

CLIENTS = Path(__file__).parents[1]
PATIENCE = 60.0


@dataclass(frozen=True)
class Runner:
    """A program that does calls with one client."""

    name: str
    language: str
    program: str = "runner"

    async def run(self, target: str, calls: Sequence[Json]) -> list[Json]:
        """The line that it prints of each call. Raises RuntimeError where it fails, or prints others."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(calls, file)
            file.flush()
            output = await run(CLIENTS / self.language / self.program, target, file.name)
        lines: list[Json] = [json.loads(line) for line in output.splitlines()]
        names = [line["name"] for line in lines]
        if names != [call["name"] for call in calls]:
            raise RuntimeError(f"{self.name} printed lines of {', '.join(names)}")
        return lines


async def run(program: Path, *arguments: str) -> str:
    """What a program prints. Raises RuntimeError, with what it says on its standard error, where it fails."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A proxy for the web has no business between these two.
        env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{program} ended with status {process.returncode}: {errors.decode(errors='replace')}")
    return output.decode()


RUNNERS = (
    Runner("go", "go"),
    Runner("java", "java"),
    Runner("typescript", "typescript"),
    Runner("python", "python"),
    Runner("python-async", "python", "runner-async"),
)

TOOLS = {"go": ("go",), "java": ("javac", "mvn"), "typescript": ("node", "npm"), "python": ()}
"""What each language's `check` needs to be there already."""


def absent(language: str) -> list[str]:
    """Those of its tools that are not on this machine."""
    return [tool for tool in TOOLS[language] if shutil.which(tool) is None]
