"""Sentences made shorter by deletion alone: credits of agencies, brackets, datelines, linking words.

Nothing is written anew but a capital letter at the start. A saying of somebody who may lie is never turned into a
fact: credits to the aggressor's bodies and media, and verbs of claiming, stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable

VERB = r"(?:повідомля(?:є|ють)|повідоми(?:в|ла|ло|ли)|переда(?:є|ють)|пиш(?:е|уть)|інформу(?:є|ють)|розповіда(?:є|ють))"
GOING = r"(?:йдеться|ідеться|сказано|зазначено|наголошено)"
NO_STOP = r"[^,.;:«»\"“”–—]"
DOUBTFUL = re.compile(
    r"\b(?:рос|рф\b|кремл|москв|білорус|мінськ|днр\b|лнр\b|окуп|тасс\b|ріа\b|інтерфакс|sputnik|північнокор)",
    re.IGNORECASE,
)
LINKS = "Нагадаємо|Зазначимо|До слова|До речі|Водночас|Крім того|Окрім того|Також|Утім|Втім|Натомість|Отже|Тим часом"

TAILS = (
    # ", повідомляє Укрінформ." ", як пише Громадське з посиланням на МВС."
    re.compile(rf",\s*(?:[–—-]\s*)?(?:як\s+)?(?:про це\s+)?{VERB}\s(?P<who>{NO_STOP}{{2,90}}?)(?=[.!?…]?$)"),
    # ", — про це йдеться у повідомленні МОЗ."
    re.compile(rf",\s*(?:[–—-]\s*)?(?:як\s+)?(?:про це\s+)?{GOING}\s+[ву]\s(?P<who>{NO_STOP}{{2,90}}?)(?=[.!?…]?$)"),
)
HEADS = (
    # "Як повідомляє Укрінформ, ..." "Про це пише Суспільне: ..."
    re.compile(rf"^Як\s+{VERB}\s(?P<who>{NO_STOP}{{2,90}}?),\s*"),
    re.compile(rf"^Про це\s+{VERB}\s(?P<who>{NO_STOP}{{2,90}}?):\s*"),
    # "КИЇВ, 5 березня. — ..." "КИЇВ. 5 березня. УНІАН. ..."
    re.compile(
        r"^(?P<who>[А-ЯІЇЄҐ’'-]{3,}(?:[,.]\s*\d{1,2}\s+[а-яіїєґ]{4,}\.?)(?:\s*/?[А-ЯІЇЄҐ][\w-]+/?\.?)?)\s*[–—-]\s+"
    ),
    re.compile(rf"^(?P<who>{LINKS}),?\s+(?!як\b)"),
)
BRACKETS = re.compile(r"\s*\([^()]*\)")
ATTRIBUTION_ONLY = re.compile(rf"^(?:Про це|Відповідн\w+ \w+)\s+(?:\w+\s+){{0,3}}?(?:{VERB}|{GOING})\b[^:]*$")
SHORTEST = 4


def compress(sentence: str) -> str:
    """`sentence` without what news can spare; at least four words are left, or it stays as it is.

    >>> compress("Як повідомляє Укрінформ, уряд (Кабмін) змінив правила виплат, пише Громадське.")
    'Уряд змінив правила виплат.'
    >>> compress("Втрат немає, повідомляє Міноборони рф.")
    'Втрат немає, повідомляє Міноборони рф.'
    """
    for change in (without_tail, without_head, without_brackets):
        sentence = attempt(sentence, change)
    return sentence


def is_attribution(sentence: str) -> bool:
    """Whether a sentence says nothing but who reports the news.

    >>> is_attribution("Про це повідомляє пресслужба ОВА."), is_attribution("Про це пише Суспільне: мости закрито.")
    (True, False)
    """
    return ATTRIBUTION_ONLY.match(sentence) is not None


def attempt(sentence: str, change: Callable[[str], str]) -> str:
    """`change(sentence)`, or the sentence itself where too little would be left."""
    shorter = change(sentence)
    return shorter if len(shorter.split()) >= SHORTEST else sentence


def without_tail(sentence: str) -> str:
    """Delete a credit at the end."""
    for pattern in TAILS:
        if (match := pattern.search(sentence)) and not DOUBTFUL.search(match["who"]):
            return sentence[: match.start()] + (sentence[match.end() :] or ".")
    return sentence


def without_head(sentence: str) -> str:
    """Delete a credit, a dateline or a linking word at the start; the next word gets a capital letter."""
    for pattern in HEADS:
        if (match := pattern.match(sentence)) and not DOUBTFUL.search(match["who"]):
            rest = sentence[match.end() :]
            return rest[:1].upper() + rest[1:]
    return sentence


def without_brackets(sentence: str) -> str:
    """Delete what stands in round brackets, unless that is most of the sentence."""
    shorter = BRACKETS.sub("", sentence)
    return shorter if 2 * len(shorter) >= len(sentence) else sentence
