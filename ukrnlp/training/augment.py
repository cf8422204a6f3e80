"""What news text does to spelling, done to training pairs: case, stops, quotes, joined sentences, names in small."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ukrnlp.training.corpora import Pair

# stems of the names that Ukrainian writers put in small letters; the whole word follows
SMALL_NAMES = re.compile(
    r"\b(?:Росі[їяюєй]\w*|РФ|Москв\w+|Москов\w+|Кремл\w+|Путін\w*|Білорус[ьі]\w*|Лукашенк\w+|Шойгу|Лавров\w*|ФСБ|ДНР|ЛНР)\b"
)
QUOTES = (("«", "»"), ("“", "”"), ('"', '"'), ("„", "“"))
STOPS = ".!?…"


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
        return type(pair)(pair.uk.upper(), pair.en.upper())
    if roll < 0.17:
        return type(pair)(pair.uk[:1].lower() + pair.uk[1:], pair.en)
    if roll < 0.20:
        return type(pair)(requoted(pair.uk, rng), pair.en)
    if roll < 0.26:
        return type(pair)(SMALL_NAMES.sub(lambda m: m[0].lower(), pair.uk), pair.en)
    if roll < 0.28:
        return type(pair)(mistyped(pair.uk, rng), pair.en)
    return pair


def joined(first: Pair, second: Pair) -> Pair:
    """Two neighbours as one text, where the first ends on both sides and the whole is short enough."""
    if len(first.uk) + len(second.uk) > 400 or not (
        first.uk.endswith(tuple(STOPS)) and first.en.endswith(tuple(STOPS))
    ):
        return first
    return type(first)(f"{first.uk} {second.uk}", f"{first.en} {second.en}")


def without_stop(pair: Pair) -> Pair:
    """The pair as a headline or list item writes it: no full stop on either side."""
    if pair.uk.endswith(".") and pair.en.endswith(".") and not pair.uk.endswith(".."):
        return type(pair)(pair.uk[:-1], pair.en[:-1])
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
