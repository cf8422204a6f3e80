"""Figures that carry their sample size, 95 % interval and signature: chrF++, BLEU, ROUGE, macro-F1, calibration.

Every measure is first a table of sums, one row an item (`Statistics`), so that one bootstrap serves all of them:
`score` gives a figure with its interval, `compare` two systems on the same items.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ukrnlp.errors import InputError, MissingExtraError

Table = NDArray[np.float64]
RESAMPLES = 1000
SEED = 12345
BINS = 10

_WORD = re.compile(r"[^\W_]+(?:['’ʼ‘`-][^\W_]+)*")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘`", "'"))
_UKRAINIAN = re.compile(r"[а-щьюяєіїґ'-]+")
_VOWEL = re.compile(r"[аеиіоуюяєї]")

# Case endings of nouns and adjectives. Endings of verbs would eat stems of nouns (канал-и, школ-а).
_ENDINGS = sorted(
    (
        *("еннями", "аннями", "іннями", "енням", "анням", "інням", "еннях", "аннях", "іннях", "ення", "енню", "ання"),
        *("анню", "іння", "інню", "ень", "ань", "інь", "остями", "остей", "остям", "остях", "ість", "ості", "істю"),
        *("ами", "ями", "ові", "еві", "єві", "іями", "ією", "іям", "іях", "ія", "ії", "ію", "ою", "ею", "єю"),
        *("ів", "їв", "ам", "ям", "ах", "ях", "ом", "ем", "єм", "їй", "їм", "їх", "ої"),
        *("ього", "ьому", "ьою", "ьої", "ого", "ому", "ими", "їми", "ий", "ій", "им", "ім", "их"),
        *("а", "я", "е", "є", "і", "ї", "о", "у", "ю", "и", "ь", "й"),
    ),
    key=len,
    reverse=True,
)
_STEM_LETTERS = 3
STEMMER = "uk-light-1"
TOKENIZER = "unicode-words-1"


@dataclass(frozen=True, slots=True)
class Score:
    """One figure: `value` on all `n` items, the 95 % interval `low`..`high`, and how it came about.

    `signature` names library, tokenizer, options, resamples and seed, so that two figures can be told comparable.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    signature: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"

    def to_dict(self) -> dict[str, Any]:
        """The score as plain values, ready for `json.dumps`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """System a minus system b on the same items: difference, its 95 % interval, and a two-sided p-value."""

    name: str
    difference: float
    low: float
    high: float
    p: float
    n: int
    signature: str

    def __str__(self) -> str:
        return f"{self.name} {self.difference:+.3f} [{self.low:+.3f}, {self.high:+.3f}] p={self.p:.4f} n={self.n}"

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values, ready for `json.dumps`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a measure needs of each item: `table` (items x sums) and `figure`, from rows of sums to values.

    `unit` says what one row is; a bootstrap draws units.
    """

    name: str
    table: Table
    figure: Callable[[Table], Table]
    signature: str
    unit: str = "item"

    def __post_init__(self) -> None:
        if self.table.ndim != 2 or not len(self.table):
            raise InputError(f"{self.name}: found no items; give at least one")

    def grouped(self, groups: Sequence[Hashable], unit: str) -> Statistics:
        """Add up the rows of one group, so that whole groups (sentences of an article) are drawn together.

        Raises:
            InputError: there is not one group an item.
        """
        if len(groups) != len(self.table):
            raise InputError(f"{self.name}: {len(groups)} groups for {len(self.table)} items; give one an item")
        numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
        table = np.zeros((len(numbers), self.table.shape[1]))
        np.add.at(table, [numbers[group] for group in groups], self.table)
        return Statistics(self.name, table, self.figure, self.signature, unit)


