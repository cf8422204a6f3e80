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
    r"(?:(?<=[а-щьюяґєії,:–—-] )|^[«\"„“]?)(?P<first>[А-ЩЮЯҐЄІЇ][а-щьюяґєії'’]++) "
    r"(?P<last>[А-ЩЮЯҐЄІЇ][а-щьюяґєії'’]{3,}+)(?! ?[А-ЩЮЯҐЄІЇ])"
)
# first names as they begin: only these make two capitals at the start of a sentence a person's name
UKRAINIAN = tuple(
    """олександр олекс андрі анатол арсен артем артур богдан борис вади валент валер васил вікт віта віталі владисл
    володимир всевол в'ячесл галин ганн генн геор григор дани дар дмитр євген єлизавет заха зінаїд зо іван іго ілл
    інн ірин катерин кири клавді кост крістін ксені лар лев лес лід ліл люб людмил мака максим маргарит мар матві
    микит микол мирон мирослав миха мст надія над назар натал неллі ніка нін оксан олег олен ольг омел орест орис остап
    павл петр пили поліна ром ростисл руслан світлан свят семен серг софі стани степан тама тарас тет тимоф тимур
    уляна фед хри христин юлі юр яків яна яри яросл""".split()
)
# stems of words that stand in names of bodies and places and are translated, not romanised
TRANSLATED = tuple(
    """рад республік союз європ схід сход захід заход північ півден південн східн західн центральн близьк верховн святог
    престол суд сполучен об'єднан велик британі штат корей коре азі океан остров мор день дня повноважн надзвичайн
    арабськ саудівськ представництв офіс президент уряд парламент палат міністерств нижн верхн нов стар софії міноборон
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
    """The names of persons (a first name and a surname, not behind a stop) that `hypothesis` lacks.

    A name is there when a word of `hypothesis` begins with the same three consonants as its surname; of a foreign name
    the first name is enough.

    >>> lost_names("Софія Данилюк мовчить.", "Sofiia Donetuk is silent.")
    ['Софія Данилюк']
    >>> lost_names("Софія Данилюк мовчить.", "Sofia Danyliuk is silent.")
    []
    """
    there = {skeleton(word) for word in WORD.findall(hypothesis)}
    lost = []
    for match in NAME.finditer(source):
        if any(part.lower().replace("’", "'").startswith(TRANSLATED) for part in match.groups()):
            continue
        first = match["first"].lower().replace("’", "'")
        ours = first.startswith(UKRAINIAN)
        at_start = not source[: match.start("first")].strip(' «"„“')
        if at_start and not ours:
            continue
        # a foreign surname may keep its own spelling (Паласіос, Palacios): there the first name will do
        parts = [match["last"]] if ours else [match["first"], match["last"]]
        keys = [key for part in parts if (key := skeleton(part)[:3])]
        if keys and not any(have[:3] == key for have in there for key in keys):
            lost.append(f"{match['first']} {match['last']}")
    return lost
