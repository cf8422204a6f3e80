"""Parts of a news text that are not its news: dates, datelines, credits, links, hashtags, footers, teasers.

`parse` finds them and says what they hold; it changes nothing. `cut` writes the edits that take them out, where the
sentence keeps its statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ukrnlp.document import Edit
from ukrnlp.preprocess.edits import move

Kind = Literal[
    "date", "timestamp", "dateline", "credit", "attribution", "source", "photo", "author", "related", "footer", "label",
    "link", "hashtag", "handle",
]  # fmt: skip
AGENCIES = Path(__file__).parent / "tables" / "agencies.txt"
_CUT: frozenset[str] = frozenset(("date", "timestamp", "dateline", "credit", "source", "photo", "author", "related", "footer"))


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


_MONTHS = {
    month: number
    for number, month in enumerate(
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня".split(), start=1
    )
}
_MONTH = "|".join(_MONTHS)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_DAY = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}|\d{{1,2}}\s(?:{_MONTH}),?(?:\s\d{{4}}(?:\sроку|\sр\.)?)?)"
)
_DATE_LINE = re.compile(
    rf"^[ \t]*(?:(?:date|дата|опубліковано|оновлено|published)[: \t]{{1,3}})?"
    rf"(?:(?:понеділок|вівторок|середа|четвер|п'ятниця|субота|неділя),?[ ])?"
    rf"(?:{_CLOCK}[ ,|·–—-]{{1,3}})?(?P<day>{_DAY})(?:[ T,|·–—о]{{1,3}}{_CLOCK})?[ \t.]*$",
    re.IGNORECASE | re.MULTILINE,
)
_TIMESTAMP = re.compile(rf"^[ \t]*{_CLOCK}(?=[ \t]+[—–-]?[ \t]*[А-ЯІЇЄҐA-Z«\"])", re.MULTILINE)
_CITY = r"[А-ЯІЇЄҐ][А-ЯІЇЄҐа-яіїєґ'-]{2,20}(?:[ -][А-ЯІЇЄҐ][А-ЯІЇЄҐа-яіїєґ'-]{1,20})?"
_AGENCY_MARK = r"[(/]?\s?(?P<agency>[А-ЯІЇЄҐA-Z][\w'’-]{1,20}(?:\.\w{1,10})?(?:[ ][А-ЯІЇЄҐA-Z][\w'’-]{1,20})?)\s?[)/]?"
_DATELINE = re.compile(
    rf"^(?:(?P<place>{_CITY})[.,]\s(?P<day>{_DAY})|(?P<day2>{_DAY})[.,]\s(?P<place2>{_CITY}))[.,]?"
    rf"(?:\s?{_AGENCY_MARK})?\s?(?:[.:]|[–—-])\s",
    re.MULTILINE,
)

_WRITES = r"(?:пише|пишуть|передає|передають|повідомляє|повідомляють|інформує|інформують|розповідає|цитує|зазначає)"
_WROTE = r"(?:повідомив|повідомила|повідомило|повідомили|заявив|заявила|заявили|написав|написала|розповів|розповіла|розповіли|сказав|сказала|зазначив|зазначила|наголосив|наголосила)"
_SPEAKER = re.compile(
    r"[А-ЯІЇЄҐ«\"“]|(?:(?:обласн|міськ|районн|головн|державн|військов|національн|генеральн|місцев|місь)\w+\s)*(?:міністер|прокуратур|"
    r"адміністрац|рад[аи]|поліці|служб|управлінн|відомств|штаб|командуванн|речни|міністр|президент|прем'єр|голов|посол|"
    r"посольств|мер|директор|експерт|лікар|учасни|очеви|представни|джерел|компані|організац|інститут|центр|комісі|комітет)"
)
_SAID = ("йдеться", "ідеться", "сказано")
_THAT = re.compile(r"\bщо\b")
_END = r"(?=[.!…](?:\s|$)|\n|$)"
_TOLD = re.compile(
    rf"Про це\s(?P<said>{_WRITES}|{_WROTE}|йдеться|ідеться|стало відомо|свідчать|[а-яіїєґ]+\s{_WRITES})\s(?P<who>[^\n]{{2,300}}?)"
    r"(?:[.!…](?=\s|$)|(?=\n|$))"
)
_CLAUSE = re.compile(rf",\s(?:[–—-]\s)?(?P<said>{_WRITES}|йдеться|ідеться|сказано)\s(?P<who>[^\n,]{{2,200}}?(?:,\s(?:з\sпосиланням|посилаючись)\s[^\n,]{{2,150}}?)?){_END}")
_AS_TOLD = re.compile(
    rf"(?P<head>Як\s(?P<said>{_WRITES}|повідомляв|повідомляла|повідомляло|повідомляли)|За\s(?:даними|інформацією|повідомленням))"
    r"\s(?P<who>[^\n,]{2,120}),\s(?=\S)"
)
_REFERENCE = re.compile(r"(?:з\sпосиланням|посилаючись)\sна\s(?P<source>[^\n]{2,120}?)(?=[.,;!…](?:\s|$)|\n|$)")
_MEDIA_WORD = re.compile(
    r"\b(?:видання|агентств\w+|агенці\w+|пресслужб\w+|прес-служб\w+|телеканал\w*|газет[аиіу]|портал\w*|кореспондент\w*|сайт\w*|журнал\w*|"
    r"змі|медіа|радіо|редакці\w+|канал\w*)\b",
    re.IGNORECASE,
)

_TITLE = 160  # characters; a longer "title" is a paragraph
_SENTENCE_START = r"(?:^|(?<=[.!?…»\"”)]\s))[^\w\n]{0,6}"
_TAGGED = re.compile(
    r"^[^\w\n]{0,6}(?P<tag>джерело|фото|ілюстративне фото|відео|ілюстрація|автор(?:ка|и)?|текст|підготу(?:вав|вала))\s?[:–—]\s?(?P<value>[^\n]{1,200})$",
    re.IGNORECASE | re.MULTILINE,
)
_CAPTION = re.compile(r"^[^\n]{0,200}\s/\s?(?:фото|ілюстрація|скріншот|відео)\b[^\n]{0,80}$", re.IGNORECASE | re.MULTILINE)
_RELATED = re.compile(
    rf"{_SENTENCE_START}(?:читайте також|також читайте|читайте ще|дивіться також|до теми|за темою|ще по темі|більше новин)\s?:[ \t]*"
    r"(?P<title>[^\n]*)(?:\n[ \t]*(?P<next>[^\n]+))?",
    re.IGNORECASE | re.MULTILINE,
)
_FOOTER = re.compile(
    rf"{_SENTENCE_START}(?:підпис(?:уйтес[ья]|уйтеся|атис[ья]|атися)|підпишіться|підпишись|приєднуй(?:тес[ья]|ся)|долучай(?:тес[ья]|ся)|"
    r"(?:слідкуйте|стежте) за (?:нами|новинами|подіями|оновленнями)|надісла(?:ти|лати) новину|надсилайте (?:нам )?новин|хочете (?:знати|отримувати) більше|якщо ви (?:знайшли|помітили) помилку|"
    r"знайшли помилку|помітили помилку|виділіть (?:її|текст|фрагмент)|наш (?:telegram|телеграм|youtube|viber)|ми (?:в|у) (?:telegram|телеграм|facebook|instagram|viber)|"
    r"(?:роздрукувати|поділитися)[ \t]*$|усі права захищен|всі права захищен|передрук (?:матеріал|заборон|можлив)|редакція може не поділяти|теги:|підтримати (?:нас|редакцію|канал))[^\n]*?(?:[.!?…]+(?=[ \t])|$)",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL = re.compile(
    r"^[^\w\n]{0,4}(?:Деталі|Дослівно|Пряма мова(?:\s[А-ЯІЇЄҐ][\w'’-]+)?|Що відомо|Що передувало|Передісторія|Довідка|Контекст|Доповнено|Оновлено|Терміново|Важливо)\s?:",
    re.MULTILINE,
)
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
    for match in _DATE_LINE.finditer(text):
        found.date = found.date or _iso(match["day"])
        yield Span("date", match.start(), match.end())
    for match in _TIMESTAMP.finditer(text):
        yield Span("timestamp", match.start(), match.end())
    for match in _DATELINE.finditer(text):
        found.date = found.date or _iso(match["day"] or match["day2"])
        found.place = found.place or match["place"] or match["place2"]
        found.agency = found.agency or match["agency"]
        yield Span("dateline", match.start(), match.end() - 1)


def _iso(day: str) -> str | None:
    """YYYY-MM-DD, or --MM-DD (ISO 8601 without a year) where the text gives no year."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        return day
    numbers = re.findall(r"\d+", day)
    month = _MONTHS.get((re.findall(r"[а-яіїєґ']{4,}", day.lower()) or [""])[0], 0)
    if month:
        year = f"{numbers[1]}" if len(numbers) > 1 else "-"
        return f"{year}-{month:02}-{int(numbers[0]):02}" if 1 <= int(numbers[0]) <= 31 else None
    if len(numbers) == 3 and 1 <= int(numbers[1]) <= 12 and 1 <= int(numbers[0]) <= 31:
        return f"{numbers[2]}-{int(numbers[1]):02}-{int(numbers[0]):02}"
    return None


