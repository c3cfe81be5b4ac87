from __future__ import annotations

from pointsman.rpc.administration import Administration
from pointsman.rpc.configuring import Configuring
from pointsman.rpc.feedback import FeedbackDesk
from pointsman.rpc.methods import METHODS, RECORDED
from pointsman.rpc.service import Service
from pointsman.v1 import admin_service_pb2, feedback_service_pb2, router_service_pb2


def test_every_method_of_the_contract_has_its_name() -> None:
    services = [
        service
        for module in (router_service_pb2, admin_service_pb2, feedback_service_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
    ]
    declared = {f"{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert {*METHODS.values()} == declared


def test_every_name_is_of_a_function_that_there_is() -> None:
    handlers = (Service, Administration, Configuring, FeedbackDesk)
    assert [name for name in METHODS if not any(hasattr(handler, name) for handler in handlers)] == []


def test_what_the_engine_tells_of_is_named_as_it_is() -> None:
    assert set(METHODS) > RECORDED
