"""Tables drawn from batch outputs: what a script writes beside the rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ukrnlp.batch import durable
from ukrnlp.errors import InputError
from ukrnlp.render import flat


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a batch output in jsonl, one at a time.

    Raises:
        InputError: the file is not there, or a line is no row.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as stream:
            for number, line in enumerate(stream, 1):
                yield parsed(line, f"{path}:{number}")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def parsed(line: str, where: str) -> dict[str, Any]:
    """The row in a line."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where} is no row ({error}); give the .jsonl that a batch wrote") from error
    if not isinstance(row, dict) or "id" not in row:
        raise InputError(f"{where} is no row of a batch output; give the .jsonl that a batch wrote")
    return row


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table whose form its name tells: .tsv (line ends and tabs in cells become spaces) or .csv.

    Raises:
        UkrnlpError: the system refuses to write.
    """
    with durable.replacing(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
        if path.suffix == ".tsv":
            for row in (header, *rows):
                text.write("\t".join(flat(str(cell)).replace("\t", " ") for cell in row) + "\n")
        else:
            csv.writer(text, lineterminator="\n").writerows((header, *rows))
        text.detach()
