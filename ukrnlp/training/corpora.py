"""Parallel text for training: read and cleaned."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ukrnlp.errors import ConfigError

RUSSIAN_LETTERS = frozenset("ыэъёЫЭЪЁ")
UKRAINIAN = frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")


@dataclass(frozen=True, slots=True)
class Pair:
    """A Ukrainian text and the English that says the same."""

    uk: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus file in the mix.

    `weight` is how many times an epoch holds each pair, on average; `kinds` keeps only rows of these kinds (third
    column of a TSV), all when empty.
    """

    file: str
    weight: float = 1.0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """The clean pairs of one source, in the file's order."""

    source: Source
    pairs: tuple[Pair, ...]
    checksum: str
    dropped: int


def read_corpus(folder: Path, source: Source, seen: set[str]) -> Corpus:
    """Read one file: `.tsv.xz` with `uk TAB en [TAB kind]`, or `.jsonl` of news items (sentences, title, summary).

    `seen` holds the keys of pairs that earlier sources gave; a pair that stands there is dropped.

    Raises:
        ConfigError: the file is not there or of another kind.
    """
    path = folder / source.file
    if not path.is_file():
        raise ConfigError(f"training data {path} is not there: give the folder that holds {source.file}")
    rows = list(read_rows(path, source.kinds))
    pairs = [pair for pair in rows if is_clean(pair) and is_new(pair, seen)]
    return Corpus(source, tuple(pairs), sha256(path.read_bytes()).hexdigest(), len(rows) - len(pairs))


def read_rows(path: Path, kinds: Sequence[str]) -> Iterator[Pair]:
    """All pairs of a file as they stand, trimmed."""
    if path.name.endswith(".tsv.xz"):
        with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                uk, en, *kind = line.rstrip("\n").split("\t")
                if not kinds or (kind and kind[0] in kinds):
                    yield Pair(uk.strip(), en.strip())
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                item = json.loads(line)
                for unit in (item["title"], *item["sentences"], item["summary"]):
                    yield Pair(unit["uk"].strip(), unit["en"].strip())
    else:
        raise ConfigError(f"training data {path.name} is neither .tsv.xz nor .jsonl")


def is_clean(pair: Pair) -> bool:
    """Whether a pair can teach translation: both sides there, alike in length, Ukrainian on its side, no Russian."""
    uk, en = pair.uk, pair.en
    if not uk or not en or uk == en or RUSSIAN_LETTERS & set(uk):
        return False
    letters = sum(c in UKRAINIAN for c in uk.lower())
    if letters < 0.3 * len(uk) or sum(c in UKRAINIAN for c in en.lower()) > 0.1 * len(en):
        return False
    longer, shorter = max(len(uk), len(en)), min(len(uk), len(en))
    return longer <= 900 and longer <= 2.2 * shorter + 12


def is_new(pair: Pair, seen: set[str]) -> bool:
    """Whether neither case, punctuation nor spacing tells `pair` from one seen before; remembers it."""
    key = "".join(c for c in f"{pair.uk}|{pair.en}".lower() if c.isalnum() or c == "|")
    if key in seen:
        return False
    seen.add(key)
    return True
