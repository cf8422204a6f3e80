"""The scripts over archives: help, a small run, what they write beside the rows."""

import csv
import json
import subprocess
import sys

import batches
import pytest
from command import ROOT, environment

from ukrnlp.cards import read_results

SCRIPTS = (
    "normalize_corpus",
    "translate_corpus",
    "summarize_corpus",
    "stance_report",
    "write_card",
    "eval_translation",
)


def script(name, *args):
    argv = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, args)]
    return subprocess.run(argv, capture_output=True, env=environment(), text=True, encoding="utf-8", timeout=120)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name):
    ran = script(name, "--help")
    assert ran.returncode == 0, ran.stderr
    assert "Usage" in ran.stdout


def test_normalize_corpus(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 40)
    ran = script("normalize_corpus", source, "-o", tmp_path / "out.jsonl", "--edits", tmp_path / "edits.tsv")
    assert ran.returncode == 0, ran.stderr
    assert len(batches.read_rows(tmp_path / "out.jsonl")) == 40
    lines = (tmp_path / "edits.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "rule\tbefore\tafter\ttimes"
    text = " ".join(batches.texts(40))
    assert f"casing\tросії\tРосії\t{text.count('росії')}" in lines
    again = script("normalize_corpus", source, "-o", tmp_path / "out.jsonl")
    assert again.returncode == 2
    assert "--resume" in again.stderr


def test_eval_translation(tmp_path, tiny_bart):
    pairs = [{"uk": "Так.", "en": "Yes."}, {"uk": "У Києві 5 градусів.", "en": "It is 5 degrees in Kyiv."}]
    articles = [
        {"id": name, "topic": "weather", "style": "agency", "lower": False, "sentences": pairs} for name in ("a", "b")
    ]
    news = tmp_path / "dev.jsonl"
    news.write_text("".join(json.dumps(article) + "\n" for article in articles), encoding="utf-8")
    common = ("--model", tiny_bart, "--dataset", "news", "--results", tmp_path / "results.json", "--beam", 1)
    ran = script("eval_translation", "--news", news, "--split", "dev", "--least", 4, *common)
    assert ran.returncode == 0, ran.stderr
    assert "| news | dev | topic weather | ctranslate2 int8_float32, beam 1 | chrF++ |" in ran.stdout
    assert "| news | dev | all | reference | numbers kept | 1.000 |" in ran.stdout
    for side in ("uk", "en"):
        (tmp_path / f"t.{side}").write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    texts = ("--source", tmp_path / "t.uk", "--reference", tmp_path / "t.en", "--rows", "2-2")
    assert script("eval_translation", *texts, "--split", "test", *common).returncode == 0
    results = read_results(tmp_path / "results.json")
    assert {(r.split, r.score.n) for r in results if r.score.name == "BLEU" and r.subset == "all"} == {
        ("dev", 2),
        ("test", 1),
    }
    assert str(tmp_path) not in (tmp_path / "results.json").read_text(encoding="utf-8").replace(str(tiny_bart), "")
    ran = script("eval_translation", *common)
    assert ran.returncode == 2
    assert "no test set" in ran.stderr


def stance(target, label, *warnings):
    return {"target": target, "label": label, "scores": {}, "evidence": [], "model": "m", "warnings": list(warnings)}


def row(number, source, date, *stances, meta=None):
    return {"id": str(number), "source": source, "date": date, "meta": meta or {}, "stances": list(stances)}


def test_stance_report(tmp_path):
    rows = [
        row(1, "УП", "2023-07-24", stance("Росія", "against"), stance("США", "favor")),
        row(2, "УП", "2023-07-25", stance("Росія", "against")),
        row(3, "УП", "2023-07-26", stance("Росія", "favor")),
        row(4, "УП", "2023-08-01", stance("Росія", "neutral", "not mentioned")),
        row(5, None, None, stance("Росія", "neutral"), meta={"newswire": {"date": "2023-09-03"}}),
        {"id": "6", "meta": {}, "stances": None},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    ran = script("stance_report", tmp_path / "rows.jsonl", "-o", tmp_path / "report" / "stance", "--image", "svg")
    assert ran.returncode == 0, ran.stderr
    with (tmp_path / "report" / "stance.csv").open(encoding="utf-8", newline="") as stream:
        found = [tuple(line.values()) for line in csv.DictReader(stream)]
    assert found == [
        ("unknown", "Росія", "2023-09", "1", "0", "0", "1", "0", "+0.00"),
        ("УП", "Росія", "2023-07", "3", "1", "2", "0", "0", "-0.33"),
        ("УП", "Росія", "2023-08", "1", "0", "0", "0", "1", ""),
        ("УП", "США", "2023-07", "1", "1", "0", "0", "0", "+1.00"),
    ]
    assert "| УП | Росія | 2023-07 | 3 | 1 | 2 | 0 | 0 | -0.33 |" in ran.stdout
    assert (tmp_path / "report" / "stance.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(("content", "said"), [("", "has no stances"), ("{", "is no row"), ("[1]\n", "is no row")])
def test_stance_report_says_what_is_wrong(tmp_path, content, said):
    (tmp_path / "rows.jsonl").write_text(content, encoding="utf-8")
    ran = script("stance_report", tmp_path / "rows.jsonl", "-o", tmp_path / "stance")
    assert ran.returncode in (1, 2)
    assert said in ran.stderr
    assert not list(tmp_path.glob("stance*"))
