"""The final file from shards: jsonl, csv or parquet, in input order, and the error records beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ukrnlp.batch.durable import remove, replacing
from ukrnlp.batch.rows import error_records, merged_columns
from ukrnlp.batch.shards import Footer, read_rows, shard_path
from ukrnlp.document import StanceLabel
from ukrnlp.errors import MissingExtraError
from ukrnlp.render import ROW_FIELDS, dump_line

Lines = Iterator[bytes]
PLAIN = ("text", "id", "lang", "normalized")


def errors_path(output: Path) -> Path:
    """Where the error records of an output lie."""
    return output.with_name(f"{output.name}.errors.jsonl")


def assemble(output: Path, form: str, parts: Path, footers: Sequence[Footer]) -> Path | None:
    """Write the error records, then the output; return the path of the former, None where nothing failed.

    Raises:
        InputError: a shard was changed meanwhile.
        MissingExtraError: parquet without the extra `data`.
        UkrnlpError: the system refuses to write.
    """
    records = errors_path(output)
    if any(footer.failed for footer in footers):
        with replacing(records) as stream:
            for footer in footers:
                for line in rows_of(parts, footer) if footer.failed else ():
                    for record in error_records(json.loads(line)):
                        stream.write(dump_line(record).encode() + b"\n")
    else:
        remove(records)
    columns: dict[str, str] = {}
    for footer in footers:
        columns = merged_columns(columns, footer.columns)
    with replacing(output) as stream:
        WRITERS[form](stream, (rows_of(parts, footer) for footer in footers), columns)
    return records if records.exists() else None


def rows_of(parts: Path, footer: Footer) -> Lines:
    """The lines of a shard."""
    return read_rows(shard_path(parts, footer.shard), footer)


def write_jsonl(stream: BinaryIO, shards: Iterable[Lines], columns: Mapping[str, str]) -> None:
    """The lines as they are."""
    for lines in shards:
        stream.writelines(lines)


def write_csv(stream: BinaryIO, shards: Iterable[Lines], columns: Mapping[str, str]) -> None:
    """A header and a row a document; lists and objects are JSON, nothing is empty."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = [*ROW_FIELDS, *columns]
    writer.writerow(names)
    for lines in shards:
        for line in lines:
            row = json.loads(line)
            writer.writerow([csv_cell(row.get(name)) for name in names])
    text.detach()


def csv_cell(value: object) -> str:
    """A value in one cell; text stands as it is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_line(value)


def write_parquet(stream: BinaryIO, shards: Iterable[Lines], columns: Mapping[str, str]) -> None:
    """Typed columns, a row group a shard; `meta` and carried fields of several kinds are JSON strings."""
    pq = parquet()
    schema = arrow_schema(columns)
    as_json = {"meta", *(name for name, kind in columns.items() if kind in ("json", "null"))}
    import pyarrow as pa

    with pq.ParquetWriter(stream, schema) as writer:
        for lines in shards:
            rows = [parquet_row(json.loads(line), as_json, columns) for line in lines]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def parquet_row(row: dict[str, Any], as_json: set[str], columns: Mapping[str, str]) -> dict[str, Any]:
    """A row whose values fit the schema."""
    for name in as_json:
        if row.get(name) is not None:
            row[name] = dump_line(row[name])
    for name, kind in columns.items():
        if kind == "float" and row.get(name) is not None:
            row[name] = float(row[name])
    return {name: whole(value) for name, value in row.items()}


def whole(value: Any) -> Any:
    """`value` with half characters, which no parquet string can hold, written out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [whole(item) for item in value]
    return {key: whole(item) for key, item in value.items()} if isinstance(value, dict) else value


def parquet() -> Any:
    """`pyarrow.parquet`, or a word on how to get it."""
    try:
        from pyarrow import parquet as pq
    except ImportError as error:
        raise MissingExtraError("parquet", "data") from error
    return pq


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """The types of a row's fields, and of the carried `columns` behind them."""
    import pyarrow as pa

    text, number, share = pa.string(), pa.int64(), pa.float64()
    warnings = pa.list_(text)
    error = pa.struct({"stage": text, "kind": text, "message": text})
    translation = {"text": text, "lang": text, "sentences": pa.list_(text), "model": text, "warnings": warnings}
    summary = {"text": text, "lang": text, "model": text, "sources": pa.list_(number), "warnings": warnings}
    stance = {
        "target": text,
        "label": text,
        "scores": pa.struct({str(label): share for label in StanceLabel}),
        "evidence": pa.list_(number),
        "model": text,
        "warnings": warnings,
    }
    nested = {
        "meta": text,
        "edits": pa.list_(pa.struct({"start": number, "before": text, "after": text, "rule": text})),
        "sentences": pa.list_(pa.struct({"text": text, "start": number})),
        "targets": pa.list_(text),
        "translation": pa.struct(translation),
        "summary": pa.struct(summary),
        "stances": pa.list_(pa.struct(stance)),
        "warnings": warnings,
        "errors": pa.list_(error),
    }
    kinds = {"bool": pa.bool_(), "int": number, "float": share}
    fields = {name: text if name in PLAIN else nested[name] for name in ROW_FIELDS}
    return pa.schema(fields | {name: kinds.get(kind, text) for name, kind in columns.items()})


WRITERS: dict[str, Callable[[BinaryIO, Iterable[Lines], Mapping[str, str]], None]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
}
