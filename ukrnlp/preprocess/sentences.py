"""Sentences with offsets: LanguageTool's rules as tokenize_uk ships them, line by line, with a few of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ukrnlp.document import Document, Sentence

ABBREVIATIONS = Path(__file__).parent / "tables" / "abbreviations.txt"

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_STOP = re.compile(r"[.!?…]")
_CLOSING = "»”“\"')]›"
# a stop, a space and a small letter: where LanguageTool's rules see one sentence
_SMALL_START = re.compile(
    r"(?<![\w'’ʼ.-])(?P<word>[А-ЯІЇЄҐа-яіїєґ][А-ЯІЇЄҐа-яіїєґ'’ʼ-]*|\d{4})"
    r"(?P<close>[»”]?)(?P<stop>[.?!])[^\S\n]+(?=(?P<next>[а-яіїєґ][а-яіїєґ'’ʼ-]*))"
)
# an emoji between a word and a capital stands for the stop: ... сто тисяч 💛 Хлопці вже чекають
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")
_EMOJI_END = re.compile(
    rf"(?<=[а-яіїєґ0-9»”)] )(?P<mark>(?:{_EMOJI.pattern}[\ufe0f\U0001f3fb-\U0001f3ff]*)+)"
    r"[^\S\n]+(?=[А-ЯІЇЄҐ][а-яіїєґ'])"
)
_NUMBER = re.compile(r"\d{1,2}\.|[а-яіїєґ]\)")
_PAGE = re.compile(r"(?<![\w-])(?:с|т|ч|вип|гл|розд|абз)\.$")
_SHORT_WORDS = frozenset("ми ви ти ні це їх її ту ті ці цю ще не є я він".split())
_SAYS = re.compile(
    r"(?:каж|сказ|говор|мов|промов|відпов|спит|запит|пит|вигук|гукн|крикн|дода|подум|думал|дума|прошепо|шепо|пробурмо|"
    r"буркн|заявля|зазнач|тощо$|і$|та$|й$|або$|чи$|але$|а$)"
)


def split(text: str) -> tuple[Sentence, ...]:
    """Sentences of `text`, in order, as slices of it; every character but white space lies in exactly one.

    A line break always ends a sentence. Sentences are never cut for their length.

    >>> [s.text for s in split("Росія мовчить. Про це пише УНН.")]
    ['Росія мовчить.', 'Про це пише УНН.']
    """
    sentences = []
    for line in _LINE.finditer(text):
        first = line.start()
        for start, end in _split_line(line.group()):
            sentences.append(Sentence(text[first + start : first + end], first + start))
    return tuple(sentences)


def _split_line(line: str) -> Iterator[tuple[int, int]]:
    emoji = _EMOJI.search(line) is not None
    # every rule of LanguageTool's that breaks a line asks for a stop with something behind it
    if _STOP.search(line.rstrip().rstrip(_CLOSING).rstrip(".!?…")) is None:
        start = len(line) - len(line.lstrip())
        spans: Sequence[tuple[int, int]] = [(start, len(line.rstrip()))] if line.strip() else []
    else:
        spans = list(_joined(line, _languagetool(line)))
    for start, end in spans:
        breaks = [(m.end("stop"), m.end()) for m in _SMALL_START.finditer(line, start, end) if _ends_sentence(m)]
        if emoji and _EMOJI.match(line, start) is None:  # one that begins the sentence is a bullet, and so are the rest
            breaks += [(m.end("mark"), m.end()) for m in _EMOJI_END.finditer(line, start, end)]
            breaks.sort()
        last = start
        for stop, following in breaks:
            yield last, stop
            last = following
        yield last, end


def _joined(line: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """`spans` without the breaks behind a list number (1. Отримати бланк) and before a page or part (с. 31)."""
    begin, finish = spans[0]
    for start, end in spans[1:]:
        if _NUMBER.fullmatch(line, begin, finish) or (
            line[start].isdigit() and _PAGE.search(line, max(begin, finish - 8), finish)
        ):
            finish = end
        else:
            yield begin, finish
            begin, finish = start, end
    yield begin, finish


def _languagetool(line: str) -> list[tuple[int, int]]:
    return [(start, end) for _, start, end in _rules()(line)]


@cache
def _rules() -> Callable[[str], list[tuple[str, int, int]]]:
    from tokenize_uk import tokenize_sents_with_spans

    rules: Callable[[str], Any] = tokenize_sents_with_spans
    return rules


@cache
def _abbreviations() -> frozenset[str]:
    lines = ABBREVIATIONS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _ends_sentence(match: re.Match[str]) -> bool:
    """Whether a stop before a small letter ends a sentence: after a whole word, and before no verb of saying."""
    word, quoted = match["word"], bool(match["close"])
    if match["stop"] != ".":
        return not quoted and _SAYS.match(match["next"]) is None
    if len(word) < 3 and not quoted:
        return word in _SHORT_WORDS
    return quoted or word.lower() not in _abbreviations()


def join(text: str, sentences: Sequence[Sentence], replacements: Sequence[str]) -> str:
    """`text` with each sentence replaced; what stood between them stays.

    >>> join("Так. Ні.", split("Так. Ні."), ["Yes.", "No."])
    'Yes. No.'

    Raises:
        ValueError: there are not as many replacements as sentences.
    """
    if len(sentences) != len(replacements):
        raise ValueError(f"{len(replacements)} replacements for {len(sentences)} sentences; give one for each")
    out: list[str] = []
    last = 0
    for sentence, replacement in zip(sentences, replacements, strict=True):
        out += (text[last : sentence.start], replacement)
        last = sentence.start + len(sentence.text)
    return "".join((*out, text[last:]))


class SentenceSplitter:
    """Stage that fills `Document.sentences` from `Document.normalized`."""

    name = "split"
    requires: tuple[str, ...] = ("normalized",)
    provides: tuple[str, ...] = ("sentences",)

    def __call__(self, docs: Sequence[Document]) -> None:
        """Split each document in place."""
        for doc in docs:
            assert doc.normalized is not None  # the pipeline has checked `requires`
            doc.sentences = split(doc.normalized)
