"""README.md shows what its examples print; what a model wrote may differ a little between processors."""

import importlib.util
import re
from difflib import SequenceMatcher

import pytest
from command import ROOT, environment

MODEL_COMMANDS = ("ukrnlp run", "ukrnlp translate", "ukrnlp summarize", "ukrnlp stance")


@pytest.fixture(scope="module")
def examples():
    spec = importlib.util.spec_from_file_location("readme_blocks", ROOT / "scripts" / "readme_blocks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.real
def test_readme_shows_real_output(examples, readme, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    shown, made = (
        [(m["info"], m["body"]) for m in examples.FENCE.finditer(text)] for text in (readme, examples.refresh(readme))
    )
    assert [info for info, _ in shown] == [info for info, _ in made]
    for (info, old), (_, new) in zip(shown, made, strict=True):
        if info == "text" or any(command in old for command in MODEL_COMMANDS):
            assert SequenceMatcher(None, old.split(), new.split()).ratio() > 0.9, new
        else:
            assert old == new


def test_readme_links_lead_somewhere(readme):
    links = re.findall(r"\]\(([^)#]+)\)", readme) + re.findall(r"`((?:docs|data|scripts|models)/[\w./-]+)`", readme)
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []


def test_readme_begins_with_the_two_commands(readme):
    head = readme[:1500]
    assert head.index("make demo") < head.index("pip install -e .") < head.index("pip install 'ukrnlp[hf]'")
