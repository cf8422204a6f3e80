"""Orthography: a golden table with negatives, then what must hold of any text."""

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.document import apply_edits, undo_edits
from ukrnlp.preprocess.unicode import clean, foreign_letters

GOLDEN = [
    tuple(field.encode("latin-1", "backslashreplace").decode("unicode-escape") for field in line.split("\t"))
    for line in (Path(__file__).parent / "golden" / "unicode.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
# characters that the rules know, so that random text meets them often
ALPHABET = st.text(
    st.one_of(
        st.sampled_from("абвії’ʼ'\"`aceioxyABC \n\r\u0301\u0306\u0308\u00ad\u200b\u200d\u00a0ÐÑРСЂîñ³ÿ«»“”„—-–👨📌"),
        st.characters(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(("rule", "before", "after"), GOLDEN, ids=[row[1][:30] for row in GOLDEN])
def test_golden(rule: str, before: str, after: str) -> None:
    edits = clean(before)
    assert apply_edits(before, edits) == after
    if rule == "none":
        assert edits == []
    else:
        assert any(rule in edit.rule.split("+") for edit in edits)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Він сказав: "Так"', "Він сказав: «Так»"),
        ("“Слуга народу” і „інші“", "«Слуга народу» і «інші»"),
        ('"Театр "Колесо" закрили"', "«Театр „Колесо“ закрили»"),
        ("«як є»", "«як є»"),
        ('5" екран', '5" екран'),
    ],
)
def test_quotes_on_demand(before: str, after: str) -> None:
    assert apply_edits(before, clean(before, quotes="unify")) == after
    assert clean(before) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Київ - столиця", "Київ – столиця"),
        ("- Так?\n— Ні.", "– Так?\n– Ні."),
        ("Харків -- місто", "Харків – місто"),
        ("прем'єр-міністр, 10-12", "прем'єр-міністр, 10-12"),
    ],
)
def test_dashes_on_demand(before: str, after: str) -> None:
    assert apply_edits(before, clean(before, dashes="unify")) == after
    assert clean(before) == []


def test_foreign_letters_are_reported_and_kept() -> None:
    text = "Сказав: «это мы», і пішов."
    assert foreign_letters(text) == ["это", "мы"]
    assert clean(text) == []


@given(ALPHABET)
@settings(max_examples=400, deadline=None)
def test_any_text(text: str) -> None:
    edits = clean(text, quotes="unify", dashes="unify")
    cleaned = apply_edits(text, edits)
    assert undo_edits(cleaned, edits) == text
    assert all(a.end <= b.start for a, b in pairwise(edits))
    assert all(edit.before != edit.after and edit.rule for edit in edits)
    assert len(cleaned) <= 3 * len(text)


@given(ALPHABET)
@settings(max_examples=400, deadline=None)
def test_idempotent(text: str) -> None:
    cleaned = apply_edits(text, clean(text))
    assert clean(cleaned) == []


@given(st.text(st.sampled_from("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'АБВ .,!?—–-«»\n0123456789"), max_size=80))
@settings(deadline=None)
def test_plain_ukrainian_stays(text: str) -> None:
    assert clean(text) == []


@given(ALPHABET)
@settings(max_examples=200, deadline=None)
def test_letters_are_lost_only_by_rules_that_say_so(text: str) -> None:
    for edit in clean(text):
        if edit.rule in ("lookalike", "apostrophe", "space"):
            assert len(edit.before) == len(edit.after)
        if edit.rule == "compose":
            assert unicodedata.normalize("NFC", edit.before) == edit.after


@pytest.mark.parametrize(
    "unit", ["'", "а’", "«„", "\u0301", "а\u0301\u0316", "aа", 'б"я', "Ð\x9f", "\u200d", "РЎ", "\r", "☃"]
)
def test_long_texts_of_one_kind_end(unit: str) -> None:
    text = unit * (200_000 // len(unit))  # work that grew with the square would take hours
    edits = clean(text, quotes="unify")
    assert undo_edits(apply_edits(text, edits), edits) == text
