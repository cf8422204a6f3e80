"""Text to piece ids and back, over a sentencepiece file; needs neither tokenizers nor transformers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ukrnlp.errors import ModelError

BOS, PAD, EOS, UNK = 0, 1, 2, 3
"""Ids of the control pieces in every bundled vocabulary."""


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
        """Return the ids of `text`, without control pieces."""
        ids: list[int] = self._processor.encode(text)
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each of `texts`."""
        ids: list[list[int]] = self._processor.encode(list(texts))
        return ids

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of `pieces`; control pieces give nothing."""
        text: str = self._processor.decode_pieces(list(pieces))
        return text
