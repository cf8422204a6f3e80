"""Rewrites of a text as `Edit`s: written by patterns, chained one after another, offsets carried along."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from ukrnlp.document import Edit


def substitute(
    pattern: re.Pattern[str], text: str, replace: Callable[[re.Match[str]], str | None], rule: str
) -> list[Edit]:
    """Edits for every match of `pattern` that `replace` answers with another text; `None` leaves the match alone."""
    edits = []
    for match in pattern.finditer(text):
        before = match.group()
        after = replace(match)
        if after is not None and after != before:
            edits.append(Edit(match.start(), before, after, rule))
    return edits


def chain(first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Edits that do in one step what `first` and then `second` do, with offsets into the first text.

    `second` holds offsets into the text that `first` makes. Edits of the two that touch the same characters become
    one; its rule joins theirs by `+`.

    >>> chain([Edit(0, "x", "", "a")], [Edit(0, "росії", "Росії", "b")])
    [Edit(start=0, before='x', after='', rule='a'), Edit(start=1, before='росії', after='Росії', rule='b')]
    """
    out: list[Edit] = []
    i = j = 0
    shift = 0  # length of the middle text minus that of the first, up to here
    while i < len(first) or j < len(second):
        if j == len(second) or (i < len(first) and _before(_span(first[i], shift), (second[j].start, second[j].end))):
            out.append(first[i])
            shift += _growth(first[i])
            i += 1
            continue
        if i == len(first) or _before((second[j].start, second[j].end), _span(first[i], shift)):
            edit = second[j]
            out.append(Edit(edit.start - shift, edit.before, edit.after, edit.rule))
            j += 1
            continue
        # two edits meet: one edit takes in all that meet them
        begin, end = second[j].start, second[j].end
        from_first, from_second = i, j
        local = shift
        grown = True
        while grown:
            grown = False
            while i < len(first) and _meet(_span(first[i], local), (begin, end)):
                begin, end = min(begin, first[i].start + local), max(end, _span(first[i], local)[1])
                local += _growth(first[i])
                i += 1
                grown = True
            while j < len(second) and (j == from_second or _meet((second[j].start, second[j].end), (begin, end))):
                end = max(end, second[j].end)
                j += 1
                grown = True
        out.append(_merge(first[from_first:i], second[from_second:j], begin, end, shift))
        shift = local
    return out


def _growth(edit: Edit) -> int:
    return len(edit.after) - len(edit.before)


def _span(edit: Edit, shift: int) -> tuple[int, int]:
    """Where the edit's outcome stands in the middle text."""
    return edit.start + shift, edit.start + shift + len(edit.after)


def _before(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] <= other[0] and not one[0] == one[1] == other[0] == other[1]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return not _before(one, other) and not _before(other, one)


def _merge(first: Sequence[Edit], second: Sequence[Edit], begin: int, end: int, shift: int) -> Edit:
    """One edit for all of `first` and `second`, which lie in [begin, end) of the middle text and cover it."""
    middle = [""] * (end - begin)
    for edit in second:
        middle[edit.start - begin : edit.end - begin] = edit.before
    local = shift
    for edit in first:
        start, stop = _span(edit, local)
        middle[start - begin : stop - begin] = edit.after
        local += _growth(edit)
    before: list[str] = []
    position, local = begin, shift
    for edit in first:
        start, stop = _span(edit, local)
        before += (*middle[position - begin : start - begin], edit.before)
        position = stop
        local += _growth(edit)
    before += middle[position - begin :]
    after: list[str] = []
    position = begin
    for edit in second:
        after += (*middle[position - begin : edit.start - begin], edit.after)
        position = edit.end
    after += middle[position - begin :]
    rule = "+".join(dict.fromkeys(name for edit in (*first, *second) for name in edit.rule.split("+")))
    return Edit(begin - shift, "".join(before), "".join(after), rule)


def move(offsets: Sequence[int], edits: Sequence[Edit]) -> list[int]:
    """Carry offsets into a text over to the text that `edits` make of it.

    An offset inside an edit moves to the place behind the edit's last kept character.

    >>> move([0, 3, 5], [Edit(1, "bc", "", "cut")])
    [0, 1, 3]
    """
    starts = [e.start for e in edits]
    shifts = [0]
    for e in edits:
        shifts.append(shifts[-1] + len(e.after) - len(e.before))
    out = []
    for offset in offsets:
        k = bisect_right(starts, offset) - 1
        if k < 0:
            out.append(offset)
            continue
        edit = edits[k]
        if offset >= edit.end:
            out.append(offset + shifts[k + 1])
        else:
            out.append(edit.start + shifts[k] + min(offset - edit.start, len(edit.after)))
    return out
