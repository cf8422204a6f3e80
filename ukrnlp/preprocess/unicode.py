"""Ukrainian orthography as text should be stored: encodings, invisible characters, letters, apostrophes, quotes.

`clean` returns the changes as `Edit`s and touches nothing else. Every step is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Literal

from ukrnlp.document import Edit, apply_edits
from ukrnlp.preprocess.edits import chain, substitute

Marks = Literal["keep", "unify"]

APOSTROPHE = "'"
_CYRILLIC = "А-ЯЁа-яёІЇЄҐіїєґЎў"
_LATIN = "A-Za-zÀ-ÖØ-öø-ÿ"

# A text without any of these needs none of the steps below but the two for Latin letters and straight quotes.
_UNUSUAL = re.compile("[^\t\n -_a-~А-ЩЬЮЯа-щьюяІЇЄҐіїєґ«»„“”–—…№€°§×]")

_INVISIBLE = re.compile(
    "\r\n?|[\x0b\x0c\x85\u2028\u2029]"
    "|[\u00a0\u2000-\u200a\u202f\u205f\u3000]"
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_BREAKS = frozenset("\r\x0b\x0c\x85\u2028\u2029")
_SPACES = frozenset("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
_JOINERS = frozenset("\u200c\u200d")

_STRESS = re.compile("(?:(?<=[аеиіоуюяєїёАЕИІОУЮЯЄЇЁ])|(?<=[иіеИІЕ][\u0306\u0308]))\u0301+")
# what NFC may change lies outside the blocks whose characters stand for themselves
_COMPOSABLE = re.compile("[^\x00-\u02ff\u0370-\u0373\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e]+")
_MAX_MARKS = 30  # the stream-safe limit of UAX 15: CPython sorts a longer run of marks in quadratic time

_APOSTROPHES = re.compile(f"(?<=[{_CYRILLIC}])[’ʼ`′´‘ʹʻ‛＇՚ʽˈ](?=[{_CYRILLIC}])")
_CONSONANT = "бпвмфркгґжчшхнтдсзлБПВМФРКГҐЖЧШХНТДСЗЛ"
_QUOTE_IN_WORD = re.compile(f'(?<=[{_CONSONANT}])"(?=[яюєїЯЮЄЇ][{_CYRILLIC}])')

# Latin letters that look like Cyrillic ones, and the way back
_TO_CYRILLIC = dict(zip("aceiopxyABCEHIKMOPTXïÏáéóýí", "асеіорхуАВСЕНІКМОРТХїЇаеоуі", strict=True))
_TO_LATIN = {cyrillic: latin for latin, cyrillic in _TO_CYRILLIC.items() if latin.isascii()}
_LATIN_RUN = re.compile(f"[{_LATIN}]+")
_WORD = re.compile(f"[{_LATIN}{_CYRILLIC}]+")
_ABBREVIATION_WITH_ENDING = re.compile(f"[A-Z]{{2,}}[{_CYRILLIC}]+")
_LATIN_WITH_ENDING = re.compile(f"[{_LATIN}]+[{_CYRILLIC}]+")
_LONE_I = re.compile(f"(?:(?<=[{_CYRILLIC}] )|(?<=[{_CYRILLIC}][,–—-] ))i(?= [{_CYRILLIC}])")

_FOREIGN_WORD = re.compile(f"[{_CYRILLIC}]*[ёъыэЁЪЫЭ][{_CYRILLIC}]*")

_UTF8_TRAIL_1252 = "\x80-¿ŒœŠšŽžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™"
_UTF8_TRAIL_1251 = "\x80-\x9f\xa0Ђ-ЏЎўђ-џЄІЇҐєіїґё‚„…†‡€‰‹‘’“”•–—™›¤¦§©«¬®°±µ¶·№»\xad"
_UTF8_AS_1252 = re.compile(f"(?:[ÐÑ][{_UTF8_TRAIL_1252}]){{2}}")
_UTF8_AS_1251 = re.compile(f"(?:[РС][{_UTF8_TRAIL_1251}]){{3}}")
_1251_AS_1252 = re.compile("[À-ÿ]{3}")

_SPACED_DASH = re.compile(r"(?:(?<=[ \n\t])|^)(?:--?|[—―−‒])(?=[ \n\t])", re.MULTILINE)
_DOUBLE_QUOTE = re.compile('["“”„‟«»\n]')


def clean(text: str, *, quotes: Marks = "keep", dashes: Marks = "keep") -> list[Edit]:
    """Edits that bring `text` to one spelling: sorted, disjoint, with offsets into `text`.

    Rules: `encoding` (mojibake), `invisible` (soft hyphens, zero-width and directional characters, controls),
    `space` (no-break and other fixed spaces), `newline`, `stress`, `compose` (NFC), `lookalike` (Latin letters in
    Cyrillic words and the reverse, where the rest of the word decides), `apostrophe`; on demand `quotes`, `dashes`.

    >>> [(e.before, e.after, e.rule) for e in clean("Прем’єр i Киї\\u0301в")]
    [('’', "'", 'apostrophe'), ('\\u0301', '', 'stress')]
    """
    edits: list[Edit] = []
    if _UNUSUAL.search(text) is not None:
        # a character taken out may join a word, a letter put right may bare a mark: a few rounds settle it
        for _ in range(4):
            known = len(edits), text
            text, edits = _run(text, edits, _encoding, _invisible, _stress, _compose, _lookalikes)
            if (len(edits), text) == known:
                break
        text, edits = _run(text, edits, _apostrophes)
    else:
        text, edits = _run(text, edits, _lookalikes)
    text, edits = _run(text, edits, _quotes_in_words)
    if quotes == "unify":
        text, edits = _run(text, edits, _quotes)
    if dashes == "unify":
        text, edits = _run(text, edits, _dashes)
    return edits


def foreign_letters(text: str) -> list[str]:
    """Words with letters that Ukrainian lacks (ё, ъ, ы, э), as they stand: reported, never repaired.

    >>> foreign_letters("Він сказав: «Это не мы».")
    ['Это', 'мы']
    """
    return [m.group() for m in _FOREIGN_WORD.finditer(text)] if re.search("[ёъыэЁЪЫЭ]", text) else []


def _run(text: str, edits: list[Edit], *steps: Callable[[str], list[Edit]]) -> tuple[str, list[Edit]]:
    for step in steps:
        new = step(text)
        if new:
            edits = chain(edits, new)
            text = apply_edits(text, new)
    return text, edits


def _invisible(text: str) -> list[Edit]:
    edits = []
    for match in _INVISIBLE.finditer(text):
        before = match.group()
        start = match.start()
        if before[0] in _BREAKS:
            edits.append(Edit(start, before, "\n", "newline"))
        elif before in _SPACES:
            edits.append(Edit(start, before, " ", "space"))
        elif before not in _JOINERS or not (_joinable(text, start - 1) and _joinable(text, start + 1)):
            edits.append(Edit(start, before, "", "invisible"))
    return edits


def _joinable(text: str, index: int) -> bool:
    """Whether a zero-width joiner means something beside this character: emoji, and scripts of India and Persia."""
    return 0 <= index < len(text) and text[index] >= "\u0600" and _INVISIBLE.match(text[index]) is None


def _stress(text: str) -> list[Edit]:
    return substitute(_STRESS, text, lambda match: "", "stress") if "\u0301" in text else []


def _compose(text: str) -> list[Edit]:
    edits = []
    for match in _COMPOSABLE.finditer(text):
        start = max(match.start() - 1, 0)
        before = text[start : match.end()]
        if _longest_run_of_marks(before) <= _MAX_MARKS:
            after = unicodedata.normalize("NFC", before)
            if after != before:
                edits.append(Edit(start, before, after, "compose"))
    return edits


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        longest = max(longest, run)
    return longest


def _apostrophes(text: str) -> list[Edit]:
    return substitute(_APOSTROPHES, text, lambda match: APOSTROPHE, "apostrophe")


def _quotes_in_words(text: str) -> list[Edit]:
    """об"єкт -> об'єкт, unless the mark closes a quotation that was opened in the same line."""
    if '"' not in text or _QUOTE_IN_WORD.search(text) is None:
        return []
    edits = []
    counted = opened = 0
    for match in _QUOTE_IN_WORD.finditer(text):
        start = match.start()
        line = text.rfind("\n", counted, start) + 1
        if line:
            counted, opened = line, 0
        opened += text.count('"', counted, start)
        counted = start
        if opened % 2 == 0:
            edits.append(Edit(start, '"', APOSTROPHE, "apostrophe"))
            counted = start + 1
    return edits


