"""Normalise an archive: rows with every edit, and a table of what was changed how often.

python scripts/normalize_corpus.py archive.jsonl.gz -o normalized.jsonl --edits edits.tsv
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ukrnlp.batch import BatchOptions
from ukrnlp.batch.tables import read_rows, write_table
from ukrnlp.cli.batch import finish, process
from ukrnlp.cli.work import guard
from ukrnlp.io import Fields


def main(
    inputs: Annotated[list[str], typer.Argument(help="files, folders, globs, or - for standard input")],
    output: Annotated[Path, typer.Option("--output", "-o", help="rows, as .jsonl")],
    edits: Annotated[Path | None, typer.Option(help="changes by number, as .tsv or .csv")] = None,
    names: Annotated[str, typer.Option(help="names to restore: aggressor, states, all or off")] = "aggressor",
    text_field: Annotated[str, typer.Option(help="field that holds the text")] = "text",
    id_field: Annotated[str, typer.Option(help="field that holds the identifier")] = "id",
    workers: Annotated[int, typer.Option(min=0, help="processes; 0: one a core")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="go on with what an earlier run left")] = False,
    force: Annotated[bool, typer.Option("--force", help="throw away what an earlier run left")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress")] = False,
) -> None:
    """Normalise an archive."""
    with guard(debug=False, quiet=quiet):
        options = BatchOptions(
            inputs=tuple(inputs),
            output=output,
            stages=("normalize",),
            config={"normalize": {"names": names}},
            fields=Fields(text_field, id_field),
            workers=workers,
            resume=resume,
            force=force,
        )
        report = process(options, quiet=quiet)
        if edits is not None:
            counts = Counter(
                (edit["rule"], edit["before"], edit["after"]) for row in read_rows(output) for edit in row["edits"]
            )
            write_table(edits, ("rule", "before", "after", "times"), ((*key, n) for key, n in counts.most_common()))
        finish(report)


if __name__ == "__main__":
    typer.run(main)
