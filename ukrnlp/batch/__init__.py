"""Batch runs that survive anything: shards on disk, a manifest, a lock, and an output that is the same to the byte.

>>> from ukrnlp.batch import BatchOptions, run_batch
>>> options = BatchOptions(inputs=("archive.jsonl",), output="out.jsonl", stages=("normalize", "split"), resume=True)
>>> report = run_batch(options)  # doctest: +SKIP
"""

from ukrnlp.batch.hub import map_dataset
from ukrnlp.batch.options import BatchOptions, BatchReport, Progress, StoppedError
from ukrnlp.batch.plan import Plan
from ukrnlp.batch.run import dry_run, run_batch

__all__ = [
    "BatchOptions",
    "BatchReport",
    "Plan",
    "Progress",
    "StoppedError",
    "dry_run",
    "map_dataset",
    "run_batch",
]
