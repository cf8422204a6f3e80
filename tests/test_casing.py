"""Names in small letters: the project's own test set, a golden table of edge cases, tables of names, properties."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.document import apply_edits, undo_edits
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess.casing import TABLE, bundled_table, load_table, restore

HERE = Path(__file__).parent
OWN = [
    json.loads(line)
    for line in (HERE.parent / "data" / "lowercase-names" / "test.jsonl").read_text(encoding="utf-8").splitlines()
]
GOLDEN = [
    line.split("\t")
    for line in (HERE / "golden" / "casing.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
WORDS = st.sampled_from(
    "росія росії рф РФ Росія російської федерації путін Путіна гру офіцер мінська мінську до у лаврова москва кремль "
    "днр та і , . - / # @ ` « » \n місто область заявив казані володимир в'ячеслав володін підмосков'я слово".split(" ")
)
TEXTS = st.lists(WORDS, max_size=25).flatmap(lambda words: st.sampled_from([" ", ""]).map(lambda gap: gap.join(words)))


@pytest.mark.parametrize("row", OWN, ids=[str(number) for number in range(len(OWN))])
def test_own_sentences(row: dict[str, str]) -> None:
    assert apply_edits(row["src"], restore(row["src"]).edits) == row["tgt"]


@pytest.mark.parametrize(("options", "before", "after"), GOLDEN, ids=[row[0] + row[1][:25] for row in GOLDEN])
def test_golden(options: str, before: str, after: str) -> None:
    keywords: dict[str, Any] = dict(option.split("=") for option in options.split())
    assert apply_edits(before, restore(before, **keywords).edits) == after


@pytest.mark.parametrize(
    ("text", "style", "small", "capital"),
    [
        ("У росії кажуть, що рф відступає.", "small", 2, 0),
        ("У Росії кажуть, що РФ відступає.", "capital", 0, 2),
        ("У Росії кажуть, що рф відступає.", "mixed", 1, 1),
        ("У Польщі дощить.", "none", 0, 0),
        ("Росія відступає.", "none", 0, 0),  # the first word is a capital anyway
        ("росія відступає.", "small", 1, 0),
        ("Бачили президента Володимира Путіна.", "capital", 0, 1),
    ],
)
def test_style(text: str, style: str, small: int, capital: int) -> None:
    found = restore(text)
    assert (found.style, found.small, found.capital) == (style, small, capital)


def test_off_counts_and_changes_nothing() -> None:
    found = restore("У росії кажуть, що РФ відступає.", names="off")
    assert (found.edits, found.style) == ((), "mixed")


def test_counts_by_name() -> None:
    meta = restore("Кажуть, що росія і Росія та рф — одне.").to_meta()
    assert meta["names"] == {"РФ": {"small": 1, "capital": 0}, "Росія": {"small": 1, "capital": 1}}


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text(text: str) -> None:
    edits = restore(text, names="all").edits
    restored = apply_edits(text, edits)
    assert undo_edits(restored, edits) == text
    assert restored.lower() == text.lower()
    assert all(a.end <= b.start for a, b in pairwise(edits))
    assert restore(restored, names="all").edits == ()


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_characters(text: str) -> None:
    edits = restore(text + "росія" + text, names="all").edits
    assert undo_edits(apply_edits(text + "росія" + text, edits), edits) == text + "росія" + text


def test_scanning_few_and_many_words_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(row["src"] for row in OWN)
    many = restore(text)
    monkeypatch.setattr("ukrnlp.preprocess.casing._FEW", 10_000)
    assert restore(text) == many


@pytest.mark.parametrize("unit", ["росія ", "гру ", "мінська ", "росія/", "росія-", "`росія", "л/днр", "#росія "])
def test_long_texts_of_one_kind_end(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    edits = restore(text).edits
    assert undo_edits(apply_edits(text, edits), edits) == text


def test_levels_lie_within_each_other() -> None:
    aggressor, states, everything = (bundled_table(level).by_word.keys() for level in ("aggressor", "states", "all"))
    assert aggressor < states < everything


def test_own_table(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("# comment\nМордор\taggressor\tstate\t\tМордор|Мордору|Мордором\n", encoding="utf-8")
    found = restore("Пішли з мордору, а росія лишилась.", table=load_table(path))
    assert [edit.after for edit in found.edits] == ["Мордору"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Мордор\taggressor\tstate\tМордор", "line 2: 4 fields"),
        ("Мордор\tworld\tstate\t\tМордор", "line 2: level 'world' is unknown"),
        ("Мордор\taggressor\tstate\tnowhere\tМордор", "line 2: context 'nowhere' is unknown"),
        ("Мордор\taggressor\tstate\t\tМордор|", "line 2: '' is no form"),
        ("Мордор\taggressor\tstate\t\tмордор", "line 2: 'мордор' has no capital letter"),
        ("Мордор\taggressor\tstate\t\tМордор?", "line 2: 'Мордор?' asks for a context"),
    ],
)
def test_bad_table_names_the_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(f"# comment\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_table(path)
    assert message in str(caught.value)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_table(tmp_path / "none.tsv")


def test_no_form_leads_two_ways() -> None:
    """Every bundled form restores to itself, whatever other names share its words."""
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        for form in line.split("\t")[4].split("|"):
            if not form.endswith("?"):
                assert apply_edits(form.lower(), restore(form.lower(), names="all").edits) == form


def test_the_table_is_made_of_the_seeds() -> None:
    seeds = HERE.parent / "data" / "lowercase-names" / "seeds.tsv"
    names = {
        line.split("\t")[0].replace("~", "")
        for line in seeds.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    assert names == {line.split("\t")[0] for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]}