def score(statistics: Statistics, *, resamples: int = RESAMPLES, seed: int = SEED) -> Score:
    """The figure of `statistics` with the 2.5 and 97.5 percentiles of `resamples` bootstrap draws (Efron 1979)."""
    value = float(statistics.figure(statistics.table.sum(axis=0, keepdims=True))[0])
    drawn = statistics.figure(_draws(len(statistics.table), resamples, seed) @ statistics.table)
    low, high = (float(bound) for bound in np.percentile(drawn, (2.5, 97.5)))
    return Score(
        statistics.name,
        value,
        low,
        high,
        len(statistics.table),
        _signature(statistics, resamples, seed),
    )


def compare(a: Statistics, b: Statistics, *, resamples: int = RESAMPLES, seed: int = SEED) -> Comparison:
    """Paired bootstrap (Koehn 2004): both systems on the same drawn items; `p` is two-sided.

    Raises:
        InputError: the two were not measured by one measure on the same number of items.
    """
    if (a.name, a.signature, a.unit, len(a.table)) != (b.name, b.signature, b.unit, len(b.table)):
        raise InputError(
            f"cannot compare {a.name} ({a.signature}, {len(a.table)} of {a.unit}) with {b.name} ({b.signature}, "
            f"{len(b.table)} of {b.unit}): measure both the same way on the same items"
        )
    draws = _draws(len(a.table), resamples, seed)
    whole = (s.figure(s.table.sum(axis=0, keepdims=True))[0] for s in (a, b))
    difference = float(next(whole) - next(whole))
    drawn = a.figure(draws @ a.table) - b.figure(draws @ b.table)
    low, high = (float(bound) for bound in np.percentile(drawn, (2.5, 97.5)))
    tail = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (tail + 1) / (resamples + 1))
    return Comparison(a.name, difference, low, high, p, len(a.table), _signature(a, resamples, seed))


def _draws(n: int, resamples: int, seed: int) -> Table:
    """How often each of `n` items is drawn, `resamples` x `n`."""
    if resamples < 1:
        raise InputError(f"resamples is {resamples}; it must be 1 or more")
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def _signature(statistics: Statistics, resamples: int, seed: int) -> str:
    return f"{statistics.signature}|bootstrap:ukrnlp-percentile|unit:{statistics.unit}|bs:{resamples}|seed:{seed}"


def _check_pairs(name: str, left: Sequence[object], right: Sequence[object]) -> None:
    if len(left) != len(right):
        raise InputError(f"{name}: {len(left)} outputs for {len(right)} references; give one an item")
    if not left:
        raise InputError(f"{name}: found no items; give at least one")


# -- translation ------------------------------------------------------------------------------------------------------


def chrf_statistics(hypotheses: Sequence[str], references: Sequence[str]) -> Statistics:
    """Corpus chrF++ (word order 2) of sacrebleu, 0..100, as sentence statistics.

    Raises:
        InputError: the lists differ in length or are empty.
        MissingExtraError: sacrebleu is not installed.
    """
    return _sacrebleu("chrF++", _metrics().CHRF(word_order=2), hypotheses, references)


def bleu_statistics(hypotheses: Sequence[str], references: Sequence[str], *, tokenize: str = "13a") -> Statistics:
    """Corpus BLEU of sacrebleu, 0..100, as sentence statistics; raises as `chrf_statistics` does."""
    return _sacrebleu("BLEU", _metrics().BLEU(tokenize=tokenize), hypotheses, references)


