"""Read the numbers of a text, in digits or in words, Ukrainian or English, so that two texts can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

UK_ONES = {
    1: "один одна одне одні одного однієї одному одній одним однією однім одну одної одних одними",
    2: "два дві двох двом двома двоє обидва обидві обох двічі удвічі вдвічі вдвоє удвоє пара",
    3: "три трьох трьом трьома троє тричі втричі утричі",
    4: "чотири чотирьох чотирьом чотирма четверо",
    5: "п'ять п'яти п'ятьох п'ятьом п'ятьма п'ятеро",
    6: "шість шести шістьох шістьом шістьма шестеро",
    7: "сім семи сімох сімом сьома сімома семеро",
    8: "вісім восьми вісьмох вісьмом вісьма восьмеро",
    9: "дев'ять дев'яти дев'ятьох дев'ятьом дев'ятьма дев'ятеро",
    10: "десять десяти десятьох десятьом десятьма десяток десятки десятків десятка",
    11: "одинадцять одинадцяти одинадцятьох одинадцятьом",
    12: "дванадцять дванадцяти дванадцятьох дюжина дюжини",
    13: "тринадцять тринадцяти тринадцятьох",
    14: "чотирнадцять чотирнадцяти чотирнадцятьох",
    15: "п'ятнадцять п'ятнадцяти п'ятнадцятьох",
    16: "шістнадцять шістнадцяти шістнадцятьох",
    17: "сімнадцять сімнадцяти сімнадцятьох",
    18: "вісімнадцять вісімнадцяти вісімнадцятьох",
    19: "дев'ятнадцять дев'ятнадцяти дев'ятнадцятьох",
    20: "двадцять двадцяти двадцятьох двадцятьом двадцятьма",
    30: "тридцять тридцяти тридцятьох тридцятьом тридцятьма",
    40: "сорок сорока",
    50: "п'ятдесят п'ятдесяти п'ятдесятьох п'ятдесятьом",
    60: "шістдесят шістдесяти шістдесятьох",
    70: "сімдесят сімдесяти сімдесятьох",
    80: "вісімдесят вісімдесяти вісімдесятьох",
    90: "дев'яносто дев'яноста",
    100: "сто ста сотня сотні сотень",
    200: "двісті двохсот двомстам двомастами",
    300: "триста трьохсот трьомстам",
    400: "чотириста чотирьохсот",
    500: "п'ятсот п'ятисот",
    600: "шістсот шестисот",
    700: "сімсот семисот",
    800: "вісімсот восьмисот",
    900: "дев'ятсот дев'ятисот",
}
UK_ORDINAL_STEMS = {
    1: "перш",
    2: "друг",
    3: "трет",
    4: "четверт",
    5: "п'ят",
    6: "шост",
    7: "сьом",
    8: "восьм",
    9: "дев'ят",
    10: "десят",
    11: "одинадцят",
    12: "дванадцят",
    13: "тринадцят",
    14: "чотирнадцят",
    15: "п'ятнадцят",
    16: "шістнадцят",
    17: "сімнадцят",
    18: "вісімнадцят",
    19: "дев'ятнадцят",
    20: "двадцят",
    30: "тридцят",
    40: "сороков",
    50: "п'ятдесят",
    60: "шістдесят",
    70: "сімдесят",
    80: "вісімдесят",
    90: "дев'яност",
    100: "сот",
}
UK_ORDINAL_ENDINGS = "ий а я е ого ього ої ьої ому ьому ій їй им ім ою ьою у ю і их іх ими іми".split()
UK_SCALE_STEMS = {"тисяч": 10**3, "мільйон": 10**6, "мільярд": 10**9, "трильйон": 10**12}
UK_SCALES = {"тис": 10**3, "млн": 10**6, "млрд": 10**9, "трлн": 10**12}
UK_MONTH_ENDINGS = ("ень", "ня", "ню", "нем", "ні", "ий", "ого", "ому", "им", "пад", "пада", "паду", "падом", "паді")
UK_ENDINGS_OF_COMPOUNDS = tuple(
    f"{stem}{end}"
    for stem in ("річн", "денн", "тижнев", "годинн", "відсотков", "поверхов")
    for end in UK_ORDINAL_ENDINGS
)
UK_GENITIVES = re.compile(
    "|".join(
        sorted(
            (
                w
                for words in UK_ONES.values()
                for w in words.split()
                if w.endswith(("и", "та", "сот", "ка")) or w in ("сто", "двох", "трьох", "чотирьох")
            ),
            key=len,
            reverse=True,
        )
    )
)
UK_MONTHS = "січ лют берез квіт трав черв лип серп верес жовт листопад груд".split()

EN_ONES = {
    1: "one once first",
    2: "two twice both double doubled pair couple second half",
    3: "three thrice third triple tripled",
    4: "four fourth quarter",
    5: "five fifth",
    6: "six sixth",
    7: "seven seventh",
    8: "eight eighth",
    9: "nine ninth",
    10: "ten tenth tens decade",
    11: "eleven eleventh",
    12: "twelve twelfth dozen dozens",
    13: "thirteen thirteenth",
    14: "fourteen fourteenth",
    15: "fifteen fifteenth",
    16: "sixteen sixteenth",
    17: "seventeen seventeenth",
    18: "eighteen eighteenth",
    19: "nineteen nineteenth",
    20: "twenty twentieth",
    30: "thirty thirtieth",
    40: "forty fortieth",
    50: "fifty fiftieth",
    60: "sixty sixtieth",
    70: "seventy seventieth",
    80: "eighty eightieth",
    90: "ninety ninetieth",
}
EN_SCALES = {
    "hundred": 10**2,
    "hundreds": 10**2,
    "thousand": 10**3,
    "thousands": 10**3,
    "million": 10**6,
    "millions": 10**6,
    "mln": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "trillion": 10**12,
}
ROMAN_LETTERS = str.maketrans("ІХ", "IX")

EN_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
EN_MONTH_WORDS = (
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
).split()
# letters that are a scale only where they touch the digits: $2m, but 400 m of road
TOUCHING_SCALES = {"en": {"k": 10**3, "m": 10**6, "bn": 10**9, "tn": 10**12}, "uk": {}}

TOKEN = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:[.,:]\d+)*|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
GROUPED = re.compile(r"[ \u00a0\u202f]")
ROMAN = re.compile(r"(?=[XVI])(X{0,3})(IX|IV|V?I{0,3})")
AFTERNOON = re.compile(r"\s?p\.?\s?m\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text: `text`, all values that it may mean, and whether it is written in digits."""

    text: str
    values: frozenset[Decimal]
    digits: bool


