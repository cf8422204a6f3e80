"""What stands around a form that is also another word: гру, лаврова, мінська, мзс.

Each context is a short list of questions in tables/contexts.tsv, tried in order: does one of these words stand to the
left, to the right, near? The first that fits answers. Nothing farther than `REACH` characters is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ukrnlp.errors import ConfigError

REACH = 120  # characters on either side
TABLE = Path(__file__).parent / "tables" / "contexts.tsv"

_OPENS = ' «"“„('
_CLOSES = '»"”“)'
_CONJUNCTIONS = (", а також", " та", " і", " й", " чи", " або", " з", " із", ",", "/")
_JOINED = f"[{_CLOSES}]*(?:{'|'.join(_CONJUNCTIONS)}) ?[{_OPENS}]*"
_SMALL_NAME = re.compile(
    r"\b(?:рф|росі[яїює]ю?|кремл(?:ь|я|ю|ем|і|еві)|путін(?:а|у|ові|им|і)?|москв(?:а|и|і|у|ою)|фсб)\b"
)
_NO_NOUN_FOLLOWS = re.compile(
    rf"[{_CLOSES}]*(?:[,.;:!?…–—\n]|\s*$| (?:та|і|й|а|за|на|у|в|після|під|з|із|–|—|-|де|що|як)\b)"
)
_SENTENCE_END = frozenset(".!?…:\n•*▪—–-")
_OPENING = frozenset(" «\"“„(['’*_>\t")


@dataclass(frozen=True, slots=True)
class _Question:
    where: str
    answer: bool
    words: re.Pattern[str]


# how the words of a question become a pattern, and whether letters must be small as written; `left` ones match a word
_PATTERNS: dict[str, tuple[str, int]] = {
    "left": ("(?:{})", re.IGNORECASE),
    "left-and-small-near": ("(?:{})", re.IGNORECASE),
    "left-and-end": ("(?:{})", re.IGNORECASE),
    "left-joined": ("(?:{})", re.IGNORECASE),
    "right": (rf"[{_CLOSES}]*(?:\s[{_OPENS}]*)?(?:{{}})(?![\w'’ʼ])", re.IGNORECASE),
    "right-exact": (rf"[{_CLOSES}]*(?:\s[{_OPENS}]*)?(?:{{}})(?![\w'’ʼ])", 0),
    "right-joined": (_JOINED + "(?:{})(?![\\w'’ʼ])", re.IGNORECASE),
    "near": ("(?<![\\w'’ʼ-])(?:{})(?![\\w'’ʼ])", re.IGNORECASE),
    "small-near": ("", 0),
    "else": ("", 0),
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
    if where == "small-near":
        return _small_name_near(left, right)
    if where == "near":
        return words.search(left.rsplit("\n", 1)[-1] + "\0" + right.split("\n", 1)[0]) is not None
    if where.startswith("right"):
        return words.match(right) is not None
    if words.fullmatch(_last_word(_without_conjunction(left) if where == "left-joined" else left)) is None:
        return False
    if where == "left-and-small-near":
        return _small_name_near(left, right)
    if where == "left-and-end":
        return _NO_NOUN_FOLLOWS.match(right) is not None
    return True


def _small_name_near(left: str, right: str) -> bool:
    return _SMALL_NAME.search(left) is not None or _SMALL_NAME.search(right) is not None


def _last_word(left: str) -> str:
    head = left.rstrip(_OPENS)
    return head[head.rfind(" ") + 1 :].rsplit("\n", 1)[-1].lstrip(_OPENS) if head else ""


def _without_conjunction(left: str) -> str:
    head = left.rstrip(_OPENS)
    for conjunction in _CONJUNCTIONS:
        if head.endswith(conjunction):
            return head[: -len(conjunction)].rstrip(_CLOSES)
    return ""


@cache
def _questions() -> dict[str, tuple[_Question, ...]]:
    found: dict[str, list[_Question]] = {}
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            continue
        context, where, answer, words = line.split("\t")
        if where not in _PATTERNS:
            raise ConfigError(f"{TABLE}, line {number}: {where!r} is no place; write one of {', '.join(_PATTERNS)}")
        pattern, flags = _PATTERNS[where]
        escaped = [re.escape(w).replace("'", "['’ʼ]").replace(r"\*", r"[\w'’ʼ-]*") for w in words.split()]
        compiled = re.compile(pattern.format("|".join(escaped)), flags)
        found.setdefault(context, []).append(_Question(where, answer == "yes", compiled))
    return {context: tuple(questions) for context, questions in found.items()}


def starts_sentence(text: str, start: int) -> bool:
    """Whether `start` begins the text, a line, a sentence, or what follows a colon, dash or bullet."""
    i = start - 1
    floor = max(-1, start - 12)
    while i > floor and text[i] in _OPENING:
        i -= 1
    return i < 0 or text[i] in _SENTENCE_END
