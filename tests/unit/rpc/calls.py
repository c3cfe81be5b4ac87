"""Calls as tests write them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from pointsman.errors import InvalidRequest
from pointsman.model.caller import ANYBODY
from pointsman.model.request import (
    Request,
)
from pointsman.rpc.from_wire import WireCall, call_from_wire
from pointsman.v1.router_service_pb2 import CompleteRequest

HELLO = {"role": "ROLE_USER", "parts": [{"text": "hello"}]}
TOOL = {"name": "get", "parameters_json_schema": '{"type":"object"}'}


def complete(**fields: Any) -> CompleteRequest:
    return ParseDict({"input": {"messages": [HELLO]}} | fields, CompleteRequest())


def read(**fields: Any) -> Request:
    return call_from_wire(complete(**fields), ANYBODY).request


def refused(wire: WireCall) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        call_from_wire(wire, ANYBODY)
    return caught.value


def fields_of(error: InvalidRequest) -> list[str]:
    return [field for field, _ in error.violations]


def said(message: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [message]}


def part(role: str, content: dict[str, Any]) -> dict[str, Any]:
    return said({"role": f"ROLE_{role}", "parts": [content]})
