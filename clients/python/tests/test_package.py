"""What the package needs, and what it can stand beside."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1]
GENERATED = PROJECT / "src/pointsman_client/v1"
BOTH = """
from {first}.v1 import chat_pb2, errors_pb2, router_service_pb2_grpc
from {second}.v1 import chat_pb2 as other, admin_service_pb2_grpc
message = chat_pb2.ChatMessage(parts=[other.ContentPart(text="the same")])
assert other.ChatMessage.FromString(message.SerializeToString()) == message
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("first", "second"), [("pointsman", "pointsman_client"), ("pointsman_client", "pointsman")])
def test_server_and_client_in_one_process(first: str, second: str) -> None:
    run(BOTH.format(first=first, second=second))


def test_what_is_required_can_run_what_is_generated() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    required = {needed.name: needed.specifier for needed in map(Requirement, project["dependencies"])}
    grpc_code = (GENERATED / "router_service_pb2_grpc.py").read_text()
    code = (GENERATED / "router_service_pb2.py").read_text()
    for name, made_for in (
        ("grpcio", re.findall(r"GRPC_GENERATED_VERSION = '(.+)'", grpc_code)[0]),
        ("protobuf", re.findall(r"Protobuf Python Version: (.+)", code)[0]),
    ):
        assert str(required[name]) == f">={made_for}"
