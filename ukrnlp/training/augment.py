"""An epoch of training pairs: sources by weight, and what news does to text (case, stops, quotes, figures, names).

Everything follows from the seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

from ukrnlp.tasks.names import skeleton
from ukrnlp.training.corpora import Corpus, Pair

# stems of the names that Ukrainian writers put in small letters; the whole word follows
SMALL_NAMES = re.compile(
    r"\b(?:Росі[їяюєй]\w*|РФ|Москв\w+|Москов\w+|Кремл\w+|Путін\w*|Білорус[ьі]\w*|Лукашенк\w+|Шойгу|Лавров\w*|ФСБ|ДНР|ЛНР)\b"
)
QUOTES = (("«", "»"), ("“", "”"), ('"', '"'), ("„", "“"))
STOPS = ".!?…"
UK_NUMBER = re.compile(r"(?<![\w.,:])\d+(?:[ \u00a0]\d{3})*(?:,\d+)?(?![\w.,:]*\d)")
EN_NUMBER = re.compile(r"(?<![\w.,:])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.,:]*\d)")
UK_NAME = re.compile(r"(?<=[\s(«\"])[А-ЩЮЯҐЄІЇ][а-щьюяґєії'’]{2,}+(?![\w-])")
EN_NAME = re.compile(r"\b[A-Z][a-z]{2,}+(?!['’\w-])")


def epoch(corpora: Iterable[Corpus], seed: int, number: int) -> list[Pair]:
    """The pairs of epoch `number`: sources by weight, augmented, in random order; the same for the same seed."""
    rng = random.Random(f"{seed}/{number}")
    chosen: list[Pair] = []
    for corpus in corpora:
        whole, part = divmod(corpus.source.weight, 1.0)
        times = [int(whole) + (rng.random() < part) for _ in corpus.pairs]
        for index, count in enumerate(times):
            chosen += [augment(corpus.pairs, index, rng) for _ in range(count)]
    rng.shuffle(chosen)
    return chosen


def augment(pairs: Sequence[Pair], index: int, rng: random.Random) -> Pair:
    """Return pair `index`, most often as it is, else in one of the shapes that news text takes.

    Neighbours in the file may be joined to it, so that the model also learns to go on after a full stop.
    """
    pair = pairs[index]
    roll = rng.random()
    if roll < 0.06 and index + 1 < len(pairs):
        return joined(pair, pairs[index + 1])
    if roll < 0.12:
        return without_stop(pair)
    if roll < 0.14:
        return Pair(pair.uk.upper(), pair.en.upper())
    if roll < 0.17:
        return Pair(pair.uk[:1].lower() + pair.uk[1:], pair.en)
    if roll < 0.20:
        return Pair(requoted(pair.uk, rng), pair.en)
    if roll < 0.26:
        return Pair(SMALL_NAMES.sub(lambda m: m[0].lower(), pair.uk), pair.en)
    if roll < 0.28:
        return Pair(mistyped(pair.uk, rng), pair.en)
    if roll < 0.36:
        return renumbered(pair, rng)
    if roll < 0.42:
        return switched(pair, rng)
    return pair


def renumbered(pair: Pair, rng: random.Random) -> Pair:
    """The pair with other figures, the same on both sides: numbers are to be carried over, not remembered."""
    left, right = UK_NUMBER.findall(pair.uk), EN_NUMBER.findall(pair.en)
    uk, en = pair.uk, pair.en
    for number in left:
        value = number.replace(",", ".").replace(" ", "").replace("\u00a0", "")
        same = [other for other in right if other.replace(",", "") == value]
        if len(same) != 1 or left.count(number) > 1 or len(value) < 2:
            continue
        new = other_figures(number, rng)
        left_over = iter(c for c in new if c.isdecimal())
        uk = re.sub(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", new, uk, count=1)
        en = en.replace(same[0], "".join(next(left_over) if c.isdecimal() else c for c in same[0]), 1)
    return Pair(uk, en)


def other_figures(number: str, rng: random.Random) -> str:
    """A number of the same look: its last figure stays and teens stay teens, for Ukrainian nouns agree with them.

    Numbers up to 31 (days) stay as they are and years keep their century.
    """
    digits = [c for c in number if c.isdecimal()]
    if len(digits) == 2 and "".join(digits) <= "31":
        return number
    year = len(digits) == 4 and "".join(digits[:2]) in ("19", "20")
    for i in range(2 if year else 0, len(digits) - 1):
        teens = i == len(digits) - 2 and digits[i] == "1"
        digits[i] = "1" if teens else rng.choice("23456789")
    left = iter(digits)
    return "".join(next(left) if c.isdecimal() else c for c in number)


def switched(pair: Pair, rng: random.Random) -> Pair:
    """The pair with a name on the source side already in English, so that a glossary's terms are copied.

    Code-switching for given translations, after Song et al. 2019 (NAACL, "Code-Switching for Enhancing NMT with
    Pre-Specified Translation").
    """
    english = {skeleton(word): word for word in EN_NAME.findall(pair.en)}
    found = [(m, english[key]) for m in UK_NAME.finditer(pair.uk) for key in prefixes(skeleton(m[0])) if key in english]
    if not found:
        return pair
    match, name = rng.choice(found)
    return Pair(pair.uk[: match.start()] + name + pair.uk[match.end() :], pair.en)


def prefixes(key: str) -> list[str]:
    """A consonant skeleton without its case ending: itself and up to two letters less, two letters at least."""
    return [key[:end] for end in range(len(key), max(1, len(key) - 3), -1)]


def joined(first: Pair, second: Pair) -> Pair:
    """Two neighbours as one text, where the first ends on both sides and the whole is short enough."""
    if len(first.uk) + len(second.uk) > 400 or not (
        first.uk.endswith(tuple(STOPS)) and first.en.endswith(tuple(STOPS))
    ):
        return first
    return Pair(f"{first.uk} {second.uk}", f"{first.en} {second.en}")


def without_stop(pair: Pair) -> Pair:
    """The pair as a headline or list item writes it: no full stop on either side."""
    if pair.uk.endswith(".") and pair.en.endswith(".") and not pair.uk.endswith(".."):
        return Pair(pair.uk[:-1], pair.en[:-1])
    return pair


def requoted(text: str, rng: random.Random) -> str:
    """`text` with its outer quotation marks in another style."""
    left, right = rng.choice(QUOTES)
    return re.sub(r"[«“„\"]([^«»“”„\"]+)[»”“\"]", lambda m: f"{left}{m[1]}{right}", text)


def mistyped(text: str, rng: random.Random) -> str:
    """`text` with one slip of the hand: two letters swapped, one lost, or one doubled."""
    places = [i for i in range(1, len(text) - 2) if text[i - 1 : i + 2].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    return rng.choice(
        (text[:i] + text[i + 1] + text[i] + text[i + 2 :], text[:i] + text[i + 1 :], text[:i] + text[i] + text[i:])
    )
