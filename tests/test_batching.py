"""Batches by token budget: every item once, within the budget, in the caller's order again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.engines.batching import plan, run

LENGTHS = st.lists(st.integers(0, 40), max_size=60)


@given(LENGTHS, st.integers(1, 100), st.integers(1, 5))
def test_every_item_is_in_one_batch_and_batches_keep_the_budget(lengths, budget, parts):
    batches = plan(lengths, budget, parts=parts)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(LENGTHS, st.integers(1, 100))
def test_longest_come_first(lengths, budget):
    order = [lengths[i] for batch in plan(lengths, budget) for i in batch]
    assert order == sorted(lengths, reverse=True)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 5))
def test_there_is_work_for_every_part(lengths, parts):
    assert len(plan(lengths, 10**6, parts=parts)) >= min(parts, len(lengths))


@given(st.lists(st.text(max_size=9)), st.integers(1, 30), st.integers(1, 3))
def test_a_batch_of_n_equals_n_batches_of_one_in_any_order(texts, budget, parts):
    def work(batches):
        return ([text[::-1] for text in batch] for batch in batches)

    def results(items):
        return run(items, [len(text) for text in items], work, budget=budget, parts=parts)

    assert results(texts) == [text[::-1] for text in texts]
    assert results(texts) == [results([text])[0] for text in texts]
    assert results(texts[::-1]) == results(texts)[::-1]


@pytest.mark.parametrize(("budget", "parts"), [(0, 1), (1, 0)])
def test_no_budget_and_no_parts_are_refused(budget, parts):
    with pytest.raises(ValueError, match="1 or more"):
        plan([1], budget, parts=parts)


@pytest.mark.parametrize("results", [[], [["a"]], [["a", "b"], ["c"]], [["a", "b", "c"]]])
def test_work_that_loses_or_adds_results_is_found_out(results):
    with pytest.raises(ValueError, match="argument"):
        run(["x", "y"], [1, 1], lambda batches: [list(batches) and r for r in results], budget=10)
