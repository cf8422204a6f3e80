"""What makes a translation suspect: each guard names one thing that a reader of news must not be told wrongly."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from ukrnlp.tasks.names import lost_names
from ukrnlp.tasks.numbers import missing, numbers

CYRILLIC = re.compile(r"[А-Яа-яЁёЄєІіЇїҐґ]")
RUSSIAN = re.compile(r"[ыэъёЫЭЪЁ]")
WORD = re.compile(r"\w+")

# Characters of the English side over those of the Ukrainian: 0.71 to 1.79 in 998 of 1,000 pairs of our own news.
# What lies well outside has lost or invented a clause.
LENGTH_RATIO = {("uk", "en"): (0.6, 2.0), ("en", "uk"): (0.5, 1.7)}
ANY_LENGTH_RATIO = (0.3, 3.5)
MOST = 5
"""How many lost numbers or names are told one by one."""
SHORT = 40
"""Characters up to which a length ratio says nothing."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to mistrust a translation: its kind (see `doubts`) and what was found."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def doubts(
    source: str,
    hypothesis: str,
    *,
    source_lang: str = "uk",
    target_lang: str = "en",
    score: float = 0.0,
    low: float = -9,
) -> tuple[Doubt, ...]:
    """Return every reason to mistrust `hypothesis` as a translation of `source`; none is a good sign, no proof.

    Kinds: "empty", "copied" (the source again), "script" (Cyrillic in English; letters of Russian in Ukrainian that
    the source does not have), "length", "repetition", "number lost", "number invented", "name lost", "low score"
    (`score`, the log-probability a piece, under `low`).

    >>> [str(doubt) for doubt in doubts("Загинули 12 людей.", "21 people died.")]
    ['number lost: 12', 'number invented: 21']
    """
    if not WORD.search(source):
        return ()
    if not WORD.search(hypothesis):
        return (Doubt("empty", ""),)
    found: list[Doubt] = []
    if CYRILLIC.search(source) and source.split() == hypothesis.split():
        found.append(Doubt("copied", ""))
    elif foreign := foreign_letters(source, hypothesis, target_lang):
        found.append(Doubt("script", foreign))
    ratio = len(hypothesis) / len(source)
    low_ratio, high_ratio = LENGTH_RATIO.get((source_lang, target_lang), ANY_LENGTH_RATIO)
    if max(len(source), len(hypothesis)) > SHORT and not low_ratio <= ratio <= high_ratio:
        found.append(Doubt("length", f"{ratio:.1f} times the source"))
    if again := repetition(source, hypothesis):
        found.append(Doubt("repetition", again))
    if {source_lang, target_lang} == {"uk", "en"}:
        there, here = numbers(source, source_lang), numbers(hypothesis, target_lang)
        found += listed("number lost", [number.text for number in missing(there, here)])
        found += listed("number invented", [number.text for number in missing(here, there)])
    if (source_lang, target_lang) == ("uk", "en"):
        found += listed("name lost", lost_names(source, hypothesis))
    if score < low:
        found.append(Doubt("low score", f"{score:.2f}"))
    return tuple(dict.fromkeys(found))


def listed(kind: str, details: list[str]) -> list[Doubt]:
    """One doubt for each of `details`, and one for all beyond `MOST`: a list lost whole must not flood the warnings."""
    distinct = list(dict.fromkeys(details))
    more = [Doubt(kind, f"and {len(distinct) - MOST} more")] if len(distinct) > MOST else []
    return [*(Doubt(kind, detail) for detail in distinct[:MOST]), *more]


def foreign_letters(source: str, hypothesis: str, target_lang: str) -> str:
    """The first letters of `hypothesis` that its language does not have."""
    if target_lang == "en":
        return "".join(CYRILLIC.findall(hypothesis)[:10])
    if target_lang == "uk" and not RUSSIAN.search(source):
        return "".join(RUSSIAN.findall(hypothesis)[:10])
    return ""


def repetition(source: str, hypothesis: str) -> str:
    """A phrase that `hypothesis` says again and again and `source` does not, or "".

    Three times in a row for one to four words; more than twice anywhere for five words.
    """
    words = [word.lower() for word in WORD.findall(hypothesis)]
    loops = longest_loop([word.lower() for word in WORD.findall(source)])
    for size in range(1, 5):
        for i in range(len(words) - 3 * size + 1):
            phrase = words[i : i + size]
            if phrase == words[i + size : i + 2 * size] == words[i + 2 * size : i + 3 * size] and loops < 3:
                return " ".join(phrase)
    counts = Counter(tuple(words[i : i + 5]) for i in range(len(words) - 4))
    often = [" ".join(phrase) for phrase, count in counts.most_common(1) if count > 2 and loops < 3]
    return often[0] if often else ""


def longest_loop(words: list[str]) -> int:
    """How often the most repeated word of `words` follows itself, at least 1."""
    best = run = 1
    for before, word in pairwise(words):
        run = run + 1 if word == before else 1
        best = max(best, run)
    return best
