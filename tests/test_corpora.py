"""Training text: what is read, dropped, mixed and augmented, and that the seed decides all of it."""

import json
import lzma
import random

import pytest

from ukrnlp.errors import ConfigError
from ukrnlp.tasks.numbers import missing, numbers
from ukrnlp.training.augment import (
    augment,
    epoch,
    joined,
    mistyped,
    other_figures,
    renumbered,
    requoted,
    switched,
    without_stop,
)
from ukrnlp.training.corpora import Corpus, Pair, Source, is_clean, read_corpus

ROWS = [
    ("Місто знову обстріляли вночі.", "The city was shelled again at night.", "sentence"),
    ("Місто знову обстріляли вночі!", "The city was shelled again, at night", "sentence"),
    ("Налаштування програми", "Program settings", "ui"),
    ("Это предложение написано по-русски, объясню.", "This sentence is in Russian, I will explain.", "sentence"),
    ("Так", "A very long English text that says much more than one short word could say", "sentence"),
    ("README.md", "README.md", "ui"),
]


@pytest.fixture
def folder(tmp_path):
    with lzma.open(tmp_path / "a.tsv.xz", "wt", encoding="utf-8") as out:
        out.writelines("\t".join(row) + "\n" for row in ROWS)
    unit = {"uk": "Уряд ухвалив рішення.", "en": "The government made a decision."}
    title = {"uk": "Рішення уряду", "en": "Government decision"}
    (tmp_path / "news.jsonl").write_text(json.dumps({"title": title, "sentences": [unit], "summary": unit}))
    return tmp_path


def test_read_corpus_drops_repeats_russian_uneven_and_untranslated(folder):
    corpus = read_corpus(folder, Source("a.tsv.xz"), set())
    assert [pair.uk for pair in corpus.pairs] == [ROWS[0][0], ROWS[2][0]]
    assert corpus.dropped == 4


def test_read_corpus_keeps_only_the_kinds_asked_for(folder):
    corpus = read_corpus(folder, Source("a.tsv.xz", kinds=("ui",)), set())
    assert [pair.uk for pair in corpus.pairs] == ["Налаштування програми"]


def test_read_corpus_reads_titles_sentences_and_summaries_of_news(folder):
    pairs = read_corpus(folder, Source("news.jsonl"), set()).pairs
    assert [pair.en for pair in pairs] == ["Government decision", "The government made a decision."]


def test_read_corpus_says_what_is_missing(folder):
    with pytest.raises(ConfigError, match=r"b\.tsv\.xz"):
        read_corpus(folder, Source("b.tsv.xz"), set())
    (folder / "c.txt").touch()
    with pytest.raises(ConfigError, match="neither"):
        read_corpus(folder, Source("c.txt"), set())


@pytest.mark.parametrize(
    ("uk", "en", "clean"),
    [
        ("Ціна 5 грн", "Price 5 UAH", True),
        ("", "Empty", False),
        ("Привіт", "Привіт усім", False),
        ("ё", "yo", False),
        ("12 345", "12,345 items in all", False),
    ],
)
def test_is_clean(uk, en, clean):
    assert is_clean(Pair(uk, en)) is clean


def corpus(weight, count=200):
    pairs = tuple(Pair(f"Речення номер {i}.", f"Sentence number {i}.") for i in range(count))
    return Corpus(Source("x", weight), pairs, "", 0)


def test_epoch_follows_from_its_seed_and_number():
    assert epoch([corpus(1.5)], 7, 0) == epoch([corpus(1.5)], 7, 0)
    assert epoch([corpus(1.5)], 7, 0) != epoch([corpus(1.5)], 7, 1)
    assert epoch([corpus(1.5)], 7, 0) != epoch([corpus(1.5)], 8, 0)


@pytest.mark.parametrize(("weight", "least", "most"), [(0.0, 0, 0), (2.0, 400, 400), (0.5, 70, 130)])
def test_epoch_holds_each_source_by_its_weight(weight, least, most):
    assert least <= len(epoch([corpus(weight)], 1, 0)) <= most


def test_augment_leaves_most_pairs_alone_and_reaches_every_shape():
    pairs = [Pair("«Росія» і Москва мовчать.", '"Russia" and Moscow are silent.')] * 2
    made = [augment(pairs, 0, random.Random(seed)) for seed in range(2000)]
    shares = {uk: sum(p.uk == uk for p in made) / len(made) for uk in {p.uk for p in made}}
    assert 0.5 < shares[pairs[0].uk] < 0.75
    assert "«росія» і москва мовчать." in shares
    assert "«РОСІЯ» І МОСКВА МОВЧАТЬ." in shares
    assert "«Росія» і Москва мовчать" in shares
    assert any(len(uk) > 40 for uk in shares)


def test_augment_parts():
    rng = random.Random(0)
    a, b = Pair("Раз.", "One."), Pair("Два.", "Two.")
    assert joined(a, b) == Pair("Раз. Два.", "One. Two.")
    headline = Pair("Заголовок", "Headline")
    assert joined(headline, a) == headline
    assert without_stop(a) == Pair("Раз", "One")
    assert without_stop(Pair("Раз...", "One...")) == Pair("Раз...", "One...")
    assert requoted("Газета «День» пише", rng).count("День") == 1
    assert len(mistyped("обстріляли", rng)) in {9, 10, 11}
    assert mistyped("а б", rng) == "а б"


@pytest.mark.parametrize(
    ("uk", "en"),
    [
        ("Загинули 142 людини.", "142 people died."),
        ("Бюджет 12 345,6 млн грн.", "The budget is UAH 12,345.6 million."),
        ("Це було 1956 року.", "It was in 1956."),
    ],
)
def test_renumbered_changes_both_sides_alike(uk, en):
    made = {renumbered(Pair(uk, en), random.Random(seed)) for seed in range(20)}
    assert len(made) > 5
    for pair in made:
        assert not missing(numbers(pair.uk, "uk"), numbers(pair.en, "en"))
        assert not missing(numbers(pair.en, "en"), numbers(pair.uk, "uk"))


@pytest.mark.parametrize("text", ["О 14:30 прибули", "31 жовтня", "5 разів", "v1.2.345", "60 або 60"])
def test_renumbered_leaves_times_days_and_doubtful_numbers(text):
    pair = Pair(text, text)
    assert renumbered(pair, random.Random(1)) == pair


def test_other_figures_keeps_what_a_noun_agrees_with():
    made = {other_figures("312", random.Random(seed)) for seed in range(50)}
    assert {number[1:] for number in made} == {"12"}
    assert all(number.startswith("19") for number in (other_figures("1987", random.Random(s)) for s in range(9)))


def test_switched_puts_a_name_in_english_and_leaves_the_rest():
    pair = Pair("Ракета впала біля Покровська.", "The rocket fell near Pokrovsk.")
    assert switched(pair, random.Random(0)) == Pair("Ракета впала біля Pokrovsk.", pair.en)
    plain = Pair("Ракета впала.", "The rocket fell.")
    assert switched(plain, random.Random(0)) == plain
