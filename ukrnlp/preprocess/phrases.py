"""Patterns of newswire parts, built from the phrases in tables/newswire.tsv when first asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PHRASES = Path(__file__).parent / "tables" / "newswire.tsv"
AGENCIES = Path(__file__).parent / "tables" / "agencies.txt"
MONTHS = {
    month: number
    for months in (
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень",
    )
    for number, month in enumerate(months.split(), start=1)
}

_LINE_START = r"^[^\w\n]{0,6}"
_SENTENCE_START = r"(?:^|(?<=[.!?…»\"”)]\s))[^\w\n]{0,6}"
_SENTENCE_END = r"(?=[.!…](?:\s|$)|\n|$)"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_NAME = r"[А-ЯІЇЄҐA-Z][\w'’-]{1,20}"
_CITY = rf"(?:[А-ЯІЇЄҐ][\w'-]{{2,20}}(?:[ -]{_NAME})?)"
_LINE = re.MULTILINE | re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns; groups are named after what they hold. None looks farther than a few hundred characters."""

    date_line: re.Pattern[str]
    timestamp: re.Pattern[str]
    dateline: re.Pattern[str]
    told: re.Pattern[str]
    clause: re.Pattern[str]
    as_told: re.Pattern[str]
    reference: re.Pattern[str]
    wrote: re.Pattern[str]
    said: re.Pattern[str]
    media: re.Pattern[str]
    speaker: re.Pattern[str]
    source: re.Pattern[str]
    photo: re.Pattern[str]
    author: re.Pattern[str]
    caption: re.Pattern[str]
    related: re.Pattern[str]
    footer: re.Pattern[str]
    label: re.Pattern[str]
    agency: re.Pattern[str]


@cache
def patterns() -> Patterns:
    """The patterns, compiled once."""
    day = (
        rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}"
        rf"|\d{{1,2}}\s(?:{'|'.join(MONTHS)}),?(?:\s\d{{4}}(?:\sроку|\sр\.)?)?)"
    )
    writes, wrote, said, photo = map(_phrases, ("writes", "wrote", "said", "photo"))
    agencies = sorted(_lines(AGENCIES), key=lambda name: -len(name))
    return Patterns(
        date_line=re.compile(
            r"^[ \t]*(?:(?:date|дата|опубліковано|оновлено|published)[: \t]{1,3})?"
            r"(?:(?:понеділок|вівторок|середа|четвер|п'ятниця|субота|неділя),? )?"
            rf"(?:{_CLOCK}[ ,|·–—-]{{1,3}})?(?P<day>{day})(?:[ T,|·–—о]{{1,3}}{_CLOCK})?[ \t.]*$",
            _LINE,
        ),
        timestamp=re.compile(rf"^[ \t]*{_CLOCK}(?=[ \t]+[—–-]?[ \t]*[А-ЯІЇЄҐA-Z«\"])", re.MULTILINE),
        dateline=re.compile(
            rf"^(?:(?P<place>{_CITY})[.,]\s(?P<day>{day})|(?P<day2>{day})[.,]\s(?P<place2>{_CITY}))[.,]?"
            rf"(?:\s?[(/]?\s?(?P<agency>{_NAME}(?:\.\w{{1,10}})?(?: {_NAME})?)\s?[)/]?)?\s?(?:[.:]|[–—-])\s",
            re.MULTILINE,
        ),
        told=re.compile(
            rf"Про це\s(?P<said>(?:[а-яіїєґ]+\s)?(?:{writes})|{wrote}|{said}|стало відомо|свідчать)\s"
            r"(?P<who>[^\n]{2,300}?)(?:[.!…](?=\s|$)|(?=\n|$))"
        ),
        clause=re.compile(
            rf",\s(?:[–—-]\s)?(?P<said>{writes}|{said})\s"
            rf"(?P<who>[^\n,]{{2,200}}?(?:,\s(?:з\sпосиланням|посилаючись)\s[^\n,]{{2,150}}?)?){_SENTENCE_END}"
        ),
        as_told=re.compile(
            rf"(?:Як\s(?P<said>{writes}|{_phrases('reported')})|За\s(?:{_phrases('by')}))\s(?P<who>[^\n,]{{2,120}}),\s(?=\S)"
        ),
        reference=re.compile(r"(?:з\sпосиланням|посилаючись)\sна\s(?P<source>[^\n]{2,120}?)(?=[.,;!…](?:\s|$)|\n|$)"),
        wrote=re.compile(wrote),
        said=re.compile(said),
        media=re.compile(rf"(?<!\w)(?:{_phrases('media')})(?!\w)", re.IGNORECASE),
        speaker=re.compile(rf"[А-ЯІЇЄҐ«\"“]|(?:(?:{_phrases('qualifier')})\s)*(?:{_phrases('office')})(?!\w)"),
        source=re.compile(_tag(_phrases("source")), _LINE),
        photo=re.compile(_tag(photo), _LINE),
        author=re.compile(_tag(_phrases("author")), _LINE),
        caption=re.compile(rf"^[^\n]{{0,200}}\s/\s?(?:{photo})(?!\w)[^\n]{{0,80}}$", _LINE),
        related=re.compile(
            rf"{_SENTENCE_START}(?:{_phrases('related')})\s?:[ \t]*(?P<title>[^\n]*)(?:\n[ \t]*(?P<next>[^\n]+))?",
            _LINE,
        ),
        footer=re.compile(
            rf"{_SENTENCE_START}(?:(?:{_phrases('footer')})(?!\w)[^\n]*?(?:[.!?…]+(?=[ \t])|$)"
            rf"|(?:{_phrases('lone')})[ \t]*$)",
            _LINE,
        ),
        label=re.compile(rf"{_LINE_START}(?:{_phrases('label')})(?:\s{_NAME})?\s?:", re.MULTILINE),
        agency=re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, agencies))})(?!\w)"),
    )


def _tag(words: str) -> str:
    return rf"{_LINE_START}(?:{words})\s?[:–—]\s?(?P<value>[^\n]{{1,200}})$"


def _phrases(name: str) -> str:
    """The phrases of a list as an alternation, longest first."""
    found = [
        phrase for row in _lines(PHRASES) if row.startswith(name + "\t") for phrase in row.split("\t")[1].split("|")
    ]
    found.sort(key=lambda phrase: -len(phrase))
    return "|".join(re.escape(phrase).replace(r"\*", r"[\w'’-]*") for phrase in found)


@cache
def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