def numbers(text: str, lang: str) -> list[Number]:
    """Return the numbers of `text` in order; `lang` is "uk" or "en".

    A number with a scale word ("2 тис. 140", "2.5 million") has the scaled value; a date or time is a number a part, an
    hour of the afternoon has both readings; a month has its number; a Roman numeral counts as words.

    >>> [sorted(map(int, n.values)) for n in numbers("31 жовтня загинули дві особи", "uk")]
    [[31], [10], [2]]
    >>> [str(v) for n in numbers("$2.5 million", "en") for v in n.values]
    ['2500000.0']
    """
    words = word_values(lang)
    found: list[Number] = []
    run: list[tuple[str, Decimal]] = []
    last_end = 0
    after_digits = False
    open_scale = 0  # the scale of the number just found, while a rest ("140" of "2 тис. 140") may follow

    def close() -> None:
        if run:
            # also each part: "один, два" or an ordinal beside a number is not one number
            values = {compound([value for _, value in run]), *(value for _, value in run)}
            found.append(Number(" ".join(word for word, _ in run), frozenset(values), False))
            run.clear()

    for match in TOKEN.finditer(text):
        token = match[0].lower().replace("’", "'").replace("ʼ", "'")
        gap = text[last_end : match.start()]
        joined = gap.strip(" -\u00a0") in ("", ".")
        last_end = match.end()
        scale = scale_of(token, lang) or (TOUCHING_SCALES[lang].get(token, 0) if not gap else 0)
        if token[0].isdecimal():
            close()
            parts = list(read_digits(match[0]))
            if open_scale and joined and len(parts) == 1 and max(parts[0].values) < open_scale:
                last = found.pop()
                rest = max(parts[0].values)
                parts = [Number(f"{last.text} {match[0]}", frozenset(v + rest for v in last.values), True)]
            if AFTERNOON.match(text, match.end()):
                parts[0] = Number(parts[0].text, parts[0].values | {v + 12 for v in parts[0].values}, True)
            found += parts
            after_digits, open_scale = True, 0
            continue
        if scale and after_digits and joined:
            last = found.pop()
            found.append(Number(f"{last.text} {match[0]}", frozenset(v * scale for v in last.values), True))
            after_digits, open_scale = False, scale
            continue
        after_digits, open_scale = False, 0
        value = scale or words.get(token) or compounded(token, lang)
        if value:
            if not joined:
                close()
            run.append((match[0], Decimal(value)))
        elif token != "and" or not run:
            close()
            other = month_of(token, lang) or roman(match[0])
            if other:
                found.append(Number(match[0], frozenset([Decimal(other)]), False))
    close()
    return found


