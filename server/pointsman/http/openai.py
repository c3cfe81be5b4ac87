"""OpenAI's API: `POST /v1/chat/completions`, as its clients and everybody's tools speak it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pointsman.http.api import Headers, Listed, Question, Told
from pointsman.http.hints import Hinted
from pointsman.http.openai_errors import error_body
from pointsman.http.openai_request import read_question

_OBJECT = "model"


class OpenAi:
    """Implements `api.Api`."""

    path = "/v1/chat/completions"
    method = "ChatCompletions"
    id_header = "x-request-id"
    counting = None

    def speaks(self, headers: Headers) -> bool:
        """Whether it is asked by clients of no other API: what they send is everybody's."""
        return False

    def authorization(self, headers: Headers) -> str:
        return headers.get("authorization", "")

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Question:
        return read_question(body, hinted)

    def error(self, told: Told) -> bytes:
        return error_body(told)

    def models(self, listed: Sequence[Listed]) -> bytes:
        return msgspec.json.encode({"object": "list", "data": [_model(one) for one in listed]})

    def model(self, listed: Listed) -> bytes:
        return msgspec.json.encode(_model(listed))


def _model(listed: Listed) -> dict[str, object]:
    # When a model was made is not known here; clients require a number.
    return {"id": listed.id, "object": "model", "created": 0, "owned_by": listed.owner}