def _lookalikes(text: str) -> list[Edit]:
    if not any(
        (m.start() and _cyrillic(text[m.start() - 1])) or (m.end() < len(text) and _cyrillic(text[m.end()]))
        for m in _LATIN_RUN.finditer(text)
    ):
        return []
    edits = substitute(_WORD, text, lambda match: _one_alphabet(match.group()), "lookalike")
    if any("i" in e.before and "і" in e.after for e in edits):
        lone = substitute(_LONE_I, text, lambda match: "і", "lookalike")
        edits = sorted([*edits, *lone], key=lambda e: e.start)
    return edits


def _cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u0491"


def _one_alphabet(word: str) -> str | None:
    """`word` in the alphabet that its unmistakable letters belong to; `None` where both or neither claim it."""
    cyrillic = [c for c in word if _cyrillic(c)]
    if not cyrillic or len(cyrillic) == len(word):
        return None
    latin = [c for c in word if not _cyrillic(c)]
    if all(c in _TO_CYRILLIC for c in latin):
        # VIPи, IPшний: a Latin abbreviation with a Ukrainian ending
        if all(c in _TO_LATIN for c in cyrillic) or _ABBREVIATION_WITH_ENDING.fullmatch(word):
            return None
        return "".join(_TO_CYRILLIC.get(c, c) for c in word)
    if all(c in _TO_LATIN for c in cyrillic) and not _LATIN_WITH_ENDING.fullmatch(word):
        return "".join(_TO_LATIN.get(c, c) for c in word)
    return None


