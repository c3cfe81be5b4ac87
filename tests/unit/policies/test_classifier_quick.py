"""The quick way to a prediction says what the plain one says, of any text and whatever was read before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policies.classifier_naive import chances_of, features_of

from pointsman_policies.classifier.features import Reader
from pointsman_policies.classifier.labelled import load_examples
from pointsman_policies.classifier.model import shipped_model
from pointsman_policies.classifier.structure import COUNTED, OF_LINES, PRESENT, WITHIN_WORDS
from pointsman_policies.classifier.vocabulary import LONGEST, MOST, Vocabulary
from pointsman_policies.classifier.words import tokens

MODEL = shipped_model()
READER = Reader()
EXAMPLES = [example.text for example in load_examples([]).examples]

# Lone surrogates included: JSON can spell them.
ANY_TEXT = st.text(st.characters(codec=None), max_size=400)
SIGNS = st.text(
    st.sampled_from("abE1 \n\t\x1c(){}[]<>=_.*`$^\\:;!?\"'’-+&|#/,…→「٪٣²éßİΣſK请把のไद\u0301"), max_size=200
)
# What the patterns look for, and what looks nearly so.
SAID = (
    "Output:", "A:", "Example 1", "Example", "SELECT name", "select", "from users", "GROUP BY", "group by",
    "CREATE TABLE", "create tables", "three words", "one short sentence", "5-page", "twenty", "lines", "10字",
    "http://a.b", "https:", "www.", "localhost", "~/x", "/usr", "C++", "c#", "in Go", "in C's", ".NET", "net",
    "main.py", ".tsx", "a.b.c", "f(x)", "E(X)", "g (", "x^2", "2 + 2", "3-4", "-5", "x=1", "a => b", "->", "::",
    "&&", "a) yes", "(b) no", "C. x", "1. x", "- item", "* item", "*waves*", "def f():", "return x;",
    "import os", "@app", "    x", "```", "`x`", "Task:", "###", "ſystem:", "Question:", "Frage :", "TypeError",
    "nullable", "null", "npm ERR", "$5", "5 %", "5 km", "12kg", "1999", "2024", "[1]", "{}", "__", "...",
    "what's", "IT'S", "it's\u0301", "fooBar", "snake_case", "NASA", "a Bc De", "Who", "what is", "how much",
    "you're", "请翻译这段话", "要約してください", "сделай", "रिपोर्ट का सारांश", "--flag", "-x", "a" * 60, "Ünï",
    "\ud800", "²", "½", "٣ words", "word\u0301s", "?", "!", ".", ":", ";", "“", "'",
)  # fmt: skip
PHRASES = st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from((" ", " ", "\n", "", "\n\n", ", ", "-")))).map(
    lambda said: "".join(map("".join, said))
)
PROMPTS = st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=6).map("\n".join)


def assert_the_same(text: str) -> None:
    named, hashed = features_of(text)
    found = READER.read(text)
    assert found.dense == named
    assert sorted(found.hashed) == hashed
    chances = chances_of(MODEL, text)
    assert MODEL.chances(text) == pytest.approx(chances, abs=1e-6)
    assert MODEL.predict(text).confidence == pytest.approx(chances.max(), abs=1e-6)


def test_of_every_example_that_we_ship() -> None:
    for text in EXAMPLES:
        assert_the_same(text)
        assert MODEL.predict(text).label == MODEL.labels[int(chances_of(MODEL, text).argmax())]


@given(ANY_TEXT | SIGNS | PHRASES | PROMPTS)
def test_of_any_text(text: str) -> None:
    assert_the_same(text)


@pytest.mark.parametrize("said", SAID)
def test_of_all_that_patterns_look_for(said: str) -> None:
    for text in (said, f"{said} a", f"a {said}", f"{said}\n{said}", f"Is this one {said}?", f"{said} " * 300):
        assert_the_same(text)


def test_what_was_read_before_makes_no_difference() -> None:
    for text in EXAMPLES[::50]:
        assert Reader().read(text) == READER.read(text)


def test_the_vocabulary_has_a_limit() -> None:
    vocabulary = Vocabulary()
    for number in range(2 * MOST + 5):
        assert vocabulary[f"w{number}"].lower == f"w{number}"
        assert len(vocabulary) <= MOST
    assert vocabulary["x" * (LONGEST + 1)].lower == "x" * (LONGEST + 1)
    assert "x" * (LONGEST + 1) not in vocabulary


@given(SIGNS | PHRASES)
def test_no_match_of_what_is_counted_in_words_crosses_them(text: str) -> None:
    for name in WITHIN_WORDS:
        assert COUNTED[name].findall(text) == [one for word in tokens(text) for one in COUNTED[name].findall(word)]


@given(SIGNS | PHRASES)
def test_what_is_looked_for_at_beginnings_of_lines_is_nowhere_else(text: str) -> None:
    for name in OF_LINES:
        for found in {**COUNTED, **PRESENT}[name].finditer(text):
            assert found.start() == 0 or text[found.start() - 1] == "\n"
