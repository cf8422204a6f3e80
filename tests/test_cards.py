"""Cards: what is written loads again by huggingface_hub, with every figure in place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard, ModelCard
from huggingface_hub.repocard import metadata_load

from ukrnlp import cards
from ukrnlp.errors import ConfigError, InputError
from ukrnlp.evaluate import Score

INTRO = """---
license: mit
language: [uk, en]
base_model: intfloat/multilingual-e5-small
datasets: [own-news]
pipeline_tag: translation
library_name: transformers
tags: [ukrainian]
---
# A small translator

It is weak on names.
"""
TRAINING = {
    "seed": 7,
    "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    "data": [{"name": "news", "rows": 10, "license": "CC0"}, {"name": "bible|old", "rows": 20}],
}


def result(name: str, value: float, *, subset: str = "all", own: bool = True, split: str = "dev") -> cards.Result:
    score = Score(name, value, value - 1, value + 1, 208, f"sig|{name}")
    return cards.Result(
        "translation", "own-news", split, "ctranslate2 int8, beam 4", "python eval.py", score, subset, own
    )


RESULTS = [
    result("chrF++", 55.12345),
    result("BLEU", 28.5),
    result("chrF++", 60.0, subset="topic sport"),
    result("chrF++", 40.0, own=False, split="other"),
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "uk-xx"
    directory.mkdir()
    cards.add_results(directory / "results.json", RESULTS)
    (directory / "training.json").write_text(json.dumps(TRAINING), encoding="utf-8")
    return directory


def test_a_written_model_card_loads(model: Path, tmp_path: Path) -> None:
    (tmp_path / "intro.md").write_text(INTRO, encoding="utf-8")
    path = cards.write_model_card(model, tmp_path / "intro.md")

    card = ModelCard.load(path, ignore_metadata_errors=False)
    assert card.data.model_name == "uk-xx"
    assert card.data.license == "mit"
    assert card.data.language == ["uk", "en"]
    assert card.data.tags == ["ukrainian"]
    found = {(r.metric_type, r.metric_value, r.task_type, r.dataset_split) for r in card.data.eval_results}
    assert found == {("chrf", 55.1234, "translation", "dev"), ("bleu", 28.5, "translation", "dev")}

    index = metadata_load(path)["model-index"]
    assert [entry["name"] for entry in index] == ["uk-xx"]
    assert {len(run["metrics"]) for run in index[0]["results"]} == {2}

    text = path.read_text(encoding="utf-8")
    for expected in (
        "It is weak on names.",
        "topic sport",
        "python eval.py",
        "`sig|BLEU`",
        "torch 2.13.0",
        "bible\\|old",
    ):
        assert expected in text


def test_a_card_without_figures_loads(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(cards.model_card("uk-xx", INTRO, [], {}), encoding="utf-8")
    assert ModelCard.load(path, ignore_metadata_errors=False).data.base_model == "intfloat/multilingual-e5-small"
    assert "## Results" not in path.read_text(encoding="utf-8")


def test_every_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match="lacks license, language, base_model, datasets, pipeline_tag"):
        cards.model_card("uk-xx", "# No front matter\n", [], {})
    with pytest.raises(ConfigError, match="lacks base_model;"):
        cards.model_card("uk-xx", INTRO.replace("base_model: intfloat/multilingual-e5-small\n", ""), [], {})


def test_results_are_kept_and_replaced(model: Path) -> None:
    path = model / "results.json"
    assert cards.read_results(path) == RESULTS
    merged = cards.add_results(path, [result("BLEU", 30.0), result("TER", 50.0)])
    assert [r.score.value for r in merged if r.score.name == "BLEU"] == [30.0]
    assert len(merged) == len(RESULTS) + 1
    assert cards.read_results(path) == merged


@pytest.mark.parametrize("content", ["{", "[]", '{"results": [{"task": "translation"}]}', '{"results": 3}'])
def test_broken_results_are_said(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="holds no results"):
        cards.read_results(path)


DATASET_INTRO = """---
license: cc0-1.0
language: [uk]
pretty_name: Stance in news
task_categories: [text-classification]
configs:
- config_name: default
  data_files:
  - split: train
    path: train.jsonl
---
# Stance in news
"""


def test_a_written_dataset_card_loads(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"id": "1", "text": "а"}\n{"id": "2", "label": "favor"}\n', encoding="utf-8")
    (tmp_path / "intro.md").write_text(DATASET_INTRO, encoding="utf-8")
    path = cards.write_dataset_card(tmp_path, tmp_path / "intro.md")
    card = DatasetCard.load(path, ignore_metadata_errors=False)
    assert card.data.pretty_name == "Stance in news"
    assert card.data.configs[0]["data_files"][0]["path"] == "train.jsonl"
    assert "| train.jsonl | train | 2 |" in card.text
    assert "id, text, label" in card.text


def test_a_dataset_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"names train\.jsonl"):
        cards.dataset_card(DATASET_INTRO, tmp_path)
