"""A document as a page that a person reads: for a terminal, or in Markdown. Nothing here prints.

rich is imported only where a page is laid out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from ukrnlp.document import Document, Edit, Stance
from ukrnlp.render import all_warnings, flat, stance_cells, summary_text, translated_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

LANGUAGES = {"uk": "Ukrainian", "en": "English", "ru": "Russian"}
LONGEST_HEADLINE = 200  # characters
LABEL_STYLES = {"favor": "green", "against": "red", "neutral": "dim"}
HEADLINE_DATA = {"date": "", "place": "", "agency": "", "source": "source: ", "author": "author: "}
MARKDOWN = re.compile(r"[\\`*_\[\]<>|]")
LIST_SIGN = re.compile(r"^(\s*|\s*\d+)((?<!\d)(?:#{1,6}|[+-])|(?<=\d)[.)])(?=\s|$)", re.MULTILINE)

Marked = list[tuple[str, bool]]  # pieces of a paragraph, each with whether it is marked


def text_page(doc: Document, *, width: int, color: bool) -> str:
    """The document as a page for a terminal of `width` columns; restored names are green, or in [brackets]."""
    from rich.text import Text

    blocks: list[RenderableType] = [Text(title(doc), style="bold")]
    if line := headline_data(doc):
        blocks.append(Text(line, style="dim"))
    for name, body in sections(doc):
        blocks += [Text(), heading(name, width)]
        if body is stance_table:
            blocks.append(stance_table(doc))
        else:
            blocks += paragraphs_page(body(doc), color=color, apart=body is not notes)
    return layout(blocks, width=width, color=color)


def markdown_page(doc: Document) -> str:
    """The document as Markdown; restored names are bold."""
    blocks = [f"# {escape(title(doc))}"]
    if line := headline_data(doc):
        blocks.append(f"*{escape(line)}*")
    for name, body in sections(doc):
        blocks.append(f"## {name}")
        if body is stance_table:
            blocks.append(markdown_stances(doc))
        else:
            parts = body(doc)
            bullet = "- " if body in (restored_list, notes) else ""
            marked = ["".join(f"**{escape(t)}**" if m else escape(t) for t, m in part) for part in parts]
            blocks.append(("\n" if bullet else "\n\n").join(bullet + flat(text) for text in marked))
    return "\n\n".join(blocks) + "\n"


def sections(doc: Document) -> Iterator[tuple[str, Callable[[Document], Any]]]:
    """The headings of a page and what makes their bodies: only of stages that have run."""
    if doc.normalized is not None:
        yield LANGUAGES.get(doc.lang, doc.lang), source_paragraphs
    if any(map(is_restored, doc.edits)):
        yield "Restored names", restored_list
    if doc.translation is not None:
        yield LANGUAGES.get(doc.translation.lang, doc.translation.lang), translated_paragraphs
    if doc.summary is not None:
        yield "Summary", summary_paragraphs
    if doc.stances:
        yield "Stance", stance_table
    if all_notes(doc):
        yield "Notes", notes


def title(doc: Document) -> str:
    """The headline: a short first paragraph without a full stop, behind the date header; else the identifier."""
    headers = date_headers(doc)
    for line in (doc.normalized or "").split("\n"):
        if line.strip() and line.strip() not in headers:
            is_headline = len(line) <= LONGEST_HEADLINE and not line.rstrip().endswith((".", "…", ":", ","))
            return line.strip() if is_headline else flat(doc.id) or "Untitled"
    return flat(doc.id) or "Untitled"


def date_headers(doc: Document) -> set[str]:
    """Lines such as "date 2025-10-31", as the newswire parser found them."""
    spans = newswire(doc).get("spans", ())
    return {doc.text[span["start"] : span["end"]].strip() for span in spans if span["kind"] == "date"}


def headline_data(doc: Document) -> str:
    """Date, place, agency, source and author in one line, as far as they are known."""
    found = newswire(doc)
    values = [flat(f"{label}{found[key]}") for key, label in HEADLINE_DATA.items() if found.get(key)]
    named = [doc.id] if doc.id and doc.id != title(doc) else []
    return " · ".join(dict.fromkeys((*values, *named)))


def newswire(doc: Document) -> dict[str, Any]:
    """What the newswire parser left in `meta`."""
    found = doc.meta.get("newswire")
    return found if isinstance(found, dict) else {}


def source_paragraphs(doc: Document) -> list[Marked]:
    """Paragraphs of the normalised text with the restored names marked."""
    text = doc.normalized or ""
    marks = [(start, end) for start, end, edit in placed(doc.edits) if is_restored(edit)]
    parts: list[Marked] = []
    for match in re.finditer(r"[^\n]*\S[^\n]*", text):
        inside = [(start, end) for start, end in marks if match.start() <= start and end <= match.end()]
        bounds = [match.start(), *chain.from_iterable(inside), match.end()]
        pieces = [text[a:b] for a, b in pairwise(bounds)]
        parts.append([(piece, i % 2 == 1) for i, piece in enumerate(pieces) if piece])
    return parts


def restored_list(doc: Document) -> list[Marked]:
    """Each restored spelling with how often it stands in the text."""
    counts = Counter((edit.before, edit.after) for edit in doc.edits if is_restored(edit))
    line = ", ".join(f"{before} → {after}" + (f" ×{n}" if n > 1 else "") for (before, after), n in counts.items())
    return [[(line, False)]]


def translated_paragraphs(doc: Document) -> list[Marked]:
    """Paragraphs of the translation."""
    return plain_paragraphs(translated_text(doc))


def summary_paragraphs(doc: Document) -> list[Marked]:
    """Paragraphs of the summary."""
    return plain_paragraphs(summary_text(doc))


def notes(doc: Document) -> list[Marked]:
    """Warnings and errors, one a paragraph."""
    return [[(note, False)] for note in all_notes(doc)]


def all_notes(doc: Document) -> list[str]:
    """Every warning of the document and its results, and its errors."""
    return [*all_warnings(doc), *(f"{error.stage} failed: {flat(error.message)}" for error in doc.errors)]


def plain_paragraphs(text: str) -> list[Marked]:
    """Lines of `text` that are not empty, unmarked."""
    return [[(line, False)] for line in text.split("\n") if line.strip()]


def is_restored(edit: Edit) -> bool:
    """Whether the edit gave a name its capital letters."""
    return "casing" in re.split(r"[+:.]", edit.rule)


def placed(edits: Sequence[Edit]) -> Iterator[tuple[int, int, Edit]]:
    """Each edit with the span of its `after` in the normalised text."""
    shift = 0
    for edit in edits:
        start = edit.start + shift
        yield start, start + len(edit.after), edit
        shift += len(edit.after) - len(edit.before)


def evidence_text(doc: Document, stance: Stance) -> str:
    """The first sentence that shows the stance and is no date header, in translation where there is one."""
    source = [s.text for s in doc.sentences or ()]
    shown = doc.translation.sentences if doc.translation else source
    headers = date_headers(doc)
    telling = [i for i in stance.evidence if i < len(shown) and source[i].strip() not in headers]
    return flat(shown[telling[0]]) if telling else ""


def stance_table(doc: Document) -> Table:
    """A table of target, stance, probability and the sentence that shows it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in ("target", "stance", "score", "sentence"):
        table.add_column(name, header_style="dim", overflow="fold", ratio=1 if name == "sentence" else None)
    for stance in doc.stances or ():
        target, label, score = stance_cells(stance)
        style = LABEL_STYLES[label]
        table.add_row(Text(target), Text(label, style=style), Text(score), Text(evidence_text(doc, stance)))
    return table


