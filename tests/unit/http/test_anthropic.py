from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.http.anthropic_bodies import TOOL, asked, text, user

from pointsman.engine.exchange import Completion
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.http.anthropic import Anthropic
from pointsman.http.anthropic_question import MessagesQuestion
from pointsman.http.anthropic_request import Thinking
from pointsman.http.api import Api, Headers, Listed, Told
from pointsman.http.hints import Hinted, hints_of_headers
from pointsman.http.statuses import STATUSES
from pointsman.model.attempt import Cost
from pointsman.model.caller import ANYBODY
from pointsman.model.request import Mode, ModelOverride

API: Api = Anthropic()
VERSION = {"anthropic-version": "2026-10-21"}


def question(headers: Headers = VERSION, **more: Any) -> MessagesQuestion:
    made = API.read(json.dumps(asked(**more)).encode(), headers, hints_of_headers({}, ANYBODY))
    assert isinstance(made, MessagesQuestion)
    return made


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, ""),
        ({"authorization": "Bearer pm_1"}, "Bearer pm_1"),
        ({"x-api-key": "pm_2"}, "Bearer pm_2"),
        ({"x-api-key": "pm_2", "authorization": "Bearer pm_1"}, "Bearer pm_2"),
    ],
)
def test_the_key_in_either_header(headers: Headers, key: str) -> None:
    assert API.authorization(headers) == key


def test_its_clients_are_known_by_their_version() -> None:
    assert API.speaks(VERSION)
    assert not API.speaks({"authorization": "Bearer pm_1"})


def test_what_a_body_says_of_the_route() -> None:
    made = question(
        model="pointsman/auto:eco", metadata={"user_id": "u", "pointsman_session_id": "s-1", "team": "red"}, stream=True
    )
    hints, request = made.request.hints, made.request
    assert (hints.mode, hints.session_id, hints.labels) == (Mode.ECO, "s-1", {"team": "red"})
    assert (request.params.end_user_id, request.tenant, request.key, made.streamed) == ("u", "default", "", True)
    assert question(model="claude").request.hints.model_override == ModelOverride("claude")
    with pytest.raises(InvalidRequest, match=r"metadata\.team"):
        question(metadata={"team": None})


def test_whoever_asks_for_reasoning_by_header_is_shown_it() -> None:
    assert question().thinking is Thinking.HIDDEN
    body = json.dumps(asked()).encode()
    made = API.read(body, VERSION, hints_of_headers({"X-Pointsman-Reasoning": "true"}, ANYBODY))
    assert isinstance(made, MessagesQuestion)
    assert (made.thinking, made.hinted.reasoning) == (Thinking.SHOWN, True)
    # Its state is all that is left of reasoning whose text is omitted.
    omitted = question(thinking={"type": "adaptive", "display": "omitted"})
    assert (omitted.thinking, omitted.hinted.reasoning) == (Thinking.OMITTED, False)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        question({}, model="pointsman/autto", temperature=9)
    assert [field for field, _ in caught.value.violations] == ["anthropic-version", "model", "temperature"]
    with pytest.raises(InvalidRequest) as caught:
        question({**VERSION, "anthropic-beta": "x-2030"}, tools=[{**TOOL, "defer_loading": True}])
    assert [field for field, _ in caught.value.violations] == ["anthropic-beta", "tools[0].defer_loading"]


def test_text_is_limited_and_images_beside_it_are_not() -> None:
    with pytest.raises(InvalidRequest, match="without the data of images") as caught:
        question(messages=[user(text("x" * 5_000_000))])
    assert caught.value.reason is Reason.REQUEST_TOO_LARGE
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 6_000_000}}
    assert question(messages=[user(picture)]).request.facts.images == 1


def test_tokens_are_counted_as_policies_see_them() -> None:
    counting = API.counting
    assert counting
    body = asked(tools=[TOOL])
    del body["max_tokens"]
    hinted: Hinted = hints_of_headers({}, ANYBODY)
    request = counting.read(json.dumps(body).encode(), VERSION, hinted)
    assert json.loads(counting.counted(request.facts.input_tokens)) == {"input_tokens": request.facts.input_tokens}
    with pytest.raises(InvalidRequest, match="anthropic-version"):
        counting.read(json.dumps(body).encode(), {}, hinted)


def test_models_are_on_one_page() -> None:
    listed = [Listed("pointsman/auto", "pointsman"), Listed("claude", "first", 200_000, 64_000)]
    told = json.loads(API.models(listed))
    assert (told["has_more"], told["first_id"], told["last_id"]) == (False, "pointsman/auto", "claude")
    assert told["data"][1] == json.loads(API.model(listed[1])) == {
        "type": "model",
        "id": "claude",
        "display_name": "claude",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }  # fmt: skip
    assert json.loads(API.models([]))["first_id"] is None


@pytest.mark.parametrize("reason", list(Reason))
def test_a_failure_of_every_reason(reason: Reason) -> None:
    told = Told(RequestError(reason, "so it is"), Completion("0197", None, (), Cost(), 0.0))
    body = json.loads(API.error(told))
    kind = body["error"].pop("type")
    assert kind.endswith("_error") or kind == "request_too_large"
    assert (kind == "api_error") == (STATUSES[reason] in (499, 500, 502))
    assert body == {
        "type": "error",
        "error": {"message": "so it is", "details": {"error_code": reason.value.lower()}},
        "request_id": "0197",
    }


def test_a_failure_with_details_for_who_wants_them() -> None:
    error = RequestError(Reason.BUDGET_EXHAUSTED, "no", metadata={"scope": "acme"}, violations=[("acme", "spent")])
    told = json.loads(API.error(Told(error, details=True)))
    assert (told["request_id"], told["error"]["type"]) == (None, "rate_limit_error")
    assert told["pointsman"]["reason"] == "BUDGET_EXHAUSTED"
    assert told["pointsman"]["violations"] == [["acme", "spent"]]


@pytest.mark.parametrize(
    ("hint", "thinking"),
    [
        ("false", {"type": "enabled", "budget_tokens": 1024}),
        ("false", {"type": "adaptive"}),
        ("true", {"type": "adaptive", "display": "omitted"}),
    ],
)
def test_a_hint_on_reasoning_that_contradicts_thinking(hint: str, thinking: dict[str, Any]) -> None:
    body = json.dumps(asked(thinking=thinking, max_tokens=2048)).encode()
    with pytest.raises(InvalidRequest) as caught:
        API.read(body, VERSION, hints_of_headers({"X-Pointsman-Reasoning": hint}, ANYBODY))
    assert [field for field, _ in caught.value.violations] == ["x-pointsman-reasoning"]


@pytest.mark.parametrize(
    ("hint", "thinking", "seen"),
    [
        ("false", {"type": "adaptive", "display": "omitted"}, Thinking.OMITTED),
        ("false", {"type": "disabled"}, Thinking.HIDDEN),
        ("true", {"type": "adaptive"}, Thinking.SHOWN),
    ],
)
def test_a_hint_on_reasoning_that_agrees_with_thinking(hint: str, thinking: dict[str, Any], seen: Thinking) -> None:
    body = json.dumps(asked(thinking=thinking)).encode()
    made = API.read(body, VERSION, hints_of_headers({"X-Pointsman-Reasoning": hint}, ANYBODY))
    assert isinstance(made, MessagesQuestion)
    assert made.thinking is seen
