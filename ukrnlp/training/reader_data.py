"""Examples for the reader: stance pairs with evidence sentences, and texts with a target share for each sentence."""

from __future__ import annotations

import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ukrnlp.document import StanceLabel
from ukrnlp.errors import InputError
from ukrnlp.evaluate import lcs_length, stem, words

LABELS = tuple(StanceLabel)
"""Order of the stance head's outputs."""

UNKNOWN = -1.0
"""Evidence value of a sentence that nobody judged: no loss."""

WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Example:
    """One training input.

    `target` None makes it a text for the summary head, with `shares` (sum 1) of its sentences. Else it is a pair with
    `label`, an index into LABELS, and `evidence` 0, 1 or UNKNOWN a sentence, empty where there is none. `title` may be
    set before the text; `lower` marks a writer who writes names small on purpose.
    """

    sentences: tuple[str, ...]
    target: str | None = None
    label: int = -1
    evidence: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    title: str = ""
    lower: bool = False
    topic: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Augment:
    """Chances of the changes that `augmented` makes, each 0 to 1."""

    restore: float = 0.5
    restore_target: float = 0.5
    drop: float = 0.3
    drop_sentence: float = 0.3
    title: float = 0.15
    swap: float = 0.06
    names: Mapping[str, str] = field(default_factory=dict)


