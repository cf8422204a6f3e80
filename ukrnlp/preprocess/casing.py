"""Names of states, cities, bodies and rulers that the writer put in small letters: found, restored, counted.

The table holds every case form in its right spelling (see data/lowercase-names). A text is searched word by word
against a set of forms; only a word that is one pays for a look at what stands around it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ukrnlp.document import Edit
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess import contexts

Names = Literal["aggressor", "states", "all", "off"]
Hashtags = Literal["keep", "restore"]
LEVELS: tuple[str, ...] = ("aggressor", "states", "all")
TABLE = Path(__file__).parent / "tables" / "state_names.tsv"

_WORD = re.compile(r"\w+")
_FEW = 24  # forms sought one by one; with more in a text, a walk over its words is quicker
_APOSTROPHE_MARKS = frozenset("'’ʼ")
_LONGER = frozenset("'’ʼ-")
_LONGER_WORD = re.compile(r"['’ʼ]\w|-[\w'’ʼ]{0,30}(?:ськ|цьк|зьк)")  # харків'яни, україно-польський
_APOSTROPHES = str.maketrans("’ʼ", "''")
_NOT_TEXT = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,300}`", re.DOTALL)
_LINKLIKE = re.compile(r"://|@|^www\.|\\|\w\.(?:[a-z]{2,}|рф|укр)\b|=\w", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """One case form of a name, in its right spelling.

    `context` names the check (in tables/contexts.tsv) that the surroundings must pass; "" asks for none.
    """

    text: str
    name: str
    kind: str
    level: str
    context: str
    head: int  # characters before the key word


@dataclass(frozen=True, slots=True)
class Table:
    """Forms by their key word (`_key`), in every spelling in which that word is looked for; longest forms first."""

    by_word: dict[str, tuple[Form, ...]]


@dataclass(frozen=True, slots=True)
class Casing:
    """What `restore` found: the edits, and how often the aggressor's names stood in small and in capital letters.

    `capital` leaves out a name at the start of a sentence or line, where the capital letter says nothing.
    """

    edits: tuple[Edit, ...]
    small: int
    capital: int
    names: tuple[tuple[str, int, int], ...]

    @property
    def style(self) -> Literal["small", "capital", "mixed", "none"]:
        """How the writer spells the aggressor's names."""
        if self.small and self.capital:
            return "mixed"
        if self.small:
            return "small"
        return "capital" if self.capital else "none"

    def to_meta(self) -> dict[str, Any]:
        """The counts as plain values, for `Document.meta["casing"]`."""
        return {
            "style": self.style,
            "small": self.small,
            "capital": self.capital,
            "names": {name: {"small": small, "capital": capital} for name, small, capital in self.names},
        }


def restore(
    text: str, *, names: Names = "aggressor", table: Table | None = None, hashtags: Hashtags = "keep"
) -> Casing:
    """Find the names in `text` and give those in small letters their capitals.

    Args:
        text: any text; both apostrophes are understood.
        names: whose names: `aggressor` (Russia, Belarus, the USSR and the republics they set up, with their cities,
            bodies and rulers), `states` (all states besides), `all` (cities, bodies and leaders of all); `off` counts
            the aggressor's names and changes none.
        table: names in place of the bundled ones, from `load_table`.
        hashtags: `restore` changes names in hashtags too.

    >>> [(e.start, e.before, e.after) for e in restore("У росії та мінську мовчать, лаврова олія.").edits]
    [(2, 'росії', 'Росії'), (11, 'мінську', 'Мінську')]
    """
    forms = (table or bundled_table("aggressor" if names == "off" else names)).by_word
    present = forms.keys() & _WORD.findall(text)
    if not present:
        return Casing((), 0, 0, ())
    code = [m.span() for m in _NOT_TEXT.finditer(text)] if "`" in text else []
    edits: list[Edit] = []
    counts: dict[str, list[int]] = {}
    last = 0
    for start, form in _matches(text, present, forms):
        end = start + len(form.text)
        if start < last or not _is_text(text, start, end, code, hashtags):
            continue
        before = text[start:end]
        after = "".join(
            [right if right.lower() == letter else letter for letter, right in zip(before, form.text, strict=True)]
        )
        if after != before:
            if form.context and not contexts.holds(form.context, text, start, end):
                continue
            edits.append(Edit(start, before, after, "casing"))
        last = end
        first = next(k for k, letter in enumerate(form.text) if letter.isupper())
        small = before[first].islower()
        if form.level == "aggressor" and (small or not contexts.starts_sentence(text, start)):
            counts.setdefault(form.name, [0, 0])[0 if small else 1] += 1
    return Casing(
        () if names == "off" else tuple(edits),
        sum(small for small, _ in counts.values()),
        sum(capital for _, capital in counts.values()),
        tuple(sorted((name, small, capital) for name, (small, capital) in counts.items())),
    )


def _places(text: str, present: set[str]) -> list[tuple[int, int]]:
    """Spans of the words of `text` that are in `present`, in order."""
    if len(present) > _FEW:
        return [m.span() for m in _WORD.finditer(text) if m.group() in present]
    spans = []
    for word in present:
        size = len(word)
        start = text.find(word)
        while start >= 0:
            end = start + size
            if not (start and _is_word(text[start - 1])) and not (end < len(text) and _is_word(text[end])):
                spans.append((start, end))
            start = text.find(word, end)
    spans.sort()
    return spans


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _matches(text: str, present: set[str], forms: dict[str, tuple[Form, ...]]) -> list[tuple[int, Form]]:
    """Where forms stand and which; of those that begin together, the longest first."""
    found = []
    for start, end in _places(text, present):
        match = _longest(text, start, end, forms[text[start:end]])
        if match is not None:
            found.append(match)
    found.sort(key=lambda pair: (pair[0], -len(pair[1].text)))
    return found


