from __future__ import annotations

import json

import grpc
import pytest

from pointsman_client.access import OPTIONS, Access


def test_tls_is_the_default() -> None:
    assert isinstance(Access().credentials_for("router.example:443"), grpc.ChannelCredentials)


@pytest.mark.parametrize(
    "target", ["127.0.0.1:50051", "localhost:50051", "[::1]:50051", "dns:///localhost:1", "unix:/s"]
)
def test_a_key_may_stay_on_this_machine_in_plaintext(target: str) -> None:
    assert Access(key="psk-1", plaintext=True).credentials_for(target) is None


@pytest.mark.parametrize("target", ["router.example:80", "10.0.0.1:50051", "localhost.example:1", "dns:///10.0.0.1:1"])
def test_it_may_not_leave_it(target: str) -> None:
    with pytest.raises(ValueError, match="plaintext"):
        Access(key="psk-1", plaintext=True).credentials_for(target)
    assert Access(key="psk-1", plaintext=True, key_in_the_clear=True).credentials_for(target) is None
    assert Access(plaintext=True).credentials_for(target) is None


def test_credentials_and_plaintext_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="plaintext=True"):
        Access(plaintext=True, credentials=grpc.ssl_channel_credentials()).credentials_for("127.0.0.1:1")


def test_the_key_is_not_shown() -> None:
    assert "psk-1" not in repr(Access(key="psk-1"))


def test_decisions_alone_are_retried_and_nothing_is_hedged() -> None:
    (method,) = json.loads(str(dict(OPTIONS)["grpc.service_config"]))["methodConfig"]
    assert "hedgingPolicy" not in method
    assert [each["method"] for each in method["name"]] == ["Route", "RouteBatch"]
    assert method["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
