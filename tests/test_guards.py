"""Each guard is tripped by what it is for, and by nothing that a good translation does."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.tasks.guards import doubts, repetition
from ukrnlp.tasks.names import lost_names, skeleton
from ukrnlp.tasks.numbers import numbers


@pytest.mark.parametrize(
    ("source", "hypothesis", "kinds"),
    [
        ("Уряд ухвалив рішення.", "", ["empty"]),
        ("Уряд ухвалив рішення.", "...", ["empty"]),
        ("Уряд ухвалив рішення.", "Уряд ухвалив рішення.", ["copied"]),
        ("Уряд ухвалив рішення.", "The government ухвалив a decision.", ["script"]),
        ("Міністр зустрівся з послом, і вони говорили про допомогу.", "Minister.", ["length"]),
        ("Ворог відступив.", "The enemy retreated, retreated, retreated.", ["length", "repetition"]),
        ("Загинули 12 людей.", "Some people died.", ["number lost"]),
        ("Загинули люди.", "12 people died.", ["number invented"]),
        ("Бюджет становить 2 тис. гривень.", "The budget is 2 hryvnias.", ["number lost", "number invented"]),
        ("Про це сказав міністр Іван Сидоренко.", "The minister said this.", ["name lost"]),
        ("Софія Данилюк розповіла про виставку.", "Sofiia Donetuk told about the exhibition.", ["name lost"]),
        ("Олег Кіпер відвідав музей.", "Volodymyr visited the museum.", ["name lost"]),
        # what must pass
        ("Вчора Київ знову обстріляли.", "Kyiv was shelled again yesterday.", []),
        ("Про це каже Ельвіра Паласіос, учителька.", "Elvira Palacios, a teacher, says this.", []),
        ("Загинули 12 людей.", "Twelve people died.", []),
        ("Загинули дванадцять людей.", "12 people died.", []),
        ("Бюджет становить 2 тис. 140 гривень.", "The budget is 2,140 hryvnias.", []),
        ("Виділили 2,5 млн доларів.", "$2.5 million was allocated.", []),
        ("Виділили 2,5 мільйона доларів.", "$2,500,000 was allocated.", []),
        ("Зустріч 31.10.2025 о 14:30.", "The meeting is on 31 October 2025 at 2:30 p.m.", []),
        ("Зустріч о 14:00.", "The meeting is at 2 p.m.", []),
        ("У XVI столітті тут стояв млин.", "In the 16th century a mill stood here.", []),
        ("Поховали вісімдесятидев'ятирічного майстра.", "An 89-year-old master was buried.", []),
        ("31-ша бригада", "The 31st Brigade", []),
        ("Про це сказав президент Володимир Зеленський.", "President Volodymyr Zelenskyy said this.", []),
        ("На це вказала рішенням Верховна Рада.", "The Verkhovna Rada pointed to this by a decision.", []),
        (
            "Делегація прибула до Саудівської Аравії вранці.",
            "The delegation arrived in Saudi Arabia in the morning.",
            [],
        ),
        ("Так, так, так!", "Yes, yes, yes!", []),
        ("***", "", []),
    ],
)
def test_doubts(source, hypothesis, kinds):
    assert list(dict.fromkeys(doubt.kind for doubt in doubts(source, hypothesis))) == kinds


def test_doubts_finds_russian_letters_in_ukrainian_output_only():
    found = doubts("The city was shelled.", "Город был обстрелян.", source_lang="en", target_lang="uk")
    assert [str(d) for d in found] == ["script: ы"] or found[0].kind == "script"
    assert not doubts("The city was shelled.", "Місто обстріляли.", source_lang="en", target_lang="uk")


def test_doubts_names_a_low_score():
    assert [d.kind for d in doubts("Так.", "Yes.", score=-3.0, low=-2.0)] == ["low score"]


@pytest.mark.parametrize(
    ("text", "lang", "values"),
    [
        ("дві тисячі п'ятсот двадцять п'ять", "uk", [2525]),
        ("two thousand five hundred and twenty-five", "en", [2525]),
        ("1 234,5", "uk", [1234.5]),
        ("1,234.5", "en", [1234.5]),
        ("3,5 млрд", "uk", [3500000000]),
        ("$2m and 400 m of road", "en", [2000000, 400]),
        ("6:4", "uk", [6, 4]),
        ("у жовтні", "uk", [10]),
        ("серпанок", "uk", []),
        ("2022 року понад сто", "uk", [2022, 100]),
        ("І він пішов", "uk", []),
    ],
)
def test_numbers(text, lang, values):
    found = numbers(text, lang)
    assert len(found) == len(values)
    assert all(Decimal(str(value)) in number.values for value, number in zip(values, found, strict=True))


@given(st.integers(0, 10**12))
def test_numbers_reads_a_grouped_number_alike_in_both_languages(value):
    uk = numbers(f"{value:,}".replace(",", " "), "uk")
    en = numbers(f"{value:,}", "en")
    assert Decimal(value) in uk[0].values
    assert Decimal(value) in en[0].values


@pytest.mark.parametrize(
    ("uk", "en"),
    [
        ("Зеленський", "Zelenskyy"),
        ("Зеленський", "Zelensky"),
        ("Сибіга", "Sybiha"),
        ("Щербак", "Shcherbak"),
        ("Хмара", "Khmara"),
        ("Ґудзь", "Gudz"),
        ("Шевчович", "Šefčovič"),
    ],
)
def test_skeleton_is_the_same_for_every_romanisation(uk, en):
    assert skeleton(uk)[:1] == skeleton(en)[:1]
    assert skeleton(uk)[:2] == skeleton(en)[:2] or en.startswith("Š")


def test_lost_names_wants_persons_only():
    assert lost_names("Як каже Петро Мельник, так і є.", "As he says, so it is.") == ["Петро Мельник"]
    assert lost_names("Як каже Петро Мельник, так і є.", "As Petro Melnyk says, so it is.") == []
    assert lost_names("Він поїхав до Великої Британії.", "He went to the UK.") == []


def test_repetition_is_linear_enough_for_a_long_loop():
    assert repetition("а", "na " * 5000) == "na"


@given(st.text(max_size=60), st.text(max_size=60))
def test_doubts_never_fails(source, hypothesis):
    assert isinstance(doubts(source, hypothesis), tuple)


def test_doubts_tells_a_flood_of_lost_numbers_in_few_lines():
    source = "Результати: " + ", ".join(str(100 + i) for i in range(40)) + "."
    found = [
        str(doubt)
        for doubt in doubts(source, "Results: many numbers that were all lost on the way to this text, sadly.")
    ]
    assert found[-1] == "number lost: and 35 more"
    assert len([text for text in found if text.startswith("number lost")]) == 6
