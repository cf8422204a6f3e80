"""A batch run from lock to final file."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ukrnlp.batch import durable, manifest
from ukrnlp.batch.options import BatchOptions, BatchReport, Progress, StoppedError
from ukrnlp.batch.outputs import assemble, errors_path, parquet
from ukrnlp.batch.plan import Plan, make_plan, with_warnings
from ukrnlp.batch.rows import block_of
from ukrnlp.batch.shards import Footer, grouped, read_footer, write_shard
from ukrnlp.batch.sources import Reading, Source, documents, expand, fingerprint, settle
from ukrnlp.batch.workers import Done, Job, Processes, run_here, run_pool
from ukrnlp.document import Document
from ukrnlp.errors import ConfigError, InputError, ModelError
from ukrnlp.io import is_unread
from ukrnlp.pipeline import load

SAMPLE = 8  # documents that a dry run processes to estimate the rest
Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Places:
    """The files around an output."""

    output: Path

    @property
    def parts(self) -> Path:
        """The folder of shards."""
        return self.beside("parts")

    @property
    def manifest(self) -> Path:
        """The manifest."""
        return self.beside("manifest.json")

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.beside("lock")

    def beside(self, ending: str) -> Path:
        """A file named after the output."""
        return self.output.with_name(f"{self.output.name}.{ending}")

    def left(self) -> list[Path]:
        """What an earlier run left."""
        return [path for path in (self.output, self.manifest, self.parts) if path.exists()]


class _Signalled(BaseException):
    """A signal came; no `except Exception` on the way may swallow it."""

    def __init__(self, number: int) -> None:
        self.number = number


def run_batch(options: BatchOptions, *, watch: Watch | None = None) -> BatchReport:
    """Process `options.inputs` into `options.output` and return what was done.

    Shards are kept as they are finished; a run that ends early, for whatever reason, goes on with `resume=True` and
    ends with the same bytes as one that was never stopped. `watch` is told after every shard.

    Raises:
        ConfigError: an option is wrong, an output exists, or what is to be resumed was another run.
        InputError: an input is missing or was changed while the run went on.
        ModelError: a model is not there or damaged.
        StoppedError: SIGINT or SIGTERM came.
        UkrnlpError: another run holds the output, the system refuses to write, or a document failed and `on_error`
            is "stop".
    """
    places = Places(Path(options.output))
    if options.output_form == "parquet":
        parquet()  # better said now than after a night
    settings = options.settings()
    names = expand(options.inputs, places.output)
    refuse_overwriting(places, options)
    make_directory(places.output.parent)
    with durable.locked(places.lock):
        refuse_overwriting(places, options)
        if options.force:
            clear(places)
        run = Run(options, places, settings, names, watch)
        try:
            with signals():
                return run.whole()
        except _Signalled as signalled:
            kept = sum(footer.rows for footer in run.kept())
            name = signal.Signals(signalled.number).name
            message = f"stopped by {name}; {kept} documents are done and kept, go on with --resume"
            raise StoppedError(message, signalled.number) from None


@dataclass(slots=True)
class Run:
    """A run under its lock; `done` are the shards on the disk."""

    options: BatchOptions
    places: Places
    settings: dict[str, Any]
    names: list[str]
    watch: Watch | None
    done: dict[int, Footer] = field(default_factory=dict)

    def whole(self) -> BatchReport:
        """Everything, or what an earlier run left to do."""
        options, places = self.options, self.places
        fresh = not places.parts.exists() and not places.manifest.exists()
        make_directory(places.parts)
        try:
            sources = settle(self.names, places.parts / "stdin")
            stamps = [stamp(source) for source in sources]
            description = manifest.describe(options, self.settings, sources)
            run = manifest.digest(description)
            finished, notes = ([], []) if fresh else self.earlier(description, run)
            if isinstance(finished, BatchReport):
                return finished
            reading = Reading(options.form, options.encoding, options.fields, options.limit)
            plan = make_plan(sources, reading, options.shard_size)
            if not plan.documents:
                raise InputError(f"no documents in {', '.join(self.names[:3])}; nothing to do")
            manifest.write(places.manifest, description, state="running")
        except BaseException:
            if fresh:
                clear(places)
            elif not any(places.parts.glob("shard-*")):
                shutil.rmtree(places.parts, ignore_errors=True)
            raise
        wanted = range_of(plan.shards, options.part)
        self.done = {footer.shard: footer for footer in finished if footer.shard in wanted}
        reused = len(self.done)
        remove_strays(places.parts, set(self.done))
        try:
            self.process(sources, reading, plan, run, wanted)
        except (ConfigError, ModelError):
            # nothing can run as asked: a corrected command must not find the traces of the wrong one
            if fresh and not self.done:
                clear(places)
            raise
        if [stamp(source) for source in sources] != stamps:
            raise InputError("an input was changed while the run went on; begin again with --force")
        footers = [self.done[number] for number in wanted]
        errors = assemble(places.output, options.output_form, places.parts, footers)
        notes += plan.notes()
        report = BatchReport(places.output, errors, *totals(footers), len(footers), reused, tuple(notes))
        manifest.write(places.manifest, description, **finished_state(report))
        shutil.rmtree(places.parts, ignore_errors=True)
        return report

    def kept(self) -> list[Footer]:
        """The shards on the disk: those of `done`, and one that a signal kept from being noted there."""
        paths = self.places.parts.glob("shard-*.jsonl")
        new = [read_footer(path, number_of(path)) for path in paths if number_of(path) not in self.done]
        return [*self.done.values(), *filter(None, new)]

    def earlier(self, description: Mapping[str, Any], run: str) -> tuple[list[Footer] | BatchReport, list[str]]:
        """The shards that an earlier run left whole, or its report if it was finished; and notes."""
        places = self.places
        old = manifest.read(places.manifest) if places.manifest.exists() else None
        found = [read_footer(path, number_of(path)) for path in sorted(places.parts.glob("shard-*.jsonl"))]
        footers = [footer for footer in found if footer]
        notes = []
        if len(footers) < len(found):
            notes.append(f"{len(found) - len(footers)} torn shards are made again")
        if old is None:
            others = any(footer.run != run for footer in footers)
            different = ["the manifest is torn, and the shards are of another run"] if others else []
            notes.append("the manifest was missing or torn; it is written again")
        else:
            different = manifest.differences(old, description)
        if different:
            raise ConfigError(
                f"cannot go on with {places.output}: {'; '.join(different)}. "
                "Undo the change, choose another output, or throw the old run away with --force"
            )
        if old is not None and old.get("state") == "complete":
            if same_output(places.output, old):
                shutil.rmtree(places.parts, ignore_errors=True)
                return finished_report(places.output, old), notes
            if not footers:
                notes.append("the output was changed or removed since; it is made again")
        return [footer for footer in footers if footer.run == run], notes

    def process(self, sources: list[Source], reading: Reading, plan: Plan, run: str, wanted: range) -> None:
        """Make the shards that are missing in `done`, and put them there."""
        share = len(wanted) / plan.shards  # of the documents, near enough to show
        documents_there, characters, failed = totals(self.done.values())
        total = round(plan.documents * share), round(plan.characters * share)
        now = Progress(documents_there, characters, failed, documents_there, *total)
        docs = with_warnings(documents(sources, reading), plan)
        for number, block in self.computed(missing(grouped(docs, self.options.shard_size), self.done, wanted)):
            self.done[number] = footer = write_shard(self.places.parts, number, run, block)
            now = replace(
                now,
                documents=now.documents + footer.rows,
                characters=now.characters + footer.characters,
                failed=now.failed + footer.failed,
            )
            if self.watch:
                self.watch(now)

    def computed(self, jobs: Iterator[Job]) -> Iterator[Done]:
        """Finished shards, from wherever they are computed."""
        options, make = self.options, partial(load, self.settings)
        if options.engine == "ray":
            from ukrnlp.batch.cluster import Actors, connected

            with connected(options.address, options.workers) as workers:
                yield from run_pool(jobs, Actors(make, options.batch_size), workers)
        elif options.processes == 1:
            yield from run_here(jobs, make, options.batch_size)
        else:
            yield from run_pool(jobs, Processes(make, options.batch_size), options.processes)


def missing(shards: Iterable[Job], done: Mapping[int, Footer], wanted: range) -> Iterator[Job]:
    """The shards of `wanted` that are not in `done`; reading ends behind the last."""
    left = len(wanted) - len(done)
    have = set(done)
    for number, docs in shards:
        if not left:
            return
        if number in wanted and number not in have:
            left -= 1
            yield number, docs


def totals(footers: Iterable[Footer]) -> tuple[int, int, int]:
    """Documents, characters and failures of shards."""
    rows = [(footer.rows, footer.characters, footer.failed) for footer in footers]
    documents_there, characters, failed = (sum(column) for column in zip((0, 0, 0), *rows, strict=True))
    return documents_there, characters, failed


def range_of(shards: int, part: tuple[int, int]) -> range:
    """The shards of part i of n: runs of equal length, to one.

    >>> [list(range_of(5, (i, 2))) for i in (1, 2)]
    [[0, 1], [2, 3, 4]]
    """
    number, of = part
    return range(shards * (number - 1) // of, shards * number // of)


def refuse_overwriting(places: Places, options: BatchOptions) -> None:
    """Raise `ConfigError` where something is there and nothing was said of it."""
    left = places.left()
    if left and not (options.resume or options.force):
        raise ConfigError(
            f"{left[0]} exists; go on with --resume, throw it away with --force, or choose another output"
        )
    if left == [places.output] and options.resume:
        raise ConfigError(
            f"{places.output} exists, but {places.manifest.name} does not: no batch run made it that could be resumed; "
            "throw it away with --force, or choose another output"
        )


def make_directory(path: Path) -> None:
    """Make a directory that may be there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise durable.cannot_write(path, error) from error


