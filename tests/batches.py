"""Archives to run, runs to stop, and stages that misbehave: what the tests of batch work share."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from command import entry_point, environment

from ukrnlp.document import Document, Sentence
from ukrnlp.pipeline import Pipeline

STAGES = ("normalize", "split")
PHRASES = (
    "Про це пише місцеве видання.",
    "У росії знову говорять про переговори.",
    "Міністр заявив, що рф не виконує угоду.",
    "За ніч збили 24 дрони, повідомили військові.",
    "москва заперечує участь у нападі.",
    "Зернова угода діє з 3 липня 2023 р.",
    "«Ми чекаємо на рішення», – сказав посол.",
    "У місті Н. сніг і вітер до 15 м/с.",
)


def texts(count, seed=7):
    """Made articles of a few sentences."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(PHRASES, k=draw.randint(2, 12))) for _ in range(count)]


def archive(path, count, **more):
    """Write a JSON lines file of `count` made articles; return its path."""
    rows = [{"id": f"n{i}", "text": text, "source": f"s{i % 3}", **more} for i, text in enumerate(texts(count))]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_rows(path):
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def start(source, output, *args, stages=STAGES, **options):
    """Start `ukrnlp batch` in a process of its own."""
    argv = [*entry_point(), "batch", str(source), "-o", str(output), "--stages", ",".join(stages), *map(str, args)]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True, encoding="utf-8", **options
    )


def finish(process):
    """Wait for a started run; return its exit code and standard error."""
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def run(source, output, *args, **options):
    """Run `ukrnlp batch` to its end."""
    return finish(start(source, output, *args, **options))


def parts(output):
    """The folder of shards of a run."""
    return output.with_name(f"{output.name}.parts")


def shards(output):
    """The finished shards of a run, by name."""
    return sorted(parts(output).glob("shard-*.jsonl"))


def stop_at(process, output, count, number=signal.SIGKILL, delay=0.0):
    """Send a signal once `count` shards are there; return whether the run was still going."""
    while process.poll() is None and len(shards(output)) < count:
        time.sleep(0.005)
    time.sleep(delay)
    if process.poll() is not None:
        return False
    process.send_signal(number)
    return True


def children(pid):
    """Processes that `pid` started (Linux)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def alive(pid):
    """Whether a process is there and no zombie (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Marked:
    """A stage that does what a text tells it to."""

    name, requires, provides = "split", (), ("sentences",)

    def __init__(self):
        self.windows = []

    def __call__(self, docs):
        self.windows.append([doc.id for doc in docs])
        for doc in docs:
            if "ЗАГИНЬ" in doc.text:
                os._exit(9)
            if "ПОМИЛКА" in doc.text:
                raise ValueError("a marked text")
            if "ПАМ'ЯТЬ" in doc.text:
                bytearray(1 << 62)
            doc.sentences = (Sentence(doc.text, 0),)


class OnceMarked(Marked):
    """A stage that dies the first time it sees a marked text, which names a file to remember that by."""

    def __call__(self, docs):
        for doc in docs:
            if "ЗАГИНЬ" in doc.text and not (note := Path(doc.text.split()[-1])).exists():
                note.touch()
                os._exit(9)
            doc.sentences = (Sentence(doc.text, 0),)


def marked_pipeline():
    """A pipeline of `Marked`, for worker processes too."""
    return Pipeline([Marked()], on_error="keep")


def once_marked_pipeline():
    """A pipeline of `OnceMarked`, for worker processes too."""
    return Pipeline([OnceMarked()], on_error="keep")


def broken_pipeline():
    """A pipeline that cannot be made."""
    from ukrnlp.errors import ModelError

    raise ModelError("no such model")


def documents(*given):
    """Documents numbered from 0."""
    return [Document(text, id=str(i)) for i, text in enumerate(given)]
