"""Text to piece ids and back, over a sentencepiece file; needs neither tokenizers nor transformers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ukrnlp.errors import InputError, ModelError

BOS, PAD, EOS, UNK = 0, 1, 2, 3
"""Ids of the control pieces in every bundled vocabulary."""


def check_unicode(texts: Sequence[str]) -> None:
    """Raise InputError where a text holds half a character (a lone surrogate), which no tokenizer takes."""
    for i, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError as e:
            raise InputError(
                f"text {i} holds half a character, {text[e.start]!r} at {e.start}: it was decoded wrongly; "
                "read it again or normalise it first"
            ) from e


class Pieces:
    """The pieces of one model directory's `spiece.model`.

    Control pieces are never read out of a text: a text that says "</s>" is encoded letter by letter.

    Raises:
        ModelError: the file is missing or is no sentencepiece model.
    """

    def __init__(self, path: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self.path = path
        try:
            self._processor: Any = SentencePieceProcessor(model_file=str(path))
        except (OSError, RuntimeError) as e:
            raise ModelError(f"{path} is missing or not a sentencepiece model; fetch or copy the model again") from e

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    @cached_property
    def tokens(self) -> list[str]:
        """Every piece, by id."""
        return [self._processor.id_to_piece(i) for i in range(len(self))]

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`, without control pieces; raises as `check_unicode` does."""
        (ids,) = self.encode_batch([text])
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each of `texts`, without control pieces; raises as `check_unicode` does."""
        check_unicode(texts)
        ids: list[list[int]] = self._processor.encode(list(texts))
        return ids

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of `pieces`; control pieces give nothing."""
        text: str = self._processor.decode_pieces(list(pieces))
        return text
