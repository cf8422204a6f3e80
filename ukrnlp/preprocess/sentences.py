"""Sentences with offsets: LanguageTool's rules as tokenize_uk ships them, line by line, with a few of our own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ukrnlp.document import Document, Sentence

_STOP = re.compile(r"[.!?…]")
_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")


def split(text: str) -> tuple[Sentence, ...]:
    """Sentences of `text`, in order, as slices of it; every character but white space lies in exactly one.

    A line break always ends a sentence.

    >>> [s.text for s in split("Росія мовчить. Про це пише УНН.")]
    ['Росія мовчить.', 'Про це пише УНН.']
    """
    sentences = []
    for line in _LINE.finditer(text):
        for start, end in _split_line(line.group()):
            sentences.append(Sentence(text[line.start() + start : line.start() + end], line.start() + start))
    return tuple(sentences)


def _split_line(line: str) -> list[tuple[int, int]]:
    from tokenize_uk import tokenize_sents_with_spans

    return [(start, end) for _, start, end in tokenize_sents_with_spans(line)]


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
