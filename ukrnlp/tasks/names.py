"""Personal names of a Ukrainian text and whether an English text has them, however they are romanised."""

from __future__ import annotations

import re
import unicodedata

# the letters of the passport rule (Cabinet of Ministers, resolution 55 of 27 January 2010), brought down to what the
# usual romanisations share: Zelenskyi, Zelensky and Zelenskiy are the same here
ROMAN = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "h", "д": "d", "е": "e", "є": "e", "ж": "z", "з": "z", "и": "i",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "k", "ц": "t", "ч": "k", "ш": "s", "щ": "s", "ь": "",
    "ю": "u", "я": "a", "'": "",
}  # fmt: skip
LATIN = (("shch", "s"), ("sch", "s"), ("ch", "k"), ("kh", "k"), ("zh", "z"), ("sh", "s"), ("ts", "t"), ("tz", "t"))
LETTERS = str.maketrans({"y": "i", "j": "i", "g": "h", "w": "v", "c": "k", "q": "k", "x": "k"})
NAME = re.compile(
    r"(?<=[а-щьюяґєії,:–—-] )([А-ЩЮЯҐЄІЇ][а-щьюяґєії'’]++) ([А-ЩЮЯҐЄІЇ][а-щьюяґєії'’]{3,}+)(?! ?[А-ЩЮЯҐЄІЇ])"
)
# stems of words that stand in names of bodies and places and are translated, not romanised
TRANSLATED = tuple(
    """рад республік союз європ схід сход захід заход північ півден південн східн західн центральн близьк верховн святог
    престол суд сполучен об'єднан велик британі штат корей коре азі океан мор день дня повноважн надзвичайн арабськ
    саудівськ представництв офіс президент уряд парламент палат міністерств нижн верхн нов стар софії міноборон
    генеральн пане пані""".split()
)
WORD = re.compile(r"[A-Za-zÀ-ỹ'’]+")
VOWELS = re.compile(r"[aeiou]+")


def skeleton(word: str) -> str:
    """The consonants that every romanisation of a word shares, doubled ones once.

    >>> skeleton("Зеленського")[:4] == skeleton("Zelenskyy")[:4]
    True
    """
    word = unicodedata.normalize("NFD", word.lower().replace("’", "'")) if word[:1] < "Ѐ" else word.lower()
    word = "".join(c for c in word if not unicodedata.combining(c)).replace("’", "'")
    if word[:1] >= "Ѐ":
        word = "".join(ROMAN.get(c, c) for c in word)
    else:
        for many, one in LATIN:
            word = word.replace(many, one)
        word = word.translate(LETTERS).replace("'", "")
    return re.sub(r"(.)\1+", r"\1", VOWELS.sub("", word))


def lost_names(source: str, hypothesis: str) -> list[str]:
    """The names of persons (a first name and a surname in the middle of a sentence) that `hypothesis` lacks.

    A name is there when a word of `hypothesis` begins with the same consonants as its surname or its first name.
    """
    there = {skeleton(word) for word in WORD.findall(hypothesis)}
    lost = []
    for match in NAME.finditer(source):
        if any(part.lower().replace("’", "'").startswith(TRANSLATED) for part in match.groups()):
            continue
        parts = [skeleton(part) for part in match.groups()]
        if all(parts) and not any(have[:3] == part[:3] for have in there if have for part in parts):
            lost.append(match[0])
    return lost
