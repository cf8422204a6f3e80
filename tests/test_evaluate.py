"""Figures: golden values, agreement with sacrebleu and scikit-learn, properties of the bootstrap."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from ukrnlp import evaluate
from ukrnlp.errors import InputError, MissingExtraError

LABELS = ("against", "favor", "neutral")
HYPOTHESES = ["The cat sat on the mat.", "Ukraine signs the agreement", "24 drones were shot down", "It rains"]
REFERENCES = [
    "The cat is on the mat.",
    "Ukraine signed an agreement",
    "Twenty-four drones were downed",
    "It is raining",
]

texts = st.text(alphabet="абвгії'єю 24", max_size=30)


def test_chrf_and_bleu_are_sacrebleus() -> None:
    chrf, bleu = evaluate.chrf(HYPOTHESES, REFERENCES), evaluate.bleu(HYPOTHESES, REFERENCES)
    assert chrf.value == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES], word_order=2).score, abs=1e-9)
    assert bleu.value == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score, abs=1e-9)
    assert chrf.low <= chrf.value <= chrf.high
    assert chrf.n == 4
    assert "nw:2" in chrf.signature
    assert "tok:13a" in bleu.signature
    assert "bs:1000|seed:12345" in chrf.signature


def test_the_seed_decides_the_interval() -> None:
    first, again = (evaluate.chrf(HYPOTHESES, REFERENCES, seed=7) for _ in range(2))
    other = evaluate.chrf(HYPOTHESES, REFERENCES, seed=8)
    assert first == again
    assert first.value == other.value
    assert first.signature != other.signature


def test_interval_agrees_with_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    got = evaluate.score(evaluate.mean_statistics("mean", values.tolist()))
    half = 1.96 * values.std() / 20
    assert got.low == pytest.approx(values.mean() - half, abs=0.002)
    assert got.high == pytest.approx(values.mean() + half, abs=0.002)


def test_missing_sacrebleu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtraError, match=r"ukrnlp\[eval\]"):
        evaluate.chrf(HYPOTHESES, REFERENCES)


def test_compare_finds_the_better_system() -> None:
    rng = np.random.default_rng(1)
    base = rng.uniform(0.2, 0.6, 200)
    better = evaluate.mean_statistics("m", (base + rng.normal(0.05, 0.05, 200)).tolist())
    worse = evaluate.mean_statistics("m", base.tolist())
    found = evaluate.compare(better, worse)
    assert found.low > 0
    assert found.p < 0.01
    assert evaluate.compare(worse, worse).p == 1
    with pytest.raises(InputError, match="measure both the same way"):
        evaluate.compare(worse, evaluate.mean_statistics("other", base.tolist()))


def test_groups_are_drawn_together() -> None:
    statistics = evaluate.mean_statistics("m", [0.0] * 40 + [1.0] * 40)
    grouped = statistics.grouped([number // 8 for number in range(80)], "article")
    single, whole = evaluate.score(statistics), evaluate.score(grouped)
    assert single.value == whole.value == 0.5
    assert whole.n == 10
    assert whole.high - whole.low > single.high - single.low
    assert "unit:article" in whole.signature
    with pytest.raises(InputError, match="3 groups for 80 items"):
        statistics.grouped([1, 2, 3], "article")


# -- ROUGE ------------------------------------------------------------------------------------------------------------

UNLIKE = ("Росія обстріляла 24 селища", "Курс долара зріс до 24 гривень")


@pytest.mark.parametrize(
    ("candidate", "reference", "kind", "expected"),
    [
        ("Росія відкинула мирний план", "Росія відкинула мирний план", "1", 1.0),
        ("Росія відкинула мирний план", "Росія відкинула мирний план", "2", 1.0),
        ("Росія відкинула мирний план", "Росія відкинула мирний план", "L", 1.0),
        # the default tokenizer of rouge_score finds only "24" in both, and calls them equal
        (*UNLIKE, "1", 2 / 10),
        (*UNLIKE, "2", 0.0),
        (*UNLIKE, "L", 2 / 10),
        # case forms meet by their stems
        ("путін відвідав росію", "Путіна зустріли в Росії", "1", 4 / 7),
        # order counts in L alone
        ("Київ Львів Одеса", "Одеса Київ Львів", "1", 1.0),
        ("Київ Львів Одеса", "Одеса Київ Львів", "L", 2 / 3),
        # apostrophes of any sort are one letter
        ("м’ята сім'я", "мʼята сім’я", "1", 1.0),
        ("", "", "L", 1.0),
        ("", "слово", "1", 0.0),
        ("Так", "Так", "2", 1.0),
        ("Так", "Ні", "2", 0.0),
        ("The plan was rejected", "The plan was rejected", "2", 1.0),
    ],
)
def test_rouge_on_known_pairs(candidate: str, reference: str, kind: str, expected: float) -> None:
    assert evaluate.rouge([candidate], [reference], kind=kind).value == pytest.approx(expected)


def test_rouge_names_tokenizer_and_stemmer() -> None:
    signature = evaluate.rouge(["а"], ["а"]).signature
    assert "tok:unicode-words-1|stem:uk-light-1" in signature
    assert "stem:no" in evaluate.rouge(["а"], ["а"], stems=False).signature
    with pytest.raises(InputError, match="allowed: '1', '2', 'L'"):
        evaluate.rouge(["а"], ["а"], kind="S")


@pytest.mark.parametrize(
    "forms",
    [
        "росія росії росією росію",
        "міністр міністра міністром міністрові міністри міністрів міністрам міністрами міністрах",
        "український українського українська українською українські українських українськими",
        "рішення рішенням рішень рішеннях",
        "безпека безпеки безпекою безпеку",
        "канал каналу канали каналів каналами",
        "школа школи школу школою",
        "станція станції станцією станцій станціями",
        "незалежність незалежності незалежністю",
    ],
)
def test_case_forms_share_a_stem(forms: str) -> None:
    assert len({evaluate.stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "pair", ["рада радіо", "росія росте", "план планета", "москва москіт", "зе за", "стан станція"]
)
def test_other_words_keep_other_stems(pair: str) -> None:
    first, second = pair.split()
    assert evaluate.stem(first) != evaluate.stem(second)


@given(texts, texts)
def test_rouge_is_symmetric_and_bounded(a: str, b: str) -> None:
    for kind in "12L":
        forth, back = (float(evaluate.rouge_statistics([x], [y], kind=kind).table[0, 0]) for x, y in ((a, b), (b, a)))
        assert forth == back
        assert 0 <= forth <= 1
        assert evaluate.rouge_statistics([a], [a], kind=kind).table[0, 0] == 1


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12))
def test_lcs_is_the_table_method(a: list[int], b: list[int]) -> None:
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            rows[i + 1][j + 1] = rows[i][j] + 1 if x == y else max(rows[i][j + 1], rows[i + 1][j])
    assert evaluate.lcs_length(a, b) == rows[-1][-1]


# -- labels -----------------------------------------------------------------------------------------------------------

pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)


@settings(deadline=None)
@given(pairs)
def test_macro_f1_is_scikit_learns(items: list[tuple[str, str]]) -> None:
    gold, predicted = (list(side) for side in zip(*items, strict=True))
    expected = f1_score(gold, predicted, labels=LABELS, average=None, zero_division=0)
    got = evaluate.macro_f1(gold, predicted, LABELS, resamples=20)
    assert got.value == pytest.approx(expected.mean())
    assert 0 <= got.low <= got.high <= 1
    by_label = evaluate.label_f1(gold, predicted, LABELS, resamples=20)
    assert [by_label[label].value for label in LABELS] == pytest.approx(list(expected))
    counts = evaluate.confusion(gold, predicted, LABELS)
    assert (counts == confusion_matrix(gold, predicted, labels=LABELS)).all()


def test_an_unknown_label_is_said() -> None:
    with pytest.raises(InputError, match=r"found label 'pro'; allowed: against, favor, neutral"):
        evaluate.macro_f1(["favor"], ["pro"], LABELS)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([[0, 1]], [[0, 1]], 1.0),
        ([[0, 1]], [[0]], 2 / 3),
        ([[0], [2, 3]], [[1], [2, 3]], 2 / 3),
        ([[]], [[]], 0.0),
        ([[], [1]], [[], [1]], 1.0),
        ([[1]], [[1, 1]], 1.0),
    ],
)
def test_set_f1(gold: list[list[int]], predicted: list[list[int]], expected: float) -> None:
    assert evaluate.set_f1(gold, predicted).value == pytest.approx(expected)


# -- calibration ------------------------------------------------------------------------------------------------------


def test_calibration_on_a_made_table() -> None:
    # ten bins of ten; the first is 0.3 too sure, the others exact
    confidences = [0.4] * 10 + [0.5] * 90
    correct = [True] + [False] * 9 + [True, False] * 45
    got = evaluate.calibration_error(confidences, correct)
    assert got.value == pytest.approx(0.03)
    assert "bins:10-equal-count" in got.signature
    table = evaluate.reliability(confidences, correct)
    assert [row.n for row in table] == [10] * 10
    assert table[0].accuracy == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 12))
def test_calibration_error_is_the_sum_over_its_table(items: list[tuple[float, bool]], bins: int) -> None:
    confidences, correct = (list(side) for side in zip(*items, strict=True))
    table = evaluate.reliability(confidences, correct, bins=bins)
    by_table = sum(row.n * abs(row.confidence - row.accuracy) for row in table) / len(items)
    got = evaluate.calibration_error(confidences, correct, bins=bins, resamples=10)
    assert got.value == pytest.approx(by_table, abs=1e-9)
    assert max(row.n for row in table) - min(row.n for row in table) <= 1


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_outside_its_range_is_refused(confidence: float) -> None:
    with pytest.raises(InputError, match=r"outside 0\.\.1"):
        evaluate.calibration_error([confidence], [True])


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "right"), [([], []), (["а"], []), (["а"], ["а", "б"])])
def test_unequal_or_empty_lists_are_refused(left: list[str], right: list[str]) -> None:
    for measure in (evaluate.chrf, evaluate.bleu, evaluate.rouge):
        with pytest.raises(InputError, match=r"no items|outputs for"):
            measure(left, right)


def test_a_share_of_nothing_is_zero() -> None:
    assert evaluate.score(evaluate.ratio_statistics("terms kept", [0, 0], [0, 0])).value == 0
    assert evaluate.score(evaluate.ratio_statistics("terms kept", [1, 2], [2, 2])).value == 0.75


def test_table_has_a_row_a_score() -> None:
    rows = evaluate.table({"dev": [evaluate.rouge(["а б"], ["а б"], kind="1")]}).splitlines()
    assert rows[2].startswith("| dev | ROUGE-1 | 1.000 | 1.000..1.000 | 1 | `ukrnlp|rouge1:f1|")
