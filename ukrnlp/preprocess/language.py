"""Which language a text is in, by its letters and short words: no model, for warnings and guards."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["uk", "ru", "en", "other"]

_SAMPLE = 4_000  # characters looked at: the head of a text tells its language
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)?")
_UK_LETTERS = frozenset("іїєґ")
_RU_LETTERS = frozenset("ыэъё")
_OTHER_LETTERS = frozenset("ўјљњћђџѓќәғқңөұүһӣҷ")
_UK_WORDS = frozenset(
    "і й та що як від це не у в на до про за але або чи був була були буде є його її їх вони він вона для при під "
    "після також який яка які цього тому має вже ще щоб коли якщо де тільки лише з із зі".split()
)
_RU_WORDS = frozenset(
    "и что как от это не у в на до про за но или был была были будет есть его её ее их они он она для при под после "
    "также который которая которые этого уже еще ещё чтобы когда если где только с со к ко из о об".split()
)
_EN_WORDS = frozenset(
    "the of and to in a is that for it on with as was at by be are this from have has not or an which their its said "
    "will but he she they we you who after new than other can your our do did when what how all been were would could "
    "more no so if about out up into over one two us there then any some only".split()
)
_UK_ENDINGS = ("ння", "ття", "ський", "цький", "тися", "ють", "тиму", "ували", "ував")
_RU_ENDINGS = ("ие", "ия", "ой", "ение", "ость", "щий", "щая", "щее", "щие", "тся", "ство")


def detect(text: str) -> Language:
    """Language of `text`: `uk`, `ru`, `en`, or `other` (another one, a mixture too even to call, or no words).

    >>> detect("У Києві дощить."), detect("Правительство утвердило его."), detect("A budget is set.")
    ('uk', 'ru', 'en')
    """
    sample = text[:_SAMPLE].lower()
    uk, ru, other = (sum(map(sample.count, letters)) for letters in (_UK_LETTERS, _RU_LETTERS, _OTHER_LETTERS))
    if uk >= 3 and 25 * uk > len(sample) and uk > 10 * (ru + other):
        # і, ї, є make a thirteenth of Ukrainian: so many leave no room for another language
        return "uk"
    words: list[str] = _WORD.findall(sample)
    cyrillic = [w for w in words if "\u0400" <= w[0] <= "\u052f"]
    latin = [w for w in words if "a" <= w[0] <= "z" or "\u00c0" <= w[0] <= "\u024f"]
    if not words or 2 * max(len(cyrillic), len(latin)) < len(words):
        return "other"
    if len(latin) > len(cyrillic):
        foreign = sum(not w.isascii() for w in latin)
        known = sum(w in _EN_WORDS for w in latin)
        if foreign * 10 > len(latin):
            return "other"
        return "en" if known * 8 >= len(latin) or (len(latin) < 8 and not foreign and known) else "other"
    letters = frozenset("".join(cyrillic))
    if letters & _OTHER_LETTERS and sum(bool(_OTHER_LETTERS.intersection(w)) for w in cyrillic) * 20 > len(cyrillic):
        return "other"
    uk = sum(2 * bool(_UK_LETTERS.intersection(w)) + (w in _UK_WORDS and w not in _RU_WORDS) for w in cyrillic)
    ru = sum(2 * bool(_RU_LETTERS.intersection(w)) + (w in _RU_WORDS and w not in _UK_WORDS) for w in cyrillic)
    if uk <= 1 and not letters & _UK_LETTERS and sum(map(len, cyrillic)) > 80:
        # і, ї, є are one letter in thirteen: eighty letters without any are not Ukrainian
        return "ru" if ru else "other"
    if uk == ru:
        # no letter tells, and no word of one language alone
        uk = sum(w.endswith(_UK_ENDINGS) for w in cyrillic)
        ru = sum(w.endswith(_RU_ENDINGS) for w in cyrillic)
    if uk == ru:
        return "uk" if len(words) < 3 or any(w in _UK_WORDS for w in cyrillic) else "other"
    return "uk" if uk > ru else "ru"
