from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman_policies.classifier.features import HASHES, NAMES, Features, Reader
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.words import HEAD_CHARACTERS, TAIL_CHARACTERS, build_dictionary, clip, split

featurise = Reader().read
# Lone surrogates included: JSON can spell them.
ANY_TEXT = st.text(st.characters(codec=None), max_size=400)


def value(features: Features, name: str) -> float:
    return features.dense[NAMES.index(name)]


@given(ANY_TEXT)
def test_any_text_can_be_read(text: str) -> None:
    features = featurise(text)
    assert len(features.dense) == len(NAMES)
    assert all(abs(number) < 100 for number in features.dense)
    assert all(0 <= number < HASHES for number in features.hashed)
    assert features == featurise(text)


def test_names_are_told_apart() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_a_concept_is_the_same_in_every_language() -> None:
    for text in (
        "Summarise the report.",
        "Fasse den Bericht zusammen.",
        "Résume ce rapport.",
        "要約してください",
        "总结这份报告",
        "रिपोर्ट का सारांश लिखो",
        "لخص التقرير",
        "Кратко изложи отчёт",
    ):
        assert value(featurise(text), "head: summarise") > 0, text


def test_accents_may_be_left_out() -> None:
    dictionary = build_dictionary({"function": "función*"})
    assert [dictionary.meanings(split(word)) for word in ("función", "funcion", "funciones")] == [[(0, 0)]] * 3


def test_a_word_of_an_inflected_language_is_found_by_its_stem() -> None:
    dictionary = build_dictionary({"write": "напиш*"})
    assert dictionary.meanings(split("напишите письмо")) == [(0, 0)]


def test_marks_belong_to_their_words() -> None:
    assert split("हिन्दी में").written == ["हिन्दी", "में"]


def test_a_long_text_is_read_at_its_ends() -> None:
    text = "a" * HEAD_CHARACTERS + "b" * 100_000 + "c" * TAIL_CHARACTERS
    assert clip(text) == "a" * HEAD_CHARACTERS + "\n" + "c" * TAIL_CHARACTERS
    assert value(featurise("Translate this. " + "x " * 50_000), "head: translate") > 0
    assert value(featurise("x " * 50_000 + "Translate this."), "tail: translate") > 0


def test_every_concept_has_words() -> None:
    assert all(words.split() for words in CONCEPTS.values())
