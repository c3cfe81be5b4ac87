"""Java: messages and stubs of its client, by the protoc and the plugin that Maven has of the runtime's own versions."""

from __future__ import annotations

import importlib.resources
import platform
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
GOOGLES = importlib.resources.files("grpc_tools") / "_proto"
CLIENT = ROOT / "clients/java"
TOOLS = CLIENT / ".tools"
GENERATED = Path("clients/java/contract/src/main/java")
COMMITTED = (GENERATED,)
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch_64", "arm64": "aarch_64"}
SYSTEMS = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}


def missing() -> str:
    """Maven, which fetches the two programs once; the protoc of grpcio-tools makes no Java."""
    if not _classifier():
        return f"there is no protoc for {platform.system()} on {platform.machine()} in Maven's registry"
    if all(tool.exists() for tool in _tools().values()) or shutil.which("mvn"):
        return ""
    return "mvn is not here, which fetches protoc and its plugin: install Maven and a JDK of 17 or newer"


def generate(out: Path) -> None:
    """Writes the package dev.pointsman.v1 below `out`."""
    tools = _tools()
    for artifact, path in tools.items():
        if not path.exists():
            _fetch(artifact, path)
    protoc, plugin = tools.values()
    made = out / GENERATED
    made.mkdir(parents=True)
    protos = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    arguments = [f"--java_out={made}", f"--plugin=protoc-gen-grpc-java={plugin}"]
    # No annotation, which would be a dependency of its own, and no version, so that an upgrade alone changes nothing.
    arguments.append(f"--grpc-java_out=@generated=omit,noversion:{made}")
    subprocess.run([protoc, f"-I{PROTOS}", f"-I{GOOGLES}", *arguments, *protos], check=True)


def _tools() -> dict[str, Path]:
    """Where each lies, by its Maven coordinates: of one version with what the generated code runs on."""
    pinned = dict(re.findall(r"<(protobuf|grpc)\.version>(.+)</", (CLIENT / "pom.xml").read_text()))
    artifacts = (("com.google.protobuf", "protoc", "protobuf"), ("io.grpc", "protoc-gen-grpc-java", "grpc"))
    return {
        f"{group}:{name}:{pinned[runtime]}:exe:{_classifier()}": TOOLS / f"{name}-{pinned[runtime]}-{_classifier()}.exe"
        for group, name, runtime in artifacts
    }


def _classifier() -> str:
    system, machine = SYSTEMS.get(platform.system()), MACHINES.get(platform.machine().lower())
    return f"{system}-{machine}" if system and machine else ""


def _fetch(artifact: str, path: Path) -> None:
    copy = ["dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={TOOLS}"]
    subprocess.run([shutil.which("mvn") or "mvn", "--quiet", "--batch-mode", *copy], cwd=CLIENT, check=True)
    path.chmod(0o700)
