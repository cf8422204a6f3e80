"""Rewrites of a text as `Edit`s: written by patterns, chained one after another, offsets carried along."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

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
    if not second:
        return list(first)
    if not first:
        return list(second)
    out: list[Edit] = []
    i = j = 0
    shift = 0  # length of the middle text minus that of the first, up to here
    while i < len(first) or j < len(second):
        group_first: list[Edit] = []
        group_second: list[Edit] = []
        start_first = first[i].start + shift if i < len(first) else None
        start_second = second[j].start if j < len(second) else None
        # a group grows until neither list has an edit inside its span of the middle text
        if start_second is None or (start_first is not None and start_first <= start_second):
            assert start_first is not None
            begin = start_first
            end = begin + len(first[i].after)
            group_first.append(first[i])
            i += 1
        else:
            begin = start_second
            end = second[j].end
            group_second.append(second[j])
            j += 1
        local = shift + sum(len(e.after) - len(e.before) for e in group_first)
        grown = True
        while grown:
            grown = False
            if i < len(first) and _inside(first[i].start + local, len(first[i].after), begin, end):
                end = max(end, first[i].start + local + len(first[i].after))
                local += len(first[i].after) - len(first[i].before)
                group_first.append(first[i])
                i += 1
                grown = True
            if j < len(second) and _inside(second[j].start, len(second[j].before), begin, end):
                end = max(end, second[j].end)
                group_second.append(second[j])
                j += 1
                grown = True
        out += _merge(group_first, group_second, begin, end, shift, local)
        shift = local
    return out


def _inside(start: int, length: int, begin: int, end: int) -> bool:
    """Whether the edit's span meets [begin, end); an empty one meets it only from strictly within."""
    if length and begin < end:
        return start < end and start + length > begin
    return begin < start < end


def _merge(
    first: Sequence[Edit], second: Sequence[Edit], begin: int, end: int, shift: int, local: int
) -> Iterable[Edit]:
    if not second:
        return first
    if not first:
        return [Edit(e.start - shift, e.before, e.after, e.rule) for e in second]
    # middle[begin:end], and what stood there in the first text
    before: list[str] = []
    middle: list[str] = []
    known = _middle(first, second, begin, end, shift)
    position = begin
    delta = shift
    for edit in first:
        start = edit.start + delta
        before += (known[position - begin : start - begin], edit.before)
        middle += (known[position - begin : start - begin], edit.after)
        position = start + len(edit.after)
        delta += len(edit.after) - len(edit.before)
    before.append(known[position - begin :])
    middle.append(known[position - begin :])
    text = "".join(middle)
    after: list[str] = []
    position = begin
    for edit in second:
        after += (text[position - begin : edit.start - begin], edit.after)
        position = edit.end
    after.append(text[position - begin :])
    rule = "+".join(dict.fromkeys(name for e in (*first, *second) for name in e.rule.split("+")))
    return [Edit(begin - shift, "".join(before), "".join(after), rule)]


def _middle(first: Sequence[Edit], second: Sequence[Edit], begin: int, end: int, shift: int) -> str:
    """The middle text from `begin` to `end`: every character there lies in an edit of one list or the other."""
    letters = [""] * (end - begin)
    for edit in second:
        letters[edit.start - begin : edit.end - begin] = edit.before
    delta = shift
    for edit in first:
        start = edit.start + delta - begin
        letters[start : start + len(edit.after)] = edit.after
        delta += len(edit.after) - len(edit.before)
    return "".join(letters)


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
