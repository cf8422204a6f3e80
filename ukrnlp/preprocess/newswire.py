"""Parts of a news text that are not its news: dates, datelines, credits, links, hashtags, footers, teasers.

`parse` finds them and says what they hold; it changes nothing. `cut` writes the edits that take them out, where the
sentence keeps its statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ukrnlp.document import Edit
from ukrnlp.preprocess.edits import move
from ukrnlp.preprocess.phrases import MONTHS, patterns

Kind = Literal[
    "date", "timestamp", "dateline", "credit", "attribution", "source", "photo", "author", "related", "footer", "label",
    "link", "hashtag", "handle",
]  # fmt: skip
_CUT: frozenset[str] = frozenset(
    ("date", "timestamp", "dateline", "credit", "source", "photo", "author", "related", "footer")
)


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is a part of that kind.

    `credit` names the outlet that a statement comes from and can go; `attribution` names who said it and belongs to
    the news; `label` is a heading inside a line ("Деталі:").
    """

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


_OPENERS = ("", "\n", ".", "!", "?", "…", "»", '"', "”", ")")  # what may stand before a sentence
_TITLE = 160  # characters; a longer "title" is a paragraph
_THAT = re.compile(r"\bщо\b")
_LINK = re.compile(r"(?:https?://|www\.|t\.me/)[^\s<>«»\"“”]+", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/#])#[^\W\d]\w*")
_HANDLE = re.compile(r"(?<![\w.@/-])@[A-Za-z_]\w{3,31}\b(?!\.\w)")
_ADDRESS = re.compile(rf"{_LINK.pattern}|[#@]\w+", re.IGNORECASE)


def parse(text: str) -> Newswire:
    """Find the newswire parts of `text`; spans are sorted, those that lie inside another are left out.

    >>> wire = parse("КИЇВ, 31 жовтня. УНН. Ворог відступив, повідомляє Укрінформ з посиланням на ОВА.")
    >>> wire.agency, wire.source, [s.kind for s in wire.spans]
    ('УНН', 'ОВА', ['dateline', 'credit'])
    """
    found = Newswire()
    spans: list[Span] = []
    for finder in (_addresses, _dates, _lines, _credits):
        spans += finder(text, found)
    spans.sort(key=lambda span: (span.start, -span.end, span.kind != "footer"))
    end = -1
    for span in spans:
        if span.end > end:
            if span.start < end:
                span = Span(span.kind, end, span.end)
            found.spans.append(span)
            end = span.end
    return found


def _addresses(text: str, found: Newswire) -> Iterator[Span]:
    if "://" in text or "www." in text or "t.me/" in text:
        for match in _LINK.finditer(text):
            link = match.group().rstrip(".,;:!?…)")
            found.links.append(link)
            yield Span("link", match.start(), match.start() + len(link))
    if "#" in text:
        for match in _HASHTAG.finditer(text):
            found.hashtags.append(match.group()[1:])
            yield Span("hashtag", match.start(), match.end())
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield Span("handle", match.start(), match.end())
    if found.links or "#" in text or "@" in text:
        start = 0
        for line in text.split("\n"):
            if _ADDRESS.search(line) and not any(letter.isalnum() for letter in _ADDRESS.sub("", line)):
                yield Span("footer", start, start + len(line))
            start += len(line) + 1


def _dates(text: str, found: Newswire) -> Iterator[Span]:
    if not any(digit in text for digit in "0123456789"):
        return
    for match in patterns().date_line.finditer(text):
        found.date = found.date or _iso(match["day"])
        yield Span("date", match.start(), match.end())
    for match in patterns().timestamp.finditer(text):
        yield Span("timestamp", match.start(), match.end())
    for match in patterns().dateline.finditer(text):
        found.date = found.date or _iso(match["day"] or match["day2"])
        found.place = found.place or match["place"] or match["place2"]
        found.agency = found.agency or match["agency"]
        yield Span("dateline", match.start(), match.end() - 1)


def _iso(day: str) -> str | None:
    """YYYY-MM-DD, or --MM-DD (ISO 8601 without a year) where the text gives no year."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        return day
    numbers = re.findall(r"\d+", day)
    month = MONTHS.get((re.findall(r"[а-яіїєґ']{4,}", day.lower()) or [""])[0], 0)
    if month:
        year = f"{numbers[1]}" if len(numbers) > 1 else "-"
        return f"{year}-{month:02}-{int(numbers[0]):02}" if 1 <= int(numbers[0]) <= 31 else None
    if len(numbers) == 3 and 1 <= int(numbers[1]) <= 12 and 1 <= int(numbers[0]) <= 31:
        return f"{numbers[2]}-{int(numbers[1]):02}-{int(numbers[0]):02}"
    return None


def _lines(text: str, found: Newswire) -> Iterator[Span]:
    if ":" in text or "–" in text or "—" in text:
        for match in patterns().source.finditer(text):
            found.source = found.source or match["value"].strip().rstrip(".")
            yield Span("source", match.start(), match.end())
        for match in patterns().author.finditer(text):
            if len(match["value"].split()) <= 6:
                found.author = found.author or match["value"].strip().rstrip(".")
                yield Span("author", match.start(), match.end())
        for match in patterns().photo.finditer(text):
            yield Span("photo", match.start(), match.end())
        for match in patterns().related.finditer(text):
            title, end = match["title"].strip(), match.end("title")
            if (
                not title
                and match["next"]
                and len(match["next"]) <= _TITLE
                and not match["next"].rstrip().endswith(".")
            ):
                title, end = match["next"].strip(), match.end("next")
            if len(title) > _TITLE:
                # the article runs on in the same line: no telling where the teaser ends
                title, end = "", match.start("title")
            if title:
                found.related.append(title)
            yield Span("related", match.start(), end)
        for match in patterns().label.finditer(text):
            yield Span("label", match.start(), match.end())
    if "/" in text:
        for match in patterns().caption.finditer(text):
            yield Span("photo", match.start(), match.end())
    for match in patterns().footer.finditer(text):
        yield Span("footer", match.start(), match.end())


def _credits(text: str, found: Newswire) -> list[Span]:
    spans: list[tuple[Span, str]] = []
    if "Про це" in text:
        for match in patterns().told.finditer(text):
            if _THAT.search(match["who"]) is None:
                media = patterns().wrote.fullmatch(match["said"]) is None or _is_media(match["who"].split(",")[0])
                spans.append((Span("credit" if media else "attribution", *match.span()), match["who"]))
    for match in patterns().clause.finditer(text):
        media = _is_media(match["who"])
        # the subject of "пише" is a name or an office; what else follows is the verb's object
        if _THAT.search(match["who"]) is None and (
            media or patterns().speaker.match(match["who"]) or patterns().said.fullmatch(match["said"])
        ):
            spans.append((Span("credit" if media else "attribution", *match.span()), match["who"]))
    for match in patterns().as_told.finditer(text):
        media = _is_media(match["who"])
        if media or match["said"]:
            spans.append((Span("credit" if media else "attribution", match.start(), match.end() - 1), match["who"]))
    spans.sort(key=lambda pair: pair[0].start)
    for span, who in spans:
        if span.kind == "credit":
            found.agency = found.agency or _agency(who)
    reference = next(
        (m for m in patterns().reference.finditer(text) if not m["source"][0].islower() or _is_media(m["source"])), None
    )
    if reference is not None and found.source is None:
        found.source = reference["source"].strip('«»"“” ')
    return [span for span, _ in spans]


def _is_media(who: str) -> bool:
    """Whether an outlet is named: one of the table, a word such as видання, a name in quotes or in Latin letters."""
    return (
        _agency(who) is not None or patterns().media.search(who) is not None or who[0] in '«"“' or "A" <= who[0] <= "z"
    )


def _agency(who: str) -> str | None:
    match = patterns().agency.search(who)
    return match.group() if match is not None else None


def cut(text: str, spans: Sequence[Span]) -> list[Edit]:
    """Edits (rule `credits`) that take datelines, credits, tags, teasers and footers out of `text`.

    A sentence never loses its only statement, and a text that holds nothing else stays whole.

    >>> from ukrnlp.document import apply_edits
    >>> text = "Як передає УНН, ворог відступив. Про це пише Reuters. Бої тривають, повідомляє УНІАН."
    >>> apply_edits(text, cut(text, parse(text).spans))
    'Ворог відступив. Бої тривають.'
    """
    edits: list[Edit] = []
    last = 0
    for span in spans:
        if span.kind not in _CUT or span.start < last:
            continue
        start, end, after = span.start, span.end, ""
        opens = text[start] != "," and (start == 0 or text[max(0, start - 8) : start].rstrip(" \t")[-1:] in _OPENERS)
        if not opens:
            if span.kind == "credit" and len(_before_in_sentence(text, last, start).split()) < 2:
                continue
        elif end < len(text) and text[end] in " \t":
            while end < len(text) and text[end] in " \t":
                end += 1
            if span.kind == "credit" and text[span.end - 1] == "," and end < len(text) and text[end].islower():
                after = text[end].upper()
                end += 1
        if opens and not after and (end == len(text) or text[end] == "\n"):
            # nothing of the sentence or line is left: so goes the space before it, or one line break
            while start > last and text[start - 1] in " \t":
                start -= 1
            if start > last and text[start - 1] == "\n":
                start -= 1
            elif start == 0 and end < len(text):
                end += 1
        start = max(start, last)
        edits.append(Edit(start, text[start:end], after, "credits"))
        last = end
    kept = len(text) - sum(len(edit.before) for edit in edits)
    return edits if kept > 0 and _has_words(text, edits) else []


def moved(spans: Sequence[Span], edits: Sequence[Edit]) -> list[Span]:
    """`spans` as they stand in the text that `edits` make; those that are gone are left out."""
    ends = move([offset for span in spans for offset in (span.start, span.end)], edits)
    return [
        Span(span.kind, start, end)
        for span, start, end in zip(spans, ends[::2], ends[1::2], strict=True)
        if start < end
    ]


def _before_in_sentence(text: str, last: int, start: int) -> str:
    head = text[max(last, start - 1000) : start]
    return re.split(r"[.!?…]\s|\n", head)[-1]


def _has_words(text: str, edits: Sequence[Edit]) -> bool:
    position = 0
    for edit in (*edits, Edit(len(text), "", "", "")):
        if any(letter.isalpha() for letter in text[position : edit.start]):
            return True
        position = edit.end
    return False
