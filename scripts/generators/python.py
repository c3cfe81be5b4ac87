"""Python: the contract for the server, and the same for its client, which must be had without the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
PACKAGE = Path("pointsman/v1")
SERVER = Path("server") / PACKAGE
CLIENT = Path("clients/python/src/pointsman_client/v1")
COMMITTED = (SERVER, CLIENT)
INIT = '"""Generated from protos/pointsman/v1 by scripts/generate.py; never edited."""\n'


def missing() -> str:
    """Nothing ever is: protoc comes with grpcio-tools, on which we run."""
    return ""


def generate(out: Path) -> None:
    """Writes both packages below `out`, as they are named in the repository."""
    protos = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / PACKAGE).glob("*.proto"))
    made = out / SERVER
    made.mkdir(parents=True)
    outputs = [f"--{kind}_out={made.parent.parent}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", *outputs, *protos], check=True)
    (made / "__init__.py").write_text(INIT)
    (out / CLIENT).mkdir(parents=True)
    for path in made.iterdir():
        # The modules move; the descriptors in them stay the same to the byte, so that one process may load both.
        moved = path.read_text().replace("from pointsman.v1 import", "from pointsman_client.v1 import")
        (out / CLIENT / path.name).write_text(moved)
