"""Numbered shard files that prove themselves: rows, and a last line with their run, counts and checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ukrnlp.batch import durable
from ukrnlp.batch.rows import Block
from ukrnlp.document import Document
from ukrnlp.errors import InputError

CHARACTERS = 2_000_000  # a shard with this many is closed, so that few long texts fill no memory


@dataclass(frozen=True, slots=True)
class Footer:
    """What the last line of shard number `shard` says; `run` is the digest of the manifest it was made for."""

    shard: int
    run: str
    rows: int
    failed: int
    characters: int
    columns: dict[str, str]
    sha256: str


def shard_path(parts: Path, number: int) -> Path:
    """Where shard `number` lies."""
    return parts / f"shard-{number:07d}.jsonl"


def grouped(docs: Iterable[Document], size: int) -> Iterator[tuple[int, list[Document]]]:
    """Documents by shard. Where a shard ends depends on the documents and `size` only."""
    number, group, characters = 0, [], 0
    for doc in docs:
        group.append(doc)
        characters += len(doc.text)
        if len(group) == size or characters >= CHARACTERS:
            yield number, group
            number, group, characters = number + 1, [], 0
    if group:
        yield number, group


def write_shard(parts: Path, number: int, run: str, block: Block) -> Footer:
    """Put a finished shard on the disk.

    Raises:
        UkrnlpError: the system refuses to write.
    """
    digest = hashlib.sha256(block.lines).hexdigest()
    footer = Footer(number, run, block.rows, block.failed, block.characters, block.columns, digest)
    line = json.dumps(asdict(footer), ensure_ascii=True).encode() + b"\n"
    durable.write(shard_path(parts, number), block.lines + line)
    return footer


def read_footer(path: Path, number: int) -> Footer | None:
    """The footer of a shard if the file is whole; None where it is not there, torn or changed."""
    try:
        with path.open("rb") as stream:
            digest, last = hashlib.sha256(), b""
            for line in stream:
                digest.update(last)
                last = line
        footer = Footer(**json.loads(last)) if last.endswith(b"\n") else None
    except (OSError, ValueError, TypeError):
        return None
    return footer if footer and footer.shard == number and footer.sha256 == digest.hexdigest() else None


def read_rows(path: Path, footer: Footer) -> Iterator[bytes]:
    """The JSON lines of a whole shard.

    Raises:
        InputError: it is not what `footer` says.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if number < footer.rows:
                digest.update(line)
                yield line
    if digest.hexdigest() != footer.sha256:
        raise InputError(f"{path} was changed while the run went on; go on with --resume, which makes it again")
