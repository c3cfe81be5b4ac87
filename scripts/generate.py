"""Generates the Python code of the contract, protos/ into server/pointsman/v1.

python scripts/generate.py           writes it
python scripts/generate.py --check   names the files that differ, exit 1 if any does
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGE = Path("pointsman/v1")
COMMITTED = ROOT / "server" / PACKAGE
INIT = '"""Generated from protos/pointsman/v1 by scripts/generate.py; never edited."""\n'


def generate(out: Path) -> Path:
    """Generates below `out` and returns the directory of the package."""
    protos = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / PACKAGE).glob("*.proto"))
    outputs = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", *outputs, *protos], check=True)
    (out / PACKAGE / "__init__.py").write_text(INIT)
    return out / PACKAGE


def contents(directory: Path) -> dict[str, bytes]:
    """The files of `directory` by name; caches live in subdirectories and do not count."""
    return {path.name: path.read_bytes() for path in directory.glob("*") if path.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Python code from protos/ into server/pointsman/v1.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check

    with tempfile.TemporaryDirectory() as scratch:
        fresh = contents(generate(Path(scratch)))
    committed = contents(COMMITTED)
    differing = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))

    for name in differing:
        path = COMMITTED / name
        if check:
            print(f"{path.relative_to(ROOT)} differs from what protos/ gives: run make generate", file=sys.stderr)
        elif name in fresh:
            path.write_bytes(fresh[name])
        else:
            path.unlink()
    return int(check and bool(differing))


if __name__ == "__main__":
    sys.exit(main())
