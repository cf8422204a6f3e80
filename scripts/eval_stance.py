"""Measure stance on a news file: macro-F1, F1 by label, evidence, calibration, each with a 95 % interval.

    python scripts/eval_stance.py --news dev.jsonl --results models/uk-reader/results.json
    python scripts/eval_stance.py --news dev.jsonl --train train.jsonl --probe
    python scripts/eval_stance.py --news dev.jsonl --calibrate

`--train` adds baselines that learn from a file (TF-IDF and logistic regression), `--probe` asks what the model leans
on, `--calibrate` writes the temperature that fits the file into the model's config.json.
"""

from __future__ import annotations

import json
import random
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from ukrnlp import evaluate
from ukrnlp.cards import Result, add_results, results_table
from ukrnlp.document import Document, Edit, Sentence, Stance, StanceLabel
from ukrnlp.engines.encoder import PairReader, PairReading, load_reader
from ukrnlp.errors import UkrnlpError
from ukrnlp.evaluate import Score
from ukrnlp.preprocess.normalize import Normalizer
from ukrnlp.tasks.stance import StanceClassifier
from ukrnlp.tasks.targets import Text, mentions, read_aliases, words_of

LABELS = tuple(str(label) for label in StanceLabel)
FOLDS = 5
TEMPERATURES = np.geomspace(0.3, 5, 200)


@dataclass(frozen=True, slots=True)
class Item:
    """A target in an article with its label and evidence, and the parts that it counts in."""

    doc: int
    target: str
    label: str
    evidence: tuple[int, ...]
    parts: tuple[str, ...]


def read_news(path: Path) -> list[dict[str, Any]]:
    """Rows of a news file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def document(row: dict[str, Any], normalizer: Normalizer) -> Document:
    """The article, normalised sentence by sentence, so that the file's own sentences stay the units."""
    raw, normalized = "", ""
    edits: list[Edit] = []
    sentences: list[Sentence] = []
    for pair in row["sentences"]:
        gap = " " if raw else ""
        found = normalizer.normalize(pair["uk"])
        edits += [replace(edit, start=edit.start + len(raw + gap)) for edit in found.edits]
        sentences.append(Sentence(found.text, len(normalized + gap)))
        raw, normalized = raw + gap + pair["uk"], normalized + gap + found.text
    targets = tuple(stance["target_uk"] for stance in row["stances"])
    return Document(
        raw, id=row["id"], targets=targets, normalized=normalized, edits=tuple(edits), sentences=tuple(sentences)
    )


def read_items(rows: Sequence[dict[str, Any]]) -> list[Item]:
    """All targets of all articles."""
    aliases = read_aliases()
    items = []
    for i, row in enumerate(rows):
        text = Text.of(pair["uk"] for pair in row["sentences"])
        for stance in row["stances"]:
            found = mentions(stance["target_uk"], text, aliases)
            kind = "named" if found.named else "called to mind" if found.evoked else "not mentioned"
            names = "small letters" if row["lower"] else "usual letters"
            parts = (f"style {row['style']}", f"names in {names}", f"target {kind}")
            items.append(Item(i, stance["target_uk"], stance["label"], tuple(stance["evidence"]), parts))
    return items


class Memory:
    """A pair reader that reads no pair twice, for stages that differ in what they make of the readings."""

    def __init__(self, reader: PairReader) -> None:
        self.reader, self.max_length = reader, reader.max_length
        self.lengths = reader.lengths
        self.known: dict[tuple[str, tuple[str, ...]], PairReading] = {}

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[PairReading]:
        """Readings of the pairs."""
        keys = [(target, tuple(sentences)) for target, sentences in pairs]
        new = [key for key in dict.fromkeys(keys) if key not in self.known]
        self.known.update(zip(new, self.reader(new), strict=True))
        return [self.known[key] for key in keys]


def judge(stage: StanceClassifier, docs: Sequence[Document]) -> list[Stance]:
    """All stances, in the order of the items."""
    stage(docs)
    return [stance for doc in docs for stance in doc.stances or ()]