def chrf(
    hypotheses: Sequence[str], references: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Score:
    """Corpus chrF++ with its interval; see `chrf_statistics`."""
    return score(chrf_statistics(hypotheses, references), resamples=resamples, seed=seed)


def bleu(
    hypotheses: Sequence[str], references: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Score:
    """Corpus BLEU with its interval; see `bleu_statistics`."""
    return score(bleu_statistics(hypotheses, references), resamples=resamples, seed=seed)


def _metrics() -> Any:
    try:
        from sacrebleu import metrics
    except ImportError as error:
        raise MissingExtraError("measuring translation", "eval") from error
    return metrics


def _sacrebleu(name: str, metric: Any, hypotheses: Sequence[str], references: Sequence[str]) -> Statistics:
    _check_pairs(name, hypotheses, references)
    # sacrebleu gives sentence statistics by underscored methods alone; tests hold our sums to its corpus_score
    table = np.array(metric._extract_corpus_statistics(list(hypotheses), [list(references)]), dtype=np.float64)

    def figure(sums: Table) -> Table:
        return np.array([metric._compute_score_from_stats(row.tolist()).score for row in sums])

    return Statistics(name, table, figure, f"sacrebleu|{metric.get_signature()}", "sentence")


# -- summaries --------------------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """Lower-cased words and numbers of any script; hyphen and apostrophe join, apostrophes become one.

    >>> words("Прем’єр-міністр: «24 тис.»")
    ["прем'єр-міністр", '24', 'тис']
    """
    return [word.translate(_APOSTROPHES) for word in _WORD.findall(text.lower())]


def stem(word: str) -> str:
    """A light stem of a lower-cased Ukrainian word: one ending off, three letters with a vowel kept.

    Words of other scripts come back as they are. It makes case forms meet; it is no lemmatiser.

    >>> [stem(word) for word in ("росія", "росії", "росією", "york")]
    ['рос', 'рос', 'рос', 'york']
    """
    if not _UKRAINIAN.fullmatch(word):
        return word
    base = word[:-2] if word.endswith(("ся", "сь")) and len(word) > _STEM_LETTERS + 2 else word
    for ending in _ENDINGS:
        rest = base[: -len(ending)]
        if base.endswith(ending) and len(rest) >= _STEM_LETTERS and _VOWEL.search(rest):
            return rest.rstrip("ь")
    return base


def rouge_statistics(
    candidates: Sequence[str], references: Sequence[str], *, kind: str = "L", stems: bool = True
) -> Statistics:
    """Mean F1 of ROUGE-1, -2 or -L (Lin 2004), 0..1, over Unicode words and, with `stems`, Ukrainian stems.

    ROUGE-L is the longest common subsequence of the whole texts. Two texts without a word score 1, one such text 0.

    Raises:
        InputError: unknown `kind`, or the lists differ in length or are empty.
    """
    if kind not in ("1", "2", "L"):
        raise InputError(f"ROUGE kind is {kind!r}; allowed: '1', '2', 'L'")
    name = f"ROUGE-{kind}"
    _check_pairs(name, candidates, references)
    cut = (lambda text: [stem(word) for word in words(text)]) if stems else words
    rows = [_rouge_f1(cut(c), cut(r), kind) for c, r in zip(candidates, references, strict=True)]
    signature = f"ukrnlp|rouge{kind}:f1|tok:{TOKENIZER}|stem:{STEMMER if stems else 'no'}"
    return mean_statistics(name, rows, signature=signature)


def rouge(
    candidates: Sequence[str],
    references: Sequence[str],
    *,
    kind: str = "L",
    stems: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Score:
    """ROUGE with its interval; see `rouge_statistics`.

    >>> rouge(["Росія відкинула план"], ["Росія відкинула план"], kind="2").value
    1.0
    """
    statistics = rouge_statistics(candidates, references, kind=kind, stems=stems)
    return score(statistics, resamples=resamples, seed=seed)


def _rouge_f1(candidate: Sequence[str], reference: Sequence[str], kind: str) -> float:
    if not candidate or not reference:
        return float(not candidate and not reference)
    if kind == "L":
        shared, left, right = lcs_length(candidate, reference), len(candidate), len(reference)
    else:
        size = int(kind)
        if min(len(candidate), len(reference)) < size:
            # too short for a pair of words: equal texts still are equal
            return float(list(candidate) == list(reference))
        a, b = (Counter(zip(*(side[i:] for i in range(size)), strict=False)) for side in (candidate, reference))
        shared, left, right = (a & b).total(), a.total(), b.total()
    return 2 * shared / (left + right)


def lcs_length(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence, bit-parallel (Hyyrö 2004).

    >>> lcs_length("росія", "рясо")
    2
    """
    places: dict[Hashable, int] = {}
    for i, item in enumerate(a):
        places[item] = places.get(item, 0) | 1 << i
    full = (1 << len(a)) - 1
    row = full
    for item in b:
        met = row & places.get(item, 0)
        row = ((row + met) | (row - met)) & full
    return len(a) - row.bit_count()


# -- shares and means -------------------------------------------------------------------------------------------------


def mean_statistics(name: str, values: Sequence[float], *, signature: str = "ukrnlp|mean") -> Statistics:
    """The mean of one value an item (a truth value counts 0 or 1)."""
    column = np.asarray(values, dtype=np.float64)
    return Statistics(name, np.column_stack((column, np.ones_like(column))), _ratio, signature)


def ratio_statistics(
    name: str, parts: Sequence[float], wholes: Sequence[float], *, signature: str = "ukrnlp|ratio-of-sums"
) -> Statistics:
    """Sum of `parts` over sum of `wholes`, as terms kept over terms in the source; 0 where nothing could be kept."""
    _check_pairs(name, parts, wholes)
    return Statistics(name, np.column_stack((parts, wholes)).astype(np.float64), _ratio, signature)


def _ratio(sums: Table) -> Table:
    parts, wholes = sums[:, 0], sums[:, 1]
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


# -- labels -----------------------------------------------------------------------------------------------------------


def macro_f1_statistics(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Statistics:
    """Mean over `labels` of their F1, 0..1; a label neither given nor guessed counts 0, as in scikit-learn.

    Raises:
        InputError: the lists differ in length or are empty, or a value is not among `labels`.
    """
    table = _confusion_rows("macro-F1", gold, predicted, labels)
    signature = f"ukrnlp|macro-f1|labels:{','.join(labels)}"
    return Statistics("macro-F1", table, lambda sums: _label_f1(sums, len(labels)).mean(axis=1), signature)


def macro_f1(
    gold: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Score:
    """Macro-F1 with its interval; see `macro_f1_statistics`."""
    return score(macro_f1_statistics(gold, predicted, labels), resamples=resamples, seed=seed)


def label_f1(
    gold: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, Score]:
    """F1 of each label with its interval; raises as `macro_f1_statistics` does."""
    table = _confusion_rows("F1", gold, predicted, labels)

    def one(number: int) -> Callable[[Table], Table]:
        return lambda sums: _label_f1(sums, len(labels))[:, number]

    return {
        label: score(
            Statistics(f"F1 {label}", table, one(number), f"ukrnlp|f1|label:{label}"), resamples=resamples, seed=seed
        )
        for number, label in enumerate(labels)
    }


def confusion(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Counts, gold label by row and predicted label by column, in the order of `labels`."""
    rows = _confusion_rows("confusion", gold, predicted, labels)
    counts: NDArray[np.int64] = rows.sum(axis=0).reshape(len(labels), len(labels)).astype(np.int64)
    return counts


def _confusion_rows(name: str, gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Table:
    _check_pairs(name, predicted, gold)
    numbers = {label: number for number, label in enumerate(labels)}
    if unknown := sorted({*gold, *predicted} - numbers.keys()):
        raise InputError(f"{name}: found label {unknown[0]!r}; allowed: {', '.join(labels)}")
    table = np.zeros((len(gold), len(labels) ** 2))
    cells = [numbers[g] * len(labels) + numbers[p] for g, p in zip(gold, predicted, strict=True)]
    table[np.arange(len(gold)), cells] = 1
    return table


def _label_f1(sums: Table, labels: int) -> Table:
    """F1 by label (rows x labels) from flattened confusion counts (rows x labels squared)."""
    counts = sums.reshape(-1, labels, labels)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    both = counts.sum(axis=1) + counts.sum(axis=2)
    scores: Table = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0)
    return scores


def set_f1_statistics(gold: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]]) -> Statistics:
    """F1 of numbers chosen (evidence sentences) over all items together, 0..1.

    Raises:
        InputError: the lists differ in length or are empty.
    """
    _check_pairs("set-F1", predicted, gold)
    pairs = [(set(g), set(p)) for g, p in zip(gold, predicted, strict=True)]
    doubled = [2 * len(g & p) for g, p in pairs]
    sizes = [len(g) + len(p) for g, p in pairs]
    return ratio_statistics("set-F1", doubled, sizes, signature="ukrnlp|set-f1:micro")


def set_f1(
    gold: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Score:
    """Set-F1 with its interval; see `set_f1_statistics`."""
    return score(set_f1_statistics(gold, predicted), resamples=resamples, seed=seed)


# -- calibration ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of a reliability table: `n` items of like confidence, their mean confidence, the share that was right."""

    n: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], correct: Sequence[bool], *, bins: int = BINS) -> list[Bin]:
    """Items in `bins` groups of equal count (to one) by rising confidence; empty groups are left out.

    Raises:
        InputError: the lists differ in length or are empty, or a confidence is outside 0..1.
    """
    held, right = _calibration_input(confidences, correct, bins)
    order = np.argsort(held, kind="stable")
    return [
        Bin(len(part), float(held[part].mean()), float(right[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def calibration_error(
    confidences: Sequence[float],
    correct: Sequence[bool],
    *,
    bins: int = BINS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Score:
    """Expected calibration error over bins of equal count, 0..1, with a bootstrap interval over items.

    Resampling adds noise to every bin, so the interval sits somewhat above the figure where that is small. Raises as
    `reliability` does.
    """
    held, right = _calibration_input(confidences, correct, bins)
    n = len(held)
    # blocks keep memory at a few tens of megabytes whatever the number of items
    block = max(1, 2_000_000 // n)
    rng = np.random.default_rng(seed)
    drawn = [
        _calibration_errors(held[index], right[index], bins)
        for start in range(0, resamples, block)
        for index in (rng.integers(n, size=(min(block, resamples - start), n)),)
    ]
    value = float(_calibration_errors(held[None], right[None], bins)[0])
    low, high = (float(bound) for bound in np.percentile(np.concatenate(drawn), (2.5, 97.5)))
    signature = f"ukrnlp|ece|bins:{bins}-equal-count|bootstrap:ukrnlp-percentile|unit:item|bs:{resamples}|seed:{seed}"
    return Score("ECE", value, low, high, n, signature)


def _calibration_input(confidences: Sequence[float], correct: Sequence[bool], bins: int) -> tuple[Table, Table]:
    _check_pairs("ECE", confidences, correct)
    if bins < 1:
        raise InputError(f"bins is {bins}; it must be 1 or more")
    held, right = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if not ((held >= 0) & (held <= 1)).all():
        raise InputError("ECE: found a confidence outside 0..1; give the probability of the label chosen")
    return held, right


def _calibration_errors(held: Table, right: Table, bins: int) -> Table:
    """One error a row of `held` and `right` (rows x items)."""
    order = np.argsort(held, axis=1, kind="stable")
    gaps = np.take_along_axis(held - right, order, axis=1)
    n = gaps.shape[1]
    starts = [int(part[0]) for part in np.array_split(np.arange(n), bins) if len(part)]
    errors: Table = np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1) / n
    return errors


def table(scores: Mapping[str, Sequence[Score]]) -> str:
    """A Markdown table, one row a key and score."""
    lines = ["| set | measure | value | 95 % | n | signature |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {key} | {s.name} | {s.value:.3f} | {s.low:.3f}..{s.high:.3f} | {s.n} | `{s.signature}` |"
        for key, row in scores.items()
        for s in row
    ]
    return "\n".join(lines)
