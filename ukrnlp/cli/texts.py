"""The commands over texts: `run` and one for each stage."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ukrnlp import render
from ukrnlp.cli.options import (
    Aliases,
    Common,
    Engine,
    GlossaryFile,
    Naming,
    PageFormat,
    Result,
    Targets,
    To,
    chosen,
    whose,
    with_options,
)
from ukrnlp.cli.work import process, write_all
from ukrnlp.document import Document, Edit, StageError, undo_edits
from ukrnlp.io import STDIN, Fields, form_of, is_unread, read_documents

if TYPE_CHECKING:
    from ukrnlp.pipeline import Pipeline

Show = Callable[[Document], str]
PAGE_WIDTH = 100  # longer lines are hard to read


@with_options
def run(
    common: Common,
    naming: Naming,
    to: To = None,
    targets: Targets = None,
    format_: Annotated[
        PageFormat, typer.Option("--format", "-f", help="A page, JSON (an object a line) or Markdown.")
    ] = PageFormat.TEXT,
    credits_: Annotated[
        str | None, typer.Option("--credits", help="Credits and footers: keep or cut.", show_default="keep")
    ] = None,
    glossary: GlossaryFile = None,
    aliases: Aliases = None,
    config: Annotated[
        str, typer.Option(help="Preset or TOML file; what is given beside it stands over it.")
    ] = "uk-news",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the engines.", show_default="by the machine")
    ] = None,
) -> None:
    """Run the whole pipeline.

    Restores names, splits, translates, summarises and judges stance.
    """
    engine = chosen(threads=threads)
    options = {
        "normalize": {**naming.given, **chosen(credits=credits_)},
        "translate": {**engine, **chosen(glossary=glossary)},
    }
    options |= {stage: {**engine, **chosen(aliases=aliases)} for stage in ("summarize", "stance")}
    make = partial(make_pipeline, config, options, to=to, targets=targets)
    docs = process(documents(common), make, batch_size=common.batch_size)
    shows: dict[PageFormat, Show] = {PageFormat.TEXT: page, PageFormat.MD: markdown, PageFormat.JSON: json_row}
    write_all(docs, shows[format_], worked=partial(is_filled, "normalized"), warn=False, quiet=common.quiet)


@with_options
def normalize(
    common: Common,
    result: Result,
    naming: Naming,
    explain: Annotated[bool, typer.Option("--explain", help="Show raw and normalised text side by side.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show a unified diff.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Read JSON rows, write the raw texts again.")] = False,
    credits_: Annotated[
        str | None, typer.Option("--credits", help="Credits and footers: keep or cut.", show_default="keep")
    ] = None,
    quotes: Annotated[str | None, typer.Option(help="Quotation marks: keep or unify.", show_default="keep")] = None,
    dashes: Annotated[str | None, typer.Option(help="Dashes: keep or unify.", show_default="keep")] = None,
    hashtags: Annotated[str | None, typer.Option(help="Hashtags: keep or restore.", show_default="keep")] = None,
) -> None:
    """Restore names written small.

    Repairs spelling signs too. Every change is recorded and can be undone.
    """
    refuse_together({"--explain": explain, "--diff": diff, "--undo": undo, "--lines": result.lines and not undo})
    refuse_together({"--explain": explain, "--diff": diff, "--undo": undo, "--format json": result.is_json})
    if undo:
        fields = Fields("normalized", common.id_field)
        docs = map(undone, read_documents(sources(common), form="jsonl", encoding=common.encoding, fields=fields))
        raw = text_writer(lambda doc: doc.text, None, lines=True, headed=False) if result.lines else raw_writer()
        write_all(docs, raw, worked=lambda doc: not doc.errors, warn=False, quiet=common.quiet)
        return
    own = chosen(credits=credits_, quotes=quotes, dashes=dashes, hashtags=hashtags)
    make = partial(make_pipeline, options={"normalize": {**naming.given, **own}}, stages=["normalize"])
    show = explained if explain else diffed if diff else None
    one_stage("normalized", make, render.normalized_text, common, result, show=show)


@with_options
def split(common: Common, result: Result, naming: Naming) -> None:
    """Split into sentences, one a line.

    Names are restored before. With --lines the sentences of a text stay in its line, a tab between them.
    """
    make = partial(make_pipeline, options={"normalize": naming.given}, stages=["normalize", "split"])
    one_stage("sentences", make, render.sentence_lines, common, result, in_line=render.sentences_in_line)


@with_options
def translate(
    common: Common,
    result: Result,
    naming: Naming,
    engine: Engine,
    to: To = None,
    beam: Annotated[int | None, typer.Option(min=1, help="Beam size.", show_default="4")] = None,
    glossary: GlossaryFile = None,
) -> None:
    """Translate; paragraphs stay.

    Names are restored and sentences split before.
    """
    options = {"normalize": naming.given, "translate": {**engine.given, **chosen(beam_size=beam, glossary=glossary)}}
    make = partial(make_pipeline, options=options, to=to, stages=["normalize", "split", "translate"])
    one_stage("translation", make, render.translated_text, common, result)


@with_options
def summarize(
    common: Common,
    result: Result,
    naming: Naming,
    engine: Engine,
    sentences: Annotated[int | None, typer.Option(min=1, help="At most so many sentences.", show_default=False)] = None,
    words: Annotated[int | None, typer.Option(min=1, help="At most so many words.", show_default=False)] = None,
    ratio: Annotated[
        float | None, typer.Option(min=0, max=1, help="At most this part of the text.", show_default=False)
    ] = None,
    focus: Annotated[str | None, typer.Option(help="What the summary should be about.", show_default=False)] = None,
    to: Annotated[str | None, typer.Option(help="Language of the summary.", show_default="uk")] = None,
    aliases: Aliases = None,
) -> None:
    """Summarise.

    Names are restored and sentences split before; the bundled model selects and writes nothing of its own.
    """
    own = chosen(sentences=sentences, words=words, ratio=ratio, focus=focus, aliases=aliases)
    options = {"normalize": naming.given, "summarize": {**engine.given, **own}}
    make = partial(make_pipeline, options=options, to=to, stages=["normalize", "split", "summarize"])
    one_stage("summary", make, render.summary_text, common, result)


@with_options
def stance(
    common: Common,
    result: Result,
    naming: Naming,
    engine: Engine,
    targets: Targets = None,
    aliases: Aliases = None,
) -> None:
    """Judge the author's stance to targets.

    A line for each target: target, label, probability, numbers of the sentences that show it, tabs between.
    """
    options = {"normalize": naming.given, "stance": {**engine.given, **chosen(aliases=aliases)}}
    stages = ["normalize", "split", "stance"]
    make = partial(make_pipeline, options=options, targets=targets, stages=stages)
    one_stage("stances", make, render.stance_lines, common, result, in_line=render.stances_in_line)


def make_pipeline(
    config: str = "uk-news",
    options: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    to: str | None = None,
    targets: list[str] | None = None,
    stages: list[str] | None = None,
) -> Pipeline:
    """The pipeline of `config` with `options` for stages over its own; a failing document does not stop a run.

    What neither says: English, and targets as they are found in each text.
    """
    from ukrnlp.pipeline import load, read_config

    translates = stages is None or "translate" in stages
    merged = {**({"to": "en"} if translates else {}), "targets": "auto", **read_config(config), "on_error": "keep"}
    for stage, given in (options or {}).items():
        merged[stage] = {**merged.get(stage, {}), **given}
    return load(merged, to=to, targets=whose(targets), stages=stages)


def one_stage(
    field: str,
    make: Callable[[], Pipeline],
    whole: Show,
    common: Common,
    result: Result,
    *,
    in_line: Show | None = None,
    show: Show | None = None,
) -> None:
    """Run a command that fills Document `field` and writes it as a `whole` text, `in_line`, as JSON, or by `show`."""
    docs = process(documents(common, lines=result.lines), make, batch_size=common.batch_size)
    if result.is_json:
        show = json_row
    elif show is None:
        show = text_writer(whole, in_line, lines=result.lines, headed=has_many(common))
    write_all(docs, show, worked=partial(is_filled, field), warn=not result.is_json, quiet=common.quiet)


def documents(common: Common, *, lines: bool = False) -> Iterator[Document]:
    """The documents of a command, with a hint to a person whose terminal waits for input."""
    if STDIN in sources(common) and sys.stdin.isatty():
        print("ukrnlp: reading standard input; end it with Ctrl-D", file=sys.stderr)
    return read_documents(
        sources(common), form=common.form, encoding=common.encoding, fields=common.fields, lines=lines
    )


def sources(common: Common) -> list[str]:
    """The files named, else standard input."""
    return common.files or [STDIN]


def has_many(common: Common) -> bool:
    """Whether there may be several documents, so that plain texts need a heading each."""
    names = sources(common)
    return len(names) > 1 or (common.form or form_of(names[0])) != "txt"


def refuse_together(flags: Mapping[str, bool]) -> None:
    """Raise a usage error if more than one of the options is set."""
    given = [name for name, is_set in flags.items() if is_set]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} do not go together; choose one")


def is_filled(field: str, doc: Document) -> bool:
    """Whether `doc` has a result in `field`."""
    return getattr(doc, field) is not None


def text_writer(whole: Show, in_line: Show | None, *, lines: bool, headed: bool) -> Show:
    """What writes a document as plain text: in one line, or whole under a heading if `headed`."""
    if lines:
        as_line = in_line or (lambda doc: render.flat(whole(doc)))
        return lambda doc: as_line(doc) + "\n"

    def show(doc: Document) -> str:
        if is_unread(doc):
            return ""
        text = whole(doc)
        end = "" if not text or text.endswith("\n") else "\n"
        return f"==> {render.flat(doc.id)} <==\n{text}{end}\n" if headed else text + end

    return show


def raw_writer() -> Show:
    """What writes raw texts byte by byte; only where another text follows, one that ends inside a line gets its end."""
    open_line = False

    def show(doc: Document) -> str:
        nonlocal open_line
        start = "\n" if open_line else ""
        open_line = bool(doc.text) and not doc.text.endswith("\n")
        return start + doc.text

    return show


def json_row(doc: Document) -> str:
    """A line of JSON."""
    return render.json_line(doc) + "\n"


def page(doc: Document) -> str:
    """A page as wide as the terminal, coloured if it is one."""
    from ukrnlp.pages import text_page

    return "" if is_unread(doc) else text_page(doc, width=min(columns(), PAGE_WIDTH), color=has_color()) + "\n"


def markdown(doc: Document) -> str:
    """A page in Markdown."""
    from ukrnlp.pages import markdown_page

    return "" if is_unread(doc) else markdown_page(doc) + "\n"


def explained(doc: Document) -> str:
    """The edits side by side."""
    from ukrnlp.explain import explain

    return "" if is_unread(doc) else explain(doc, width=columns(), color=has_color())


def diffed(doc: Document) -> str:
    """The edits as a diff."""
    from ukrnlp.explain import diff

    return "" if is_unread(doc) else diff(doc, color=has_color())


def columns() -> int:
    """Columns of the terminal; 100 where there is none and `COLUMNS` does not say."""
    return shutil.get_terminal_size((100, 24)).columns


def has_color() -> bool:
    """Whether standard output is a terminal that may show colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def undone(doc: Document) -> Document:
    """`doc`, whose text is a normalised one and whose row has the edits, with the raw text in its place."""
    if is_unread(doc):
        return doc
    try:
        edits = [Edit(**edit) for edit in doc.meta["input"]["edits"]]
        return Document(undo_edits(doc.text, edits), id=doc.id)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"no edits that fit the normalised text ({error}); give rows of normalize --format json"
        return Document("", id=doc.id, errors=(StageError("undo", type(error).__name__, message),))
