"""The project's own data sets load from their folders, and their rows hold what the cards say."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    datasets = pytest.importorskip("datasets")
    cache = str(tmp_path_factory.mktemp("datasets"))
    return lambda name: datasets.load_dataset(str(DATA / name), cache_dir=cache)


def test_stance_news_loads_and_its_evidence_points_at_sentences(load):
    news = load("stance-news-uk")
    assert {split: len(rows) for split, rows in news.items()} == {"train": 4789, "validation": 580}
    for rows in news.values():
        for row in rows:
            assert row["label"] in {"favor", "against", "neutral"}
            assert set(row["evidence"]) <= set(range(len(row["starts"])))
            assert row["starts"][0] == 0
            assert all(row["text"][start - 1] == " " for start in row["starts"][1:])
    assert not set(news["train"]["text"]) & set(news["validation"]["text"])
    assert set(news["validation"]["label2"]) <= {"favor", "against", "neutral"}


def test_summary_news_loads_in_two_languages(load):
    news = load("summary-news-uk")
    assert {split: len(rows) for split, rows in news.items()} == {"train": 1629, "validation": 208}
    for rows in news.values():
        for name in ("text", "headline", "summary"):
            assert all(row[f"{name}_{lang}"].strip() for row in rows for lang in ("uk", "en"))
    assert not set(news["train"]["text_uk"]) & set(news["validation"]["text_uk"])


def test_names_in_small_letters_load(load):
    rows = load("lowercase-names")["test"]
    assert len(rows) == 305