def read_digits(token: str) -> Iterator[Number]:
    """A token of digits as numbers: one for "1 234,5", three for "31.10.2025", two for "14:30".

    A point or comma before three digits may part thousands or decimals: both readings are given.
    """
    plain = GROUPED.sub("", token)
    parts = re.split(r"[.,:]", plain)
    marks = re.findall(r"[.,:]", plain)
    grouped = ":" not in marks and len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
    if len(parts) == 1:
        yield Number(token, frozenset([Decimal(plain)]), True)
    elif len(parts) == 2 and ":" not in marks:
        readings = {Decimal(".".join(parts))} | ({Decimal("".join(parts))} if grouped else set())
        # 14.30 may be a time of day, 5.10 a date
        yield Number(token, frozenset(readings), True)
    elif grouped and len(set(marks)) == 1:
        yield Number(token, frozenset([Decimal("".join(parts))]), True)
    elif len(set(marks)) == 2 and ":" not in marks and marks.count(marks[-1]) == 1:
        yield Number(token, frozenset([Decimal(f"{''.join(parts[:-1])}.{parts[-1]}")]), True)
    else:
        # the minutes of a full hour need not be said
        for part in parts[:1] + [part for part in parts[1:] if int(part)]:
            yield Number(part, frozenset([Decimal(part)]), True)


def compound(values: list[Decimal]) -> Decimal:
    """The value of number words in a row: 2, 1000, 5, 100, 25 make 2525."""
    total, group = Decimal(0), Decimal(0)
    for value in values:
        if value >= 1000:
            total += (group or 1) * value
            group = Decimal(0)
        elif value == 100 and 0 < group < 10:
            group *= 100
        else:
            group += value
    return total + group


def scale_of(token: str, lang: str) -> int:
    """The factor that a scale word stands for, 0 for any other word."""
    if lang == "en":
        return EN_SCALES.get(token, 0)
    stems = (factor for stem, factor in UK_SCALE_STEMS.items() if token.startswith(stem))
    return UK_SCALES.get(token) or next(stems, 0)


def month_of(token: str, lang: str) -> int:
    """The number of the month that a word names, 0 for any other word."""
    if lang == "en":
        return EN_MONTHS.index(token[:3]) + 1 if token in EN_MONTH_WORDS else 0
    stems = (number for number, stem in enumerate(UK_MONTHS, 1) if token.startswith(stem))
    return next(stems, 0) if token.endswith(UK_MONTH_ENDINGS) else 0


def roman(word: str) -> int:
    """The value of a Roman numeral up to 39, 0 for any other word. Ukrainian text often writes Cyrillic letters."""
    match = ROMAN.fullmatch(word.translate(ROMAN_LETTERS))
    if not match or word in ("I", "І"):
        return 0
    ones = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
    return 10 * len(match[1]) + ones[match[2]]


@cache
def compounded(token: str, lang: str) -> int:
    """The value at the start of a Ukrainian compound ("вісімдесятидев'ятирічний": 89), 0 for any other word."""
    if lang != "uk" or not token.endswith(UK_ENDINGS_OF_COMPOUNDS):
        return 0
    value = 0
    while match := UK_GENITIVES.match(token):
        value += word_values("uk")[match[0]]
        token = token[match.end() :]
    return value


@cache
def word_values(lang: str) -> Mapping[str, int]:
    """Number words of a language and their values."""
    table = {word: value for value, words in (EN_ONES if lang == "en" else UK_ONES).items() for word in words.split()}
    if lang == "uk":
        for value, stem in UK_ORDINAL_STEMS.items():
            for ending in UK_ORDINAL_ENDINGS:
                table.setdefault(stem + ending, value)
    return table


def missing(source: Iterable[Number], target: Iterable[Number]) -> list[Number]:
    """The numbers in digits of `source` that `target` has in no form."""
    there = frozenset(value for number in target for value in number.values)
    return [number for number in source if number.digits and not number.values & there]