def markdown_stances(doc: Document) -> str:
    """`stance_table` in Markdown."""
    lines = ["| target | stance | score | sentence |", "| --- | --- | --- | --- |"]
    for stance in doc.stances or ():
        cells = (*stance_cells(stance), evidence_text(doc, stance))
        lines.append(f"| {' | '.join(map(escape, cells))} |")
    return "\n".join(lines)


def escape(text: str) -> str:
    r"""`text` with the signs that Markdown would take for its own made plain.

    >>> print(escape("1. *слово*"), escape("- ні - так"))
    1\. \*слово\* \- ні - так
    """
    return LIST_SIGN.sub(r"\1\\\2", MARKDOWN.sub(r"\\\g<0>", text))


def heading(name: str, width: int) -> Text:
    """A section's name with a line to the right edge."""
    from rich.text import Text

    return Text.assemble((name, "bold cyan"), " ", ("─" * max(0, min(width, 100) - len(name) - 1), "dim"))


def paragraphs_page(parts: list[Marked], *, color: bool, apart: bool = True) -> list[RenderableType]:
    """Paragraphs for a terminal, with an empty line between them if they shall stand `apart`."""
    from rich.text import Text

    blocks: list[RenderableType] = []
    for part in parts:
        shown = [(t if color or not mark else f"[{t}]", "bold green" if mark else "") for t, mark in part]
        blocks += [Text(), Text.assemble(*shown)] if apart and blocks else [Text.assemble(*shown)]
    return blocks


def layout(blocks: Sequence[RenderableType], *, width: int, color: bool) -> str:
    """Print `blocks` into a string of at most `width` columns, without spaces at the ends of lines."""
    from rich.console import Console

    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="standard" if color else None, highlight=False
    )
    for block in blocks:
        console.print(block)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
