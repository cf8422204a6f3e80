"""Documents from text, JSON lines, CSV, TSV and parquet files and standard input; a bad one loses no other."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast, get_args

from ukrnlp.columnar import parquet_rows, unpacked
from ukrnlp.decoding import (
    bom_safe,
    broken_bytes,
    check_encoding,
    decode,
    decodes,
    has_surrogate,
    is_utf8,
    text_warnings,
)
from ukrnlp.document import Document, StageError
from ukrnlp.errors import ConfigError, InputError

Form = Literal["txt", "jsonl", "csv", "tsv", "parquet"]
FORMS: tuple[str, ...] = get_args(Form)
STDIN = "-"
STAGE = "read"
Row = tuple[int, Mapping[str, Any] | InputError]  # the number from 1, and the fields or why there are none


@dataclass(frozen=True, slots=True)
class Fields:
    """The names under which rows carry text, identifier and targets."""

    text: str = "text"
    id: str = "id"
    targets: str = "targets"


def read_documents(
    sources: Iterable[str | Path],
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    fields: Fields = Fields(),
    lines: bool = False,
) -> Iterator[Document]:
    """Yield the documents of `sources` in order, lazily.

    A source or row that cannot be read gives an empty Document whose `errors` say why (stage "read"), and reading
    goes on: see `is_unread`.

    Args:
        sources: paths, or "-" for standard input. A name that ends in .gz or .zst is unpacked.
        form: "txt" (a file is a document), "jsonl", "csv", "tsv" or "parquet" (a row is a document); None goes by the
            name's end. parquet and .zst need the extra `data`.
        encoding: of every source; UTF-8 may begin with a byte order mark. Nothing is guessed, nothing replaced.
        fields: the names of the fields of rows. All other fields are kept in `meta["input"]`.
        lines: every line of a text is a document; lines end at "\\n" only.

    Raises:
        ConfigError: `form` or `encoding` does not exist.
    """
    check_form(form)
    check_encoding(encoding)
    for source in sources:
        name = str(source)
        try:
            yield from read_source(name, form=form, encoding=encoding, fields=fields, lines=lines)
        except InputError as error:
            yield unread("stdin" if name == STDIN else name, str(error))


def read_source(
    name: str, *, form: str | None, encoding: str, fields: Fields, lines: bool = False, label: str | None = None
) -> Iterator[Document]:
    """Yield the documents of one source, called after `label`, by default its name.

    Raises:
        InputError: the source as a whole cannot be read.
    """
    kind = "lines" if lines else form or form_of(name)
    label = label or ("stdin" if name == STDIN else name)
    if kind == "parquet":
        if name == STDIN:
            raise InputError("parquet cannot be read from standard input; name the file")
        yield from row_documents(parquet_rows(checked_file(name)), label, fields)
        return
    with opened(name) as stream:
        if kind == "txt":
            yield text_document(stream.read(), label, encoding)
        elif kind == "lines":
            yield from line_documents(stream, label, encoding)
        else:
            rows = json_rows(stream, encoding) if kind == "jsonl" else table_rows(stream, encoding, kind, fields)
            yield from row_documents(rows, label, fields)


def is_unread(doc: Document) -> bool:
    """Whether `doc` stands for a source or row that could not be read."""
    return any(error.stage == STAGE for error in doc.errors)


def unread(name: str, message: str) -> Document:
    """The document that stands for what could not be read."""
    return Document("", id=name, errors=(StageError(STAGE, InputError.__name__, message),))


def form_of(name: str) -> str:
    """The form that a file name promises: "txt" unless it ends in .jsonl, .csv, .tsv or .parquet (.gz and .zst aside).

    >>> form_of("news/archive.jsonl.gz")
    'jsonl'
    """
    suffix = Path(name.lower().removesuffix(".gz").removesuffix(".zst")).suffix.removeprefix(".")
    suffix = {"ndjson": "jsonl", "tab": "tsv"}.get(suffix, suffix)
    return suffix if suffix in FORMS else "txt"


def check_form(form: str | None) -> None:
    """Raise `ConfigError` unless `form` is None or known."""
    if form is not None and form not in FORMS:
        raise ConfigError(f"input form is {form!r}; allowed: {', '.join(FORMS)}")


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a source for reading bytes; failures of the system, now or while reading, become `InputError`."""
    try:
        if name == STDIN:
            yield sys.stdin.buffer
            return
        with checked_file(name).open("rb") as stream:
            if name.lower().endswith(".gz"):
                yield cast(BinaryIO, gzip.GzipFile(fileobj=stream))
            else:
                yield unpacked(stream, name) if name.lower().endswith(".zst") else stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name} is torn or not packed as it says ({error}); make it again or rename it") from error
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def checked_file(name: str) -> Path:
    """The path called `name`.

    Raises:
        InputError: it is a directory, or not there.
    """
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{name} is a directory; name its files, for example {name.rstrip('/')}/*.txt")
    if not path.exists():
        raise InputError(f"{name} does not exist; check the path")
    return path


def text_document(data: bytes, name: str, encoding: str) -> Document:
    """The document of one text file."""
    doc = Document(decode(data, name, encoding), id=name)
    doc.warn(*text_warnings(doc.text))
    if not is_utf8(encoding) and not data.isascii() and decodes(data, "utf-8"):
        doc.warn(f"the file is valid UTF-8, but was read as {encoding}; leave --encoding out if letters look wrong")
    return doc


def line_documents(stream: BinaryIO, name: str, encoding: str) -> Iterator[Document]:
    """One document a line; a line's own "\\r" before "\\n" belongs to its end."""
    for number, line in numbered_lines(stream, encoding):
        where = f"{name}:{number}"
        broken = broken_bytes(line, encoding)
        if broken:
            yield unread(where, f"{where}: {broken}")
            continue
        doc = Document(line.removesuffix("\n").removesuffix("\r"), id=where)
        doc.warn(*(text_warnings(doc.text) if doc.text else ()))
        yield doc


def row_documents(rows: Iterator[Row], name: str, fields: Fields) -> Iterator[Document]:
    """One document a row; `name:number` names rows without an identifier."""
    empty = True
    for number, values in rows:
        empty = False
        where = f"{name}:{number}"
        try:
            if isinstance(values, InputError):
                raise values
            yield row_document(values, where, fields)
        except InputError as error:
            yield unread(where, f"{where}: {error}")
    if empty:
        raise InputError(f"{name} holds no rows")


def row_document(values: Mapping[str, Any], where: str, fields: Fields) -> Document:
    """The document of one row.

    Raises:
        InputError: the text, identifier or targets are missing or of a wrong type.
    """
    rest = dict(values)
    if fields.text not in rest:
        raise InputError(f"no field {fields.text!r}; found: {', '.join(rest) or 'none'} (choose one with --text-field)")
    text = rest.pop(fields.text)
    if not isinstance(text, str):
        raise InputError(f"field {fields.text!r} holds {type(text).__name__}, not a string")
    if has_surrogate(text):
        raise InputError(f"field {fields.text!r} holds half a character (a lone surrogate)")
    key = rest.pop(fields.id, None)
    if not (key is None or isinstance(key, str | int)) or isinstance(key, bool):
        raise InputError(f"field {fields.id!r} holds {type(key).__name__}, not a string or a whole number")
    doc = Document(
        text, id=where if key in (None, "") else str(key), targets=parse_targets(rest.pop(fields.targets, None), fields)
    )
    if rest:
        doc.meta["input"] = rest
    doc.warn(*text_warnings(text))
    return doc


def parse_targets(value: object, fields: Fields) -> tuple[str, ...]:
    """Targets of a row: a list of strings, or one string with `;` between them.

    >>> parse_targets("Росія; США", Fields())
    ('Росія', 'США')

    Raises:
        InputError: neither of these.
    """
    if isinstance(value, str):
        value = [part.strip() for part in value.split(";")]
    elif value is None:
        value = []
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise InputError(f"field {fields.targets!r} must be a list of strings, or a string with ; between targets")
    return tuple(part for part in value if part.strip())


def json_rows(stream: BinaryIO, encoding: str) -> Iterator[Row]:
    """The rows of a JSON lines file; empty lines are none."""
    for number, line in numbered_lines(stream, encoding):
        if line.strip():
            yield number, attempt(json_values, line, encoding)


def attempt(parse: Callable[..., Mapping[str, Any]], *args: object) -> Mapping[str, Any] | InputError:
    """What `parse` returns, or the `InputError` that it raises: a broken row does not end the reading."""
    try:
        return parse(*args)
    except InputError as error:
        return error


def json_values(line: str, encoding: str) -> dict[str, Any]:
    """The object that `line` holds.

    Raises:
        InputError: it holds none.
    """
    broken = broken_bytes(line, encoding)
    if broken:
        raise InputError(broken)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"broken JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"JSON holds {type(value).__name__}, not an object")
    return value


def table_rows(stream: BinaryIO, encoding: str, kind: str, fields: Fields) -> Iterator[Row]:
    """The rows of a CSV or TSV file, under the names of its first row.

    TSV has no quotation (text/tab-separated-values): a field that begins with a quote keeps it.

    Raises:
        InputError: the header lacks the text field, or names a field twice.
    """
    csv.field_size_limit(2**31 - 1)  # the default refuses articles over 128 KB
    text = io.TextIOWrapper(stream, encoding=bom_safe(encoding), errors="surrogateescape", newline="")
    reader = (
        csv.reader(text, strict=True) if kind == "csv" else csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    try:
        header = next(reader, [])
        if fields.text not in header:
            found = ", ".join(header) or "none"
            raise InputError(f"the header has no field {fields.text!r}; found: {found} (choose one with --text-field)")
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise InputError(f"the header names a field twice: {', '.join(twice)}")
        for number in count(1):
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, InputError(f"broken CSV near line {reader.line_num}: {error}")
                continue
            if values:
                row = attempt(table_values, header, values, encoding)
                if isinstance(row, InputError):
                    row = InputError(f"line {reader.line_num}: {row}")
                yield number, row
    finally:
        let_go(text)


def table_values(header: list[str], values: list[str], encoding: str) -> dict[str, Any]:
    """The fields of one row by name.

    Raises:
        InputError: the row has more or fewer fields than the header, or broken bytes.
    """
    if len(values) != len(header):
        raise InputError(f"the row has {len(values)} fields, the header {len(header)}")
    broken = broken_bytes("".join(values), encoding)
    if broken:
        raise InputError(broken)
    return dict(zip(header, values, strict=True))


def numbered_lines(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Lines with their ends, numbered from 1; only "\\n" ends a line, undecodable bytes are lone surrogates."""
    text = io.TextIOWrapper(stream, encoding=bom_safe(encoding), errors="surrogateescape", newline="\n")
    try:
        yield from enumerate(text, 1)
    finally:
        let_go(text)


def let_go(text: io.TextIOWrapper) -> None:
    """Part the wrapper from its stream, which it would close: that may be standard input."""
    with suppress(ValueError):  # a reader that stopped early has closed the stream
        text.detach()
