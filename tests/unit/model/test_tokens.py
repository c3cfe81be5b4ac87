from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.model.tokens import estimate_tokens

ENGLISH = (
    "The committee met on Tuesday to discuss the proposed changes to the library's opening hours, and agreed that "
    "the reading room should stay open until nine in the evening during the examination period. "
)
CODE = """
def merge(left: list[int], right: list[int]) -> list[int]:
    result, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            result.append(left[i]); i += 1
        else:
            result.append(right[j]); j += 1
    return result + left[i:] + right[j:]
"""
JSON = '{"id": 4711, "items": [{"sku": "A-100", "qty": 3, "price": 19.99}, {"sku": "B-7", "qty": 1, "price": 5.5}]}'

# Tokens per character of current byte-pair vocabularies (o200k and its like), as commonly measured; wide on purpose.
DENSITIES = {
    "English": (ENGLISH, 0.18, 0.30),
    "German": (
        "Der Ausschuss tagte am Dienstag, um über andere Öffnungszeiten der Bücherei zu beraten. ",
        0.20,
        0.34,
    ),
    "Russian": ("Комитет собрался во вторник, чтобы обсудить новые часы работы библиотеки. ", 0.20, 0.45),
    "Greek": ("Η επιτροπή συνεδρίασε την Τρίτη για να συζητήσει το ωράριο της βιβλιοθήκης. ", 0.25, 0.60),
    "Arabic": ("اجتمعت اللجنة يوم الثلاثاء لمناقشة ساعات عمل المكتبة الجديدة خلال فترة الامتحانات. ", 0.25, 0.55),
    "Hindi": ("समिति ने मंगलवार को पुस्तकालय के नए समय पर चर्चा करने के लिए बैठक की। ", 0.25, 0.70),
    "Chinese": ("委员会星期二开会讨论图书馆开放时间的变更，并同意在考试期间将阅览室开放到晚上九点。", 0.55, 1.1),
    "Japanese": (
        "委員会は火曜日に図書館の開館時間の変更について話し合い、閲覧室を夜九時まで開くことにした。",
        0.55,
        1.1,
    ),
    "Korean": ("위원회는 화요일에 도서관 개관 시간 변경에 대해 논의하기 위해 모였습니다. ", 0.45, 1.0),
    "code": (CODE, 0.22, 0.45),
    "JSON": (JSON, 0.30, 0.60),
    "digits": ("3141592653589793238462643383279502884197", 0.33, 0.60),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_density(name: str) -> None:
    text, low, high = DENSITIES[name]
    assert low <= estimate_tokens(text * 5) / len(text * 5) <= high


def test_nothing_and_next_to_nothing() -> None:
    assert [estimate_tokens(text) for text in ("", " ", "a", "\n", "é", "字")] == [0, 1, 1, 1, 1, 1]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    one, both = estimate_tokens(text), estimate_tokens(text + more)
    assert one <= both <= one + estimate_tokens(more) + 1


def test_a_long_text_is_as_dense_as_its_beginning() -> None:
    short, long = ENGLISH * 50, ENGLISH * 5_000
    assert len(short) < 20_000 < len(long)
    assert estimate_tokens(long) == pytest.approx(100 * estimate_tokens(short), rel=0.01)


def test_more_than_the_sample_still_counts_by_length() -> None:
    assert estimate_tokens("a" * 400_000) == 100_000
    # The price of sampling: what comes after the first 20,000 characters is taken to be like them.
    assert estimate_tokens("a" * 20_000 + "字" * 20_000) == 10_000
