"""Runs the `ukrnlp` command in a process of its own, without network."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SCRIPT = Path(sys.executable).with_name("ukrnlp")
STUBBED = [sys.executable, str(TESTS / "stub_command.py")]


@dataclass(frozen=True)
class Ran:
    """What a process wrote, and its exit code."""

    out: str
    err: str
    code: int


def environment(**more):
    """The variables of a child process: no network, no colour, a locale that is not UTF-8."""
    own = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COLUMNS", "PYTHONUTF8", "LANG", "LC_ALL")}
    path = os.pathsep.join([str(TESTS / "offline"), str(ROOT)])
    return {**own, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", **more}


def entry_point():
    """The installed command; a checkout that is not installed runs its entry point by name."""
    return [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-c", "from ukrnlp.cli import main; main()"]


def ukrnlp(*args, stdin="", command=None, cwd=ROOT, **env):
    """Run the command with `args`; `stdin` is str or bytes."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    argv = [*(command or entry_point()), *map(str, args)]
    ran = subprocess.run(argv, input=data, capture_output=True, env=environment(**env), cwd=cwd, timeout=300)
    return Ran(ran.stdout.decode(), ran.stderr.decode(), ran.returncode)
