"""`ukrnlp models list` and `ukrnlp info`."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import typer

from ukrnlp import __version__
from ukrnlp.cli.options import Debug, Format, Output
from ukrnlp.cli.work import guard
from ukrnlp.errors import ModelError
from ukrnlp.render import dump_line

PACKAGES = (
    "ctranslate2",
    "sentencepiece",
    "numpy",
    "safetensors",
    "huggingface_hub",
    "tokenize_uk",
    "ftfy",
    "typer",
    "rich",
    "transformers",
    "torch",
    "datasets",
)

models = typer.Typer(help="The models that are here.", rich_markup_mode=None)


@models.callback()
def models_group() -> None:
    """The models that are here."""


@models.command("list")
def list_models(output: Output = Format.TEXT, debug: Debug = False) -> None:
    """Show the bundled models.

    Name, kind and size of each, and what is wrong with one that is not whole.
    """
    from ukrnlp.catalog import bundled, models_dir

    with guard(debug=debug):
        rows = [model_row(name) for name in bundled()]
        if output is Format.JSON:
            for row in rows:
                print(dump_line(row))
            return
        if not rows:
            raise ModelError(f"no models in {models_dir()}; set UKRNLP_MODELS to the models folder of a checkout")
        width = max(len(row["name"]) for row in rows)
        for row in rows:
            facts = row["error"] or f"{row['type']:8} {row['bytes'] / 1e6:6.1f} MB  {row['about']}"
            print(f"{row['name']:{width}}  {facts}")
        print(f"in {models_dir()}", file=sys.stderr)


def model_row(name: str) -> dict[str, Any]:
    """What is known of one bundled model."""
    from ukrnlp.catalog import find, models_dir

    path = models_dir() / name
    row: dict[str, Any] = {"name": name, "path": str(path), "type": None, "bytes": None, "about": "", "error": None}
    try:
        model = find(name)
    except ModelError as error:
        return row | {"error": str(error)}
    return row | {"type": model.model_type, "bytes": model.size, "about": first_sentence(path / "README.md")}


def first_sentence(card: Path) -> str:
    """The first sentence of a card's text, behind its metadata and headings, without Markdown's stars."""
    if not card.is_file():
        return ""
    text = card.read_text(encoding="utf-8")
    if text.startswith("---\n"):
        text = text.partition("\n---\n")[2]
    paragraphs = (" ".join(block.split()) for block in text.split("\n\n"))
    first = next((block for block in paragraphs if block and not block.startswith(("#", "-", "`", "|"))), "")
    return first.replace("*", "").partition(". ")[0].rstrip(".")


def info(output: Output = Format.TEXT, debug: Debug = False) -> None:
    """Show versions, paths and devices.

    Put this into a bug report.
    """
    with guard(debug=debug):
        facts = collect()
        if output is Format.JSON:
            print(json.dumps(facts, ensure_ascii=False))
            return
        for name, value in facts.items():
            print(f"{name:16} {', '.join(value) if isinstance(value, list) else value}")


def collect() -> dict[str, Any]:
    """Facts about this installation."""
    from ukrnlp.catalog import bundled, cache_dir, models_dir

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "ukrnlp": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: installed(name) for name in PACKAGES},
        "package": str(Path(__file__).resolve().parent.parent),
        "models": str(models_dir()),
        "bundled": bundled(),
        "cache": str(cache_dir()),
        "cores": cores,
        "devices": devices(),
        "compute types": compute_types(),
    }


def installed(name: str) -> str:
    """The version of an installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def devices() -> list[str]:
    """The devices that the default engine can use."""
    import ctranslate2

    return ["cpu", *(f"cuda:{i}" for i in range(ctranslate2.get_cuda_device_count()))]


def compute_types() -> list[str]:
    """The number types that the default engine computes with on this CPU."""
    import ctranslate2

    return sorted(ctranslate2.get_supported_compute_types("cpu"))
