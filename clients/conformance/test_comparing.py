"""The suite itself: a client that prints, or does, something else is found out."""

from __future__ import annotations

from typing import Any

import pytest
from clients.conformance.comparing import Played
from clients.conformance.scenarios import Json, Scenario, Seen
from clients.conformance.scripted import Call

ERROR: Json = {"code": "ABORTED", "reason": "SLOW_CONSUMER", "message": "too slow"}
SCENARIO = Scenario("s", "A stream that fails.", {"text": "abc", "error": ERROR}, ())


def call(**fields: Any) -> Call:
    return Call("s", "ipv4:127.0.0.1:1", {}, 120.0, **{"ended": "OK", **fields})


def differences(scenario: Scenario, line: Json, *calls: Call) -> list[str]:
    return Played({"s": [line]}, {"s": calls, "other": [call()]}).differences(scenario)


def test_what_is_expected_differs_in_nothing() -> None:
    assert differences(SCENARIO, SCENARIO.expected(), call()) == []


@pytest.mark.parametrize("key", SCENARIO.expected())
def test_each_key_of_a_line_counts(key: str) -> None:
    line = SCENARIO.expected()
    assert differences(SCENARIO, {**line, key: "other"}, call())
    assert differences(SCENARIO, {name: value for name, value in line.items() if name != key}, call())


def test_so_does_each_of_an_error_and_one_too_many() -> None:
    line = SCENARIO.expected()
    for key in line["error"]:
        assert differences(SCENARIO, {**line, "error": {**line["error"], key: "other"}}, call())
    assert differences(SCENARIO, {**line, "more": 1}, call())


def test_a_message_that_no_scenario_names_does_not() -> None:
    scenario = Scenario("s", "A deadline.", {"error": {"code": "DEADLINE_EXCEEDED"}}, ())
    line = scenario.expected()
    assert differences(scenario, {**line, "error": {**line["error"], "message": "a library's own"}}, call()) == []


@pytest.mark.parametrize(
    ("seen", "calls"),
    [
        pytest.param(Seen(request={}), [], id="none-arrived"),
        pytest.param(Seen(), [call(ended="cancelled")], id="ended-otherwise"),
        pytest.param(Seen(), [call(), call()], id="tried-again"),
        pytest.param(Seen(request={"request_id": "r"}), [call()], id="another-request"),
        pytest.param(Seen(deadline_s=(1, 2)), [call()], id="another-deadline"),
        pytest.param(Seen(not_on_connection_of="other"), [call()], id="the-same-connection"),
        pytest.param(Seen(within_ms=100), [call(waiting=1.0, gone=1.2)], id="too-late"),
    ],
)
def test_what_the_server_saw_counts(seen: Seen, calls: list[Call]) -> None:
    scenario = Scenario("s", "A call.", {}, (), server=seen)
    assert differences(scenario, scenario.expected(), *calls)
