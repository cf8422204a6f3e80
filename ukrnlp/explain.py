"""The edits of a document for a person: raw and normalised text side by side, or as a diff. Nothing here prints."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence

from ukrnlp.document import Document, Edit, apply_edits
from ukrnlp.pages import layout


def explain(doc: Document, *, width: int, color: bool) -> str:
    """Raw and normalised text side by side, the lines that have edits only, with the rules on the right.

    What an edit took away is red and what it put there green, or both are in [brackets]. Characters that cannot be
    seen are written as <U+00A0>.
    """
    from rich.table import Table
    from rich.text import Text

    if not doc.edits:
        return "no edits\n"
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("raw", ratio=2, header_style="dim", overflow="fold")
    table.add_column("normalised", ratio=2, header_style="dim", overflow="fold")
    table.add_column("rules", header_style="dim", overflow="fold")
    for start, end, edits in edited_lines(doc.text, doc.edits):
        left, right, last = Text(), Text(), start
        for edit in edits:
            for side, piece, style in ((left, edit.before, "bold red"), (right, edit.after, "bold green")):
                side.append(visible(doc.text[last : edit.start], "\n\t"))
                side.append(visible(piece) if color else f"[{visible(piece)}]", style)
            last = edit.end
        for side in (left, right):
            side.append(visible(doc.text[last:end], "\n\t"))
        table.add_row(left, right, Text(", ".join(dict.fromkeys(edit.rule for edit in edits)), style="dim"))
    return layout([table], width=width, color=color)


def edited_lines(text: str, edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Spans of raw lines that have edits, with these; lines that an edit joins come as one."""
    span: tuple[int, int, list[Edit]] | None = None
    for edit in edits:
        end = text.find("\n", max(edit.end - 1, edit.start))
        end = len(text) if end < 0 else max(end, edit.end)
        if span and edit.start <= span[1]:
            span = (span[0], max(span[1], end), [*span[2], edit])
            continue
        if span:
            yield span
        span = (text.rfind("\n", 0, edit.start) + 1, end, [edit])
    if span:
        yield span


def visible(text: str, keep: str = "") -> str:
    r"""`text` with the characters that cannot be seen spelt out, but for those in `keep`.

    >>> visible("а\u00adб\u00a0")
    'а<U+00AD>б<U+00A0>'
    """
    return "".join(c if c in keep or not is_unseen(c) else f"<U+{ord(c):04X}>" for c in text)


def is_unseen(char: str) -> bool:
    """Whether a reader cannot see `char`, or takes it for a plain space."""
    kind = unicodedata.category(char)
    return char != " " and (kind in ("Zs", "Zl", "Zp", "Mn") or kind.startswith("C"))


def diff(doc: Document, *, color: bool) -> str:
    """A unified diff from the raw to the normalised text; nothing where they are equal."""
    after = apply_edits(doc.text, doc.edits)
    names = (doc.id or "text", f"{doc.id or 'text'} (normalised)")
    lines = difflib.unified_diff(doc.text.split("\n"), after.split("\n"), *names, lineterm="", n=1)
    if color:
        lines = (paint(line) for line in lines)
    return "".join(f"{line}\n" for line in lines)


def paint(line: str) -> str:
    """A line of a diff in its colour."""
    code = {"-": "31", "+": "32", "@": "36"}.get(line[:1])
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
