"""Packages installed for real, by pip and without a network, into a directory that only child processes see."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Site:
    """A directory like site-packages, found before everything that the tests themselves run on."""

    directory: Path

    def install(self, *packages: Path) -> None:
        """Wheels, or directories to build them from with what is installed already."""
        done = self._run(
            "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(self.directory),
            *map(str, packages),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def python(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self._run(*arguments, cwd=cwd)

    def pointsman(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("-m", "pointsman", *arguments)

    @property
    def environment(self) -> Mapping[str, str]:
        inherited = os.pathsep.join(path for path in sys.path if Path(path).is_dir())
        quiet = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        return {**os.environ, **quiet, "PYTHONPATH": f"{self.directory}{os.pathsep}{inherited}"}

    def _run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, *arguments],
            env=self.environment,
            cwd=cwd or self.directory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
