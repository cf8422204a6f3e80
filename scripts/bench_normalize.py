"""Speed of normalisation and splitting on one core, and of texts made to be slow.

    python scripts/bench_normalize.py news/train.jsonl            # items with `sentences` [{`uk`}], a paragraph each
    python scripts/bench_normalize.py --adversarial 1000000       # seconds for a million characters of one kind

The bare loop is `re.finditer(r"\\w+")` with a look-up of every word in the set of forms: what a search word by word
costs at least. Each figure is the best of `--runs`.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ukrnlp.preprocess.casing import bundled_table, restore
from ukrnlp.preprocess.language import detect
from ukrnlp.preprocess.newswire import cut, parse
from ukrnlp.preprocess.normalize import normalize
from ukrnlp.preprocess.sentences import split
from ukrnlp.preprocess.unicode import clean

UNITS = (
    "'", "а’", "а", "«", "«„", "\u0301", "а\u0301\u0316", "\U0001d165\U0001d16d", "\n", " ", ".", ". ", "росія ",
    "гру ", "мінська ", "росія.", "#а", "`а", 'б"я', "aа", "1", ", пише ", "Про це пише ", "Як пише а, ", "(",
    "http://", "www.", "Ð\x9f", "РЎ", "\u200d", "А. ", "а. б. ", "Читайте також: ", "Підписуйтесь ", "див. (", '" ',
    "так! ні ", "\r", " /",
)  # fmt: skip


def best(work: Callable[[], object], runs: int) -> float:
    """Seconds of processor time of the quickest of `runs`."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def bare_loop(texts: Sequence[str], forms: frozenset[str]) -> int:
    word = re.compile(r"\w+")
    return sum(1 for text in texts for match in word.finditer(text) if match.group() in forms)


def run(function: Callable[[str], object], texts: Sequence[str]) -> None:
    for text in texts:
        function(text)


def news(path: Path, runs: int) -> None:
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [" ".join(sentence["uk"] for sentence in item["sentences"]) for item in items]
    size = sum(map(len, texts))
    forms = frozenset(bundled_table("aggressor").by_word)
    split("Тут. Там.")  # loads the splitter's rules
    bare = best(lambda: bare_loop(texts, forms), runs)
    print(f"{len(texts)} texts, {size} characters\n")
    print("| what | M characters a second | of the bare loop |\n| --- | --- | --- |")
    print(f"| bare loop | {size / bare / 1e6:.2f} | 1.00 |")
    work: dict[str, Callable[[str], object]] = {
        "orthography": clean,
        "casing": restore,
        "orthography and casing": lambda text: (clean(text), restore(text)),
        "newswire": parse,
        "language": detect,
        "normalize (all of these)": normalize,
        "split": split,
    }
    for name, function in work.items():
        seconds = best(partial(run, function, texts), runs)
        print(f"| {name} | {size / seconds / 1e6:.2f} | {bare / seconds:.2f} |")


def adversarial(size: int) -> None:
    print("| text | orthography | casing | newswire | split |\n| --- | --- | --- | --- | --- |")
    steps: tuple[Callable[[str], object], ...] = (
        lambda text: clean(text, quotes="unify", dashes="unify"),
        restore,
        lambda text: cut(text, parse(text).spans),
        split,
    )
    for unit in UNITS:
        text = unit * (size // len(unit))
        seconds = [best(partial(step, text), 1) for step in steps]
        print(f"| {unit!a} |", " | ".join(f"{value:.2f} s" for value in seconds), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("news", type=Path, nargs="?")
    parser.add_argument("--adversarial", type=int, metavar="CHARACTERS")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    if args.news:
        news(args.news, args.runs)
    if args.adversarial:
        adversarial(args.adversarial)


if __name__ == "__main__":
    main()
