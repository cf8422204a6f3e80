"""Names on the command line to sources that can be read again, with their checksums."""

from __future__ import annotations

import glob
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukrnlp.batch import durable
from ukrnlp.document import Document
from ukrnlp.errors import InputError
from ukrnlp.io import FORMS, STDIN, Fields, form_of, read_source, unread

ENDINGS = (*(f".{form}" for form in FORMS), ".ndjson", ".tab")
PACKED = (".gz", ".zst")
KEPT = (".parts", ".manifest.json", ".errors.jsonl", ".lock", ".tmp")  # what a run puts behind its output's name


@dataclass(frozen=True, slots=True)
class Source:
    """A file: `name` as documents are called after it, `path` where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """How the documents of the sources are read."""

    form: str | None
    encoding: str
    fields: Fields
    limit: int | None


def expand(inputs: Sequence[str], output: Path) -> list[str]:
    """Folders and globs to the files in them, sorted; the output and what lies around it is no input.

    Raises:
        InputError: a name is not there, or a folder or glob holds no file of a known form.
    """
    found: list[str] = []
    for name in inputs:
        path = Path(name)
        if name == STDIN or path.is_file():
            if name != STDIN and belongs_to(path, output):
                raise InputError(f"{name} is the output itself, or belongs to it; choose another output")
            found.append(name)
            continue
        inside = files_in(path) if path.is_dir() else sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        chosen = [file for file in inside if Path(file).is_file() and not belongs_to(Path(file), output)]
        if not chosen:
            what = f"holds no file that ends in {', '.join(ENDINGS)}" if path.is_dir() else "is not there"
            raise InputError(f"{name} {what}; name files, folders, globs, or - for standard input")
        found += chosen
    return found


def files_in(folder: Path) -> list[str]:
    """Files of known forms in and below a folder, sorted by their parts."""
    files = [path for path in folder.rglob("*") if has_known_form(path.name)]
    return [str(path) for path in sorted(files, key=lambda path: path.parts)]


def has_known_form(name: str) -> bool:
    """Whether a file name promises text.

    >>> has_known_form("archive.jsonl.gz"), has_known_form("photo.png")
    (True, False)
    """
    plain = name.lower()
    for ending in PACKED:
        plain = plain.removesuffix(ending)
    return plain.endswith(ENDINGS)


def belongs_to(path: Path, output: Path) -> bool:
    """Whether `path` is the output, or one of the files that a run keeps around it."""
    inner, outer = path.resolve(), output.resolve()
    if not inner.is_relative_to(outer.parent):
        return False
    first = inner.relative_to(outer.parent).parts[0]
    return first in (outer.name, *(f"{outer.name}{ending}" for ending in KEPT))


def settle(names: Sequence[str], spool: Path) -> list[Source]:
    """Sources that can be read twice: standard input is copied to `spool` first.

    Raises:
        UkrnlpError: `spool` cannot be written.
    """
    if STDIN in names:
        with durable.replacing(spool) as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream, 1 << 20)
    return [Source("stdin", spool) if name == STDIN else Source(name, Path(name)) for name in names]


def fingerprint(source: Source) -> dict[str, str | int]:
    """Name, length and checksum of a source.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with source.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return {"name": source.name, "bytes": source.path.stat().st_size, "sha256": digest}
    except OSError as error:
        raise InputError(f"{source.name} cannot be read: {error.strerror or error}") from error


def documents(sources: Sequence[Source], reading: Reading) -> Iterator[Document]:
    """The documents of all sources in order; what cannot be read comes as a document that says why."""
    left = sys.maxsize if reading.limit is None else reading.limit
    for source in sources:
        form = reading.form or ("jsonl" if source.name == "stdin" else form_of(source.name))
        try:
            for doc in read_source(
                str(source.path), form=form, encoding=reading.encoding, fields=reading.fields, label=source.name
            ):
                if not left:
                    return
                left -= 1
                yield doc
        except InputError as error:
            if not left:
                return
            left -= 1
            yield unread(source.name, str(error))
