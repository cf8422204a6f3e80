#!/usr/bin/env python3
"""Run the examples of README.md and put in what they print, or check that it stands there.

A block in ```console starts with lines "$ command"; the rest is their output. A block in ```python is run as it stands
and the ```text block behind it is its output. Blocks whose fence says `no-run` are left alone.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = "100"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "README.md")
    parser.add_argument("--write", action="store_true", help="write the new output into the file")
    args = parser.parse_args()
    old = args.file.read_text(encoding="utf-8")
    new = refresh(old)
    if args.write:
        args.file.write_text(new, encoding="utf-8")
    elif old != new:
        print(f"{args.file} does not show what its examples print; run with --write", file=sys.stderr)
        return 1
    return 0


def refresh(text: str) -> str:
    """`text` with the output of its examples made anew."""
    printed = ""

    def replace(match: re.Match[str]) -> str:
        nonlocal printed
        info, body = match["info"], match["body"]
        if info == "console" and body.startswith("$ "):
            lines = body.split("\n")
            commands = [line for line in lines if line.startswith("$ ")]
            shown = "".join(f"{command}\n{run(command[2:])}" for command in commands)
            return f"```{info}\n{shown}```"
        if info == "python":
            printed = run_python(body)
        elif info == "text" and printed:
            output, printed = printed, ""
            return f"```{info}\n{output}```"
        return match[0]

    return FENCE.sub(replace, text)


def run(command: str) -> str:
    """What `command` prints on standard output; the `ukrnlp` of this interpreter's environment is meant."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "COLUMNS": WIDTH, "PATH": path}
    return subprocess.run(command, shell=True, check=True, stdout=subprocess.PIPE, env=env, cwd=ROOT).stdout.decode()


def run_python(code: str) -> str:
    """What `code` prints."""
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout.decode()


if __name__ == "__main__":
    sys.exit(main())
