"""What stands around a form that is also another word: гру, лаврова, мінська, мзс.

Each context is a short list of questions in tables/contexts.tsv, tried in order: does one of these words stand to the
left, to the right, near? The first that fits answers. Nothing farther than `REACH` characters is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ukrnlp.errors import ConfigError

REACH = 120  # characters on either side
TABLE = Path(__file__).parent / "tables" / "contexts.tsv"

_JOINED = "(?:, | та | і | й | чи | або | з | із |/|, а також )"
_OPENS = "[ «\"“„(]*"
_CLOSES = "[»\"”“)]*"
_SMALL_NAME = re.compile(r"\b(?:рф|росі[яїює]ю?|кремл(?:ь|я|ю|ем|і|еві)|путін(?:а|у|ові|им|і)?|москв(?:а|и|і|у|ою)|фсб)\b")
_NO_NOUN_FOLLOWS = re.compile(rf"{_CLOSES}(?:[,.;:!?…–—\n]|\s*$| (?:та|і|й|а|за|на|у|в|після|під|з|із|–|—|-|де|що|як)\b)")
_SENTENCE_END = frozenset(".!?…:\n•*▪—–-")
_OPENING = frozenset(" «\"“„(['’*_>\t")


@dataclass(frozen=True, slots=True)
class _Question:
    where: str
    answer: bool
    words: re.Pattern[str]


def _left(words: str) -> str:
    return rf"(?<![\w'’ʼ-])(?:{words}){_OPENS}$"


def _right(words: str) -> str:
    return rf"{_CLOSES}(?:\s{_OPENS})?(?:{words})(?![\w'’ʼ])"


_PATTERNS: dict[str, tuple[Callable[[str], str], int]] = {
    "left": (_left, re.IGNORECASE),
    "left-and-small-near": (_left, re.IGNORECASE),
    "left-and-end": (_left, re.IGNORECASE),
    "left-joined": (lambda words: rf"(?<![\w'’ʼ-])(?:{words}){_CLOSES}{_JOINED}{_OPENS}$", re.IGNORECASE),
    "right": (_right, re.IGNORECASE),
    "right-exact": (_right, 0),
    "right-joined": (lambda words: rf"{_CLOSES}{_JOINED}{_OPENS}(?:{words})(?![\w'’ʼ])", re.IGNORECASE),
    "near": (lambda words: rf"(?<![\w'’ʼ-])(?:{words})(?![\w'’ʼ])", re.IGNORECASE),
    "else": (lambda words: "", 0),
}


@cache
def names() -> frozenset[str]:
    """The contexts that a table of names may ask for."""
    return frozenset(_questions())


def holds(context: str, text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` stands in that context.

    >>> text = "агент гру почав гру"
    >>> holds("service", text, 6, 9), holds("service", text, 16, 19)
    (True, False)
    """
    left = text[max(0, start - REACH) : start]
    right = text[end : end + REACH]
    for question in _questions()[context]:
        if _fits(question, left, right):
            return question.answer
    return False


def _fits(question: _Question, left: str, right: str) -> bool:
    where, words = question.where, question.words
    if where == "else":
        return True
    if where == "near":
        return words.search(_line(left, right)) is not None
    if where.startswith("right"):
        return words.match(right) is not None
    if words.search(left) is None:
        return False
    if where == "left-and-small-near":
        return _SMALL_NAME.search(left) is not None or _SMALL_NAME.search(right) is not None
    if where == "left-and-end":
        return _NO_NOUN_FOLLOWS.match(right) is not None
    return True


def _line(left: str, right: str) -> str:
    return left.rsplit("\n", 1)[-1] + "\0" + right.split("\n", 1)[0]


@cache
def _questions() -> dict[str, tuple[_Question, ...]]:
    found: dict[str, list[_Question]] = {}
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            continue
        context, where, answer, words = line.split("\t")
        if where not in _PATTERNS:
            raise ConfigError(f"{TABLE}, line {number}: {where!r} is no place; write one of {', '.join(_PATTERNS)}")
        build, flags = _PATTERNS[where]
        escaped = [re.escape(w).replace("'", "['’ʼ]").replace(r"\*", r"[\w'’ʼ-]*") for w in words.split()]
        found.setdefault(context, []).append(_Question(where, answer == "yes", re.compile(build("|".join(escaped)), flags)))
    return {context: tuple(questions) for context, questions in found.items()}


def starts_sentence(text: str, start: int) -> bool:
    """Whether `start` begins the text, a line, a sentence, or what follows a colon, dash or bullet."""
    i = start - 1
    floor = max(-1, start - 12)
    while i > floor and text[i] in _OPENING:
        i -= 1
    return i < 0 or text[i] in _SENTENCE_END
