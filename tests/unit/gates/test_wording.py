from __future__ import annotations

import pytest
from tests.unit.gates.asking import gate, said

from pointsman import FinishReason
from pointsman.testing import make_answer
from pointsman_gates import wording
from pointsman_gates.phrases import REFUSALS, UNCERTAINTY

REFUSED = "wording of a refusal"
UNSURE = "wording of uncertainty"


@pytest.mark.parametrize(
    "text",
    [
        "I can't help with that.",
        "I’m sorry, but I can’t help you with this request.",
        "Sorry — I CANNOT ASSIST with that",
        "Tut mir leid, aber ich kann das nicht.",
        "Désolé, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Desculpe, mas não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti.",
        "К сожалению, я не могу помочь с этим.",
        "抱歉，我无法提供这方面的信息。",
        "申し訳ありませんが、お手伝いできません。",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
        "क्षमा करें, मैं इसमें मदद नहीं कर सकता।",
        "عذرًا، لا يمكنني مساعدتك في ذلك.",
        "Üzgünüm, bu konuda size yardımcı olamam.",
        "Przykro mi, ale nie mogę tego zrobić.",
        "Het spijt me, maar ik kan je niet helpen.",
    ],
)
async def test_refusals(text: str) -> None:
    assert await said(gate(wording.plugin), text) == REFUSED


@pytest.mark.parametrize(
    "text",
    [
        "I'm not sure, but it may be Paris.",
        "Ich bin mir nicht sicher.",
        "Je ne sais pas.",
        "No estoy seguro de eso.",
        "我不确定这个答案。",
        "잘 모르겠습니다.",
        "मुझे नहीं पता।",
    ],
)
async def test_uncertainty(text: str) -> None:
    assert await said(gate(wording.plugin), text) == UNSURE


@pytest.mark.parametrize(
    "text",
    [
        "Paris.",
        "",
        "You can't help with that lever alone; use the handle.",
        "Certainly! " + "Here is a polite refusal to send. " * 8 + '"I can\'t help with that."',
        "I can't help with " + "anything but the essay, so here it is. " * 40,
    ],
)
async def test_good_answers(text: str) -> None:
    assert await said(gate(wording.plugin), text) == ""


async def test_uncertainty_counts_in_long_answers_too_where_they_begin_with_it() -> None:
    assert await said(gate(wording.plugin), "I'm not sure. " + "It depends on a lot. " * 100) == UNSURE
    assert await said(gate(wording.plugin), "Yes. " * 100 + "I'm not sure.") == ""


async def test_what_is_looked_for_can_be_chosen() -> None:
    assert await said(gate(wording.plugin, refusals=False), "I can't help with that.") == ""
    assert await said(gate(wording.plugin, uncertainty=False), "I'm not sure.") == ""
    assert await said(gate(wording.plugin, languages="de"), "I can't help with that.") == ""
    assert await said(gate(wording.plugin, languages=["de", "en"]), "I can't help with that.") == REFUSED


async def test_what_the_provider_reports_needs_no_phrase() -> None:
    refused = make_answer("No.", reason=FinishReason.REFUSAL)
    assert await said(gate(wording.plugin), refused) == "the provider reports a refusal"
    assert await said(gate(wording.plugin, refusals=False), refused) == ""


async def test_patterns_are_found_anywhere_and_named_by_their_place() -> None:
    made = gate(wording.plugin, patterns=["xyzzy", r"(?i)\bconsult a doctor\b"])
    assert await said(made, "It is nothing. " * 50 + "Consult a doctor.") == "wording of pattern 2"


@pytest.mark.parametrize("language", sorted(REFUSALS))
async def test_every_phrase_is_found(language: str) -> None:
    made = gate(wording.plugin, languages=language)
    for phrases, why in ((REFUSALS, REFUSED), (UNCERTAINTY, UNSURE)):
        for phrase in phrases[language].split("/"):
            assert phrase.strip()
            assert await said(made, f"{phrase.strip().capitalize()}.") == why, phrase


def test_the_same_languages_refuse_and_doubt() -> None:
    assert set(REFUSALS) == set(UNCERTAINTY)
