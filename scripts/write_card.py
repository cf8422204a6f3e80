"""Write README.md of a model or data set directory from its measured results and a hand-written introduction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ukrnlp.cards import write_dataset_card, write_model_card
from ukrnlp.errors import UkrnlpError


def main(
    directory: Annotated[Path, typer.Argument(help="models/NAME or data/NAME")],
    intro: Annotated[Path, typer.Option(help="Markdown with a YAML front matter, such as docs/cards/NAME.md")],
    dataset: Annotated[bool, typer.Option(help="the directory is a data set")] = False,
) -> None:
    """Write the card and print its path."""
    try:
        print((write_dataset_card if dataset else write_model_card)(directory, intro))
    except UkrnlpError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
