"""Anthropic's API: `POST /v1/messages`, as its clients and coding agents speak it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pointsman.http.anthropic_errors import failure
from pointsman.http.anthropic_headers import VERSION
from pointsman.http.anthropic_models import model_info, page
from pointsman.http.anthropic_question import read_prompt, read_question
from pointsman.http.api import Headers, Listed, Question, Told
from pointsman.http.hints import Hinted
from pointsman.model.request import Request


class Counting:
    """Implements `api.Counting`."""

    path = "/v1/messages/count_tokens"
    method = "CountTokens"

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Request:
        return read_prompt(body, headers, hinted)

    def counted(self, tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": tokens})


class Anthropic:
    """Implements `api.Api`."""

    path = "/v1/messages"
    method = "Messages"
    id_header = "request-id"
    counting = Counting()

    def speaks(self, headers: Headers) -> bool:
        """Whether its version is named, as no other API's clients do."""
        return VERSION in headers

    def authorization(self, headers: Headers) -> str:
        """Where both headers are there, the API's own counts, as it does at its provider."""
        key = headers.get("x-api-key")
        return f"Bearer {key}" if key else headers.get("authorization", "")

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Question:
        return read_question(body, headers, hinted)

    def error(self, told: Told) -> bytes:
        return failure(told)

    def models(self, listed: Sequence[Listed]) -> bytes:
        return page(listed)

    def model(self, listed: Listed) -> bytes:
        return model_info(listed)
