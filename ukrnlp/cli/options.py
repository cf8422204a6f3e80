"""Options that several commands share: groups of them as dataclasses, which `with_options` lays open for typer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

from ukrnlp.cli.work import guard
from ukrnlp.io import Fields


class Format(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """Forms of output of `run`."""

    TEXT = "text"
    JSON = "json"
    MD = "md"


class InputForm(StrEnum):
    """Forms of input; see `ukrnlp.io.FORMS`."""

    TXT = "txt"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"


Output = Annotated[Format, typer.Option("--format", "-f", help="text, or JSON, one object a line.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Options of every command over texts."""

    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files to read; '-' or none: standard input.", show_default=False),
    ] = None
    form: Annotated[
        InputForm | None,
        typer.Option("--from", help="Form of the input; by default the file's name tells.", show_default=False),
    ] = None
    encoding: Annotated[str, typer.Option(help="Encoding of the input, for example cp1251.")] = "utf-8"
    text_field: Annotated[str, typer.Option(help="Field of a row that holds the text.")] = "text"
    id_field: Annotated[str, typer.Option(help="Field of a row that holds its identifier.")] = "id"
    targets_field: Annotated[str, typer.Option(help="Field of a row that holds its targets.")] = "targets"
    batch_size: Annotated[int, typer.Option(min=1, help="Documents worked on together.")] = 16
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no warnings on standard error.")] = False
    debug: Debug = False

    @property
    def fields(self) -> Fields:
        """The names of the fields of rows."""
        return Fields(self.text_field, self.id_field, self.targets_field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The form of output of a command that serves one stage."""

    lines: Annotated[bool, typer.Option("--lines", help="One text a line in, exactly one line out.")] = False
    format: Output = Format.TEXT

    @property
    def is_json(self) -> bool:
        """Whether JSON rows are wanted."""
        return self.format is Format.JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Which names are restored."""

    names: Annotated[
        str | None, typer.Option(help="Names to restore: aggressor, states, all or off.", show_default="aggressor")
    ] = None
    table: Annotated[Path | None, typer.Option(help="Your own table of names (TSV).", show_default=False)] = None

    @property
    def given(self) -> dict[str, Any]:
        """Options of the normalize stage."""
        return chosen(names=self.names, table=self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Which model runs, and on what."""

    model: Annotated[
        str | None, typer.Option(help="Bundled name, model directory or hub name.", show_default="the bundled one")
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(help="auto, ctranslate2, or transformers (needs ukrnlp[hf]).", show_default="auto"),
    ] = None
    device: Annotated[str | None, typer.Option(help="cpu or cuda.", show_default="cpu")] = None
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the engine.", show_default="by the machine")
    ] = None

    @property
    def given(self) -> dict[str, Any]:
        """Options of a stage that runs a model."""
        return chosen(model=self.model, engine=self.engine, device=self.device, threads=self.threads)


Targets = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="Whose stance to judge; may be repeated.", show_default="found in the text"),
]
Aliases = Annotated[Path | None, typer.Option(help="File with other names of targets.", show_default=False)]
GlossaryFile = Annotated[
    str | None,
    typer.Option("--glossary", help="Your own terms (TSV), before the standard ones; or off.", show_default="standard"),
]
To = Annotated[str | None, typer.Option(help="Language to translate into.", show_default="en")]


def chosen(**options: object) -> dict[str, Any]:
    """The options that the user gave."""
    return {name: value for name, value in options.items() if value is not None}


def whose(targets: list[str] | None) -> list[str] | Literal["auto"] | None:
    """What `--target` asks for; a lone `auto` means: find the targets in each text."""
    return "auto" if targets == ["auto"] else targets


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with the fields of its dataclass parameters as options of its own, run under `guard`."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        parts = [parameter.replace(annotation=hints[name])]
        if name in groups:
            types = get_type_hints(groups[name], include_extras=True)
            parts = [
                parameter.replace(name=f.name, annotation=types[f.name], default=f.default)
                for f in fields(groups[name])
            ]
        parameters += [part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in parts]

    def laid_open(**values: Any) -> None:
        made = {n: kind(**{f.name: values.pop(f.name) for f in fields(kind)}) for n, kind in groups.items()}
        common = made["common"]
        with guard(debug=common.debug, quiet=common.quiet):
            command(**made, **values)

    laid_open.__name__, laid_open.__doc__ = command.__name__, command.__doc__
    laid_open.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    laid_open.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return laid_open
