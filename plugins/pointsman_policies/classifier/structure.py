"""What a text looks like apart from its words: code, mathematics, options, examples, wrappers, constraints."""

from __future__ import annotations

import re
from collections.abc import Mapping

_M = re.MULTILINE

# Linear patterns only: no nested repetition, so that no prompt can stall the router. Counted ones become a rate, the
# others a yes or no.
COUNTED: Mapping[str, re.Pattern[str]] = {
    "code line end": re.compile(r"[;{}\]]$|\):$", _M),
    "call": re.compile(r"\w\("),
    "dotted": re.compile(r"[a-z)\]]\.[a-z]"),
    "snake": re.compile(r"[a-z]_[a-z]"),
    "camel": re.compile(r"[a-z][A-Z][a-z]"),
    "operator": re.compile(r"[=!<>+*-]=|=>|->|&&|\|\||::|\+\+|<<|>>"),
    "tag": re.compile(r"</?[a-z][a-z0-9]{0,12}[ >/]"),
    "indent": re.compile(r"^(?:\t|  +)\S", _M),
    "number": re.compile(r"\d+"),
    "arithmetic": re.compile(r"[\da-z)] ?[-+*/×÷^=<>] ?-?\d|\d ?[-+*/×÷^=<>] ?[a-z(]"),
    "formula": re.compile(r"\$[^$\n]{1,60}\$|\\[a-zA-Z]{2,12}|[a-z]\^[\d{n]|[fgpPE]\([a-zA-Z]"),
    "sign": re.compile(r"[∑∫√≤≥≠∈∀∃⇒∧∨¬∞π²³×÷±°≡→]"),
    "money": re.compile(r"[$€£¥₹] ?\d|\d ?[%€]"),
    "measure": re.compile(
        r"\d ?(?:km|kg|cm|mm|m/s|m|g|s|h|l|mL|mol|litres|liters|meters|metres|hours?|minutes|days|miles|feet)\b"
    ),
    "option line": re.compile(r"^[ \t]*\(?(?:[A-Ja-j]|[1-6①-⑥क-घ]|I{1,3}V?)[).:] ?\S", _M),
    "option inline": re.compile(r"[ (\n][A-Ea-e1-5][).] ?\S"),
    "bullet": re.compile(r"^[ \t]*(?:[-*•–]|\d+[.)]) ", _M),
    "quote": re.compile(r"[\"“”«»„「」]"),
    "question mark": re.compile("[?？؟]"),
    "exclamation": re.compile("[!！]"),
    "name": re.compile(r"[a-z,;] [A-Z][a-z]"),
    "capitals": re.compile(r"[A-Z]{3,}"),
    "year": re.compile(r"(?:1[5-9]|20)\d\d"),
    "line": re.compile("\n"),
    "empty line": re.compile("\n\\s?\n"),
}
PRESENT: Mapping[str, re.Pattern[str]] = {
    "fence": re.compile("```"),
    "tick": re.compile("`[^`\n]{1,80}`"),
    "code line start": re.compile(
        r"^[ \t]*(?:def |class |import |from \w+ import|#include|public |private |static |fn |func |const |let |var |"
        r"package |using |SELECT |CREATE |INSERT |assert |return |if \(|for \(|for \w+ in |while ?\(|int |void |"
        r"async |export |@\w+$|print|//|/\*|\$ |<\?php)",
        _M,
    ),
    "file": re.compile(r"\.(?:py|js|jsx|tsx?|java|cpp|c|h|sh|sql|html|css|json|csv|php|rb|go|rs|ya?ml|xml|log|tf)\b"),
    "flag": re.compile(r"[ \n]--?[a-zA-Z][\w-]*(?:[ =]|$)", _M),
    "error": re.compile(r"(?:Error|Exception)\b|Traceback|undefined|segfault|npm ERR|\bnull\b"),
    "c-like": re.compile(r"\b[Cc](?:\+\+|#)|in (?:C|R|Go)\b|\.NET\b"),
    "sql": re.compile(
        r"(?:select|SELECT)\s[^.]{1,80}\s(?:from|FROM)\s|(?:GROUP BY|group by)|(?:CREATE TABLE|create table)"
    ),
    "path": re.compile(r"[ '\"(~]/\w+|://|localhost"),
    "blank": re.compile("__|[.]{3}|…"),
    "stage direction": re.compile(r"(?:^|[^*])\*[a-z][^*\n]{3,60}\*(?:[^*]|$)"),
    "number of": re.compile(
        r"(?:\d|one|two|three|four|five|six|seven|eight|ten|twelve|twenty)[ -](?:\w+ )?(?:words?|sentences?|"
        r"paragraphs?|bullets?|lines?|pages?|sections?|verses|turns|ideas|names|items|examples|questions|wörter|mots|palabras|"
        r"palavras)\b|\d ?字"
    ),
    "label": re.compile(
        r"^\W{0,4}(?:question|context|text|passage|article|review|title|q|a|input|sentence|document|paragraph|premise|"
        r"hypothesis|options?|abstract|information|email|note|facts?|example \d|source|frage|pregunta|contexto|texte|"
        r"вопрос|текст|问题|問題)\s?[:：]",
        _M | re.IGNORECASE,
    ),
    "shots": re.compile(r"->|→|=>|Output:|\bA:|Example \d"),
    "instruction wrapper": re.compile(r"###|^(?:instruction|system|user|task)\s?:", _M | re.IGNORECASE),
    "json": re.compile(r"\A\s*[{\[]"),
    "url": re.compile("https?:|www[.]"),
}

# Counted within single words (a symbol is one too), which no match crosses: what a word has of them can be remembered.
WITHIN_WORDS = frozenset(
    ("snake", "camel", "number", "sign", "quote", "question mark", "exclamation", "capitals", "year")
)
# Only at beginnings of lines.
OF_LINES = frozenset(("indent", "option line", "bullet", "code line start", "label", "json"))

