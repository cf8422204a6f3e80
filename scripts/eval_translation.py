"""Translate a test set and measure it: chrF++, BLEU and what the guards find, with 95 % intervals, whole and by part.

A set is a JSON lines file of news (`sentences: [{"uk": ..., "en": ...}]`, `topic`, `style`, `lower`) or a pair of text
files, one sentence a line. Scores go into the file that --results names, beside those of other sets.

    python scripts/eval_translation.py --model uk-en --news dev.jsonl --dataset own-news --split dev
    python scripts/eval_translation.py --model uk-en --source flores.uk --reference flores.en --dataset flores-200
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from ukrnlp import __version__, evaluate
from ukrnlp.cards import Result, add_results, results_table
from ukrnlp.engines.seq2seq import Seq2Seq, load_seq2seq
from ukrnlp.errors import InputError, UkrnlpError
from ukrnlp.tasks.guards import doubts
from ukrnlp.tasks.numbers import missing, numbers

GUARDS = f"ukrnlp {__version__}|guards"
KINDS = ("number invented", "name lost", "empty", "repetition", "length", "script", "copied")
CHUNK = 256  # sentences between two lines of progress


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence with its reference, the unit that a bootstrap draws, and the parts that it counts in."""

    source: str
    reference: str
    unit: str
    parts: tuple[str, ...] = field(default=())


def news_items(path: Path, source: str, target: str) -> list[Item]:
    """The sentences of a news file with their topic, style and case of names as parts."""
    items = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        names = "small letters" if row["lower"] else "usual letters"
        parts = (f"topic {row['topic']}", f"style {row['style']}", f"names in {names}")
        items += [Item(pair[source], pair[target], row["id"], parts) for pair in row["sentences"]]
    return items


def text_items(source: Path, reference: Path, rows: str | None) -> list[Item]:
    """The pairs of two text files, `rows` such as 1-1813 of them."""
    sides = [path.read_text(encoding="utf-8").removesuffix("\n").split("\n") for path in (source, reference)]
    if len(sides[0]) != len(sides[1]):
        raise InputError(f"{source} has {len(sides[0])} lines, {reference} {len(sides[1])}; give files of one length")
    first, last = (int(number) for number in rows.split("-")) if rows else (1, len(sides[0]))
    pairs = list(zip(*sides, strict=True))[first - 1 : last]
    return [Item(s, r, str(number)) for number, (s, r) in enumerate(pairs, first)]


def translate(engine: Seq2Seq, texts: Sequence[str]) -> list[str]:
    """Translate in chunks with progress; a sentence over the model's length counts as an empty output, and is said."""
    lengths = engine.lengths(texts)
    fits = [text if length <= engine.max_length else "" for text, length in zip(texts, lengths, strict=True)]
    if lost := sum(length > engine.max_length for length in lengths):
        print(f"{lost} sentences exceed {engine.max_length} pieces and count as empty outputs", file=sys.stderr)
    begun = time.perf_counter()
    outputs: list[str] = []
    for start in range(0, len(fits), CHUNK):
        outputs += engine(fits[start : start + CHUNK])
        spent = time.perf_counter() - begun
        print(f"{len(outputs)}/{len(fits)} sentences, {len(outputs) / spent:.1f} a second", file=sys.stderr)
    return outputs


def measure(items: Sequence[Item], outputs: Sequence[str], *, least: int) -> list[tuple[str, evaluate.Score]]:
    """Scores of the whole set and of every part of `least` sentences or more."""
    parts = dict.fromkeys(("all", *sorted({part for item in items for part in item.parts})))
    found = []
    for part in parts:
        chosen = [i for i, item in enumerate(items) if part == "all" or part in item.parts]
        if part != "all" and len(chosen) < least:
            continue
        units = [items[i].unit for i in chosen]
        unit = "article" if len(set(units)) < len(units) else "sentence"
        for make in (evaluate.chrf_statistics, evaluate.bleu_statistics):
            statistics = make([outputs[i] for i in chosen], [items[i].reference for i in chosen])
            found.append((part, evaluate.score(statistics.grouped(units, unit))))
    return found


