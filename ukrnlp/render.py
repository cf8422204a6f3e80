"""Documents as JSON rows, and their results as plain text or as one line. Nothing here prints."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from itertools import chain
from typing import Any

from ukrnlp.document import Document, Stance

ROW_FIELDS = (
    "text",
    "id",
    "lang",
    "meta",
    "normalized",
    "edits",
    "sentences",
    "targets",
    "translation",
    "summary",
    "stances",
    "warnings",
    "errors",
)
# whatever any reader may take for the end of a line
LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# JSON may hold these raw, but they end a line for some readers, and half characters fit no encoding
JSON_ESCAPES = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def row(doc: Document) -> dict[str, Any]:
    """The fields of a document by name, as plain values: what `--format json` writes.

    >>> list(row(Document("текст")))[:3]
    ['text', 'id', 'lang']
    """
    values = asdict(doc)
    return {name: values[name] for name in ROW_FIELDS}


def json_line(doc: Document) -> str:
    """`row(doc)` as JSON that is one line for every reader, Cyrillic letters as they are.

    >>> '"text": "у росії"' in json_line(Document("у росії"))
    True
    """
    return dump_line(row(doc))


def dump_line(value: object) -> str:
    r"""`value` as one line of JSON.

    >>> dump_line({"текст": "а\u2028б"})
    '{"текст": "а\\u2028б"}'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    return JSON_ESCAPES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def flat(text: str) -> str:
    r"""`text` in one line: every line separator becomes a space.

    >>> flat("перший\r\nдругий\u2028третій")
    'перший другий третій'
    """
    return LINE_ENDS.sub(" ", text)


def normalized_text(doc: Document) -> str:
    """The normalised text."""
    return doc.normalized or ""


def sentence_lines(doc: Document) -> str:
    """One sentence a line."""
    return "\n".join(flat(sentence.text) for sentence in doc.sentences or ())


def sentences_in_line(doc: Document) -> str:
    """All sentences in one line, a tab between them."""
    return "\t".join(flat(sentence.text).replace("\t", " ") for sentence in doc.sentences or ())


def translated_text(doc: Document) -> str:
    """The translation."""
    return doc.translation.text if doc.translation else ""


def summary_text(doc: Document) -> str:
    """The summary."""
    return doc.summary.text if doc.summary else ""


def stance_lines(doc: Document) -> str:
    """One target a line: target, label, probability and the sentences' numbers, a tab between them."""
    return "\n".join("\t".join((*stance_cells(s), ",".join(map(str, s.evidence)))) for s in doc.stances or ())


def stances_in_line(doc: Document) -> str:
    """All stances in one line: target, label, probability, a tab between them, for one target after another.

    A blank text gives an empty line: there is nothing to judge.
    """
    stances = (doc.stances or ()) if doc.text.strip() else ()
    return "\t".join(chain.from_iterable(map(stance_cells, stances)))


def stance_cells(stance: Stance) -> tuple[str, str, str]:
    """Target, label and the label's probability."""
    return flat(stance.target).replace("\t", " "), str(stance.label), f"{stance.scores[stance.label]:.2f}"


def all_warnings(doc: Document) -> list[str]:
    """Every warning of the document and of its results, each once, in one line that says whose it is."""
    results = {"translation": doc.translation, "summary": doc.summary}
    found = list(doc.warnings)
    found += [f"{name}: {text}" for name, result in results.items() if result for text in result.warnings]
    found += [f"{stance.target}: {text}" for stance in doc.stances or () for text in stance.warnings]
    return list(dict.fromkeys(map(flat, found)))
