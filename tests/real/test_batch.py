"""Batch runs of the bundled translator: workers and a stop in the middle do not change the bytes."""

import batches
import pytest

from ukrnlp.batch import BatchOptions, run_batch

pytestmark = pytest.mark.real
STAGES = ("normalize", "split", "translate")


class EnoughError(Exception):
    """Ends a run in a test."""


def run(source, output, watch=None, **options):
    given = {"stages": STAGES, "to": "en", "config": {"translate": {"beam_size": 1}}, "shard_size": 2, **options}
    return run_batch(BatchOptions(inputs=(str(source),), output=output, **given), watch=watch)


def test_the_bytes_are_the_same_however_they_are_made(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 6)
    assert run(source, tmp_path / "one.jsonl", workers=1).failed == 0
    run(source, tmp_path / "two.jsonl", workers=2)

    def stop(progress):
        raise EnoughError

    with pytest.raises(EnoughError):
        run(source, tmp_path / "stopped.jsonl", stop, workers=1)
    assert run(source, tmp_path / "stopped.jsonl", workers=2, resume=True).reused == 1
    one, two, stopped = ((tmp_path / f"{name}.jsonl").read_bytes() for name in ("one", "two", "stopped"))
    assert one == two == stopped
    rows = batches.read_rows(tmp_path / "one.jsonl")
    assert all(len(row["translation"]["sentences"]) == len(row["sentences"]) for row in rows)
