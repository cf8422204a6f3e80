"""What rounding and batching change: every engine of a model on the same news, against CTranslate2 in float32.

    python scripts/compare_engines.py --model uk-en --news dev.jsonl
    python scripts/compare_engines.py --model uk-reader --news dev.jsonl --limit 30

The file has one article a line, with `sentences` of `uk` and `en`, as docs/training.md describes. For a translation
model the limit counts sentences, spread over the file, for a reader it counts articles. Seconds are of CPU, one thread.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any

import typer

from ukrnlp.catalog import find
from ukrnlp.engines.encoder import PairReading, load_reader
from ukrnlp.engines.seq2seq import Hypothesis, load_seq2seq
from ukrnlp.errors import UkrnlpError

ENGINES: dict[str, dict[str, Any]] = {
    "ctranslate2 float32": {"compute_type": "float32"},
    "ctranslate2 int8_float32": {"compute_type": "int8_float32"},
    "transformers float32": {"engine": "transformers"},
}
TARGETS = ("Росія", "Україна", "США", "Європейський Союз")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returns, and the CPU seconds that it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def compare_translation(model: str, pairs: Sequence[tuple[str, str]], *, reference: bool) -> None:
    """Print scores of each engine, and how many outputs are those of the first."""
    from sacrebleu import corpus_bleu, corpus_chrf

    sources, references = [source for source, _ in pairs], [[target for _, target in pairs]]
    print("| engine | chrF++ | BLEU | same text as the first | scores differ by at most | CPU s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    first: list[list[Hypothesis]] = []

    def row(name: str, found: list[list[Hypothesis]], seconds: float) -> None:
        nonlocal first
        first = first or found
        texts = [best.text for best, *_ in found]
        same = sum(a[0].text == b[0].text for a, b in zip(first, found, strict=True))
        apart = max(abs(a[0].score - b[0].score) for a, b in zip(first, found, strict=True))
        chrf, bleu = corpus_chrf(texts, references, word_order=2).score, corpus_bleu(texts, references).score
        print(f"| {name} | {chrf:.2f} | {bleu:.2f} | {same}/{len(found)} | {apart:.4f} | {seconds:.1f} |", flush=True)

    for name, options in ENGINES.items():
        if "transformers" in name and not reference:
            continue
        engine = load_seq2seq(model, threads=1, **options)
        row(name, *timed(lambda engine=engine: engine.hypotheses(sources)))
        if "transformers" not in name:
            row(f"{name}, one by one", *timed(lambda e=engine: [e.hypotheses([s])[0] for s in sources]))


def compare_reader(model: str, texts: Sequence[list[str]], *, reference: bool) -> None:
    """Print how far each engine's scores are from the first's."""
    print("| engine | labels | evidence | summary | same label | CPU s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    first: tuple[list[PairReading], list[list[float]]] | None = None
    for name, options in ENGINES.items():
        if "transformers" in name and not reference:
            continue
        reader = load_reader(model, threads=1, **options)
        pairs = list(zip(cycle(TARGETS), texts))  # the targets go round
        pairs = [p for p, n in zip(pairs, reader.pair_reader.lengths(pairs), strict=True) if n <= reader.max_length]
        read = [text for _, text in pairs]
        found, seconds = timed(lambda r=reader, p=pairs, t=read: (r.pair_reader(p), r.sentence_scorer(t)))
        first = first or found
        both = list(zip(first[0], found[0], strict=True))
        labels = max(abs(a.scores[label] - b.scores[label]) for a, b in both for label in a.scores)
        evidence = max(abs(x - y) for a, b in both for x, y in zip(a.evidence, b.evidence, strict=True))
        weights = zip(first[1], found[1], strict=True)
        summary = max(abs(x - y) for a, b in weights for x, y in zip(a, b, strict=True))
        same = sum(max(a.scores, key=a.scores.__getitem__) == max(b.scores, key=b.scores.__getitem__) for a, b in both)
        print(f"| {name} | {labels:.4f} | {evidence:.4f} | {summary:.4f} | {same}/{len(both)} | {seconds:.1f} |")


def main(
    model: Annotated[str, typer.Option(help="name or directory of a model")],
    news: Annotated[Path, typer.Option(help="JSON lines of news", exists=True, dir_okay=False)],
    limit: Annotated[int, typer.Option(min=1, help="sentences or articles")] = 200,
    reference: Annotated[bool, typer.Option(help="run transformers too")] = True,
) -> None:
    """Print the table of a model."""
    articles = [json.loads(line)["sentences"] for line in news.read_text(encoding="utf-8").splitlines()]
    try:
        if find(model).model_type == "bert":
            texts = [[sentence["uk"] for sentence in article] for article in articles]
            compare_reader(model, texts[:limit], reference=reference)
        else:
            pairs = [(sentence["uk"], sentence["en"]) for article in articles for sentence in article]
            compare_translation(model, pairs[:: max(1, len(pairs) // limit)][:limit], reference=reference)
    except UkrnlpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