def clear(places: Places) -> None:
    """Remove what an earlier run keeps beside its output, which itself stays until a new one takes its place."""
    durable.remove(places.manifest)
    shutil.rmtree(places.parts, ignore_errors=True)


def remove_strays(parts: Path, kept: set[int]) -> None:
    """Remove torn shards and temporary files."""
    for path in parts.iterdir():
        if path.suffix == ".tmp" or (path.name.startswith("shard-") and number_of(path) not in kept):
            durable.remove(path)


def number_of(path: Path) -> int:
    """The number in a shard's name; -1 for any other file."""
    digits = path.name.removeprefix("shard-").removesuffix(".jsonl")
    return int(digits) if digits.isdigit() else -1


def stamp(source: Source) -> tuple[int, int]:
    """Length and time of writing of a source: a cheap sign of change."""
    stat = source.path.stat()
    return stat.st_size, stat.st_mtime_ns


def finished_state(report: BatchReport) -> dict[str, Any]:
    """What the manifest of a finished run says beside its description."""
    return {
        "state": "complete",
        "documents": report.documents,
        "characters": report.characters,
        "failed": report.failed,
        "shards": report.shards,
        "output": fingerprint(Source(report.output.name, report.output)),
    }


def same_output(output: Path, old: Mapping[str, Any]) -> bool:
    """Whether the output is still what the finished run wrote."""
    return output.is_file() and fingerprint(Source(output.name, output)) == old.get("output")


