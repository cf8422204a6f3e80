"""The reader: one multilingual encoder with heads for stance, evidence and summary.

Inputs are built by `pair_input` and `text_input` alone, in training and at run time, so that both see the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

BOS, PAD, EOS, UNK = 0, 1, 2, 3
"""Ids of the control pieces in every bundled vocabulary."""

Encode = Callable[[str], Sequence[int]]
"""A text's piece ids, without control pieces."""

Span = tuple[int, int]
"""First position of a sentence in an input, and the first one behind it."""


def pair_input(encode: Encode, target: str, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    """Return the ids of `<s> target </s> </s> sentences </s>` and where each sentence stands in them.

    A prefix that a model wants ("query: ") is part of `target`. Sentences are encoded one by one and joined without
    separators, so their spans are exact. Token types are 0 throughout.

    >>> pair_input(lambda text: [ord(c) for c in text], "A", ["BC", "D"])
    ([0, 65, 2, 2, 66, 67, 68, 2], [(4, 6), (6, 7)])
    """
    return _joined([BOS, *encode(target), EOS, EOS], encode, sentences)


def text_input(encode: Encode, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    """Return the ids of `<s> sentences </s>` and where each sentence stands in them.

    >>> text_input(lambda text: [ord(c) for c in text], ["BC", "D"])
    ([0, 66, 67, 68, 2], [(1, 3), (3, 4)])
    """
    return _joined([BOS], encode, sentences)


def _joined(head: list[int], encode: Encode, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    pieces = [encode(sentence) for sentence in sentences]
    spans = []
    end = len(head)
    for ids in pieces:
        spans.append((end, end + len(ids)))
        end += len(ids)
    return [*head, *chain.from_iterable(pieces), EOS], spans
