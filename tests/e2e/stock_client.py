"""A client that has never heard of this project but for its .proto files; prints what it saw as JSON.

Run with the stubs that protoc made of them before everything else in PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from pointsman.v1 import admin_service_pb2, admin_service_pb2_grpc, router_service_pb2, router_service_pb2_grpc

QUESTION = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Explain how tides work, in a few sentences."}]}]}
TIMEOUT = 20.0


def main(address: str) -> None:
    with grpc.insecure_channel(address, options=(("grpc.enable_http_proxy", 0),)) as channel:
        router: Any = router_service_pb2_grpc.RouterServiceStub(channel)
        seen = {
            "stubs": router_service_pb2.__file__,
            "health": {name: health(channel, name) for name in ("", "pointsman.v1.RouterService")},
            "services": services(channel),
            "route": route(router),
            "stream": stream(router),
            "whole": whole(router),
            "pages": pages(channel),
            "error": error(router),
        }
    print(json.dumps(seen))


def health(channel: grpc.Channel, service: str) -> str:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def services(channel: grpc.Channel) -> list[str]:
    """By reflection v1, whose messages are those of v1alpha."""
    ask = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="pointsman.v1.RouterService"),
    ]
    listed, described = ask(iter(questions), timeout=TIMEOUT)
    assert described.file_descriptor_response.file_descriptor_proto
    return sorted(service.name for service in listed.list_services_response.service)


def route(router: Any) -> dict[str, Any]:
    hints = {"task": "risky", "exclude_providers": ["first"]}
    fields = {"input": QUESTION, "hints": hints, "trace_level": "TRACE_LEVEL_FULL"}
    answer = router.Route(ParseDict(fields, router_service_pb2.RouteRequest()), timeout=TIMEOUT)
    return as_dict(answer.decision)


def stream(router: Any) -> dict[str, Any]:
    call = router.Complete(ParseDict({"input": QUESTION}, router_service_pb2.CompleteRequest()), timeout=TIMEOUT)
    leading = dict(call.initial_metadata())
    return {"leading": leading, "events": [as_dict(event) for event in call], "code": call.code().name}


def whole(router: Any) -> dict[str, Any]:
    return as_dict(
        router.CompleteUnary(ParseDict({"input": QUESTION}, router_service_pb2.CompleteUnaryRequest()), timeout=TIMEOUT)
    )


def pages(channel: grpc.Channel) -> list[list[str]]:
    """The ids of all models, two a page."""
    admin: Any = admin_service_pb2_grpc.AdminServiceStub(channel)
    found, token = [], ""
    while True:
        request = admin_service_pb2.ListModelsRequest(page_size=2, page_token=token)
        answer = admin.ListModels(request, timeout=TIMEOUT)
        found.append([model.model for model in answer.models])
        token = answer.next_page_token
        if not token:
            return found


def error(router: Any) -> dict[str, str]:
    fields = {"input": QUESTION, "hints": {"model_override": {"model": "nobody", "strict": True}}}
    try:
        router.CompleteUnary(ParseDict(fields, router_service_pb2.CompleteUnaryRequest()), timeout=TIMEOUT)
    except grpc.RpcError as failed:
        # grpc's own annotations do not say that what it raises is a call.
        call: Any = failed
        status, info = Status.FromString(dict(call.trailing_metadata())["grpc-status-details-bin"]), ErrorInfo()
        assert status.details[0].Unpack(info)
        return {"code": call.code().name, "reason": info.reason, "domain": info.domain}
    return {}


def as_dict(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return fields


if __name__ == "__main__":
    main(sys.argv[1])
