from __future__ import annotations

from pointsman.rpc.server import DoorSettings


def test_a_port_is_shared_among_workers_only() -> None:
    assert dict(DoorSettings("127.0.0.1:0").options())["grpc.so_reuseport"] == 0
    assert dict(DoorSettings("127.0.0.1:0", shared=True).options())["grpc.so_reuseport"] == 1


def test_connections_age_where_they_are_told_to() -> None:
    age = "grpc.max_connection_age_ms"
    assert age not in dict(DoorSettings("127.0.0.1:0").options())
    assert dict(DoorSettings("127.0.0.1:0", max_connection_age=1.5).options())[age] == 1500
