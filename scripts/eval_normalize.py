"""Measure normalisation and splitting; prints a table in Markdown, and every wrong or doubtful change before it.

    python scripts/eval_normalize.py --casing DIR --own data/lowercase-names/test.jsonl \\
        --corrections data/lowercase-names/real-lower-corrections.tsv \\
        --clean mono.txt.xz ... --parallel a.tsv.xz ... --split dev.conllu --news train.jsonl

Every part runs only when its paths are given. `--casing` holds real-lower.jsonl, silver-lowered.jsonl and
negatives.jsonl (`src` with `tgt` or `tgt_auto`); the corrections name, by row number from 0, offsets of letters that
`tgt_auto` leaves small and should be capital. Recall and precision count names: runs of text that one edit covers.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from ukrnlp.document import apply_edits
from ukrnlp.preprocess.casing import restore
from ukrnlp.preprocess.normalize import normalize
from ukrnlp.preprocess.sentences import split
from ukrnlp.preprocess.unicode import clean

Spans = set[tuple[int, int]]


def lines_of(path: Path) -> Iterator[str]:
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines)
    else:
        with path.open(encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines)


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in lines_of(path))


def raised_letters(source: str, target: str) -> set[int]:
    """Offsets of small letters of `source` that `target` has as capitals; other differences are skipped."""
    if len(source) == len(target):
        blocks: Iterable[tuple[int, int, int]] = [(0, 0, len(source))]
    else:
        matcher = SequenceMatcher(None, source.lower(), target.lower(), autojunk=False)
        blocks = [(m.a, m.b, m.size) for m in matcher.get_matching_blocks()]
    return {i + k for i, j, size in blocks for k in range(size) if source[i + k].islower() and target[j + k].isupper()}


def score_casing(name: str, rows: Iterable[dict[str, Any]], corrections: dict[int, set[int]]) -> tuple[int, int, int]:
    """Letters rightly raised, wrongly raised, and missed."""
    right = wrong = missed = 0
    for number, row in enumerate(rows):
        source = row["src"]
        gold = raised_letters(source, row["tgt"] if "tgt" in row else row["tgt_auto"]) | corrections.get(number, set())
        got = raised_letters(source, apply_edits(source, restore(source).edits))
        right += len(got & gold)
        wrong += len(got - gold)
        missed += len(gold - got)
        for what, letters in (("wrong", got - gold), ("missed", gold - got)):
            if letters:
                print(f"{name} row {number}: {what} at {sorted(letters)}: {source}")
    return right, wrong, missed


def score_clean(texts: Iterable[str]) -> tuple[int, int, Counter[str]]:
    """Sentences, texts in which a name was changed (printed, for a person to judge), orthography edits by rule."""
    sentences = changed = 0
    rules: Counter[str] = Counter()
    for text in texts:
        sentences += len(split(text))
        rules.update(edit.rule for edit in clean(text))
        edits = restore(text).edits
        changed += bool(edits)
        for edit in edits:
            left, right = text[max(0, edit.start - 60) : edit.start], text[edit.end : edit.end + 40]
            print(f"changed: {left}[{edit.before}]{right}")
    return sentences, changed, rules


def clean_rows(name: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    sentences, changed, rules = score_clean(texts)
    counts = ", ".join(f"{rule} {count}" for rule, count in rules.most_common()) or "none"
    return [
        (f"{name}: texts with a changed name, of sentences", f"{changed} of {sentences}"),
        (f"{name}: edits of orthography", counts),
    ]


def paragraphs(path: Path) -> Iterator[list[str]]:
    """Gold sentences of a CoNLL-U file by paragraph."""
    sentences: list[str] = []
    for line in lines_of(path):
        if line.startswith(("# newpar", "# newdoc")) and sentences:
            yield sentences
            sentences = []
        elif line.startswith("# text ="):
            sentences.append(line.removeprefix("# text =").strip())
    if sentences:
        yield sentences


def lower_starts(groups: Iterable[list[str]], share: float, seed: int) -> list[list[str]]:
    chance = random.Random(seed)
    return [[s[0].lower() + s[1:] if chance.random() < share else s for s in group] for group in groups]


def spans_of(sentences: Iterable[str]) -> Spans:
    spans = set()
    start = 0
    for sentence in sentences:
        spans.add((start, start + len(sentence)))
        start += len(sentence) + 1
    return spans


def ours(text: str) -> Spans:
    return {(s.start, s.start + len(s.text)) for s in split(text)}


def tokenize_uk(text: str) -> Spans:
    from tokenize_uk import tokenize_sents_with_spans

    return {(start, end) for _, start, end in tokenize_sents_with_spans(text)}


def sentence_f1(groups: Iterable[list[str]], splitter: Callable[[str], Spans]) -> float:
    right = found = gold = 0
    for group in groups:
        wanted, got = spans_of(group), splitter(" ".join(group))
        right += len(wanted & got)
        found += len(got)
        gold += len(wanted)
    return 200 * right / (found + gold)


def score_news(items: Iterable[dict[str, Any]]) -> tuple[int, int, int, int, int]:
    """Sentences inside items whose first word is an aggressor's name, with that name lowered: boundaries found of all;
    other boundaries found of all, and found where nothing is lowered."""
    found = total = others_found = others = others_before = 0
    for item in items:
        sentences = [s["uk"] for s in item["sentences"]]
        lowered = []
        for number, sentence in enumerate(sentences):
            first = re.match(r"[\w'’ʼ-]+", sentence)
            small = sentence if first is None else first.group().lower() + sentence[first.end() :]
            named = number > 0 and any(edit.start == 0 for edit in restore(small).edits)
            lowered.append((small if named else sentence, named))
        text = " ".join(sentence for sentence, _ in lowered)
        starts = {s.start for s in split(normalize(text).text)}
        starts_before = {s.start for s in split(normalize(" ".join(sentences)).text)}
        position = 0
        for sentence, named in lowered:
            if named:
                total += 1
                found += position in starts
            elif position:
                others += 1
                others_found += position in starts
                others_before += position in starts_before
            position += len(sentence) + 1
    return found, total, others_found, others, others_before


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} % ({part} of {whole})" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--casing", type=Path)
    parser.add_argument("--own", type=Path)
    parser.add_argument("--corrections", type=Path)
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--parallel", type=Path, nargs="*", default=[])
    parser.add_argument("--parallel-sentences", type=int, default=20_000)
    parser.add_argument("--split", type=Path, nargs="*", default=[])
    parser.add_argument("--news", type=Path, nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    table: list[tuple[str, str]] = []

    corrections: dict[int, set[int]] = {}
    for line in lines_of(args.corrections) if args.corrections else ():
        if not line.startswith("#"):
            row, offsets = line.split("\t")
            corrections[int(row)] = {int(offset) for offset in offsets.split()}
    sets = [args.casing / f"{n}.jsonl" for n in ("real-lower", "silver-lowered", "negatives")] if args.casing else []
    for path in [*sets, *([args.own] if args.own else [])]:
        rows = list(rows_of(path))
        right, wrong, missed = score_casing(path.stem, rows, corrections if path.stem == "real-lower" else {})
        table.append((f"{path.stem}: letters restored (recall)", percent(right, right + missed)))
        table.append((f"{path.stem}: precision of capital letters set", percent(right, right + wrong)))

    for path in args.clean:
        table += clean_rows(path.name, lines_of(path))
    if args.parallel:
        texts = [line.split("\t")[0] for path in args.parallel for line in lines_of(path)]
        random.Random(args.seed).shuffle(texts)
        table += clean_rows("parallel sample", texts[: args.parallel_sentences])

    for path in args.split:
        groups = list(paragraphs(path))
        for share in (0.0, 0.05, 1.0):
            lowered = lower_starts(groups, share, args.seed)
            values = f"{sentence_f1(lowered, ours):.2f} (tokenize_uk as it is: {sentence_f1(lowered, tokenize_uk):.2f})"
            table.append((f"{path.stem}: sentence F1, {share:.0%} of starts small", values))

    if args.news:
        found, total, others_found, others, before = score_news(row for path in args.news for row in rows_of(path))
        table.append(("own news: boundary before a small name", percent(found, total)))
        table.append(("own news: other boundaries", f"{percent(others_found, others)}; nothing lowered: {before}"))

    print("\n| what | value |\n| --- | --- |")
    for what, value in table:
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
