"""Documents as rows of a batch output: the fields of `run --format json`, and the input's other fields beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ukrnlp.document import Document, StageError
from ukrnlp.render import ROW_FIELDS, dump_line, row

INT64 = range(-(2**63), 2**63)


@dataclass(slots=True)
class Block:
    """Finished rows: JSON lines, how many failed, their characters, and the kinds of value of the carried fields."""

    lines: bytes = b""
    rows: int = 0
    failed: int = 0
    characters: int = 0
    columns: dict[str, str] = field(default_factory=dict)

    def add(self, other: Block) -> None:
        """Put `other` behind."""
        self.lines += other.lines
        self.rows += other.rows
        self.failed += other.failed
        self.characters += other.characters
        self.columns = merged_columns(self.columns, other.columns)


def block_of(docs: Iterable[Document]) -> Block:
    """The block of processed documents."""
    block = Block()
    lines = []
    for doc in docs:
        values = row_of(doc)
        lines.append(dump_line(values).encode() + b"\n")
        block.rows += 1
        block.failed += bool(doc.errors)
        block.characters += len(doc.text)
        carried = {name: kind_of(value) for name, value in values.items() if name not in ROW_FIELDS}
        block.columns = merged_columns(block.columns, carried)
    block.lines = b"".join(lines)
    return block


def row_of(doc: Document) -> dict[str, Any]:
    """The row of a document; an input field named like one of the row's is called `input_<name>`.

    >>> doc = Document("текст", meta={"input": {"source": "УП", "summary": "свій"}})
    >>> values = row_of(doc)
    >>> values["source"], values["summary"], values["input_summary"]
    ('УП', None, 'свій')
    """
    values = row(doc)
    values["meta"] = {name: value for name, value in values["meta"].items() if name != "input"}
    given = doc.meta.get("input", {})
    return values | dict(zip(carried_names(given), given.values(), strict=True))


def carried_names(given: Iterable[str]) -> list[str]:
    """The names under which input fields stand in a row.

    >>> carried_names(["source", "text", "input_text"])
    ['source', 'input_input_text', 'input_text']
    """
    names = list(given)
    taken = {*ROW_FIELDS, *names}
    found = []
    for name in names:
        new = name
        while new in ROW_FIELDS or (new != name and new in taken):
            new = f"input_{new}"
        taken.add(new)
        found.append(new)
    return found


def failed_row(doc: Document, stage: str, kind: str, message: str) -> Document:
    """`doc` as it was read, with an error."""
    doc.errors += (StageError(stage, kind, message),)
    return doc


def error_records(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The error records of a row."""
    return [{"id": values["id"], **error} for error in values["errors"]]


def kind_of(value: object) -> str:
    """What a carried value is: "null", "bool", "int", "float", "str", or "json" for anything else."""
    if value is None:
        return "null"
    if isinstance(value, int) and not isinstance(value, bool) and value not in INT64:
        return "json"
    kinds = {bool: "bool", int: "int", float: "float", str: "str"}
    return kinds.get(type(value), "json")


def merged_columns(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Kinds of value by column over two sets of rows.

    >>> merged_columns({"a": "int", "b": "null"}, {"a": "float", "b": "str", "c": "bool"})
    {'a': 'float', 'b': 'str', 'c': 'bool'}
    """
    merged = dict(one)
    for name, kind in other.items():
        kinds = {merged.get(name, kind), kind} - {"null"}
        if not kinds:
            merged[name] = "null"
        elif len(kinds) == 1:
            merged[name] = kinds.pop()
        else:
            merged[name] = "float" if kinds == {"int", "float"} else "json"
    return merged
