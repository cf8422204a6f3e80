"""Hub models by family: how each is told its languages, and which ones CTranslate2 converts rightly.

Conversion was tried on random models of each family with transformers 5 and CTranslate2 4.8.5, by beam search, because
some conversions go wrong without an error; those run on transformers alone.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ukrnlp.catalog import ModelDir
from ukrnlp.engines.pieces import check_unicode
from ukrnlp.errors import ConfigError, ModelError

FAMILIES = ("bart", "m2m_100", "marian", "mbart", "mt5", "t5", "umt5")
"""Architectures that are known to run rightly; anything else is refused rather than tried."""

LANGUAGES = {
    "bg": ("bul", "Cyrl", "BG"),
    "cs": ("ces", "Latn", "CZ"),
    "de": ("deu", "Latn", "DE"),
    "en": ("eng", "Latn", "XX"),
    "es": ("spa", "Latn", "XX"),
    "et": ("est", "Latn", "EE"),
    "fi": ("fin", "Latn", "FI"),
    "fr": ("fra", "Latn", "XX"),
    "he": ("heb", "Hebr", "IL"),
    "hu": ("hun", "Latn", "HU"),
    "it": ("ita", "Latn", "IT"),
    "ka": ("kat", "Geor", "GE"),
    "lt": ("lit", "Latn", "LT"),
    "lv": ("lvs", "Latn", "LV"),
    "nl": ("nld", "Latn", "XX"),
    "pl": ("pol", "Latn", "PL"),
    "pt": ("por", "Latn", "XX"),
    "ro": ("ron", "Latn", "RO"),
    "ru": ("rus", "Cyrl", "RU"),
    "sk": ("slk", "Latn", "SK"),
    "sv": ("swe", "Latn", "SE"),
    "tr": ("tur", "Latn", "TR"),
    "uk": ("ukr", "Cyrl", "UA"),
}
"""Two-letter codes to the three letters, script and region that NLLB, Marian and mBART-50 write."""

_PREFIXED = ("m2m_100", "mbart")
"""Families whose output begins with the piece of its language, and whose input with that of its own."""


class HubCodec:
    """Texts to ids and output pieces to texts by a hub model's own tokenizer; languages are set by their pieces.

    An input is the piece of a language (where the model has such), the text and the end piece: NLLB, M2M100 and
    mBART-50 name the source there and the target as first piece of the output, MADLAD (`<2en>`) and multilingual Marian
    (`>>eng<<`) name the target there.

    Raises:
        ConfigError: the model wants languages that are not given, or knows no such language.
        ModelError: the tokenizer cannot be read.
    """

    def __init__(self, model: ModelDir, *, source_lang: str | None, target_lang: str | None) -> None:
        from transformers import AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model.path, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError) as e:
            raise ModelError(f"model {model.name}: its tokenizer cannot be read ({e}); fetch the model again") from e
        self._vocabulary: dict[str, int] = self._tokenizer.get_vocab()
        by_id = {i: token for token, i in self._vocabulary.items()}
        self.tokens = [by_id.get(i, "") for i in range(max(by_id) + 1)]
        self.end = int(self._tokenizer.eos_token_id)
        self.pad = int(self._tokenizer.pad_token_id)
        self.unknown = int(self._tokenizer.unk_token_id)
        self._head: list[int] = []
        self.prefix: list[int] = []
        if model.model_type in _PREFIXED:
            self._head = [self._language(model, "source_lang", source_lang)]
            self.prefix = [self._language(model, "target_lang", target_lang)]
        elif any(token.startswith((">>", "<2")) and token.endswith(("<<", ">")) for token in self._vocabulary):
            self._head = [self._language(model, "target_lang", target_lang)]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the input ids of `texts`, nothing cut."""
        if not texts:
            return []
        check_unicode(texts)
        found = self._tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [[*self._head, *ids, self.end] for ids in found["input_ids"]]

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of `pieces`; control and language pieces give nothing."""
        ids = [self._vocabulary[piece] for piece in pieces]
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _language(self, model: ModelDir, option: str, lang: str | None) -> int:
        if lang is None:
            raise ConfigError(f"model {model.name} serves many languages: give {option}, such as 'uk' or 'en'")
        for piece in _language_pieces(lang):
            if piece in self._vocabulary:
                return self._vocabulary[piece]
        known = [code for code in LANGUAGES if any(piece in self._vocabulary for piece in _language_pieces(code))]
        raise ConfigError(f"model {model.name} knows no {option} {lang!r}; it has {', '.join(known) or 'none we know'}")


def _language_pieces(lang: str) -> list[str]:
    """How the families write a language; what is no code of ours is taken as the model's own."""
    if lang not in LANGUAGES:
        return [lang]
    letters, script, region = LANGUAGES[lang]
    return [f"{letters}_{script}", f"{lang}_{region}", f"__{lang}__", f"<2{lang}>", f">>{letters}<<"]


def why_not_converted(model: ModelDir) -> str | None:
    """Return why CTranslate2 cannot run a hub model rightly, None where it can."""
    config = model.config
    if model.model_type in ("m2m_100", "umt5"):
        return None
    if model.model_type == "marian":
        if config.get("share_encoder_decoder_embeddings") is False:
            return "it has two vocabularies"
        if config.get("pad_token_id") != config["vocab_size"] - 1:
            return "its <pad> is not the last piece"
        if config.get("decoder_start_token_id") != config["pad_token_id"]:
            return "its output does not start from <pad>"
        return None
    if model.model_type == "bart":
        return "it has no spiece.model, which our training writes"
    if model.model_type == "t5":
        return None if config.get("tie_word_embeddings", True) else "its output layer is not tied to the pieces"
    return f"conversions of type {model.model_type} are not known to be right"


def build_from_hub(model: ModelDir, directory: Path, *, quantization: str | None) -> None:
    """Write `model` into `directory` by CTranslate2's own converter, which loads it with transformers.

    Raises:
        ModelError: the converter does not take it.
    """
    from ctranslate2.converters import TransformersConverter

    try:
        with without_bars():
            TransformersConverter(str(model.path)).convert(str(directory), quantization=quantization, force=True)
    except (ValueError, AttributeError, KeyError, NotImplementedError) as e:
        raise ModelError(f"model {model.name} is not converted ({e}); use engine='transformers'") from e


def fingerprint(model: ModelDir) -> str:
    """Return the sha256 of what a conversion depends on besides weights: configuration, tokenizer, transformers."""
    from transformers import __version__

    digest = hashlib.sha256(__version__.encode())
    for file in sorted(model.path.iterdir()):
        if file.suffix in (".json", ".model", ".spm", ".txt") and file.is_file():
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars on stderr, which it does whether that is a terminal or not."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
