"""Batches by token budget, longest first; the caller's order is restored here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def plan(lengths: Sequence[int], budget: int, *, parts: int = 1) -> list[list[int]]:
    """Group the indexes of `lengths` into batches of at most `budget` tokens with padding, longest first.

    Every index comes once. An item longer than the budget is a batch of its own. There are at least `parts` batches,
    of about equal work, where there are as many items: so each of as many workers has something to do.

    >>> plan([3, 9, 4, 2], 10)
    [[1], [2, 0], [3]]
    >>> plan([3, 3, 3, 3], 100, parts=2)
    [[0, 1], [2, 3]]

    Raises:
        ValueError: the budget or `parts` is below 1.
    """
    if budget < 1 or parts < 1:
        raise ValueError(f"budget and parts must be 1 or more, not {budget} and {parts}")
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    share = min(budget, -(-sum(lengths) // parts))
    batches: list[list[int]] = []
    longest = 0
    for place, i in enumerate(order):
        # lengths fall, so the first of a batch is what the others are padded to
        spare = len(order) - place > parts - len(batches)
        if batches and spare and (len(batches[-1]) + 1) * longest <= share:
            batches[-1].append(i)
        else:
            batches.append([i])
            longest = max(lengths[i], 1)
    return batches


def run(
    items: Sequence[T],
    lengths: Sequence[int],
    work: Callable[[Iterable[list[T]]], Iterable[Sequence[R]]],
    *,
    budget: int,
    parts: int = 1,
) -> list[R]:
    """Return `work`'s result for each of `items`, in their order.

    `work` takes the batches one after another and gives each one's results in the same order, as many as it has items.

    >>> run(["bb", "a"], [2, 1], lambda batches: ([s.upper() for s in b] for b in batches), budget=2)
    ['BB', 'A']
    """
    batches = plan(lengths, budget, parts=parts)
    found: dict[int, R] = {}
    for batch, results in zip(batches, work([items[i] for i in batch] for batch in batches), strict=True):
        found.update(zip(batch, results, strict=True))
    return [found[i] for i in range(len(items))]