def _lines(text: str, found: Newswire) -> Iterator[Span]:
    if ":" in text or "–" in text or "—" in text:
        for match in _TAGGED.finditer(text):
            tag, value = match["tag"].lower(), match["value"].strip().rstrip(".")
            if tag == "джерело":
                found.source = found.source or value
                yield Span("source", match.start(), match.end())
            elif tag.startswith(("автор", "текст", "підгот")):
                if len(value.split()) <= 6:
                    found.author = found.author or value
                    yield Span("author", match.start(), match.end())
            else:
                yield Span("photo", match.start(), match.end())
        for match in _RELATED.finditer(text):
            title, end = match["title"].strip(), match.end("title")
            if not title and match["next"] and len(match["next"]) <= _TITLE and not match["next"].rstrip().endswith("."):
                title, end = match["next"].strip(), match.end("next")
            if len(title) > _TITLE:
                # the article runs on in the same line: no telling where the teaser ends
                title, end = "", match.start("title")
            if title:
                found.related.append(title)
            yield Span("related", match.start(), end)
        for match in _LABEL.finditer(text):
            yield Span("label", match.start(), match.end())
    if "/" in text:
        for match in _CAPTION.finditer(text):
            yield Span("photo", match.start(), match.end())
    for match in _FOOTER.finditer(text):
        yield Span("footer", match.start(), match.end())


