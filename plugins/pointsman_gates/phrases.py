"""Phrases by which answers refuse, and by which they say that they are not sure, by ISO 639-1 code of the language.

Only what hardly stands at the beginning of a good answer: a phrase too many costs a dearer call, each time. Phrases are
separated by slashes; case, punctuation and the form of apostrophes do not matter.
"""

from __future__ import annotations

UNSPACED = frozenset({"ja", "ko", "zh"})
"""Languages whose phrases are found inside of words: they are written without spaces, or with endings."""

REFUSALS = {
    "en": """
        i can't help / i cannot help / i can't assist / i cannot assist / i'm unable to /
        i am unable to / i'm not able to / i am not able to / i can't provide / i cannot provide /
        i won't be able to / i can't comply / i cannot comply / i must decline / i have to decline /
        as an ai language model / i can't fulfill / i cannot fulfill / i'm sorry but i can't /
        i'm sorry but i cannot""",
    "de": """
        ich kann dir nicht helfen / ich kann ihnen nicht helfen / dabei kann ich nicht helfen /
        dabei kann ich dir nicht helfen / dabei kann ich ihnen nicht helfen /
        ich kann dabei nicht helfen / ich bin nicht in der lage / das kann ich nicht beantworten /
        ich muss ablehnen / als ki sprachmodell / tut mir leid aber ich kann /
        leider kann ich dir nicht / leider kann ich ihnen nicht""",
    "fr": """
        je ne peux pas vous aider / je ne peux pas t'aider / je ne peux pas aider /
        je ne suis pas en mesure / je ne peux pas répondre / je ne peux pas fournir /
        je dois refuser / en tant que modèle de langage / désolé mais je ne peux pas /
        désolée mais je ne peux pas""",
    "es": """
        no puedo ayudarte / no puedo ayudarle / no puedo ayudar con / no estoy en condiciones de /
        no me es posible / no puedo proporcionar / no puedo responder a / debo negarme /
        como modelo de lenguaje / lo siento pero no puedo""",
    "pt": """
        não posso ajudar / não posso te ajudar / não posso ajudá lo / não consigo ajudar /
        não posso fornecer / não sou capaz de / não me é possível / como modelo de linguagem /
        desculpe mas não posso / sinto muito mas não posso""",
    "it": """
        non posso aiutarti / non posso aiutarla / non posso aiutare / non sono in grado di /
        non posso fornire / non mi è possibile / come modello linguistico / mi dispiace ma non posso /
        devo rifiutare""",
    "nl": """
        ik kan je niet helpen / ik kan u niet helpen / daar kan ik niet mee helpen /
        daar kan ik je niet mee helpen / ik ben niet in staat / als ai taalmodel /
        het spijt me maar ik kan""",
    "pl": """
        nie mogę pomóc / nie mogę ci pomóc / nie mogę w tym pomóc / nie jestem w stanie /
        muszę odmówić / jako model językowy / przykro mi ale nie mogę""",
    "ru": """
        я не могу помочь / не могу вам помочь / не могу тебе помочь / я не могу предоставить /
        я не в состоянии / я не могу ответить / вынужден отказать / как языковая модель /
        извините но я не могу / к сожалению я не могу""",
    "tr": """
        yardımcı olamam / size yardımcı olamam / bu konuda yardımcı olamıyorum / yardımcı olamıyorum /
        bunu yapamam / bir dil modeli olarak""",
    "ar": """
        لا أستطيع مساعدتك / لا يمكنني مساعدتك / لا أستطيع المساعدة / لا يمكنني المساعدة /
        لا يمكنني تقديم / عذرا لا أستطيع / عذرا لا يمكنني / بصفتي نموذج لغة""",
    "hi": """
        मैं मदद नहीं कर सकता / मैं मदद नहीं कर सकती / मैं आपकी मदद नहीं कर सकता /
        मैं आपकी मदद नहीं कर सकती / मैं इसमें मदद नहीं कर सकता / मैं सक्षम नहीं हूँ /
        क्षमा करें लेकिन मैं / एक भाषा मॉडल के रूप में""",
    "zh": """
        我无法帮助 / 我不能帮助 / 我无法提供 / 我不能提供 / 无法回答这个问题 / 无法协助 / 我不能满足 /
        作为一个语言模型 / 作为一个人工智能 / 抱歉 我无法 / 抱歉 我不能 / 對不起 我無法 / 我無法提供 /
        我無法協助""",
    "ja": """
        お手伝いできません / お手伝いすることはできません / お答えできません /
        お答えすることはできません / ご協力できません / 提供することはできません / 対応できません /
        言語モデルとして""",
    "ko": """
        도와드릴 수 없 / 도와 드릴 수 없 / 도움을 드릴 수 없 / 제공할 수 없 / 제공해 드릴 수 없 /
        답변할 수 없 / 답변드릴 수 없 / 언어 모델로서""",
}

UNCERTAINTY = {
    "en": """
        i'm not sure / i am not sure / i'm not certain / i am not certain / i don't know /
        i do not know / it's unclear to me / i can't be sure / i don't have enough information /
        i do not have enough information / hard to say / i'm unsure / i am unsure""",
    "de": """
        ich bin mir nicht sicher / ich bin nicht sicher / ich weiß es nicht / das weiß ich nicht /
        mir liegen nicht genügend informationen / schwer zu sagen /
        ich habe nicht genug informationen""",
    "fr": """
        je ne suis pas sûr / je ne suis pas sûre / je ne suis pas certain / je ne sais pas /
        je n'ai pas assez d'informations / difficile à dire""",
    "es": """
        no estoy seguro / no estoy segura / no lo sé / no sé con certeza /
        no tengo suficiente información / es difícil decir""",
    "pt": """
        não tenho certeza / não tenho a certeza / não sei ao certo / eu não sei /
        não tenho informações suficientes / é difícil dizer""",
    "it": """
        non sono sicuro / non sono sicura / non ne sono certo / non lo so /
        non ho abbastanza informazioni / difficile da dire""",
    "nl": """
        ik weet het niet zeker / ik ben niet zeker / ik weet het niet /
        ik heb niet genoeg informatie / moeilijk te zeggen""",
    "pl": """
        nie jestem pewien / nie jestem pewna / nie wiem / nie mam wystarczających informacji /
        trudno powiedzieć""",
    "ru": """
        я не уверен / я не уверена / я не знаю / у меня недостаточно информации / трудно сказать /
        сложно сказать""",
    "tr": """
        emin değilim / bilmiyorum / yeterli bilgim yok / yeterli bilgiye sahip değilim /
        söylemek zor""",
    "ar": """
        لست متأكدا / لست متأكدة / غير متأكد / لا أعرف / لا أعلم / ليس لدي معلومات كافية""",
    "hi": """
        मुझे यकीन नहीं है / मैं निश्चित नहीं हूँ / मुझे नहीं पता / मेरे पास पर्याप्त जानकारी नहीं है /
        कहना मुश्किल है""",
    "zh": """
        我不确定 / 我不太确定 / 我不知道 / 没有足够的信息 / 很难说 / 我不確定 / 沒有足夠的資訊""",
    "ja": """
        確信が持てません / 確かではありません / わかりません / 分かりません / 十分な情報がありません /
        判断できません""",
    "ko": """
        확실하지 않습니다 / 확신할 수 없 / 잘 모르겠 / 모르겠습니다 / 정보가 충분하지 않 /
        충분한 정보가 없""",
}
