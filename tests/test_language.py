"""Languages told by letters and short words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.preprocess.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Уряд ухвалив бюджет на наступний рік.", "uk"),
        ("у росії горить завод", "uk"),
        ("Київ", "uk"),
        ("Дощ не вщухав до ранку.", "uk"),
        ("ВЕРХОВНА РАДА УКРАЇНИ", "uk"),
        ("Компанія Apple представила iPhone та MacBook Pro у Купертіно", "uk"),
        ("Він сказав: «Это мы», і пішов додому, де його чекали.", "uk"),
        ("Правительство приняло бюджет на следующий год.", "ru"),
        ("Это не мы, а они.", "ru"),
        ("Он сказал, что вернется завтра.", "ru"),
        ("The government has adopted the budget for next year.", "en"),
        ("It is raining.", "en"),
        ("Rząd przyjął budżet na przyszły rok.", "other"),
        ("Die Regierung hat den Haushalt für das nächste Jahr verabschiedet.", "other"),
        ("Урад прыняў бюджэт на наступны год, паведамляе агенцтва.", "other"),
        ("Владата го усвои буџетот за следната година, јави агенцијата.", "other"),
        ("政府通过了明年的预算。", "other"),
        ("", "other"),
        ("12:30 — 2025", "other"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect(text) == language


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_has_an_answer(text: str) -> None:
    assert detect(text) in ("uk", "ru", "en", "other")
