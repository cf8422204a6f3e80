"""The scripts over archives: help, a small run, what they write beside the rows."""

import csv
import json
import subprocess
import sys

import batches
import pytest
from command import ROOT, environment

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