def _credits(text: str, found: Newswire) -> list[Span]:
    spans: list[tuple[Span, str]] = []
    if "Про це" in text:
        for match in _TOLD.finditer(text):
            if _THAT.search(match["who"]) is None:
                media = re.fullmatch(_WROTE, match["said"]) is None or _is_media(match["who"].split(",")[0])
                spans.append((Span("credit" if media else "attribution", *match.span()), match["who"]))
    for match in _CLAUSE.finditer(text):
        media = _is_media(match["who"])
        # the subject of "пише" is a name or an office; what else follows is the verb's object
        if _THAT.search(match["who"]) is None and (media or _SPEAKER.match(match["who"]) or match["said"] in _SAID):
            spans.append((Span("credit" if media else "attribution", *match.span()), match["who"]))
    for match in _AS_TOLD.finditer(text):
        media = _is_media(match["who"])
        if media or match["said"]:
            spans.append((Span("credit" if media else "attribution", match.start(), match.end() - 1), match["who"]))
    spans.sort(key=lambda pair: pair[0].start)
    for span, who in spans:
        if span.kind == "credit":
            found.agency = found.agency or _agency(who)
    reference = _REFERENCE.search(text)
    if reference is not None and found.source is None:
        found.source = reference["source"].strip("«»\"“” ")
    return [span for span, _ in spans]


def _is_media(who: str) -> bool:
    """Whether an outlet is named: one of the table, a word such as видання, a name in quotes or in Latin letters."""
    return _agency(who) is not None or _MEDIA_WORD.search(who) is not None or who[0] in "«\"“" or "A" <= who[0] <= "z"


@cache
def _agencies() -> re.Pattern[str]:
    lines = AGENCIES.read_text(encoding="utf-8").splitlines()
    names = sorted((line for line in lines if line and not line.startswith("#")), key=lambda name: -len(name))
    # Ukrainian names take case endings: передає Суспільне, за даними Суспільного
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")


def _agency(who: str) -> str | None:
    match = _agencies().search(who)
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
        opens = start == 0 or text[:start].rstrip(" \t")[-1:] in ("", "\n", *".!?…»\"”)") and text[start] != ","
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
