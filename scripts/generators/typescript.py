"""TypeScript: the contract, and google.rpc's errors, by the protobuf-es that clients/typescript pins."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

COMMITTED = (Path("clients/typescript/src/gen"),)

_ROOT = Path(__file__).resolve().parents[2]
_PROTOS = _ROOT / "protos"
_PLUGIN = _ROOT / "clients/typescript/node_modules/.bin/protoc-gen-es"
# No npm package has these from the same plugin.
_ERRORS = ("google/rpc/error_details.proto", "google/rpc/status.proto")


def missing() -> str:
    """Which tool is absent, and how to get it; "" where all is there."""
    if _PLUGIN.exists():
        return ""
    return "there is no protoc-gen-es: `npm ci --ignore-scripts` in clients/typescript, with Node.js 20 or newer"


def generate(out: Path) -> None:
    """Writes the directory of COMMITTED below `out`."""
    (target,) = (out / directory for directory in COMMITTED)
    target.mkdir(parents=True)
    rpc = importlib.util.find_spec("google.rpc")
    found = rpc.submodule_search_locations if rpc else None
    assert found, "googleapis-common-protos has google.rpc"
    includes = (_PROTOS, *(Path(directory).parents[1] for directory in found))
    ours = sorted(str(path.relative_to(_PROTOS)) for path in _PROTOS.rglob("*.proto"))
    command = [
        *(sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes)),
        *(f"--plugin=protoc-gen-es={_PLUGIN}", f"--es_out={target}", "--es_opt=target=ts,import_extension=js"),
    ]
    subprocess.run([*command, *ours, *_ERRORS], check=True)
