"""Translate an archive: rows with every sentence's translation, and a table of sentence pairs.

python scripts/translate_corpus.py archive.jsonl -o translated.jsonl --pairs pairs.tsv
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


def pairs_of(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[str, int, str, str]]:
    """Identifier, number, source and translation of every sentence."""
    for row in rows:
        if row["translation"]:
            for number, (source, target) in enumerate(
                zip(row["sentences"], row["translation"]["sentences"], strict=True)
            ):
                yield row["id"], number, source["text"], target


def main(
    inputs: Annotated[list[str], typer.Argument(help="files, folders, globs, or - for standard input")],
    output: Annotated[Path, typer.Option("--output", "-o", help="rows, as .jsonl")],
    to: Annotated[str, typer.Option(help="language to translate into")] = "en",
    model: Annotated[str | None, typer.Option(help="bundled name, directory or hub name", show_default="uk-TO")] = None,
    beam: Annotated[int, typer.Option(min=1, help="beam size; 1 is fastest")] = 4,
    pairs: Annotated[Path | None, typer.Option(help="sentence pairs, as .tsv or .csv")] = None,
    text_field: Annotated[str, typer.Option(help="field that holds the text")] = "text",
    id_field: Annotated[str, typer.Option(help="field that holds the identifier")] = "id",
    workers: Annotated[int, typer.Option(min=0, help="processes; 0: one a core")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="go on with what an earlier run left")] = False,
    force: Annotated[bool, typer.Option("--force", help="throw away what an earlier run left")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress")] = False,
) -> None:
    """Translate an archive."""
    with guard(debug=False, quiet=quiet):
        translate: dict[str, Any] = {"beam_size": beam} | ({"model": model} if model else {})
        options = BatchOptions(
            inputs=tuple(inputs),
            output=output,
            stages=("normalize", "split", "translate"),
            to=to,
            config={"translate": translate},
            fields=Fields(text_field, id_field),
            workers=workers,
            resume=resume,
            force=force,
        )
        report = process(options, quiet=quiet)
        if pairs is not None:
            write_table(pairs, ("id", "sentence", "source", "translation"), pairs_of(read_rows(output)))
        finish(report)


if __name__ == "__main__":
    typer.run(main)
