"""The summarize stage over stub scorers, and the deletions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.document import Document
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess.sentences import split
from ukrnlp.tasks.compress import compress, is_attribution
from ukrnlp.tasks.summarize import Summarizer


def document(text, **fields):
    return Document(text, normalized=text, sentences=split(text), **fields)


def weigh(texts):
    """The later a sentence, the heavier; words in capitals weigh most."""
    raw = [[1.0 + i + 50 * any(w.isupper() and len(w) > 2 for w in s.split()) for i, s in enumerate(t)] for t in texts]
    return [[w / sum(row) for w in row] for row in raw]


def summary(text, **options):
    doc = document(text)
    Summarizer(weigh, **options)([doc])
    return doc.summary


FIVE = "Перше речення про уряд. Друге про погоду в горах. Третє про ВЕЛИКУ зміну правил. Тут сніг. П'яте про спорт."


def test_one_sentence_by_default():
    found = summary(FIVE)
    assert (found.text, found.sources, found.lang) == ("Третє про ВЕЛИКУ зміну правил.", (2,), "uk")
    assert found.warnings == ()


def test_two_sentences_of_a_longer_text_in_their_order():
    text = "Уряд сів. Сніг тане. Про ПРАВИЛА мовчать. Спорт чекає. Мости стоять. Школи закрито. Ліки дешеві. "
    text += "Риба клює. Поля сухі. Дощ іде. Хліб печуть усі."
    assert summary(text).sources == (2, 10)


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        ({"sentences": 2}, (2, 4)),
        ({"sentences": 9}, (0, 1, 2, 3, 4)),
        ({"words": 8}, (2, 4)),
        ({"ratio": 0.25}, (2,)),
        ({"ratio": 1.0}, (0, 1, 2, 3, 4)),
        ({"sentences": 1, "focus": "погода"}, (2,)),
    ],
)
def test_lengths(options, sources):
    assert summary(FIVE, **options).sources == sources


def test_too_few_words_give_the_best_sentence_and_a_warning():
    found = summary(FIVE, words=1)
    assert found.sources == (2,)
    assert found.warnings == ("no sentence is so short: asked for at most 1 words",)


def test_focus_brings_sentences_that_name_it_first():
    text = "Польща дала техніку. Німеччина чекає весни. Дощі йдуть. Сніг тане. Про Польщу пишуть усі."
    assert summary(text, focus="Німеччина", sentences=1).sources == (1,)
    assert summary(text, focus="Польща", sentences=1).sources == (4,)
    assert summary(text, focus="Канада").warnings == ("not mentioned: Канада",)


def test_repetition_is_left_out():
    text = "Уряд змінив правила виплат переселенцям. Сніг іде. Правила виплат переселенцям змінив уряд."
    assert summary(text, sentences=2).sources == (1, 2)


def test_newswire_parts_and_attributions_are_not_chosen():
    text = "Уряд змінив правила. Про це повідомляє пресслужба. ФОТО: Іван. Читайте НАС у телеграмі щодня."
    doc = document(text)
    footer = text.index("Читайте")
    doc.meta["newswire"] = {
        "spans": [
            {"kind": "photo", "start": text.index("ФОТО"), "end": footer - 1},
            {"kind": "footer", "start": footer, "end": len(text)},
        ]
    }
    Summarizer(weigh)([doc])
    assert doc.summary.sources == (0,)


def test_a_text_of_credits_alone_still_gets_a_summary():
    found = summary("Про це повідомляє пресслужба.")
    assert found.text == "Про це повідомляє пресслужба."
    assert found.warnings == ("only headers and credits to choose from",)


@pytest.mark.parametrize("text", ["", " \n ", "…", "— —"])
def test_a_text_without_words_gets_an_empty_summary(text):
    found = summary(text)
    assert (found.text, found.sources, found.warnings) == ("", (), ("no text to summarise",))


def test_all_documents_go_in_one_call_and_keep_their_order():
    calls = []

    def scorer(texts):
        calls.append(len(texts))
        return weigh(texts)

    docs = [document(FIVE), document(""), document("Одне речення тут.")]
    Summarizer(scorer)(docs)
    assert calls == [2]
    assert [d.summary.sources for d in docs] == [(2,), (), (0,)]
    again = [document(d.text) for d in reversed(docs)]
    Summarizer(scorer)(again)
    assert [d.summary for d in again] == [d.summary for d in reversed(docs)]


def test_a_long_text_is_read_whole_in_windows():
    seen = []

    def scorer(texts):
        seen.extend(texts)
        return weigh(texts)

    def lengths(texts):
        return [2 + sum(len(s.split()) for s in t) for t in texts]

    doc = document("Тут довгий опис погоди та доріг. " * 30 + "слово " * 50 + "кінець.")
    Summarizer(scorer, lengths=lengths, max_tokens=30)([doc])
    assert all(size <= 30 for size in lengths(seen))
    assert sum(len(s.split()) for t in seen for s in t) == len(doc.text.split())
    assert doc.summary.sources


@pytest.mark.parametrize(
    "options",
    [
        {"sentences": 0},
        {"words": -1},
        {"ratio": 0.0},
        {"ratio": 1.2},
        {"sentences": 1, "words": 5},
        {"sentences": 1.5},
        {"focus": " "},
    ],
)
def test_lengths_out_of_range_are_refused(options):
    with pytest.raises(ConfigError):
        Summarizer(weigh, **options)


SHORTER = [
    ("Уряд змінив правила виплат, повідомляє Укрінформ.", "Уряд змінив правила виплат."),
    ("Уряд змінив правила виплат, — пише Громадське з посиланням на МВС.", "Уряд змінив правила виплат."),
    ("Уряд змінив правила виплат, йдеться у повідомленні МОЗ.", "Уряд змінив правила виплат."),
    ("Уряд змінив правила виплат, про це повідомили в ОВА!", "Уряд змінив правила виплат!"),
    ("Як повідомляє Суспільне, міст у Херсоні закрили до весни.", "Міст у Херсоні закрили до весни."),
    ("Про це пише Суспільне: міст у Херсоні закрили до весни.", "Міст у Херсоні закрили до весни."),
    ("Нагадаємо, міст у Херсоні закрили до весни.", "Міст у Херсоні закрили до весни."),
    ("КИЇВ, 5 березня. УНІАН. — Уряд змінив правила виплат.", "Уряд змінив правила виплат."),
    ("Уряд (Кабмін) змінив правила виплат.", "Уряд змінив правила виплат."),
]
THE_SAME = [
    "Втрат немає, повідомляє Міноборони рф.",
    "Як повідомляє російське ТАСС, міст у Криму закрили до весни.",
    "Удару не було, заявив речник.",
    "За даними слідства, чиновник узяв хабар.",
    "Міст (новий) закрили.",
    "Він пише, що міст закрили до самої весни.",
    "Також, як відомо, мости закрили до весни.",
    "Уряд змінив правила, зокрема виплати переселенцям (з Херсона, Донецька, Луганська, Криму та інших міст).",
    "«Міст закрили», — сказав мер.",
    "Газета повідомляє про мости, школи, ліки.",
    "",
]


@pytest.mark.parametrize(("before", "after"), SHORTER)
def test_what_news_can_spare_goes(before, after):
    assert compress(before) == after


@pytest.mark.parametrize("sentence", THE_SAME)
def test_what_carries_sense_stays(sentence):
    assert compress(sentence) == sentence


@given(
    st.lists(
        st.sampled_from(
            "Уряд змінив правила , повідомляє Укрінформ ( Кабмін ) . Як пише рф Нагадаємо — йдеться у листі".split()
        ),
        max_size=20,
    )
)
def test_compression_only_deletes(words):
    sentence = re.sub(r" ([,.)])", r"\1", " ".join(words)).replace("( ", "(")
    shorter = compress(sentence)
    rest = iter(sentence.lower())
    # a full stop may end what was cut
    assert all(letter in rest for letter in shorter.lower().removesuffix("."))
    assert len(shorter) <= len(sentence) + 1


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Про це повідомляє пресслужба ОВА.", True),
        ("Про це йдеться в зведенні Генштабу.", True),
        ("Відповідну постанову опубліковано.", False),
        ("Про це пише Суспільне: мости закрито.", False),
        ("Уряд повідомляє про виплати.", False),
    ],
)
def test_attributions(sentence, expected):
    assert is_attribution(sentence) is expected
