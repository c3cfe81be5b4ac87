from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from pointsman.telemetry.masking import MASKED, Mask

CANARY = "canary-4711/\"it's\\"


@pytest.mark.parametrize("form", [str, repr, json.dumps, quote, lambda secret: quote(secret, safe="")])
def test_a_registered_secret_in_any_quoting(form: object) -> None:
    assert callable(form)
    mask = Mask()
    mask.register_secrets([CANARY])
    masked = mask(f"before {form(CANARY)} after")
    assert "4711" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_a_secret_that_begins_with_another() -> None:
    mask = Mask()
    mask.register_secrets(["canary"])
    mask.register_secrets(["canary-and-more"])
    assert mask("canary-and-more, canary") == f"{MASKED}, {MASKED}"


def test_what_is_too_short_for_a_secret_leaves_words_alone() -> None:
    mask = Mask()
    mask.register_secrets(["", "a", "the"])
    assert mask("the cat") == "the cat"


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("Bearer x", "Bearer [masked]"),
        (f"key pm_0123456789ab_{'0f' * 32}, say", "key pm_0123456789ab_[masked], say"),
        ("authorization: bearer abc.def", "authorization: bearer [masked]"),
        ("{'Authorization': 'Bearer x'}", "{'Authorization': 'Bearer [masked]'}"),
        ("Authorization: Digest name=a, nonce=b", "Authorization: [masked]"),
        ("Proxy-Authorization: Basic dTpw", "Proxy-Authorization: Basic [masked]"),
        ("GET https://h/p?key=abc&x=1", "GET https://h/p?key=[masked]&x=1"),
        ("x-api-key: abc", "x-api-key: [masked]"),
        ("Settings(api_key='abc')", "Settings(api_key='[masked]')"),
        ('{"token": "abc", "n": 1}', '{"token": "[masked]", "n": 1}'),
        (r"{\"password\": \"abc\"}", r"{\"password\": \"[masked]\"}"),
        ("proxy http://user:pw@proxy:3128", "proxy http://[masked]@proxy:3128"),
        ("Incorrect API key provided: sk-proj-Abc_12345678.", "Incorrect API key provided: [masked]."),
        ("gsk_abcdefgh1234", "[masked]"),
        ("AIzaSyA-1234567890_abcdefghij", "[masked]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[masked]"),
    ],
)
def test_what_looks_like_a_secret(said: str, masked: str) -> None:
    assert Mask()(said) == masked
    assert Mask()(masked) == masked


@pytest.mark.parametrize(
    "said",
    [
        "max_output_tokens=100, tokens: 5",
        "unknown key: must be one of a, b",
        "unexpected token: }",
        "task-management and risk-assessment",
        "https://api.openai.com/v1/chat/completions",
        "ledger /var/lib/pointsman.db: rows are waiting",
    ],
)
def test_ordinary_words_stay(said: str) -> None:
    assert Mask()(said) == said
