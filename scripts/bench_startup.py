#!/usr/bin/env python3
"""Cold starts: seconds and memory of fresh processes, as a Markdown table.

Run it with the interpreter of the environment to measure:

    .venv/bin/python scripts/bench_startup.py --runs 5

Each row is the best and the median of `--runs` processes; memory is the largest resident set of any. The conversion row
starts with an empty cache folder each time, all others with a filled one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "samples" / "01-energy.txt"
COMMAND = [sys.executable, "-c", "from ukrnlp.cli import main; main()"]
CONVERT = "from ukrnlp.engines.seq2seq import load_seq2seq; load_seq2seq('uk-en')"
ROWS: dict[str, list[str]] = {
    "python, nothing imported": [sys.executable, "-c", "pass"],
    "import ukrnlp": [sys.executable, "-c", "import ukrnlp"],
    "ukrnlp --version": [*COMMAND, "--version"],
    "ukrnlp normalize, one article": [*COMMAND, "normalize", str(SAMPLE)],
    "ukrnlp split, one article": [*COMMAND, "split", str(SAMPLE)],
    "ukrnlp translate, one article": [*COMMAND, "translate", str(SAMPLE)],
    "ukrnlp run, one article": [*COMMAND, "run", str(SAMPLE), "--target", "росія", "--target", "Україна"],
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: wall seconds, largest resident set in MB."""

    seconds: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="processes a row (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="OMP_NUM_THREADS (default: %(default)s)")
    args = parser.parse_args()
    print("| what | best, s | median, s | memory, MB |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "UKRNLP_CACHE": folder, "OMP_NUM_THREADS": str(args.threads), "HF_HUB_OFFLINE": "1"}
        for name, argv in ROWS.items():
            measure(argv, env)  # fills the cache folder and the system's file cache
            show(name, [measure(argv, env) for _ in range(args.runs)])
    show("first use of uk-en: conversion and loading", [fresh_conversion(args.threads) for _ in range(args.runs)])


def measure(argv: list[str], env: dict[str, str]) -> Cost:
    """Run one process to its end."""
    start = time.perf_counter()
    child = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(argv)} ended with exit code {child.returncode}")
    scale = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kB elsewhere
    return Cost(seconds, usage.ru_maxrss / scale)


def fresh_conversion(threads: int) -> Cost:
    """Load the translation model with an empty cache folder."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "UKRNLP_CACHE": folder, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
        return measure([sys.executable, "-c", CONVERT], env)


def show(name: str, costs: list[Cost]) -> None:
    """Print one row."""
    seconds = [cost.seconds for cost in costs]
    memory = max(cost.megabytes for cost in costs)
    print(f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
