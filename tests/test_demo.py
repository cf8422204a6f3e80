"""`make demo` as a newcomer runs it: in the light environment, where torch and transformers are absent."""

import json
import shutil
import subprocess

import pytest
from command import ROOT, environment, ukrnlp

SAMPLES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "data" / "samples").glob("*.txt"))
BIN = ROOT / ".venv" / "bin"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", autouse=True)
def light():
    """The light environment must be made before: `make test` does, a test must not install."""
    made = shutil.which("make") and subprocess.run(["make", "-q", ".venv/.installed"], cwd=ROOT).returncode == 0
    if not made:
        pytest.skip("no light environment here: make .venv/.installed")


def test_light_environment_has_no_torch():
    code = "import importlib.util as u; print(*(n for n in ('torch', 'transformers', 'datasets') if u.find_spec(n)))"
    ran = subprocess.run([BIN / "python", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_make_demo_shows_every_part_of_every_sample():
    ran = subprocess.run(["make", "-s", "demo"], cwd=ROOT, capture_output=True, env=environment(), timeout=600)
    out, err = ran.stdout.decode(), ran.stderr.decode()
    assert ran.returncode == 0, err
    assert err == ""
    for name in ("Ukrainian", "Restored names", "English", "Summary", "Stance"):
        assert sum(line.startswith(f"{name} ─") for line in out.split("\n")) == len(SAMPLES) >= 3
    for part in ("[Росія]", "[РФ]", "[Москва]", "[Кремлі]", "[Володимир Путін]", "володимир путін → Володимир Путін"):
        assert part in out


def test_light_run_fills_every_field_of_json():
    ran = ukrnlp("run", *SAMPLES, "-f", "json", "-t", "росія", command=[str(BIN / "ukrnlp")])
    assert (ran.code, ran.err) == (0, "")
    for line, name in zip(ran.out.splitlines(), SAMPLES, strict=True):
        row = json.loads(line)
        assert row["id"] == name
        assert row["errors"] == []
        assert all(row[field] for field in ("normalized", "edits", "sentences", "translation", "summary", "stances"))
        assert len(row["translation"]["sentences"]) == len(row["sentences"])
        assert row["stances"][0]["target"] == "росія"
        assert abs(sum(row["stances"][0]["scores"].values()) - 1) < 0.01
        numbers = [*row["summary"]["sources"], *row["stances"][0]["evidence"]]
        assert numbers
        assert all(0 <= n < len(row["sentences"]) for n in numbers)
        assert row["meta"]["newswire"]["date"].startswith("2025-1")
        for edit in row["edits"]:
            assert row["text"][edit["start"] :].startswith(edit["before"])
        assert "росі" not in row["normalized"].replace("російськ", "")


def test_transformers_engine_says_what_to_install():
    ran = ukrnlp("translate", "--engine", "transformers", stdin="Так.", command=[str(BIN / "ukrnlp")])
    assert ran.code == 1
    assert "pip install 'ukrnlp[hf]'" in ran.err
    assert ran.err.count("\n") == 1
