"""`ukrnlp batch`: archives, with progress, error records, and a way back after any end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from ukrnlp.cli.options import Debug, InputForm, Targets, whose
from ukrnlp.cli.work import NOTHING_DONE, SOME_FAILED, fail, guard
from ukrnlp.errors import ConfigError
from ukrnlp.io import STDIN, Fields

if TYPE_CHECKING:
    from rich.progress import TaskID

    from ukrnlp.batch import BatchOptions, BatchReport, Progress

SIGNALLED = 128  # exit codes of commands that a signal ended are this and its number
LINE_SECONDS = 10.0  # between two lines of progress where there is no terminal


def batch(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INPUT]...", help="Files, folders, globs; '-' or none: stdin (jsonl)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Ends in .jsonl, .csv or .parquet.", show_default=False)
    ] = None,
    config: Annotated[str, typer.Option(help="A preset, or a TOML file.")] = "uk-news",
    stages: Annotated[
        str | None, typer.Option(help="Stages with commas between.", show_default="all; translate only with --to")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Language to translate into.", show_default=False)] = None,
    targets: Targets = None,
    form: Annotated[
        InputForm | None, typer.Option("--from", help="Form of the input; by default the file's name tells.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the input, for example cp1251.")] = "utf-8",
    text_field: Annotated[str, typer.Option(help="Field of a row that holds the text.")] = "text",
    id_field: Annotated[str, typer.Option(help="Field of a row that holds its identifier.")] = "id",
    targets_field: Annotated[str, typer.Option(help="Field of a row that holds its targets.")] = "targets",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what an earlier run left.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Throw away what an earlier run left.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes, each with its models; 0: one a core.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents that the engines see at once.")] = 64,
    shard_size: Annotated[int, typer.Option(min=1, help="Documents that are written at once.")] = 128,
    on_error: Annotated[str, typer.Option(help="keep: write what worked and go on; stop: end the run.")] = "keep",
    limit: Annotated[int | None, typer.Option(min=1, help="The first N documents alone.", show_default=False)] = None,
    shard: Annotated[str, typer.Option(metavar="I/N", help="The I-th of N equal parts of the input.")] = "1/1",
    engine: Annotated[str, typer.Option(help="local, or ray (needs ukrnlp[ray]).")] = "local",
    address: Annotated[str | None, typer.Option(help="Of a Ray cluster.", show_default="this machine")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, count and estimate; write nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
    debug: Debug = False,
) -> None:
    """Process an archive into one file.

    Finished work is kept as it goes: after a crash, a full disk or Ctrl-C, the same command with --resume goes on and
    ends with the same bytes. Failed documents keep a row and get a record in OUTPUT.errors.jsonl.
    """
    with guard(debug=debug, quiet=quiet):
        if output is None:
            raise ConfigError("no output: name a file with -o that ends in .jsonl, .csv or .parquet")
        from ukrnlp.batch import BatchOptions
        from ukrnlp.pipeline import read_config

        options = BatchOptions(
            inputs=tuple(inputs or [STDIN]),
            output=output,
            config=config,
            to=to,
            targets=whose(targets) or (None if "targets" in read_config(config) else "auto"),
            stages=[name.strip() for name in stages.split(",")] if stages else None,
            form=form.value if form else None,
            encoding=encoding,
            fields=Fields(text_field, id_field, targets_field),
            resume=resume,
            force=force,
            workers=workers,
            batch_size=batch_size,
            shard_size=shard_size,
            on_error=on_error,  # type: ignore[arg-type]  # checked there
            limit=limit,
            part=part_of(shard),
            engine=engine,  # type: ignore[arg-type]  # checked there
            address=address,
        )
        if dry_run:
            estimate(options)
        else:
            finish(process(options, quiet=quiet))


def process(options: BatchOptions, *, quiet: bool) -> BatchReport:
    """Run with progress on standard error, say what was done, and end with the code of a signal if one came."""
    from ukrnlp.batch import StoppedError, run_batch

    try:
        with Display(shown=not quiet) as display:
            report = run_batch(options, watch=display.show)
    except StoppedError as error:
        fail(str(error), SIGNALLED + error.number)
    tell(report, display.seconds(), quiet=quiet)
    return report


def part_of(text: str) -> tuple[int, int]:
    """The numbers of I/N."""
    try:
        number, of = text.split("/")
        return int(number), int(of)
    except ValueError as error:
        raise ConfigError(f"--shard is {text!r}; write I/N, such as 2/8") from error


def estimate(options: BatchOptions) -> None:
    """Print what a dry run finds."""
    from ukrnlp.batch import dry_run

    plan, cost = dry_run(options)
    print(f"{plan.documents} documents, {plan.characters} characters, {plan.shards} shards")
    for note in plan.notes():
        print(note)
    workers = min(options.processes, plan.shards)
    print(f"about {duration(cost.seconds / workers)} with {workers} workers, {size(cost.bytes)} of rows")
    print("by the first documents; the disk needs room for the rows twice while the output is put together")


def tell(report: BatchReport, seconds: float, *, quiet: bool) -> None:
    """Say what was done; that documents failed is said to the quiet too."""
    if not quiet:
        for note in report.notes:
            print(f"ukrnlp: {note}", file=sys.stderr)
        reused = f", {report.reused} of {report.shards} shards from before" if report.reused else ""
        print(
            f"ukrnlp: {report.documents} documents, {report.characters} characters in {duration(seconds)}{reused}; "
            f"{report.failed} failed; {report.output}",
            file=sys.stderr,
        )
    if report.failed:
        print(f"ukrnlp: {report.failed} documents failed; see {report.errors}", file=sys.stderr)


def finish(report: BatchReport) -> None:
    """End with the exit code that the report deserves."""
    if report.failed:
        raise typer.Exit(SOME_FAILED if report.failed < report.documents else NOTHING_DONE)


def size(count: int) -> str:
    """Bytes as a person says them.

    >>> size(4_620), size(2_500_000_000)
    ('5 kB', '2500 MB')
    """
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e3:.0f} kB"


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(5.04), duration(3700)
    ('5.0 s', '1:01:40')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class Display:
    """Progress on standard error: a bar on a terminal, else a line now and then."""

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self.begun = self.told = time.monotonic()
        self.bar: Any = None
        self.task: TaskID | None = None
        if shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            self.bar = Bar(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("reading the input", total=None)

    def __enter__(self) -> Self:
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.begun

    def show(self, progress: Progress) -> None:
        """Show where the run stands."""
        if not self.shown:
            return
        text = status(progress, self.seconds())
        if self.bar:
            self.bar.update(self.task, completed=progress.documents, total=progress.total_documents, description=text)
        elif time.monotonic() - self.told >= LINE_SECONDS:
            self.told = time.monotonic()
            print(f"ukrnlp: {text}", file=sys.stderr, flush=True)


def status(progress: Progress, seconds: float) -> str:
    """Documents, characters, rate, time left and failures in a line."""
    made = progress.documents - progress.reused
    rate = made / seconds if seconds > 0 else 0.0
    left = duration((progress.total_documents - progress.documents) / rate) if rate else "unknown"
    return (
        f"{progress.documents}/{progress.total_documents} documents, {progress.characters} characters, "
        f"{rate:.1f} documents/s, {left} left, {progress.failed} failed"
    )
