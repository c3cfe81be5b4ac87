"""Fails when protos/ break who was built against the last release: `buf breaking` against its tag, if there is one."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUF = Path(sys.executable).with_name("buf")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout  # noqa: S607


def main() -> int:
    tags = git("tag", "--list", "v*", "--sort=-version:refname").decode().split()
    if not tags:
        print("nothing is released yet: the contract has no tag to be compared with")
        return 0
    with tempfile.TemporaryDirectory() as released:
        with tarfile.open(fileobj=io.BytesIO(git("archive", tags[0], "protos", "buf.yaml"))) as archive:
            archive.extractall(released, filter="data")
        return subprocess.run([BUF, "breaking", "--against", released], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