def open_text(path: Path) -> IO[str]:
    """A text file, plain or `.xz`, opened for reading."""
    return lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSON lines file, plain or `.xz`.

    Raises:
        InputError: a line is not a JSON object.
    """
    with open_text(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number} is not JSON: {error}") from error
            if not isinstance(row, dict):
                raise InputError(f"{path}, line {number} is {type(row).__name__}, expected an object")
            yield row


def news_pairs(rows: Iterable[Mapping[str, Any]], *, weight: float = 1.0) -> list[Example]:
    """Stance pairs of the news set: one for each target of each text."""
    return [
        Example(
            sentences=sentences,
            target=stance["target_uk"],
            label=LABELS.index(StanceLabel(stance["label"])),
            evidence=tuple(float(i in stance["evidence"]) for i in range(len(sentences))),
            title=row["title"]["uk"],
            lower=row["lower"],
            topic=row["topic"],
            weight=weight,
        )
        for row in rows
        for sentences in [tuple(s["uk"] for s in row["sentences"])]
        for stance in row["stances"]
    ]


def sentence_pairs(
    rows: Iterable[Mapping[str, Any]], *, weight: float = 1.0, neutral_share: float = 1.0, seed: int = 0
) -> list[Example]:
    """Stance pairs of single sentences (RuSentNE's kind), without evidence; only its train rows where it has splits.

    Args:
        rows: `text`, `target` (or `mention`), `label`, perhaps `split`.
        weight: of the loss of each.
        neutral_share: neutral rows are thinned to this share of the others' number, at random by `seed`.
        seed: of the choice.
    """
    rows = [row for row in rows if row.get("split", "train") == "train"]
    neutral = [row for row in rows if row["label"] == StanceLabel.NEUTRAL]
    others = [row for row in rows if row["label"] != StanceLabel.NEUTRAL]
    kept = random.Random(seed).sample(neutral, min(len(neutral), round(neutral_share * len(others))))
    return [
        Example((row["text"],), row["target"], LABELS.index(StanceLabel(row["label"])), weight=weight)
        for row in (*others, *kept)
    ]


def news_texts(rows: Iterable[Mapping[str, Any]], *, sharpness: float) -> list[Example]:
    """Texts of the news set with the share that each sentence deserves in a summary.

    A sentence's worth is its likeness to the authored summary, with a third for the title; shares are a softmax of
    `sharpness` times the worth.
    """
    texts = []
    for row in rows:
        sentences = tuple(s["uk"] for s in row["sentences"])
        worth = np.array([worth_of(s, row["summary"]["uk"], row["title"]["uk"]) for s in sentences])
        shares = np.exp(sharpness * (worth - worth.max()))
        texts.append(
            Example(
                sentences, shares=tuple(float(x) for x in shares / shares.sum()), lower=row["lower"], topic=row["topic"]
            )
        )
    return texts


def worth_of(sentence: str, summary: str, title: str) -> float:
    """How well `sentence` stands for the text, 0 to 1."""
    return (2 * likeness(sentence, summary) + likeness(sentence, title)) / 3


def likeness(one: str, other: str) -> float:
    """Mean of ROUGE-L's F over Ukrainian stems and the F of shared character 4-grams, 0 to 1.

    >>> likeness("Уряд змінив закон.", "уряд змінив закон")
    1.0
    """
    a, b = words(one), words(other)
    if not a or not b:
        return 0.0
    row = 2 * lcs_length([stem(w) for w in a], [stem(w) for w in b]) / (len(a) + len(b))
    grams_a, grams_b = grams(a), grams(b)
    shared = 2 * (grams_a & grams_b).total() / (grams_a.total() + grams_b.total())
    return (row + shared) / 2


def grams(tokens: Sequence[str], size: int = 4) -> Counter[str]:
    """Character n-grams of the words, each with a space on both sides."""
    padded = [f" {token} " for token in tokens]
    return Counter(token[i : i + size] for token in padded for i in range(max(1, len(token) - size + 1)))


def augmented(examples: Sequence[Example], options: Augment, rng: random.Random) -> list[Example]:
    """One epoch's variants of `examples`, and some pairs with a target of another text, which is neutral there."""
    out = [vary(example, options, rng) for example in examples]
    pairs = [example for example in examples if example.evidence]
    for example in rng.sample(pairs, round(options.swap * len(pairs))):
        stranger = rng.choice(pairs)
        if stranger.topic != example.topic and not is_named(stranger.target or "", example.sentences):
            nothing = (0.0,) * len(example.sentences)
            neutral = LABELS.index(StanceLabel.NEUTRAL)
            out.append(replace(example, target=stranger.target, label=neutral, evidence=nothing))
    return out


def vary(example: Example, options: Augment, rng: random.Random) -> Example:
    """Restore names, drop sentences without evidence, set the title before the text: each by its chance."""
    target, sentences, evidence = example.target, example.sentences, example.evidence
    if example.lower and rng.random() < options.restore:
        sentences = tuple(restored(s, options.names) for s in sentences)
    if target is not None and rng.random() < options.restore_target:
        target = restored(target, options.names)
    if evidence and any(evidence) and rng.random() < options.drop:
        kept = [i for i, e in enumerate(evidence) if e > 0 or rng.random() >= options.drop_sentence]
        sentences, evidence = tuple(sentences[i] for i in kept), tuple(evidence[i] for i in kept)
    if evidence and example.title and rng.random() < options.title:
        sentences, evidence = (example.title, *sentences), (UNKNOWN, *evidence)
    return replace(example, target=target, sentences=sentences, evidence=evidence)


def restored(text: str, names: Mapping[str, str]) -> str:
    """`text` with every word that is a small-written name of `names` (small form to right form) put right.

    >>> restored("у росії та росіян", {"росії": "Росії"})
    'у Росії та росіян'
    """
    return WORD.sub(lambda match: names.get(match[0], match[0]), text)


def names_of(paths: Iterable[Path], *, ordinary: Iterable[str]) -> dict[str, str]:
    """Small form to right form of every one-word name in gazetteer files (`lemma`, `forms` or `forms_auto`).

    A small form that stands in the `ordinary` texts, whose writers keep the capitals, is a common word and left out.
    """
    common = {word for text in ordinary for word in WORD.findall(text)}
    names: dict[str, str] = {}
    for path in paths:
        for row in read_rows(path):
            forms = [row["lemma"], *row.get("forms", ()), *row.get("forms_auto", ())]
            names |= {f.lower(): f for f in forms if " " not in f and f != f.lower() and f.lower() not in common}
    return names


def is_named(target: str, sentences: Iterable[str]) -> bool:
    """Whether any longer word of `target` shares its stem with a word of the text."""
    wanted = {stem(word) for word in words(target) if len(word) > 3}
    return any(wanted & {stem(word) for word in words(sentence)} for sentence in sentences)


def read_texts(path: Path) -> Iterator[str]:
    """Texts of a data file, without English: news rows, stance rows, or lines (of a table the first column)."""
    if ".jsonl" not in path.name:
        with open_text(path) as lines:
            for line in lines:
                yield line.rstrip("\n").split("\t")[0]
        return
    for row in read_rows(path):
        if "sentences" in row:
            yield from (s["uk"] for s in row["sentences"])
            yield from (row["title"]["uk"], row["summary"]["uk"], *(s["target_uk"] for s in row["stances"]))
        elif row.get("split", "train") == "train":
            yield row["text"]
