"""Generates the code of the contract from protos/, for every language that scripts/generators has a module for.

python scripts/generate.py           writes it
python scripts/generate.py --check   names the files that differ, exit 1 if any does

A language whose tools are missing is named and left out, with --all a failure. A generator's module has COMMITTED (the
directories that are generated as a whole, from the repository's root), missing() (which tool is, and how to get it; ""
for none) and generate(out) (writes each of COMMITTED below `out`).
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

ROOT = Path(__file__).resolve().parent.parent


class Generator(Protocol):
    """What a module of scripts/generators has."""

    COMMITTED: Sequence[Path]

    def missing(self) -> str: ...

    def generate(self, out: Path) -> None: ...


def generators() -> dict[str, Generator]:
    """All there are, by language."""
    names = sorted(path.stem for path in (ROOT / "scripts/generators").glob("[a-z]*.py"))
    return {name: cast(Generator, importlib.import_module(f"generators.{name}")) for name in names}


def contents(directory: Path) -> dict[Path, bytes]:
    """Every file below `directory` but caches."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {path.relative_to(directory): path.read_bytes() for path in files}


def differing(generator: Generator, *, write: bool) -> list[Path]:
    """The committed files that differ from what protos/ gives; written anew where told to."""
    found: list[Path] = []
    with tempfile.TemporaryDirectory() as scratch:
        generator.generate(Path(scratch))
        for directory in generator.COMMITTED:
            fresh, committed = contents(Path(scratch) / directory), contents(ROOT / directory)
            names = sorted(fresh.keys() | committed.keys())
            found += [directory / name for name in names if fresh.get(name) != committed.get(name)]
            if write and fresh != committed:
                shutil.rmtree(ROOT / directory, ignore_errors=True)
                shutil.copytree(Path(scratch) / directory, ROOT / directory)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Code from protos/, in every language.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    parser.add_argument("--all", action="store_true", help="exit 1 where a language's tools are missing")
    options = parser.parse_args()

    failed = False
    for language, generator in generators().items():
        if absent := generator.missing():
            print(f"{language} is left out: {absent}", file=sys.stderr)
            failed = failed or options.all
            continue
        for path in differing(generator, write=not options.check):
            if options.check:
                print(f"{path} differs from what protos/ gives: run make generate", file=sys.stderr)
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