def finished_report(output: Path, old: Mapping[str, Any]) -> BatchReport:
    """The report of a run that was finished before."""
    records = errors_path(output)
    return BatchReport(
        output,
        records if records.exists() else None,
        old["documents"],
        old["characters"],
        old["failed"],
        old["shards"],
        old["shards"],
        ("this run was finished before; nothing was left to do",),
    )


@contextmanager
def signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block by `_Signalled`; in other threads they stay as they are."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: object) -> None:
        for wanted in before:
            signal.signal(wanted, signal.SIG_IGN)  # a second one must not disturb the tidying up
        raise _Signalled(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost, from its first documents: seconds with one worker once models are loaded, bytes."""

    seconds: float
    bytes: int


def dry_run(options: BatchOptions) -> tuple[Plan, Estimate]:
    """Check options, inputs and models, count the documents, and process the first few to estimate the rest.

    Nothing is written but a temporary copy of standard input. Raises as `run_batch` does.
    """
    places = Places(Path(options.output))
    settings = options.settings()
    refuse_overwriting(places, options)
    with tempfile.TemporaryDirectory() as folder:
        sources = settle(expand(options.inputs, places.output), Path(folder) / "stdin")
        manifest.models_of(settings)
        reading = Reading(options.form, options.encoding, options.fields, options.limit)
        plan = make_plan(sources, reading, options.shard_size)
        if not plan.documents:
            raise InputError(f"no documents in {', '.join(options.inputs[:3])}; nothing to do")
        nlp = load(settings, on_error="keep")
        sample = [doc for doc, _ in zip(documents(sources, reading), range(SAMPLE), strict=False)]
        readable = [doc for doc in sample if not is_unread(doc)]
        if readable:
            nlp(Document(readable[0].text))  # tables and models come into memory with the first text
        begun = time.perf_counter()
        for _ in nlp.pipe(readable, batch_size=options.batch_size):
            pass
        seconds = time.perf_counter() - begun
        block = block_of(sample)
    scale = plan.characters / max(block.characters, 1)
    return plan, Estimate(seconds * scale, int(len(block.lines) * scale))
