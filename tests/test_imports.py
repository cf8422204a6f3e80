"""What is loaded when: an import or a cold command must not pay for packages that it does not use."""

import subprocess
import sys

import pytest
from command import environment

HEAVY = {"torch", "transformers", "ctranslate2", "sentencepiece", "numpy", "datasets", "safetensors", "huggingface_hub"}
TABLES = {"tokenize_uk", "choppa", "ftfy"}
SHOWN = {"typer", "rich"}


def loaded(code, stdin=""):
    """Top-level packages in memory after a fresh process has run `code`."""
    code = f"import sys\n{code}\nprint(*sorted(set(m.partition('.')[0] for m in sys.modules)), file=sys.stderr)"
    argv = [sys.executable, "-c", code]
    ran = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=environment(), timeout=120)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.rstrip("\n").rpartition("\n")[2].split())


def command(*args):
    return f"""
from ukrnlp.cli import main
sys.argv = ["ukrnlp", *{args!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import ukrnlp; dir(ukrnlp)", HEAVY | TABLES | SHOWN),
        ("import ukrnlp; ukrnlp.Document, ukrnlp.load", HEAVY | TABLES | SHOWN),
        ("import ukrnlp; ukrnlp.load({'stages': ['normalize']})('Удар по росії')", HEAVY | SHOWN),
        ("import ukrnlp; ukrnlp.load({'stages': ['normalize', 'split']})('Удар по росії.')", HEAVY | SHOWN),
        ("import ukrnlp.catalog, ukrnlp.io, ukrnlp.render, ukrnlp.pages", HEAVY | TABLES | SHOWN),
        ("import ukrnlp.batch", HEAVY - {"numpy"} | TABLES | SHOWN),
        (command("--version"), HEAVY | TABLES | {"rich"}),
        (command("normalize", "--lines"), HEAVY | {"rich"}),
        (command("split", "--format", "json"), HEAVY | {"rich"}),
        (command("models", "list"), HEAVY | TABLES | {"rich"}),
    ],
)
def test_loads_only_what_it_uses(code, absent):
    assert loaded(code, stdin="Удар по росії.\n") & absent == set()


def test_public_names_are_there_and_no_others():
    import ukrnlp

    assert sorted(ukrnlp.__all__) == dir(ukrnlp)
    for name in ukrnlp.__all__:
        assert getattr(ukrnlp, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ukrnlp.nothing
