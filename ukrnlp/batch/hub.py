"""`map_dataset`: the same rows over `datasets.Dataset` and `IterableDataset`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ukrnlp.batch.outputs import arrow_schema, whole
from ukrnlp.batch.rows import carried_names, row_of
from ukrnlp.document import Document
from ukrnlp.errors import ConfigError, InputError, MissingExtraError
from ukrnlp.io import Fields, is_unread, row_document, unread
from ukrnlp.pipeline import Pipeline, load, read_config
from ukrnlp.render import ROW_FIELDS, dump_line

if TYPE_CHECKING:
    import datasets


def map_dataset(
    ds: datasets.Dataset | datasets.IterableDataset,
    nlp: Pipeline | str | Path | Mapping[str, Any],
    *,
    fields: Fields = Fields(),  # noqa: B008 - frozen
    batch_size: int = 64,
    num_proc: int | None = None,
) -> Any:
    """Return `ds` with every row processed: the columns of a batch output, other columns carried through.

    Args:
        nlp: what `ukrnlp.load` takes, so that worker processes load their own models and the result is cached under
            a stable fingerprint; or a Pipeline, for one process and without cache.
        fields: the columns that hold text, identifier and targets.
        batch_size: documents that the engines see at once.
        num_proc: processes, for a `Dataset`.

    Raises:
        ConfigError: several processes for a Pipeline or an `IterableDataset`, or there is no column for the text.
        MissingExtraError: the extra `hf` is missing.
    """
    try:
        from datasets import Dataset, Features
    except ImportError as error:
        raise MissingExtraError("map_dataset", "hf") from error
    is_whole = isinstance(ds, Dataset)
    if num_proc is not None and num_proc > 1 and (isinstance(nlp, Pipeline) or not is_whole):
        raise ConfigError("several processes need a Dataset and what ukrnlp.load takes in place of a Pipeline")
    columns = list(ds.column_names or ())
    if columns and fields.text not in columns:
        raise ConfigError(
            f"no column {fields.text!r}; found: {', '.join(columns)} (choose one with fields=Fields(...))"
        )
    settings = None if isinstance(nlp, Pipeline) else {**read_config(nlp), "on_error": "keep"}
    mapper = Mapper(nlp if isinstance(nlp, Pipeline) else None, dump_line(settings), fields)
    options: dict[str, Any] = {"batched": True, "batch_size": batch_size, "with_indices": True}
    if ds.features is not None:
        others = [name for name in columns if name not in (fields.text, fields.id, fields.targets)]
        carried = dict(zip(carried_names(others), (ds.features[name] for name in others), strict=True))
        options["features"] = Features({**Features.from_arrow_schema(arrow_schema({})), **carried})
        options["remove_columns"] = columns
    if is_whole:
        options["num_proc"] = num_proc
        if settings is None:
            options["load_from_cache_file"] = False
        options["new_fingerprint"] = fingerprint(ds._fingerprint, mapper, batch_size)
    return ds.map(mapper, **options)


class Mapper:
    """Columns in, columns out; pickles without its models, which every process loads once."""

    def __init__(self, nlp: Pipeline | None, settings: str, fields: Fields) -> None:
        self.nlp = nlp
        self.settings = settings
        self.fields = fields

    def __call__(self, batch: Mapping[str, Sequence[Any]], indices: Sequence[int]) -> dict[str, list[Any]]:
        """Process one batch."""
        nlp = self.nlp or loaded(self.settings)
        names = list(batch)
        rows = (dict(zip(names, values, strict=True)) for values in zip(*batch.values(), strict=True))
        docs = [self.document(row, index) for row, index in zip(rows, indices, strict=True)]
        for _ in nlp.pipe([doc for doc in docs if not is_unread(doc)], batch_size=max(len(docs), 1)):
            pass  # in place
        made = [plain(row_of(doc)) for doc in docs]
        others = [name for name in names if name not in (self.fields.text, self.fields.id, self.fields.targets)]
        columns = {name: [row.get(name) for row in made] for name in (*ROW_FIELDS, *carried_names(others))}
        columns["meta"] = [dump_line(value) for value in columns["meta"]]
        return columns

    def document(self, row: dict[str, Any], index: int) -> Document:
        """The document of a row, or what stands for one that cannot be read."""
        try:
            return row_document(row, str(index), self.fields)
        except InputError as error:
            doc = unread(str(index), str(error))
            doc.meta["input"] = {
                name: value
                for name, value in row.items()
                if name not in (self.fields.text, self.fields.id, self.fields.targets)
            }
            return doc


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with lists where documents have tuples; carried values stay what they are."""
    own = json.loads(dump_line({name: row[name] for name in ROW_FIELDS}))
    return row | {name: whole(value) for name, value in own.items()}


@lru_cache(maxsize=1)
def loaded(settings: str) -> Pipeline:
    """The pipeline of this process."""
    return load(json.loads(settings))


def fingerprint(before: str, mapper: Mapper, batch_size: int) -> str:
    """A fingerprint of 16 hex digits: equal for equal data, settings, models and versions."""
    from ukrnlp.batch.manifest import models_of, option_files, versions

    if mapper.nlp is not None:
        from datasets.fingerprint import generate_random_fingerprint

        return str(generate_random_fingerprint())
    settings = json.loads(mapper.settings)
    fields = (mapper.fields.text, mapper.fields.id, mapper.fields.targets)
    parts = (before, settings, fields, batch_size, models_of(settings), option_files(settings), versions(settings))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
