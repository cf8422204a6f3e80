"""Sentence boundaries: a golden table with negatives, parity with tokenize_uk, what must hold of any text."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenize_uk import tokenize_sents_with_spans

from ukrnlp.document import Document
from ukrnlp.preprocess import sentences as module
from ukrnlp.preprocess.sentences import SentenceSplitter, join, split

# `|` marks a boundary where the text has a space
BOUNDARIES = [
    "Росія мовчить.|Про це пише УНН.",
    "Він живе на вул. Шевченка, 5, у м. Києві.|Там тихо.",
    "Збитки сягнули 5 млн грн. на рік, тобто 2 тис. грн. на людину.",
    "Закон від 31.10.2025 підписано.|Він діє.",
    "В. О. Зеленський приїхав до м. Львова.",
    "Указ підписав В. Зеленський.|Документ чинний.",
    "За ст. 111 ККУ (див. також ст. 112) загрожує строк.",
    "Купили хліб, сіль, воду і т. д. за списком.",
    "Були яблука, груші тощо.|Усе з'їли.",
    "Школа ім. Лесі Українки відкрита.|Діти раді.",
    "Слово «кремль» (англ. Kremlin, нім. Kreml) давнє.",
    "«Ми не здамося», – сказав він.|Зала встала.",
    "«Ми не здамося!» – сказав він.",
    "«Чи буде дощ?» – питає видання.",
    "Що робити?|Чекати.",
    "Зачекай... я зараз.",
    "Він подумав…|Потім пішов.",
    "Ціна 3.5 долара, версія 2.0.1 вийшла.",
    "Пишіть на press@example.com.|Ми відповімо.",
    "Адреса https://example.com/a.b?c=d. не працює",
    "Народився 1975 р. у Харкові.",
    "У 2022 р. почалася війна.|У 2023 р. вона тривала.",
    "1. Отримати бланк.|2. Заповнити його.",
    "Про це пише автор [5, с. 31].|Далі – таблиця.",
    # stops before small letters
    "росія обстріляла область.|москва заперечує.|вони брешуть.",
    "Ворог відступив.|путін мовчить.",
    "Він це бачив.|я теж.",
    "Чому так?|тому що дорого.",
    "Це млн. доларів.",
    "Так каже «військовий з Десни».|росЗМІ мовчать.",
    "Зібрали сто тисяч 💛|Хлопці вже чекають.|Дякуємо 🙏🏻",
    "✅ Хліб привезли ✅ Воду теж",
    "Люблю 💛 усіх",
    "Прибл. сто осіб, макс. двісті.",
    "«Стій!» гукнув вартовий.",
    "Стій! крикнув вартовий.",
    "Був 1991 рік, тобто 20 ст. закінчувалося.",
]


@pytest.mark.parametrize("marked", BOUNDARIES)
def test_boundaries(marked: str) -> None:
    assert [s.text for s in split(marked.replace("|", " "))] == marked.split("|")


def test_a_line_break_ends_a_sentence() -> None:
    text = "Заголовок без крапки\nКИЇВ, 31 жовтня. Перше речення.\n\n- пункт перший;\n- пункт другий\r\nКінець"
    assert [s.text for s in split(text)] == [
        "Заголовок без крапки",
        "КИЇВ, 31 жовтня.",
        "Перше речення.",
        "- пункт перший;",
        "- пункт другий",
        "Кінець",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \u2028 "])
def test_nothing_to_split(text: str) -> None:
    assert split(text) == ()


TEXTS = st.text(
    st.one_of(st.sampled_from("абвАБВ .!?…\n\r\"«»“”'()-–—123 грнстввулм\u00a0\u202f"), st.characters()), max_size=80
)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_every_character_lies_in_one_sentence(text: str) -> None:
    sentences = split(text)
    assert all(text[s.start : s.start + len(s.text)] == s.text and s.text.strip() == s.text != "" for s in sentences)
    assert all(a.start + len(a.text) <= b.start for a, b in pairwise(sentences))
    assert "".join("".join(s.text for s in sentences).split()) == "".join(text.split())


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_join_puts_back_what_lay_between(text: str) -> None:
    sentences = split(text)
    assert join(text, sentences, [s.text for s in sentences]) == text
    gaps = join(text, sentences, [""] * len(sentences))
    assert gaps.isspace() or gaps == ""


def test_join_keeps_gaps() -> None:
    text = "Перше.  Друге.\n\nТретє"
    assert join(text, split(text), ["One.", "Two.", "Three"]) == "One.  Two.\n\nThree"


def test_join_counts_replacements() -> None:
    with pytest.raises(ValueError, match="1 replacements for 2 sentences"):
        join("Так. Ні.", split("Так. Ні."), ["Yes."])


@given(st.text(st.sampled_from("абАБ .!?…\"«»'()-– 12грнствулм\t\u00a0\u202f"), max_size=60))
@settings(max_examples=500, deadline=None)
def test_parity_with_tokenize_uk(line: str) -> None:
    """But for our own rules (small starts, list numbers, pages) a line splits as tokenize_uk splits it."""
    reference = [(start, end) for _, start, end in tokenize_sents_with_spans(line)]
    theirs = {end for _, end in (module._joined(line, reference) if reference else ())}
    ours = {s.start + len(s.text) for s in split(line)}
    assert theirs <= ours
    assert ours - theirs <= {match.end("stop") for match in module._SMALL_START.finditer(line)}
    if not any(letter.isdigit() or letter == ")" for letter in line):
        assert theirs == {end for _, end in reference}


def test_stage() -> None:
    docs = [Document("x", normalized="Так. Ні."), Document("", normalized="")]
    SentenceSplitter()(docs)
    assert [[s.text for s in doc.sentences or ()] for doc in docs] == [["Так.", "Ні."], []]


@pytest.mark.parametrize("unit", [".", ". ", "«„", "а. ", "див. (", "так! ні ", "\n", "(", '"'])
def test_long_texts_of_one_kind_end(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    assert "".join("".join(s.text for s in split(text)).split()) == "".join(text.split())