def _longest(text: str, start: int, end: int, forms: Sequence[Form]) -> tuple[int, Form] | None:
    """The longest form whose key word stands at `start`, and where the form begins."""
    for form in forms:
        head, tail = form.head, len(form.text) - form.head - (end - start)
        if not head and not tail:
            return start, form
        begin, stop = start - head, end + tail
        if begin < 0 or _is_word(text[begin - 1 : begin]) or _is_word(text[stop : stop + 1]):
            continue
        around = text[begin:start].translate(_APOSTROPHES), text[end:stop].translate(_APOSTROPHES)
        if (around[0].lower(), around[1].lower()) == (
            form.text[:head].lower(),
            form.text[len(form.text) - tail :].lower(),
        ):
            return begin, form
    return None


def _is_text(text: str, start: int, end: int, code: Sequence[tuple[int, int]], hashtags: Hashtags) -> bool:
    """Whether the word stands in running text: no link, address, handle, code, nor a hashtag that is to be kept."""
    before = text[start - 1] if start else " "
    if before in "@$\\" or (before == "#" and hashtags == "keep"):
        return False
    if before in _APOSTROPHE_MARKS and start > 1 and _is_word(text[start - 2]):
        return False
    if text[end : end + 1] in _LONGER and _LONGER_WORD.match(text, end) is not None:
        return False
    if code:
        k = bisect_right(code, (start, len(text))) - 1
        if k >= 0 and code[k][0] <= start < code[k][1]:
            return False
    if before in "./:=&?-_#" or text[end : end + 1] in set("./:@=&-_"):
        # only a word glued to such a mark can be a part of an address; 80 characters reach its beginning or tell enough
        left = "" if before.isspace() else text[max(0, start - 80) : start].split()[-1]
        right = "" if text[end : end + 1].isspace() else "".join(text[end : end + 80].split(maxsplit=1)[:1])
        if before == "-" and "#" in left:
            return hashtags == "restore"
        return _LINKLIKE.search(f"{left}{text[start:end]}{right}".rstrip('.,;:!?…»”")')) is None
    return True


@cache
def bundled_table(names: Literal["aggressor", "states", "all"]) -> Table:
    """The bundled table up to a level: `aggressor` within `states` within `all`."""
    return load_table(TABLE, names=names)


def load_table(path: Path, *, names: Literal["aggressor", "states", "all"] = "all") -> Table:
    """Read a table of names: UTF-8, one name a line, five fields separated by tabs, `#` begins a comment line.

    Fields: the name as it should be spelt; its level (`aggressor`, `states`, `all`); its kind (`state`, `capital`,
    `city`, `region`, `body`, `person`, ...: any word); the check that forms marked `?` ask for (or nothing); the case
    forms separated by `|`, each as it should be spelt, followed by `?` where only the context tells it
    from another word.

    Raises:
        ConfigError: the file cannot be read, or a line is not as described (its number is named).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as e:
        raise ConfigError(f"{path}: cannot be read as a UTF-8 table of names: {e}") from e
    wanted = LEVELS[: LEVELS.index(names) + 1]
    by_word: dict[str, dict[str, Form]] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            for form in _read_line(line, f"{path}, line {number}"):
                if form.level in wanted:
                    key = _key(form.text).group()
                    spellings = {key, key.lower(), key.upper(), key[0].lower() + key[1:]}
                    if not form.text.isupper() or form.level == "aggressor":
                        # Рф begins many a sentence, Ато only one that asks or else
                        spellings.add(key.capitalize())
                    for spelling in spellings:
                        by_word.setdefault(spelling, {}).setdefault(form.text.lower(), form)
    ordered = {w: tuple(sorted(f.values(), key=lambda form: -len(form.text))) for w, f in by_word.items()}
    return Table(ordered)


def _key(form: str) -> re.Match[str]:
    """The last word of a form; of Підмосков'я the part before the apostrophe, for я is a word by itself."""
    words = list(_WORD.finditer(form))
    last = words[-1]
    return words[-2] if form[last.start() - 1 : last.start()] in _APOSTROPHE_MARKS else last


def _read_line(line: str, where: str) -> list[Form]:
    fields = line.split("\t")
    if len(fields) != 5:
        raise ConfigError(
            f"{where}: {len(fields)} fields, a row has 5 separated by tabs: name, level, kind, context, forms"
        )
    name, level, kind, context, forms = (field.strip() for field in fields)
    if level not in LEVELS:
        raise ConfigError(f"{where}: level {level!r} is unknown; write one of {', '.join(LEVELS)}")
    if context and context not in contexts.names():
        raise ConfigError(
            f"{where}: context {context!r} is unknown; write one of {', '.join(sorted(contexts.names()))} or nothing"
        )
    out = []
    for written in forms.split("|"):
        form = written.removesuffix("?")
        if not form or form != form.strip() or not _WORD.search(form) or not _is_word(form[-1]):
            raise ConfigError(
                f"{where}: {written!r} is no form of a name; separate forms by | and end each with a letter"
            )
        if form == form.lower():
            raise ConfigError(
                f"{where}: {form!r} has no capital letter, so there is nothing to restore; spell it as it should be"
            )
        if written.endswith("?") and not context:
            raise ConfigError(f"{where}: {written!r} asks for a context, but the row names none")
        out.append(Form(form, name, kind, level, context if written.endswith("?") else "", _key(form).start()))
    return out
