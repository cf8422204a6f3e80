"""All rules in their order: orthography, names, newswire; the `Normalizer` stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ukrnlp.document import Document, Edit, apply_edits
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess import casing, language, newswire, unicode
from ukrnlp.preprocess.casing import Hashtags, Names
from ukrnlp.preprocess.edits import chain
from ukrnlp.preprocess.unicode import Marks

Credits = Literal["keep", "cut"]


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalised text, the edits that made it, and what was learnt on the way.

    `edits` have offsets into the raw text and are sorted and disjoint: `apply_edits(raw, edits) == text` and
    `undo_edits(text, edits) == raw` (both in `ukrnlp.document`). `meta` holds `casing`, `newswire` and `language` as
    plain values; offsets in it are into `text`.
    """

    text: str
    edits: tuple[Edit, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def normalize(
    text: str,
    *,
    names: Names = "aggressor",
    table: Path | None = None,
    credits: Credits = "keep",
    quotes: Marks = "keep",
    dashes: Marks = "keep",
    hashtags: Hashtags = "keep",
) -> Normalized:
    """Normalise one text.

    Args:
        text: the raw text.
        names: whose names written small are restored: `aggressor`, `states`, `all`, or `off`.
        table: a table of names (TSV) in place of the bundled one; see `casing.load_table`.
        credits: `cut` takes newswire credits, footers and teasers out; by default they stay and are only marked.
        quotes, dashes: `unify` brings them to «», „“ and –.
        hashtags: `restore` changes names in hashtags too.

    >>> normalize("путін погрожує. Прем’єр відповів.").text
    "Путін погрожує. Прем'єр відповів."

    Raises:
        ConfigError: an option has an unknown value, or the table is not as it should be.
    """
    return Normalizer(
        names=names, table=table, credits=credits, quotes=quotes, dashes=dashes, hashtags=hashtags
    ).normalize(text)


class Normalizer:
    """Stage that fills `normalized`, `edits` and, in `meta`, `casing`, `newswire` and `language`.

    `Document.text` never changes, and keys that the caller has set in `meta` are kept. Options as in `normalize`.
    """

    name = "normalize"
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ("normalized", "edits")

    def __init__(
        self,
        *,
        names: Names = "aggressor",
        table: Path | None = None,
        credits: Credits = "keep",
        quotes: Marks = "keep",
        dashes: Marks = "keep",
        hashtags: Hashtags = "keep",
    ) -> None:
        for option, value, allowed in (
            ("names", names, get_args(Names)),
            ("credits", credits, get_args(Credits)),
            ("quotes", quotes, get_args(Marks)),
            ("dashes", dashes, get_args(Marks)),
            ("hashtags", hashtags, get_args(Hashtags)),
        ):
            if value not in allowed:
                raise ConfigError(f"{option}={value!r} is unknown; choose one of {', '.join(allowed)}")
        self.names = names
        self.credits = credits
        self.quotes = quotes
        self.dashes = dashes
        self.hashtags = hashtags
        self.table = casing.load_table(table, names="aggressor" if names == "off" else names) if table else None

    def __call__(self, docs: Sequence[Document]) -> None:
        """Normalise each document in place."""
        for doc in docs:
            result = self.normalize(doc.text)
            doc.normalized = result.text
            doc.edits = result.edits
            for key, value in result.meta.items():
                doc.meta.setdefault(key, value)
            doc.warn(*result.warnings)

    def normalize(self, text: str) -> Normalized:
        """Normalise one text."""
        edits = unicode.clean(text, quotes=self.quotes, dashes=self.dashes)
        clean = apply_edits(text, edits) if edits else text
        found = casing.restore(clean, names=self.names, table=self.table, hashtags=self.hashtags)
        if found.edits:
            edits = chain(edits, found.edits)
            clean = apply_edits(clean, found.edits)
        wire = newswire.parse(clean)
        if self.credits == "cut":
            cuts = newswire.cut(clean, wire.spans)
            if cuts:
                edits = chain(edits, cuts)
                clean = apply_edits(clean, cuts)
                wire.spans = newswire.moved(wire.spans, cuts)
        tongue = language.detect(clean)
        meta = {"casing": found.to_meta(), "newswire": wire.to_meta(), "language": tongue}
        return Normalized(clean, tuple(edits), meta, tuple(self._warnings(clean, tongue)))

    def _warnings(self, text: str, tongue: str) -> list[str]:
        if tongue == "uk":
            foreign = unicode.foreign_letters(text)
            if foreign:
                shown = ", ".join(dict.fromkeys(foreign[:20]))
                return [f"letters that Ukrainian lacks (ё, ъ, ы, э) in {len(foreign)} words, kept as written: {shown}"]
        elif tongue in ("ru", "en"):
            language_name = {"ru": "Russian", "en": "English"}[tongue]
            return [f"the text looks {language_name}, not Ukrainian: results may be poor"]
        elif any(letter.isalpha() for letter in text):
            return ["the text's language could not be told to be Ukrainian: results may be poor"]
        return []
