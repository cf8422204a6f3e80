"""All rules together, the stage, and the algebra of edits."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.document import Document, Edit, apply_edits, undo_edits
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess.edits import chain, move
from ukrnlp.preprocess.normalize import Normalizer, normalize

ARTICLE = (
    "date 2025-10-31\nКИЇВ, 31 жовтня. УНН. Уночі ро\u00adсія вдарила по об’єктах енергетики, повідомляє Укрінформ з "
    "посиланням на ДСНС. У мінську та москві мовчать. «Це терор», – сказав прем’єр.\nЧитайте також: Інше\n"
    "Підписуйтесь на канал #росія"
)
PIECES = st.sampled_from(
    ["росія", "рф", "Росії", "’", "'", '"', "\u00ad", "\u0301", "и\u0306", "i", "a", "pосія", " ", "\n", ". ", "об",
     "єкт", "гру", "КИЇВ, 31 жовтня. ", "Про це пише УНН. ", ", передає УНН.", "Як пише УНН, росія", "#", "Фото: УНН",
     "слово", "-"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join)
OPTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "names": st.sampled_from(["aggressor", "states", "all", "off"]),
        "credits": st.sampled_from(["keep", "cut"]),
        "quotes": st.sampled_from(["keep", "unify"]),
        "dashes": st.sampled_from(["keep", "unify"]),
        "hashtags": st.sampled_from(["keep", "restore"]),
    },
)


def test_article() -> None:
    result = normalize(ARTICLE)
    assert "Уночі Росія вдарила по об'єктах" in result.text
    assert "У Мінську та Москві мовчать." in result.text
    assert "#росія" in result.text
    assert [e.rule for e in result.edits] == [
        "invisible+casing", "apostrophe", "casing", "casing", "apostrophe"
    ]  # fmt: skip
    assert result.meta["casing"]["style"] == "small"
    assert (result.meta["casing"]["small"], result.meta["casing"]["capital"]) == (3, 0)
    assert result.meta["language"] == "uk"
    wire = result.meta["newswire"]
    assert (wire["date"], wire["agency"], wire["source"]) == ("2025-10-31", "УНН", "ДСНС")
    for span in wire["spans"]:
        part = result.text[span["start"] : span["end"]]
        assert part.strip() == part != ""
    json.dumps(result.meta)


def test_cut_article() -> None:
    result = normalize(ARTICLE, credits="cut")
    assert result.text == (
        "Уночі Росія вдарила по об'єктах енергетики. У Мінську та Москві мовчать. «Це терор», – сказав прем'єр."
    )
    assert undo_edits(result.text, result.edits) == ARTICLE
    assert result.meta["newswire"]["agency"] == "УНН"
    assert all(span["end"] <= len(result.text) for span in result.meta["newswire"]["spans"])


def test_a_cut_statement_begins_with_a_capital() -> None:
    result = normalize("Як пише УНН, вночі росія мовчала.", credits="cut")
    assert result.text == "Вночі Росія мовчала."


@given(TEXTS, OPTIONS)
@settings(max_examples=500, deadline=None)
def test_any_text(text: str, options: dict[str, Any]) -> None:
    result = normalize(text, **options)
    assert apply_edits(text, result.edits) == result.text
    assert undo_edits(result.text, result.edits) == text
    assert all(a.end <= b.start for a, b in pairwise(result.edits))
    for span in result.meta["newswire"]["spans"]:
        assert 0 <= span["start"] < span["end"] <= len(result.text)
    json.dumps(result.meta)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_idempotent(text: str) -> None:
    assert normalize(normalize(text).text).edits == ()


def test_stage_keeps_text_and_the_callers_meta() -> None:
    docs = [
        Document("у росії", meta={"language": "mine", "casing": "mine"}),
        Document("это не мы, а они"),
        Document(""),
    ]
    Normalizer()(docs)
    assert [doc.text for doc in docs] == ["у росії", "это не мы, а они", ""]
    assert [doc.normalized for doc in docs] == ["у Росії", "это не мы, а они", ""]
    assert docs[0].meta["language"] == docs[0].meta["casing"] == "mine"
    assert docs[0].meta["newswire"]["date"] is None
    assert docs[1].warnings and "Russian" in docs[1].warnings[0]
    assert docs[2].warnings == ()


def test_foreign_letters_are_warned_of() -> None:
    result = normalize("Він сказав: «Это мы», і пішов додому, де його чекали.")
    assert result.edits == ()
    assert "2 words" in result.warnings[0] and "Это, мы" in result.warnings[0]


@pytest.mark.parametrize("option", ["names", "credits", "quotes", "dashes", "hashtags"])
def test_unknown_values_are_refused(option: str) -> None:
    wrong: dict[str, Any] = {option: "sideways"}
    with pytest.raises(ConfigError, match=f"{option}='sideways' is unknown; choose one of"):
        Normalizer(**wrong)


def test_own_table(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("Мордор\taggressor\tstate\t\tМордор|Мордору\n", encoding="utf-8")
    assert normalize("з мордору в росію", table=path).text == "з Мордору в росію"


def test_imports_nothing_heavy() -> None:
    code = (
        "import sys; from ukrnlp.preprocess.normalize import normalize; normalize('у росії. Так.');"
        "print(*(m for m in ('torch', 'transformers', 'ctranslate2', 'sentencepiece', 'numpy', 'ftfy', 'tokenize_uk')"
        " if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


EDITS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.text("xyz", max_size=3)), max_size=6)


def edits_of(text: str, plan: list[tuple[int, int, str]], rule: str) -> list[Edit]:
    edits = []
    position = 0
    for gap, size, after in plan:
        start = position + gap
        before = text[start : start + size]
        if start <= len(text) and before != after:
            edits.append(Edit(start, before, after, rule))
            position = start + max(size, 1)
    return edits


@given(st.text("abcdef", max_size=20), EDITS, EDITS)
@settings(max_examples=1000, deadline=None)
def test_chain_does_two_steps_in_one(text: str, plan_a: list[Any], plan_b: list[Any]) -> None:
    first = edits_of(text, plan_a, "a")
    middle = apply_edits(text, first)
    second = edits_of(middle, plan_b, "b")
    last = apply_edits(middle, second)
    both = chain(first, second)
    assert apply_edits(text, both) == last
    assert undo_edits(last, both) == text


def test_chain_joins_rules_that_meet() -> None:
    assert chain([Edit(2, "\u00ad", "", "invisible")], [Edit(0, "росія", "Росія", "casing")]) == [
        Edit(0, "ро\u00adсія", "Росія", "invisible+casing")
    ]


@given(st.text("abcdef", max_size=20), EDITS)
@settings(deadline=None)
def test_move_follows_kept_characters(text: str, plan: list[Any]) -> None:
    edits = edits_of(text, plan, "a")
    after = apply_edits(text, edits)
    offsets = list(range(len(text) + 1))
    moved = move(offsets, edits)
    assert all(0 <= m <= len(after) for m in moved)
    touched = {i for e in edits for i in range(e.start, e.end)}
    for offset, place in zip(offsets[:-1], moved, strict=False):
        if offset not in touched:
            assert after[place] == text[offset]
