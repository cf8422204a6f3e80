"""The first pass over an input: how much there is, what is wrong with it, which identifiers come twice."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ukrnlp.batch.shards import CHARACTERS
from ukrnlp.batch.sources import Reading, Source, documents
from ukrnlp.document import Document
from ukrnlp.io import is_unread

_NUMBERED = re.compile(r":\d+")


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts of an input. `unnamed` documents have no identifier of their own; `doubled` are digests of identifiers
    that several documents share."""

    documents: int
    characters: int
    shards: int
    unread: int
    empty: int
    unnamed: int
    doubled: frozenset[int]

    def notes(self) -> list[str]:
        """What a person should know of the input."""
        counts = (
            (self.unread, "could not be read; each has an error record"),
            (self.empty, "are empty; each has a row with a warning"),
            (self.unnamed, "have no identifier; they are called by file and row"),
            (len(self.doubled), "identifiers are used by more than one document; each of these has a warning"),
        )
        return [f"{count} {'' if 'identifiers' in text else 'documents '}{text}" for count, text in counts if count]


def make_plan(sources: Sequence[Source], reading: Reading, shard_size: int) -> Plan:
    """Read all documents once; memory grows by eight bytes a document."""
    digests = array("Q")
    names = {source.name for source in sources}
    characters = unread = empty = unnamed = shards = size = length = 0
    for doc in documents(sources, reading):
        digests.append(digest_of(doc.id))
        characters += len(doc.text)
        unread += is_unread(doc)
        empty += not is_unread(doc) and not doc.text.strip()
        unnamed += is_numbered(doc.id, names) and not is_unread(doc)
        # the same bounds as shards.grouped, without the documents
        size, length = size + 1, length + len(doc.text)
        if size == shard_size or length >= CHARACTERS:
            shards, size, length = shards + 1, 0, 0
    values, counts = np.unique(np.frombuffer(digests, dtype=np.uint64), return_counts=True)
    doubled = frozenset(int(value) for value in values[counts > 1])
    return Plan(len(digests), characters, shards + bool(size), unread, empty, unnamed, doubled)


def digest_of(identifier: str) -> int:
    """64 bits of an identifier."""
    data = identifier.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def is_numbered(identifier: str, names: set[str]) -> bool:
    """Whether an identifier is a source's name and a row's number."""
    name, colon, number = identifier.rpartition(":")
    return name in names and bool(_NUMBERED.fullmatch(colon + number))


def with_warnings(docs: Iterator[Document], plan: Plan) -> Iterator[Document]:
    """`docs`, those with a shared identifier warned of it."""
    for doc in docs:
        if plan.doubled and digest_of(doc.id) in plan.doubled:
            doc.warn(f"the identifier {doc.id!r} is used by more than one document")
        yield doc
