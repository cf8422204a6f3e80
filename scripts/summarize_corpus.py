"""Summarise an archive: rows with the summary and its source sentences, and a table of summaries.

python scripts/summarize_corpus.py archive.jsonl -o summaries.jsonl --table summaries.csv --sentences 2
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ukrnlp.batch import BatchOptions
from ukrnlp.batch.tables import read_rows, write_table
from ukrnlp.cli.batch import finish, process
from ukrnlp.cli.work import guard
from ukrnlp.io import Fields


def summaries_of(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Identifier, summary and numbers of the source sentences."""
    for row in rows:
        if row["summary"]:
            yield row["id"], row["summary"]["text"], " ".join(map(str, row["summary"]["sources"]))


def main(
    inputs: Annotated[list[str], typer.Argument(help="files, folders, globs, or - for standard input")],
    output: Annotated[Path, typer.Option("--output", "-o", help="rows, as .jsonl")],
    sentences: Annotated[int | None, typer.Option(min=1, help="sentences a summary", show_default="by length")] = None,
    words: Annotated[int | None, typer.Option(min=1, help="words that a summary may have")] = None,
    focus: Annotated[str | None, typer.Option(help="a name that the summary should be about")] = None,
    table: Annotated[Path | None, typer.Option(help="summaries, as .tsv or .csv")] = None,
    text_field: Annotated[str, typer.Option(help="field that holds the text")] = "text",
    id_field: Annotated[str, typer.Option(help="field that holds the identifier")] = "id",
    workers: Annotated[int, typer.Option(min=0, help="processes; 0: one a core")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="go on with what an earlier run left")] = False,
    force: Annotated[bool, typer.Option("--force", help="throw away what an earlier run left")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress")] = False,
) -> None:
    """Summarise an archive."""
    with guard(debug=False, quiet=quiet):
        given = {"sentences": sentences, "words": words, "focus": focus}
        options = BatchOptions(
            inputs=tuple(inputs),
            output=output,
            stages=("normalize", "split", "summarize"),
            config={"summarize": {name: value for name, value in given.items() if value is not None}},
            fields=Fields(text_field, id_field),
            workers=workers,
            resume=resume,
            force=force,
        )
        report = process(options, quiet=quiet)
        if table is not None:
            write_table(table, ("id", "summary", "sources"), summaries_of(read_rows(output)))
        finish(report)


if __name__ == "__main__":
    typer.run(main)
