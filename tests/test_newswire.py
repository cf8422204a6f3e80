"""Newswire parts: what is found, what stays, what a cut leaves."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.document import apply_edits, undo_edits
from ukrnlp.preprocess.newswire import cut, parse


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in parse(text).spans]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("date 2025-10-31\nТекст.", "2025-10-31"),
        ("Заголовок\n31 жовтня 2025, 14:20\nТекст.", "2025-10-31"),
        ("14:20, 3.11.2020\nТекст.", "2020-11-03"),
        ("Субота, 7 листопада 2020, 19:25\nТекст.", "2020-11-07"),
        ("П'ятниця, 6 листопада 2020\nТекст.", "2020-11-06"),
        ("КИЇВ, 31 жовтня. УНН. Текст.", "--10-31"),
        ("КИЇВ. 1 травня 2025 року. Текст.", "2025-05-01"),
        ("Дата: 31.12.2024\nТекст.", "2024-12-31"),
        ("У Києві 31 жовтня 2025 року дощило.", None),
        ("31.10.2025 сталася аварія.", None),
        ("99.99.2025", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    assert parse(text).date == date


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("КИЇВ, 31 жовтня. УНН. Ворог відступив.", ("dateline", "КИЇВ, 31 жовтня. УНН.")),
        ("31 жовтня, КИЇВ /УКРІНФОРМ/ – Текст далі.", ("dateline", "31 жовтня, КИЇВ /УКРІНФОРМ/ –")),
        ("Ворог відступив, передає УНН.", ("credit", ", передає УНН")),
        (
            "Удар був нічний, повідомляє Укрінформ з посиланням на ОВА.",
            ("credit", ", повідомляє Укрінформ з посиланням на ОВА"),
        ),
        ("Ніч була тиха. Про це пише «Новинарня».", ("credit", "Про це пише «Новинарня».")),
        ("Ніч була тиха. Про це повідомляє пресслужба ОВА.", ("credit", "Про це повідомляє пресслужба ОВА.")),
        ("Як повідомляє УНІАН, ніч була тиха.", ("credit", "Як повідомляє УНІАН,")),
        ("За даними Reuters, ніч була тиха.", ("credit", "За даними Reuters,")),
        ("Про це заявив президент Зеленський.", ("attribution", "Про це заявив президент Зеленський.")),
        ("«Тихо», – йдеться в повідомленні.", ("attribution", ", – йдеться в повідомленні")),
        ("Джерело: Генштаб у Facebook", ("source", "Джерело: Генштаб у Facebook")),
        ("Фото: Суспільне", ("photo", "Фото: Суспільне")),
        ("Вакцина прибула / фото REUTERS", ("photo", "Вакцина прибула / фото REUTERS")),
        ("Автор: Леся Прядко", ("author", "Автор: Леся Прядко")),
        ("Текст. Читайте також: Як варити борщ", ("related", "Читайте також: Як варити борщ")),
        ("Читайте також:\nЯк варити борщ", ("related", "Читайте також:\nЯк варити борщ")),
        ("👉 Підписуйтесь на наш канал", ("footer", "👉 Підписуйтесь на наш канал")),
        ("Помітили помилку? Пишіть.", ("footer", "Помітили помилку?")),
        ("#війна #новини", ("footer", "#війна #новини")),
        ("👉 https://t.me/channel | @channel", ("footer", "👉 https://t.me/channel | @channel")),
        ("Деталі: вибух пролунав о шостій.", ("label", "Деталі:")),
        ("14:20 У Києві пролунав вибух.", ("timestamp", "14:20")),
        ("Пише @channel_ua про це", ("handle", "@channel_ua")),
        ("Мапа: https://example.com/map.", ("link", "https://example.com/map")),
    ],
)
def test_parts(text: str, part: tuple[str, str]) -> None:
    assert part in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Він пише листи щодня, передає досвід і розповідає казки.",
        "Про це давно мріяли, і це сталося.",
        "Джерело води пересохло: влітку дощів не було.",
        "Підписка на газету дорожчає, а підписник каналу мовчить.",
        "Читайте казки дітям: це корисно.",
        "Слідкуйте за дорогою: попереду ремонт.",
        "Адреса press@example.com лишилася.",
        "Рахунок 2:1, а о 14:20 матч скінчився.",
        "Поділитися досвідом приїхали сто вчителів.",
        "Київ, столиця України, святкує.",
        "Як повідомити про пожежу, знають усі.",
    ],
)
def test_news_is_not_a_part(text: str) -> None:
    assert kinds(text) == []


def test_fields() -> None:
    text = (
        "date 2025-10-31\nАвтор: Леся Прядко\nВорог відступив, повідомляє УНН з посиланням на Генштаб.\n"
        "Читайте також: Як варити борщ\nhttps://t.me/one #війна"
    )
    wire = parse(text)
    assert (wire.date, wire.agency, wire.source, wire.author) == ("2025-10-31", "УНН", "Генштаб", "Леся Прядко")
    assert (wire.links, wire.hashtags, wire.related) == (["https://t.me/one"], ["війна"], ["Як варити борщ"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("КИЇВ, 31 жовтня. УНН. Ворог відступив.", "Ворог відступив."),
        ("Ворог відступив, передає УНН.", "Ворог відступив."),
        ("Ворог відступив, передає УНН. Ніч тиха.", "Ворог відступив. Ніч тиха."),
        ("Як передає УНН, ворог відступив.", "Ворог відступив."),
        ("Ніч тиха. Про це пише Reuters. День гучний.", "Ніч тиха. День гучний."),
        ("Ніч тиха. Про це пише Reuters.\nДень гучний.", "Ніч тиха.\nДень гучний."),
        ("Ніч тиха.\nФото: УНН\nДень гучний.", "Ніч тиха.\nДень гучний."),
        ("Ніч тиха.\nПідписуйтесь на канал", "Ніч тиха."),
        ("date 2025-10-31\nНіч тиха.", "Ніч тиха."),
        # what must stay
        ("Про це повідомляє УНН.", "Про це повідомляє УНН."),
        ("Про це заявив президент. Ніч тиха.", "Про це заявив президент. Ніч тиха."),
        ("Горить, передає УНН.", "Горить, передає УНН."),
        ("Про це пише Reuters, додаючи, що ніч тиха.", "Про це пише Reuters, додаючи, що ніч тиха."),
        ("Мапа тут: https://example.com/a", "Мапа тут: https://example.com/a"),
    ],
)
def test_cut(before: str, after: str) -> None:
    edits = cut(before, parse(before).spans)
    assert apply_edits(before, edits) == after
    assert all(edit.rule == "credits" for edit in edits)


PIECES = st.sampled_from(
    [
        "date 2025-10-31", "КИЇВ, 31 жовтня. УНН.", "Про це пише УНН.", ", передає УНН", "Як передає УНН, ",
        "Фото: УНН", "Читайте також:", "Підписуйтесь на", "#тег", "@handle", "https://a.b/c", "Деталі:", "14:20 У",
        "слово", "Слово", ".", ", ", " ", "\n", "з посиланням на ОВА", "/ фото ", "«", "»",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_text(text: str) -> None:
    wire = parse(text)
    assert all(0 <= s.start < s.end <= len(text) for s in wire.spans)
    assert all(a.end <= b.start for a, b in pairwise(wire.spans))
    edits = cut(text, wire.spans)
    shorter = apply_edits(text, edits)
    assert undo_edits(shorter, edits) == text
    assert any(c.isalpha() for c in shorter) == any(c.isalpha() for c in text)


@pytest.mark.parametrize(
    "unit",
    ["\n", "#", "@", "http://", "www.", "Про це пише ", ", пише ", "Читайте також: ", "1 січня ", "Аа, ", " /", ": "],
)
def test_long_texts_of_one_kind_end(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    apply_edits(text, cut(text, parse(text).spans))
