"""The long form of the fault tests: many kills, big inputs, long runs. Prints a Markdown table for docs/reliability.md.

python scripts/soak_batch.py --kills 40 --documents 5000 --megabytes 1 --megabytes 100 --minutes 30

Needs Linux (it reads /proc). Articles are made up from fixed sentences; nothing but a folder for the work is written.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ukrnlp.cards import markdown_table

PHRASES = (
    "Про це {n} грудня повідомляє кореспондент агентства.",
    "У росії знову заговорили про {n} умов переговорів.",
    "Речник міністерства заявив, що рф порушила угоду {n} разів.",
    "За ніч сили оборони збили {n} дронів і {m} ракет.",
    "москва заперечує свою участь у нападі на порт № {n}.",
    "Зернова угода діяла до {m} липня 2023 р.",
    "«Ми чекаємо на рішення уряду вже {n} днів», – сказав посол.",
    "У місті Н. очікують сніг і вітер до {m} м/с.",
    "Суд обрав підозрюваному запобіжний захід, розмір застави – {n},5 млн грн.",
)
TRIAL, SPARE = 500_000, 4  # bytes of a run that tells the speed; the soak's input is longer, so that it does not end
COMMAND = [sys.executable, "-c", "from ukrnlp.cli import main; main()", "batch"]


def articles(seed: int = 1) -> Iterator[str]:
    """Rows of made articles without end."""
    draw = random.Random(seed)
    for number in range(1 << 62):
        chosen = draw.choices(PHRASES, k=draw.randint(4, 20))
        # numbers make nearly every sentence a new one, which the translator cannot take from the one before
        text = " ".join(phrase.format(n=draw.randint(2, 9999), m=draw.randint(2, 99)) for phrase in chosen)
        yield json.dumps({"id": f"n{number}", "text": text}, ensure_ascii=False) + "\n"


def write_archive(path: Path, *, documents: int = 0, size: int = 0) -> Path:
    """An archive of so many documents, or of so many bytes."""
    written = 0
    with path.open("w", encoding="utf-8") as stream:
        for number, line in enumerate(articles()):
            if number >= documents > 0 or written >= size > 0:
                break
            written += len(line.encode())
            stream.write(line)
    return path


def start(source: Path, output: Path, *args: str) -> subprocess.Popen[bytes]:
    """A run in a process of its own."""
    return subprocess.Popen([*COMMAND, str(source), "-o", str(output), "--quiet", *args])


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [inner for child in task.read_text().split() for inner in tree(int(child))]
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children hold, pages shared between them counted once (PSS)."""
    total = 0
    for process in tree(pid):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().split("\n")
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


