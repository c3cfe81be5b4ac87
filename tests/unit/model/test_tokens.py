from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.model.tokens import estimate_tokens, sample

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


@pytest.mark.parametrize("length", [199_999, 200_000, 200_001, 200_257, 400_000, 3_000_001])
def test_one_more_character_changes_little(length: int) -> None:
    text = (ENGLISH + JSON) * (length // 200)
    assert estimate_tokens(text[: length + 1]) == pytest.approx(estimate_tokens(text[:length]), rel=0.02)


def test_a_long_text_costs_in_proportion() -> None:
    short, long = ENGLISH * 50, ENGLISH * 50_000
    assert len(short) < 200_000 < len(long)
    assert estimate_tokens(long) == pytest.approx(1_000 * estimate_tokens(short), rel=0.01)


def test_several_texts_are_counted_together() -> None:
    assert estimate_tokens() == estimate_tokens("", "") == 0
    assert estimate_tokens("a", "", "b", "c") == 3
    assert estimate_tokens(ENGLISH, JSON) == pytest.approx(estimate_tokens(ENGLISH) + estimate_tokens(JSON), abs=1)


BLOCKS = {"head": ("a" * 20_000, "字" * 200_000), "middle": ("字" * 100_000, "a" * 20_000, "字" * 100_000)}


@pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("times", [1, 20])
def test_the_order_does_not_matter(blocks: tuple[str, ...], times: int) -> None:
    exact = times * (20_000 / 4 + 200_000 / 1.3)
    blocks = tuple(block * times for block in blocks)
    for texts in (blocks, blocks[::-1], ("".join(blocks),), ("".join(blocks[::-1]),)):
        assert estimate_tokens(*texts) == pytest.approx(exact, rel=0.02)


def test_scripts_that_take_turns_are_all_seen() -> None:
    lines = ["plain words " * 40, "字" * 480, "Слово " * 80] * 500
    exact = 500 * sum(estimate_tokens(line) for line in lines[:3])
    assert estimate_tokens(*lines) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("script", ["a", "7", "字", "字a", "字aд1", "😀"])
@pytest.mark.parametrize("texts", [1, 2, 8_192])
def test_the_characters_looked_at_are_bounded(script: str, texts: int) -> None:
    text = script * (2**21 // texts // len(script))
    looked_at = sample(*[text] * texts)
    assert 150_000 < len(looked_at) <= 200_000


def test_one_long_text_does_not_hide_among_short_ones() -> None:
    assert estimate_tokens(*["Hi."] * 8_000, "字" * 2_000_000) == pytest.approx(2_000_000 / 1.3, rel=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 150_000), max_size=20))
def test_the_sample_is_spread_over_texts_of_any_length(lengths: list[int]) -> None:
    looked_at = sample(*["x" * length for length in lengths])
    assert min(sum(lengths), 100_000) <= len(looked_at) <= min(sum(lengths), 200_000)


def test_lone_surrogates_count_too() -> None:
    assert estimate_tokens("\ud800" * 40) == 10
