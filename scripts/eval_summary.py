"""Measure summaries: ROUGE-1, -2 and -L beside lead-1/2/3, TextRank and the best single sentence, with 95 % intervals.

    python scripts/eval_summary.py --news dev.jsonl --results models/uk-reader/results.json
    python scripts/eval_summary.py --headlines headlines.jsonl

A news file holds `sentences` and `summary`; a headline file `text` and `summary`.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ukrnlp import evaluate
from ukrnlp.cards import Result, add_results, results_table
from ukrnlp.document import Document, Sentence
from ukrnlp.engines.encoder import load_reader
from ukrnlp.errors import InputError, UkrnlpError
from ukrnlp.preprocess.normalize import Normalizer
from ukrnlp.preprocess.sentences import SentenceSplitter
from ukrnlp.tasks.summarize import Summarizer

LEADS = (1, 2, 3)


def news_documents(path: Path) -> tuple[list[Document], list[str]]:
    """Articles with the file's own sentences, and their authored summaries."""
    docs, references = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts = [pair["uk"] for pair in row["sentences"]]
        starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
        sentences = tuple(Sentence(t, start) for t, start in zip(texts, starts, strict=False))
        text = " ".join(texts)
        docs.append(Document(text, id=row["id"], normalized=text, sentences=sentences))
        references.append(row["summary"]["uk"])
    return docs, references


def headline_documents(path: Path) -> tuple[list[Document], list[str]]:
    """Texts, normalised and split as users' texts are, and their headlines."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    docs = [Document(row["text"]) for row in rows]
    Normalizer()(docs)
    SentenceSplitter()(docs)
    return docs, [row["summary"] for row in rows]


def lead(docs: Sequence[Document], count: int) -> list[str]:
    """The first `count` sentences of each document."""
    return [" ".join(s.text for s in (doc.sentences or ())[:count]) for doc in docs]


def textrank(docs: Sequence[Document]) -> list[str]:
    """The sentence of each document that TextRank (Mihalcea and Tarau 2004) ranks first, over shared stems."""
    return [max(zip(rank(doc), doc.sentences or (), strict=True), key=lambda x: x[0])[1].text for doc in docs]


def rank(doc: Document, *, damping: float = 0.85, rounds: int = 30) -> list[float]:
    """TextRank's weight of each sentence."""
    stems = [{evaluate.stem(w) for w in evaluate.words(s.text)} for s in doc.sentences or ()]
    links = np.array(
        [
            [len(a & b) / (np.log(len(a) + 1) + np.log(len(b) + 1) or 1) if a is not b else 0 for b in stems]
            for a in stems
        ]
    )
    links = links / np.maximum(links.sum(axis=1, keepdims=True), 1e-9)
    weights = np.full(len(stems), 1 / len(stems))
    for _ in range(rounds):
        weights = (1 - damping) / len(stems) + damping * links.T @ weights
    return [float(w) for w in weights]


def oracle(docs: Sequence[Document], references: Sequence[str]) -> list[str]:
    """The sentence of each document with the best ROUGE-L: what choosing one sentence can reach."""
    best = []
    for doc, reference in zip(docs, references, strict=True):
        texts = [s.text for s in doc.sentences or ()]
        scores = evaluate.rouge_statistics(texts, [reference] * len(texts)).table[:, 0]
        best.append(texts[int(scores.argmax())])
    return best


def outputs_of(stage: Summarizer, docs: Sequence[Document]) -> list[str]:
    """The stage's summaries."""
    stage(docs)
    return [doc.summary.text if doc.summary else "" for doc in docs]


def public_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments with directories left out: a card names files, not where one machine keeps them."""
    return [Path(a).name if a.startswith(("/", "../")) else a for a in arguments]


def main(
    news: Annotated[Path | None, typer.Option(help="JSON lines of news with summaries")] = None,
    headlines: Annotated[Path | None, typer.Option(help="JSON lines of texts and headlines")] = None,
    model: Annotated[str, typer.Option(help="name or directory of a reader")] = "uk-reader",
    dataset: Annotated[str, typer.Option(help="what the card calls the set")] = "summary-news-uk",
    split: Annotated[str, typer.Option(help="which split this is")] = "dev",
    engine: Annotated[str, typer.Option(help="auto, ctranslate2 or transformers")] = "auto",
    threads: Annotated[int, typer.Option(help="of the engine")] = 1,
    results: Annotated[Path | None, typer.Option(help="results.json to write; without it nothing is written")] = None,
    output: Annotated[Path | None, typer.Option(help="where the default summaries go, as JSON lines")] = None,
) -> None:
    """Measure the summaries of a reader, through the stage that users run."""
    try:
        if (news is None) == (headlines is None):
            raise InputError("give one of --news and --headlines")
        docs, references = news_documents(news) if news else headline_documents(headlines or Path())
        reader = load_reader(model, engine=engine, threads=threads)
        scorer = reader.sentence_scorer
        default = outputs_of(Summarizer(scorer, model=reader.model), docs)
        one = outputs_of(Summarizer(scorer, sentences=1, model=reader.model, compress=False), docs)
        two = outputs_of(Summarizer(scorer, sentences=2, model=reader.model), docs)
    except UkrnlpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    command = shlex.join(["python", "scripts/eval_summary.py", *public_arguments(sys.argv[1:])])
    systems = {
        "default": default,
        "one sentence, whole": one,
        "two sentences": two,
        **{f"lead-{n}": lead(docs, n) for n in LEADS},
        "TextRank, one sentence": textrank(docs),
        "best single sentence": oracle(docs, references),
    }
    found = []
    for system, texts in systems.items():
        own = texts in (default, one, two)
        for kind in ("1", "2", "L"):
            score = evaluate.rouge(texts, references, kind=kind)
            name = reader.model if own else ""
            found.append(
                Result("summarization", dataset, split, system, command, score, own=system == "default", model=name)
            )
    print(results_table(found))
    for system, texts in systems.items():
        words = np.mean([len(text.split()) for text in texts])
        print(f"{system}: {words:.1f} words")
    best = max(LEADS, key=lambda n: evaluate.rouge(systems[f"lead-{n}"], references).value)
    for system in ("default", "one sentence, whole", "two sentences"):
        difference = evaluate.compare(
            evaluate.rouge_statistics(systems[system], references),
            evaluate.rouge_statistics(systems[f"lead-{best}"], references),
        )
        print(
            f"{system} - lead-{best}: ROUGE-L {difference.difference:+.4f} "
            f"({difference.low:+.4f}..{difference.high:+.4f})"
        )
    if output is not None:
        with output.open("w", encoding="utf-8") as stream:
            for doc, text, reference in zip(docs, default, references, strict=True):
                row = {"id": doc.id, "summary": text, "reference": reference}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    if results is not None:
        add_results(results, found)


if __name__ == "__main__":
    typer.run(main)
