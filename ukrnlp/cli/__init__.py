"""The `ukrnlp` command. Its parts import models and engines only when a command needs them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ukrnlp import __version__
from ukrnlp.cli import about, texts
from ukrnlp.cli.batch import batch
from ukrnlp.cli.work import USAGE, one_line

app = typer.Typer(
    name="ukrnlp",
    help="Ukrainian news, offline: restore names written small, translate, summarise, judge stance.",
    add_completion=False,
    rich_markup_mode=None,  # plain help needs no rich, which would double the start time
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (texts.run, texts.normalize, texts.split, texts.translate, texts.summarize, texts.stance, about.info):
    app.command()(command)
app.command()(batch)
app.add_typer(about.models, name="models")


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"ukrnlp {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Ukrainian news, offline: restore names written small, translate, summarise, judge stance."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(USAGE)


def main() -> None:
    """Entry point of the command.

    Text goes out as UTF-8 with "\\n" whatever the locale says, and wrong usage is told in one line.
    """
    for stream in (sys.stdout, sys.stderr):
        # a test or a notebook may have put something else in their place
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        code = app(prog_name="ukrnlp", standalone_mode=False)
    except Exception as error:
        # usage errors; their class lives in click or in typer, depending on typer's version
        if not hasattr(error, "format_message"):
            raise
        print(f"ukrnlp: error: {one_line(error.format_message())} (see ukrnlp --help)", file=sys.stderr)
        code = USAGE
    sys.exit(code)
