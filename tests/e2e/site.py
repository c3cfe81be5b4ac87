"""Packages installed for real, by pip and without a network, into a directory that only child processes see."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
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


def wheel(directory: Path, name: str, source: str, *, use: str = "", distribution: str = "") -> Path:
    """A wheel of one module that offers one policy, named alike unless told otherwise. A wheel is but a zip file."""
    module, project = name.replace("-", "_"), distribution or name
    info = f"{project.replace('-', '_')}-1.0.dist-info"
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: pointsman-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[pointsman.policies]\n{use or name} = {module}:plugin\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    path = directory / f"{project.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return path
