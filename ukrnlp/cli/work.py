"""What every command over texts does: read, process, write, tell what failed, end with the right exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NoReturn, Self

import typer

from ukrnlp.document import Document
from ukrnlp.errors import ConfigError, UkrnlpError
from ukrnlp.io import is_unread
from ukrnlp.render import all_warnings

if TYPE_CHECKING:
    from rich.progress import TaskID

    from ukrnlp.pipeline import Pipeline

DONE, NOTHING_DONE, USAGE, SOME_FAILED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
MOST_MESSAGES = 20  # of one kind on standard error; the rest is counted


@contextmanager
def guard(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Turn failures into one line on standard error and the exit code; with `debug` they keep their traceback."""
    logging.basicConfig(format="ukrnlp: %(message)s", level=log_level(debug=debug, quiet=quiet))
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader, such as `head`, has enough; the interpreter must not flush into its closed pipe at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None
    except KeyboardInterrupt:
        fail("stopped", INTERRUPTED)
    except Exception as error:
        if debug or isinstance(error, typer.Exit | typer.BadParameter):
            raise
        if isinstance(error, UkrnlpError):
            fail(f"error: {error}", USAGE if isinstance(error, ConfigError) else NOTHING_DONE)
        if isinstance(error, OSError):
            fail(f"error: {error.strerror or error}" + (f": {error.filename}" if error.filename else ""), NOTHING_DONE)
        name = type(error).__name__
        fail(f"error: {name}: {error} (a fault of ukrnlp; please report it with --debug)", NOTHING_DONE)


def log_level(*, debug: bool, quiet: bool) -> int:
    """What the library logs is shown from this level on."""
    if debug:
        return logging.DEBUG
    return logging.ERROR if quiet else logging.INFO if sys.stderr.isatty() else logging.WARNING


def fail(message: str, code: int) -> NoReturn:
    """Print `message` on standard error and end with exit code `code`."""
    print(f"ukrnlp: {one_line(message)}", file=sys.stderr)
    raise typer.Exit(code)


def one_line(message: str) -> str:
    """`message` without line breaks."""
    return " ".join(message.split())


@dataclass(slots=True)
class Messages:
    """Lines on standard error, the first `MOST_MESSAGES` of each kind; `close` tells how many more there were."""

    quiet: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {"error": 0, "warning": 0})

    def tell(self, kind: str, message: str) -> None:
        """Print one message of `kind` "error" or "warning"."""
        if kind == "warning" and self.quiet:
            return
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_MESSAGES:
            print(f"ukrnlp: {kind}: {one_line(message)}", file=sys.stderr)

    def close(self) -> None:
        """Say how many messages were left out."""
        for kind, count in self.counts.items():
            if count > MOST_MESSAGES:
                print(f"ukrnlp: {kind}: and {count - MOST_MESSAGES} more", file=sys.stderr)


def process(docs: Iterable[Document], make: Callable[[], Pipeline], *, batch_size: int) -> Iterator[Document]:
    """Yield `docs` in order, the readable ones after the pipeline, window by window.

    The pipeline is made when the first readable document comes, so that a wrong file name does not wait for models.
    """
    nlp: Pipeline | None = None
    stream = iter(docs)
    while window := list(islice(stream, batch_size)):
        if readable := [doc for doc in window if not is_unread(doc)]:
            nlp = nlp or make()
            for _ in nlp.pipe(readable, batch_size=batch_size):
                pass  # in place; the window keeps the order
        yield from window


def write_all(
    docs: Iterable[Document],
    show: Callable[[Document], str],
    *,
    worked: Callable[[Document], bool],
    warn: bool,
    quiet: bool,
) -> None:
    """Write what `show` makes of each document, tell warnings and errors, and raise the exit code.

    Args:
        show: text to write as it is.
        worked: whether the command did its job on a document.
        warn: warnings go to standard error, because `show` does not carry them.
    """
    messages = Messages(quiet=quiet)
    done = failed = 0
    with Progress(shown=sys.stderr.isatty() and not quiet) as progress:
        for doc in docs:
            text = show(doc)
            with progress.paused():
                sys.stdout.write(text)
                for error in doc.errors:
                    where = "" if is_unread(doc) else f"{doc.id}: {error.stage}: "
                    messages.tell("error", where + error.message)
                for warning in all_warnings(doc) if warn else ():
                    messages.tell("warning", f"{doc.id}: {warning}")
            done += worked(doc)
            failed += bool(doc.errors)
            progress.advance()
    messages.close()
    if failed:
        sys.stdout.flush()
        raise typer.Exit(SOME_FAILED if done else NOTHING_DONE)


class Progress:
    """A line on standard error that counts documents; nothing when it is not `shown`."""

    def __init__(self, *, shown: bool) -> None:
        self.bar = None
        self.task: TaskID | None = None
        if shown:
            from rich.console import Console
            from rich.progress import Progress as Bar
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = SpinnerColumn(), TextColumn("{task.completed:.0f} documents"), TimeElapsedColumn()
            self.bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def advance(self) -> None:
        """Count one document."""
        if self.bar and self.task is not None:
            self.bar.advance(self.task)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the line away while something else is written to the terminal."""
        if self.bar:
            self.bar.stop()
        yield
        if self.bar:
            sys.stdout.flush()
            self.bar.start()
