"""Texts longer than a model reads: windows of whole sentences, and parts of a sentence that is too long alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Count = Callable[[Sequence[str]], list[int]]
"""How many pieces each string takes, control pieces left out."""


def cover(sizes: Sequence[int], budget: int) -> list[range]:
    """Consecutive windows over all sentences, each of at most `budget` pieces (or one sentence), about equally long.

    >>> cover([4, 4, 4, 4], 12)
    [range(0, 2), range(2, 4)]
    >>> cover([], 12)
    []
    """
    if not sizes:
        return []
    wanted = -(-sum(sizes) // max(1, budget))
    while True:
        share = -(-sum(sizes) // wanted)
        found, start, total = [], 0, 0
        for i, size in enumerate(sizes):
            if i > start and (total + size > budget or total >= share):
                found.append(range(start, i))
                start, total = i, 0
            total += size
        found.append(range(start, len(sizes)))
        if len(found) <= wanted or wanted >= len(sizes):
            return found
        wanted += 1


def around(sizes: Sequence[int], marks: Sequence[int], budget: int) -> list[range]:
    """Windows of at most `budget` pieces that hold every marked sentence with as much before and behind as fits.

    `marks` are sentence numbers in rising order. A later window may repeat sentences of the one before as context.

    >>> around([4, 4, 4, 4, 4, 4], [0, 5], 12)
    [range(0, 3), range(3, 6)]
    """
    found: list[range] = []
    for mark in marks:
        if found and mark < found[-1].stop:
            continue
        low, high, total = mark, mark + 1, sizes[mark]
        while True:
            before = (low, high)
            if high < len(sizes) and total + sizes[high] <= budget:
                total += sizes[high]
                high += 1
            if low > 0 and total + sizes[low - 1] <= budget:
                low -= 1
                total += sizes[low]
            if before == (low, high):
                break
        found.append(range(low, high))
    return found


def parts(sentence: str, count: Count, budget: int) -> list[str]:
    """`sentence` cut at spaces into parts of at most `budget` pieces; a longer run without spaces is cut in two.

    >>> parts("аа бб вв", lambda texts: [len(t) for t in texts], 5)
    ['аа бб', 'вв']
    """
    if count([sentence])[0] <= budget or len(sentence) < 2:
        return [sentence]
    middle = len(sentence) // 2
    spaces = [i for i, c in enumerate(sentence) if c.isspace() and 0 < i < len(sentence) - 1]
    cut = min(spaces, key=lambda i: abs(i - middle)) if spaces else middle
    halves = [half for half in (sentence[:cut].strip(), sentence[cut:].strip()) if half]
    return [part for half in halves for part in parts(half, count, budget)]