# Most patterns need not be tried on prose. Those named here match only where the text has one of these characters, or a
# word that begins with this, or has that inside. Those of which nothing is said are tried on every text.
NEEDS: Mapping[str, frozenset[str]] = {
    name: frozenset(characters)
    for name, characters in {
        "code line end": ";{}]:",
        "call": "(",
        "dotted": ".",
        "operator": "=>&|:+<",
        "tag": "<",
        "formula": "$\\^(",
        "money": "$€£¥₹%",
        "option line": ").:",
        "bullet": "-*•–",
        "fence": "`",
        "tick": "`",
        "flag": "-",
        "path": "/",
        "blank": ".…",
        "stage direction": "*",
        "label": ":：",
        "shots": ">→",
        "instruction wrapper": "#",
        "json": "{[",
    }.items()
}
BEGINNINGS: Mapping[str, str] = {
    "option inline": r"[A-Ea-e1-5]\Z",
    "name": "[A-Z][a-z]",
    "file": r"(?:py|jsx?|tsx?|java|cpp|c|h|sh|sql|html|css|json|csv|php|rb|go|rs|ya?ml|xml|log|tf)\b",
    "c-like": r"(?:C|R|Go|NET)\b",
    "sql": "table|TABLE",
    "number of": "word|sentence|paragraph|bullet|line|page|section|verses|turns|ideas|names|items|examples|questions|"
    "wörter|mots|palabras|palavras",
    "instruction wrapper": r"(?i:instruction|system|user|task)\Z",
}
INSIDE: Mapping[str, str] = {
    "arithmetic": r"\d",
    "measure": r"\d",
    "bullet": r"\d",
    "error": "Error|Exception|Traceback|undefined|segfault|ERR|null",
    "c-like": r"\b[Cc]\Z",
    "sql": r"(?:select|SELECT|group|GROUP)\Z",
    "path": "localhost",
    "blank": "__",
    "number of": "字",
    "shots": r"(?:Output|A|Example)\Z",
    "url": r"(?:https?|www)\Z",
}
# One of these the text must have besides.
PIECES: Mapping[str, tuple[str, ...]] = {
    "code line end": (";", "{", "}", "]", "):"),
    "operator": ("=", "->", "&&", "||", "::", "++", "<<", ">>"),
    "indent": ("\t", "  "),
    "formula": ("$", "\\", "^", "f(", "g(", "p(", "P(", "E("),
    "line": ("\n",),
    "empty line": ("\n",),
    "flag": (" -", "\n-"),
    "blank": ("__", "...", "…"),
    "shots": ("->", "→", "=>", "Output:", "A:", "Example "),
    "instruction wrapper": ("###", ":"),
}
# And something has to be found that is looked for more quickly than the pattern, by a character that is rarer.
CLUES: Mapping[str, re.Pattern[str]] = {
    "call": re.compile(r"\((?<=\w.)"),
    "dotted": re.compile(r"\.[a-z](?<=[a-z)\]]..)"),
    "arithmetic": re.compile(r"[-+*/×÷^=<>](?: ?-?\d|(?<=\d.)|(?<=\d .))"),
}

# Pairs of words that say more than either; a whole phrase is what its pairs say.
PHRASES: Mapping[str, str] = {
    "how many": """
        how many | how much | how long | how far | how old | how fast | how likely | wie viele | wie viel""",
    "what if": """
        what if | what would | what happens | would happen | will happen | had the | if all | if there | if the""",
    "you are": """
        you are | you 're | act as | imagine you | want you | now on | stay in | in character | du bist |
        tu es | as if""",
    "do not": """
        do not | don't use | no more | less than | at least | at most | more than | without using | in all |
        must be | should be | your response | your answer | entire response""",
    "given": """
        based on | according to | given the | from the | in the passage | the following | the text |
        the passage | the article | text below | le texte | dem text | el texto""",
    "prove": """
        show that | step by | by step | justify your | find all | the value | the number | the sum |
        the smallest | the probability | the area | is divisible | how likely | let x | for which | prove that""",
    "write a": """
        write a | write an | write me | write the | write your | compose a | draft a | create a | create an |
        tell me | prepare a | develop a | design a | plan a | give me | me a | write about | write two""",
    "explain how": """
        explain how | explain in | describe how | describe the | describe a | describe your | what are |
        how would | how should | how can | how do | how could | how has | how to | tell me | help me |
        pros and | and cons | ways to | tips for""",
    "label": """
        or negative | true or | yes or | or no | is this | is the | which category | which topic |
        which department | the sentiment | with one | one of | the label | the category | the intent |
        the topic | the genre""",
    "short": """
        in one | one sentence | one word | one line | two sentences | a sentence | few words | only the |
        just the | with only | tl ; | short answer | a brief | in brief | main point | in short | a summary |
        a headline""",
    "which of": """
        which of | of these | of the | which statement | best answer | correct answer | most likely | the best |
        answer choices | all of | none of""",
    "this code": """
        this code | the code | my code | following code | this function | the function | this query | my query |
        this script | my script | following function | a function | a program | a script | a class | a query |
        a method | an api | an algorithm | python function | python code | python program""",
    "what is": """
        what is | what's the | who is | who was | where is | when was | when did | who wrote | name of |
        what does | which is | what year | who won | what was | is a | does the | did the""",
    "can you": """
        can you | could you | i need | i want | i'm looking | i have | help me | would you | please help |
        need to""",
    "is it": """
        is it | are there | does it | can i | do i | is there | am i | are you | should i""",
    "there are": """
        there are | there were | each of | number of | times as | as many | as much | more than | twice as |
        a total | in total | per hour""",
}