def doubted(items: Sequence[Item], outputs: Sequence[str], langs: tuple[str, str]) -> list[evaluate.Score]:
    """What the guards say of outputs: numbers kept, and the share of sentences with each kind of doubt."""
    source_lang, target_lang = langs
    wanted = [[number for number in numbers(item.source, source_lang) if number.digits] for item in items]
    kept = [
        len(mine) - len(missing(mine, numbers(output, target_lang)))
        for mine, output in zip(wanted, outputs, strict=True)
    ]
    found = [
        {doubt.kind for doubt in doubts(item.source, output, source_lang=source_lang, target_lang=target_lang)}
        for item, output in zip(items, outputs, strict=True)
    ]
    tables = [evaluate.ratio_statistics("numbers kept", kept, list(map(len, wanted)), signature=GUARDS)]
    tables += [evaluate.mean_statistics("flagged", [float(bool(kinds)) for kinds in found], signature=GUARDS)]
    tables += [
        evaluate.mean_statistics(kind, [float(kind in kinds) for kinds in found], signature=GUARDS) for kind in KINDS
    ]
    units = [item.unit for item in items]
    unit = "article" if len(set(units)) < len(units) else "sentence"
    return [evaluate.score(table.grouped(units, unit)) for table in tables]


def main(
    model: Annotated[str, typer.Option(help="name or directory of a model")],
    dataset: Annotated[str, typer.Option(help="what the card calls the set")],
    news: Annotated[Path | None, typer.Option(help="JSON lines of news")] = None,
    source: Annotated[Path | None, typer.Option(help="text to translate, a sentence a line")] = None,
    reference: Annotated[Path | None, typer.Option(help="its translation, a sentence a line")] = None,
    rows: Annotated[str | None, typer.Option(help="lines of the text files, such as 1-1813")] = None,
    split: Annotated[str, typer.Option(help="which split this is")] = "test",
    direction: Annotated[str, typer.Option(help="uk-en or en-uk")] = "uk-en",
    engine: Annotated[str, typer.Option(help="auto, ctranslate2 or transformers")] = "auto",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    compute_type: Annotated[
        str | None, typer.Option(help="of ctranslate2; float32 is exact", show_default="int8_float32")
    ] = None,
    beam: Annotated[int, typer.Option(min=1, help="beam size")] = 4,
    limit: Annotated[int | None, typer.Option(min=1, help="measure the first N sentences alone")] = None,
    least: Annotated[int, typer.Option(help="sentences that a part needs to be shown")] = 50,
    threads: Annotated[int | None, typer.Option(min=1, show_default="all cores")] = None,
    results: Annotated[Path | None, typer.Option(help="results.json to write; without it nothing is written")] = None,
    output: Annotated[Path | None, typer.Option(help="where the outputs go, as JSON lines")] = None,
) -> None:
    """Measure a translation model on one test set."""
    try:
        first, second = languages(direction)
        if news is not None:
            items = news_items(news, first, second)
        elif source is not None and reference is not None:
            items = text_items(source, reference, rows)
        else:
            raise InputError("no test set: give --news, or --source and --reference")
        items = items[:limit]
        translator = load_seq2seq(
            model,
            engine=engine,
            device=device,
            source_lang=first,
            target_lang=second,
            compute_type=compute_type,
            threads=threads,
            beam_size=beam,
        )
        outputs = translate(translator, [item.source for item in items])
        scores = measure(items, outputs, least=least)
    except UkrnlpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error

    kind = engine if engine != "auto" else "ctranslate2" if device == "cpu" else "transformers"
    numbers_as = f" {compute_type or 'int8_float32'}" if kind == "ctranslate2" else ""
    system = f"{kind}{numbers_as}, beam {beam}"
    command = shlex.join(["python", "scripts/eval_translation.py", *public_arguments(sys.argv[1:])])
    found = [
        Result("translation", dataset, split, system, command, score, part, model=translator.model)
        for part, score in scores
    ]
    langs = (first, second)
    checked = {system: (outputs, True), "reference": ([item.reference for item in items], False)}
    found += [
        Result("translation", dataset, split, name, command, score, own=own, model=translator.model if own else "")
        for name, (texts, own) in checked.items()
        for score in doubted(items, texts, langs)
    ]
    print(results_table(found))
    print(f"\nchrF++ {scores[0][1].signature}\nBLEU   {scores[1][1].signature}")
    if output is not None:
        with output.open("w", encoding="utf-8") as stream:
            for item, text in zip(items, outputs, strict=True):
                row = {"source": item.source, "output": text, "reference": item.reference, "unit": item.unit}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    if results is not None:
        add_results(results, found)


def languages(direction: str) -> tuple[str, str]:
    """Source and target of a direction such as uk-en."""
    if direction not in ("uk-en", "en-uk"):
        raise InputError(f"direction is {direction!r}; allowed: uk-en, en-uk")
    source, target = direction.split("-")
    return source, target


def public_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments with directories left out: a card names files, not where one machine keeps them."""
    return [Path(a).name if a.startswith(("/", "../")) else a for a in arguments]


if __name__ == "__main__":
    typer.run(main)