def _encoding(text: str) -> list[Edit]:
    if not any(p.search(text) for p in (_UTF8_AS_1252, _UTF8_AS_1251, _1251_AS_1252)):
        return []
    edits = []
    start = 0
    for line in text.split("\n"):
        body = line.rstrip("\r")
        fixed = _decode(body)
        if fixed != body:
            edits.append(Edit(start, body, fixed, "encoding"))
        start += len(line) + 1
    return edits


def _decode(line: str) -> str:
    if _UTF8_AS_1252.search(line) or _UTF8_AS_1251.search(line):
        from ftfy import fix_encoding

        fixed: str = fix_encoding(line)
    elif _1251_AS_1252.search(line):
        try:
            fixed = line.encode("cp1252").decode("cp1251")
        except UnicodeError:
            return line
        letters = [c for c in fixed if c.isalpha()]
        vowels = sum(c in _VOWELS for c in letters)
        # French keeps many plain Latin letters, and its accents would make few vowels; Ukrainian misread does neither
        if (
            sum(c.isascii() for c in letters) * 4 > len(letters)
            or len(letters) < 4
            or not 0.2 < vowels / len(letters) < 0.7
        ):
            return line
    else:
        return line
    return fixed if _ukrainian(fixed) > _ukrainian(line) and "\n" not in fixed else line


def _ukrainian(text: str) -> float:
    """Share of characters that plain Ukrainian text is made of."""
    return sum(c in _PLAIN for c in text) / max(len(text), 1)


_VOWELS = frozenset("аеиіоуяюєїАЕИІОУЯЮЄЇ")
_PLAIN = frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя ")


def _quotes(text: str) -> list[Edit]:
    """«outer», „inner“; marks whose side cannot be told stay."""
    edits = []
    depth = 0
    for match in _DOUBLE_QUOTE.finditer(text):
        mark, start = match.group(), match.start()
        if mark == "\n":
            depth = 0
            continue
        before = text[start - 1] if start else " "
        after = text[start + 1] if start + 1 < len(text) else " "
        opens = mark in "«„" or (
            mark not in "»" and (before.isspace() or before in "([{–—-/«„") and not after.isspace()
        )
        if opens:
            new = "«" if depth == 0 else "„"
            depth += 1
        elif depth:
            depth -= 1
            new = "»" if depth == 0 else "“"
        else:
            continue
        if new != mark:
            edits.append(Edit(start, mark, new, "quotes"))
    return edits


def _dashes(text: str) -> list[Edit]:
    return substitute(_SPACED_DASH, text, lambda match: "–", "dashes")