def logits_of(stances: Sequence[Stance], temperature: float) -> NDArray[np.float64]:
    """Label logits before the temperature, up to a constant a row."""
    scores = np.array([[stance.scores[label] for label in StanceLabel] for stance in stances])
    return np.asarray(temperature * np.log(np.clip(scores, 1e-12, 1)), dtype=np.float64)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of logits to rows of probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def fit_temperature(logits: NDArray[np.float64], gold: NDArray[np.int64]) -> float:
    """The temperature of least log loss, from a fine grid."""
    losses = [-np.log(softmax(logits / t)[np.arange(len(gold)), gold]).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def cross_fitted(logits: NDArray[np.float64], gold: NDArray[np.int64], groups: Sequence[int]) -> NDArray[np.float64]:
    """Probabilities of each item under a temperature that was fitted on other articles."""
    out = np.zeros_like(logits)
    fold = np.array([group % FOLDS for group in groups])
    for k in range(FOLDS):
        out[fold == k] = softmax(logits[fold == k] / fit_temperature(logits[fold != k], gold[fold != k]))
    return out


def measure(
    items: Sequence[Item], stances: Sequence[Stance], temperature: float, *, least: int
) -> list[tuple[str, Score]]:
    """Scores of the whole file, and macro-F1 of every part of `least` items or more."""
    gold, found = [item.label for item in items], [str(stance.label) for stance in stances]
    numbers = np.array([LABELS.index(label) for label in gold])
    probabilities = cross_fitted(logits_of(stances, temperature), numbers, [item.doc for item in items])
    right = probabilities.argmax(axis=1) == numbers
    scores = [
        ("all", macro_f1(items, gold, found)),
        *(("all", score) for score in evaluate.label_f1(gold, found, LABELS).values()),
        (
            "all",
            replace(evaluate.set_f1([i.evidence for i in items], [s.evidence for s in stances]), name="evidence F1"),
        ),
        ("all", evaluate.calibration_error(probabilities.max(axis=1).tolist(), right.tolist())),
    ]
    for part in sorted({part for item in items for part in item.parts}):
        chosen = [i for i, item in enumerate(items) if part in item.parts]
        if len(chosen) >= least:
            few = [items[i] for i in chosen]
            scores.append((part, macro_f1(few, [gold[i] for i in chosen], [found[i] for i in chosen])))
    return scores


def macro_f1(items: Sequence[Item], gold: Sequence[str], found: Sequence[str]) -> Score:
    """Macro-F1 with an interval over articles."""
    statistics = evaluate.macro_f1_statistics(gold, found, LABELS)
    return evaluate.score(statistics.grouped([str(item.doc) for item in items], "article"))


def baselines(train: Sequence[dict[str, Any]], news: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Labels by the commonest label of the training file, and by logistic regression over TF-IDF.

    The regression sees the target's name alone, or the sentences near the target (all, where it is not mentioned).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    aliases = read_aliases()

    def near(row: dict[str, Any], target: str) -> str:
        sentences = [pair["uk"] for pair in row["sentences"]]
        found = mentions(target, Text.of(sentences), aliases)
        return " ".join(sentences[i] for i in (*found.named, *found.evoked)) or " ".join(sentences)

    def table(
        rows: Iterable[dict[str, Any]], text: Callable[[dict[str, Any], str], str]
    ) -> tuple[list[str], list[str]]:
        pairs = [(text(row, s["target_uk"]), s["label"]) for row in rows for s in row["stances"]]
        return [t for t, _ in pairs], [label for _, label in pairs]

    labels = [s["label"] for row in train for s in row["stances"]]
    commonest = Counter(labels).most_common(1)[0][0]
    out = {"majority": [commonest] * sum(len(row["stances"]) for row in news)}
    views: dict[str, Callable[[dict[str, Any], str], str]] = {
        "target name, TF-IDF": lambda row, target: target,
        "sentences near, TF-IDF": near,
    }
    for name, view in views.items():
        model = make_pipeline(
            TfidfVectorizer(tokenizer=words_of, token_pattern=None, ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            LogisticRegression(C=3, max_iter=1000),
        )
        out[name] = [str(x) for x in model.fit(*table(train, view)).predict(table(news, view)[0])]
    return out


def probes(stage: StanceClassifier, restored: StanceClassifier, docs: Sequence[Document], items: Sequence[Item]) -> str:
    """What the model leans on: the target masked, names restored, a target of another article."""
    gold = [item.label for item in items]
    blank = [replace(doc, targets=("це",) * len(doc.targets)) for doc in docs]
    masked = macro_f1(items, gold, [str(s.label) for s in judge(stage, blank)])
    capital = macro_f1(items, gold, [str(s.label) for s in judge(restored, docs)])
    rng = random.Random(1)
    strangers = [replace(doc, targets=tuple(rng.choice(items).target for _ in doc.targets)) for doc in docs]
    swapped = judge(stage, strangers)
    apart = [s for s in swapped if "not mentioned" in s.warnings]
    neutral = sum(s.label is StanceLabel.NEUTRAL for s in apart)
    return "\n".join(
        [
            f"target masked: macro-F1 {masked.value:.3f} ({masked.low:.3f}..{masked.high:.3f})",
            f"names restored: macro-F1 {capital.value:.3f} ({capital.low:.3f}..{capital.high:.3f})",
            f"targets of other articles, not mentioned: {neutral} of {len(apart)} neutral",
        ]
    )


def thresholds(items: Sequence[Item], docs: Sequence[Document], make: Callable[[float], StanceClassifier]) -> str:
    """Evidence F1 by threshold."""
    rows = []
    for threshold in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6):
        found = judge(make(threshold), docs)
        rows.append(
            f"{threshold}: {evaluate.set_f1([i.evidence for i in items], [s.evidence for s in found]).value:.3f}"
        )
    return "evidence F1 by threshold: " + ", ".join(rows)


def public_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments with directories left out: a card names files, not where one machine keeps them."""
    return [Path(a).name if a.startswith(("/", "../")) else a for a in arguments]


def main(
    news: Annotated[Path, typer.Option(help="JSON lines of news with stances")],
    model: Annotated[str, typer.Option(help="name or directory of a reader")] = "uk-reader",
    dataset: Annotated[str, typer.Option(help="what the card calls the set")] = "stance-news-uk",
    split: Annotated[str, typer.Option(help="which split this is")] = "dev",
    engine: Annotated[str, typer.Option(help="auto, ctranslate2 or transformers")] = "auto",
    threads: Annotated[int, typer.Option(help="of the engine")] = 1,
    least: Annotated[int, typer.Option(help="items that a part needs to be shown")] = 40,
    train: Annotated[Path | None, typer.Option(help="JSON lines of news to train baselines on")] = None,
    probe: Annotated[bool, typer.Option(help="ask what the model leans on")] = False,
    calibrate: Annotated[bool, typer.Option(help="write the temperature that fits this file")] = False,
    results: Annotated[Path | None, typer.Option(help="results.json to write; without it nothing is written")] = None,
) -> None:
    """Measure the stance of a reader, through the stage that users run."""
    try:
        rows = read_news(news)
        reader = load_reader(model, engine=engine, threads=threads)
        normalizer = Normalizer()
        docs, items = [document(row, normalizer) for row in rows], read_items(rows)
        read = Memory(reader.pair_reader)
        stage = StanceClassifier(read, model=reader.model)
        stances = judge(stage, docs)
    except UkrnlpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    temperature = reader.heads.temperature
    command = shlex.join(["python", "scripts/eval_stance.py", *public_arguments(sys.argv[1:])])

    def result(part: str, score: Score, system: str, *, own: bool = True) -> Result:
        name = reader.model if own else ""
        return Result("text-classification", dataset, split, system, command, score, part, own=own, model=name)

    found = [result(part, score, "reader") for part, score in measure(items, stances, temperature, least=least)]
    gold = [item.label for item in items]
    if train is not None:
        for name, labels in baselines(read_news(train), rows).items():
            found.append(result("all", macro_f1(items, gold, labels), name, own=False))
    second = [stance.get("label2") for row in rows for stance in row["stances"]]
    if all(second):
        found.append(result("all", macro_f1(items, gold, [str(x) for x in second]), "second annotation", own=False))
    print(results_table(found))
    print(evaluate.confusion(gold, [str(s.label) for s in stances], LABELS))
    if probe:
        restored = StanceClassifier(read, model=reader.model, spelling="restored")
        print(probes(stage, restored, docs, items))
        print(thresholds(items, docs, lambda t: StanceClassifier(read, model=reader.model, threshold=t)))
    numbers = np.array([LABELS.index(label) for label in gold])
    fitted = fit_temperature(logits_of(stances, temperature), numbers)
    print(f"temperature: {temperature:.3f} in use, {fitted:.3f} fits this file")
    if calibrate:
        path = Path(model) / "config.json" if Path(model).is_dir() else Path("models") / model / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        config["ukrnlp"]["temperature"] = round(fitted, 3)
        path.write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if results is not None:
        add_results(results, found)


if __name__ == "__main__":
    typer.run(main)
