"""Rows, lines and pages of documents."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.document import (
    Document,
    Edit,
    Sentence,
    StageError,
    Stance,
    StanceLabel,
    Summary,
    Translation,
    apply_edits,
)
from ukrnlp.explain import diff, explain
from ukrnlp.pages import markdown_page, text_page
from ukrnlp.render import flat, json_line, row, sentence_lines, sentences_in_line, stance_lines, stances_in_line

TEXT = "date 2025-10-31\n\nУдар по росії\n\nЦе *новина* про москву і росію. Кінець."


@pytest.fixture
def doc():
    edits = tuple(
        Edit(TEXT.index(before), before, before.capitalize(), rule)
        for before, rule in (("росії", "casing"), ("москву", "apostrophe+casing"), ("росію", "casing"))
    )
    text = apply_edits(TEXT, edits)
    starts = [text.index(part) for part in ("Удар", "Це", "Кінець")]
    sentences = tuple(Sentence(text[a:b].strip(), a) for a, b in zip(starts, [*starts[1:], len(text)], strict=True))
    scores = {StanceLabel.FAVOR: 0.05, StanceLabel.AGAINST: 0.9, StanceLabel.NEUTRAL: 0.05}
    return Document(
        TEXT,
        id="a.txt",
        meta={"newswire": {"date": "2025-10-31", "agency": "УНН", "spans": [{"kind": "date", "start": 0, "end": 15}]}},
        targets=("Росія",),
        normalized=text,
        edits=edits,
        sentences=sentences,
        translation=Translation("Strike\n\nThis. End.", "en", ("Strike", "This.", "End."), "uk-en", ("doubted",)),
        summary=Summary("Удар по Росії", "uk", "reader", (0,)),
        stances=(Stance("Росія", StanceLabel.AGAINST, scores, (1, 0), "reader", ("weak",)),),
        warnings=("a warning",),
        errors=(StageError("summarize", "ModelError", "a failure"),),
    )


FIELDS = {
    "text": None,
    "id": None,
    "lang": None,
    "meta": None,
    "normalized": None,
    "edits": ["start", "before", "after", "rule"],
    "sentences": ["text", "start"],
    "targets": None,
    "translation": ["text", "lang", "sentences", "model", "warnings"],
    "summary": ["text", "lang", "model", "sources", "warnings"],
    "stances": ["target", "label", "scores", "evidence", "model", "warnings"],
    "warnings": None,
    "errors": ["stage", "kind", "message"],
}


def test_json_row_has_the_documented_fields_in_order(doc):
    found = json.loads(json_line(doc))
    assert list(found) == list(FIELDS)
    for name, inner in FIELDS.items():
        if inner:
            value = found[name][0] if isinstance(found[name], list) else found[name]
            assert list(value) == inner
    assert found["stances"][0]["label"] == "against"
    assert found["stances"][0]["scores"] == {"favor": 0.05, "against": 0.9, "neutral": 0.05}
    assert found["stances"][0]["evidence"] == [1, 0]


def test_json_row_of_a_fresh_document_has_null_for_what_has_not_run():
    assert [name for name, value in row(Document("x")).items() if value is None] == [
        "normalized",
        "sentences",
        "translation",
        "summary",
        "stances",
    ]


@given(st.text())
def test_json_line_is_one_line_for_every_reader_and_loses_nothing(text):
    line = json_line(Document(text))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["text"] == text
    line.encode()  # no half characters


@given(st.text())
def test_flat_is_one_line_for_every_reader(text):
    assert len(flat(text).splitlines()) <= 1
    assert len(flat(text)) == len(text.replace("\r\n", "\n"))


def test_lines_of_sentences_and_stances(doc):
    assert sentence_lines(doc).split("\n")[0] == "Удар по Росії"
    assert sentences_in_line(doc).count("\t") == 2
    assert stance_lines(doc) == "Росія\tagainst\t0.90\t1,0"
    assert stances_in_line(doc) == "Росія\tagainst\t0.90"


def test_text_page_without_colour_marks_names_with_brackets(doc):
    page = text_page(doc, width=60, color=False)
    assert "\x1b" not in page
    assert page.startswith("Удар по Росії\n2025-10-31 · УНН · a.txt\n")
    for part in (
        "Удар по [Росії]",
        "про [Москву] і [Росію]",
        "росії → Росії, москву → Москву, росію → Росію",
        "English",
        "This. End.",
        "against  0.90   This.",
        "a warning",
        "translation: doubted",
        "Росія: weak",
        "summarize failed: a failure",
    ):
        assert part in page
    assert all(len(line) <= 60 and line == line.rstrip() for line in page.split("\n"))


def test_text_page_in_colour_has_no_brackets(doc):
    page = text_page(doc, width=60, color=True)
    assert "\x1b[1;32mРосії\x1b[0m" in page
    assert "[Росії]" not in page


@pytest.mark.parametrize("width", [40, 60, 200])
def test_text_page_fits_any_width_and_loses_no_word(doc, width):
    page = text_page(doc, width=width, color=False)
    assert max(map(len, page.split("\n"))) <= width
    words = "".join(page.split())
    assert all(word.strip(".") in words for word in ("новина", "Кінець", "against"))


def test_markdown_page_escapes_text_and_marks_names(doc):
    page = markdown_page(doc)
    for part in (
        "# Удар по Росії\n",
        "Це \\*новина\\* про **Москву** і **Росію**",
        "| Росія | against | 0.90 | This. |",
        "- a warning\n",
    ):
        assert part in page


def test_page_shows_no_date_header_as_evidence(doc):
    header = Sentence("date 2025-10-31", 0)
    doc.sentences = (header, *doc.sentences)
    doc.translation = replace(doc.translation, sentences=("date", *doc.translation.sentences))
    doc.stances = (replace(doc.stances[0], evidence=(0, 2)),)
    assert "against  0.90   This." in text_page(doc, width=60, color=False)


@pytest.mark.parametrize("make", [lambda d: text_page(d, width=60, color=False), markdown_page])
def test_page_of_a_bare_or_empty_document(make):
    assert make(Document("")).strip() in ("Untitled", "# Untitled")
    assert make(Document("", id="a.txt", normalized="", sentences=(), stances=()))


def test_explain_shows_edited_lines_side_by_side(doc):
    page = explain(doc, width=100, color=False)
    assert "Удар по [росії]" in page
    assert "Удар по [Росії]" in page
    assert "apostrophe+casing, casing" in page
    assert "date" not in page
    assert explain(Document("x"), width=80, color=False) == "no edits\n"


def test_explain_spells_out_what_cannot_be_seen():
    doc = Document("а\u00adб\nв\u00a0г", edits=(Edit(1, "\u00ad", "", "invisible"), Edit(5, "\u00a0", " ", "space")))
    page = explain(doc, width=100, color=False)
    assert "а[<U+00AD>]б" in page
    assert "а[]б" in page
    assert "в[<U+00A0>]г" in page


def test_explain_joins_lines_that_an_edit_joins():
    doc = Document("а\r\nб\nв", edits=(Edit(1, "\r\n", "\n", "line-end"),))
    assert "[<U+000D><U+000A>]" in explain(doc, width=100, color=False)


def test_diff_is_unified_and_empty_for_equal_texts(doc):
    lines = diff(doc, color=False).split("\n")
    assert "-Удар по росії" in lines
    assert "+Удар по Росії" in lines
    assert diff(Document("x"), color=True) == ""
    assert "\x1b[32m+Удар по Росії\x1b[0m" in diff(doc, color=True)