def processor_seconds() -> float:
    """Processor time of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def watch(process: subprocess.Popen[bytes], every: float) -> list[int]:
    """Resident bytes while a run goes on."""
    samples = []
    while process.poll() is None:
        samples.append(resident(process.pid))
        time.sleep(every)
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    return [sample for sample in samples if sample]


def kill_again_and_again(folder: Path, kills: int, documents: int, workers: int, args: list[str]) -> tuple[int, float]:
    """Kill a run `kills` times in the middle, resume each time; return the number of runs finished meanwhile, seconds.

    Raises:
        SystemExit: the bytes differ from those of a quiet run.
    """
    source = write_archive(folder / "kills.jsonl", documents=documents)
    quiet, output = folder / "quiet.jsonl", folder / "killed.jsonl"
    begun = time.perf_counter()
    watch(start(source, quiet, "--workers", str(workers), *args), 0.2)
    alone = time.perf_counter() - begun
    draw = random.Random(0)
    made = finished = 0
    begun = time.perf_counter()
    while made < kills:
        process = start(source, output, "--workers", str(workers), "--resume", *args)
        # from the first instant to the end of a whole run: start, reading, work, ending
        time.sleep(draw.random() * alone)
        if process.poll() is None:
            made += 1
            process.send_signal(signal.SIGKILL)
        process.wait()
        if output.exists():
            compare(output, quiet)
            finished += 1
            for path in folder.glob("killed.jsonl*"):
                if path.is_file():
                    path.unlink()
    watch(start(source, output, "--workers", str(workers), "--resume", *args), 0.2)
    compare(output, quiet)
    return finished + 1, time.perf_counter() - begun


def compare(output: Path, quiet: Path) -> None:
    """End the program where the bytes differ."""
    if output.read_bytes() != quiet.read_bytes():
        raise SystemExit(f"LOSS: {output} and {quiet} differ")


def main(
    kills: Annotated[int, typer.Option(help="kill -9 at so many random moments")] = 0,
    documents: Annotated[int, typer.Option(help="documents of the run that is killed, and of the speed test")] = 5000,
    speed: Annotated[bool, typer.Option("--speed", help="documents a second with 1 and 2 workers")] = False,
    megabytes: Annotated[list[int] | None, typer.Option(help="peak memory at inputs of this size; repeat")] = None,
    minutes: Annotated[float, typer.Option(help="a run of this length, whose memory must stay flat")] = 0,
    workers: Annotated[int, typer.Option(min=1)] = 2,
    stages: Annotated[str, typer.Option(help="stages of all runs")] = "normalize,split",
    to: Annotated[str | None, typer.Option(help="language, where translate is among the stages")] = None,
) -> None:
    """Try a batch run hard and print what came out."""
    args = ["--stages", stages, *(["--to", to] if to else [])]
    rows: list[tuple[str, str]] = []

    def note(what: str, result: str) -> None:
        rows.append((what, result))
        print(f"{what}: {result}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="soak") as name:
        folder = Path(name)
        if kills:
            finished, seconds = kill_again_and_again(folder, kills, documents, workers, args)
            note(
                f"kill -9 at {kills} random moments in mid-run, {documents} documents, {workers} workers",
                f"{finished} runs reached their end meanwhile, all identical to the byte; {seconds:.0f} s in all",
            )
        if speed:
            source = write_archive(folder / "speed.jsonl", documents=documents)
            for count in (1, 2):
                begun, spent = time.perf_counter(), processor_seconds()
                watch(start(source, folder / f"speed{count}.jsonl", "--workers", str(count), *args), 0.2)
                seconds, spent = time.perf_counter() - begun, processor_seconds() - spent
                note(
                    f"{documents} documents, {count} workers",
                    f"{documents / seconds:.1f} documents/s, start included; {spent:.0f} s of processor time",
                )
        for size in megabytes or ():
            source = write_archive(folder / f"{size}mb.jsonl", size=size * 1_000_000)
            begun = time.perf_counter()
            samples = watch(start(source, folder / f"{size}mb-out.jsonl", "--workers", str(workers), *args), 0.1)
            seconds = time.perf_counter() - begun
            note(
                f"peak memory at {size} MB of input, {workers} workers",
                f"{max(samples) / 1e6:.0f} MB resident, {seconds:.0f} s, {size / seconds:.2f} MB/s",
            )
        if minutes:
            note(f"{minutes:g} minutes, {workers} workers", flatness(folder, minutes, workers, args))
    print(markdown_table(("what", "result"), rows))


def flatness(folder: Path, minutes: float, workers: int, args: list[str]) -> str:
    """How resident memory moves over a long run: the last tenth against the second."""
    trial = write_archive(folder / "trial.jsonl", size=TRIAL)
    begun = time.perf_counter()
    watch(start(trial, folder / "trial-out.jsonl", "--workers", str(workers), *args), 1)
    rate = TRIAL / (time.perf_counter() - begun)
    source = write_archive(folder / "soak.jsonl", size=int(minutes * 60 * rate * SPARE))
    process = start(source, folder / "soak-out.jsonl", "--workers", str(workers), *args)
    samples: list[int] = []
    begun = time.monotonic()
    parts = folder / "soak-out.jsonl.parts"
    while process.poll() is None and not any(parts.glob("shard-*.jsonl")):
        time.sleep(0.5)
    while process.poll() is None and time.monotonic() - begun < minutes * 60:
        samples.append(resident(process.pid))
        time.sleep(1)
    ended = process.poll() is not None
    process.terminate()
    process.wait()
    tenth = max(1, len(samples) // 10)
    early, late = statistics.median(samples[tenth : 2 * tenth]), statistics.median(samples[-tenth:])
    length = f"{(time.monotonic() - begun) / 60:.1f} minutes{' (the input was too short)' if ended else ''}"
    shards = len(list(parts.glob("shard-*.jsonl")))
    return (
        f"{length}, {shards} shards; resident {early / 1e6:.0f} MB in the second tenth, {late / 1e6:.0f} MB in the "
        f"last: {(late / early - 1) * 100:+.1f} %"
    )


if __name__ == "__main__":
    typer.run(main)
