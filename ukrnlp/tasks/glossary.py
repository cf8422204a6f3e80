"""Terms that hold in the translation: a table of our own for Ukrainian places, and the user's.

A term of the user's is put into the source in English, in place of any case form of the Ukrainian one; the bundled
model is trained to copy it (code-switching, see `ukrnlp.training.augment.switched`). Both tables put other spellings of
their terms right in the output, where the source has the term.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ukrnlp.errors import ConfigError
from ukrnlp.tasks.targets import WORD, same_word


@dataclass(frozen=True, slots=True)
class Term:
    """A Ukrainian term, its English one, other English spellings; whether to put the English into the source."""

    source: str
    target: str
    others: tuple[str, ...] = ()
    switch: bool = True

    def held(self, hypothesis: str) -> bool:
        """Whether the English term stands in `hypothesis`, whatever its case."""
        return self.target.casefold() in hypothesis.casefold()

    def put_right(self, hypothesis: str) -> str:
        """`hypothesis` with other spellings of the term replaced by the right one."""
        for other in self.others:
            hypothesis = re.sub(rf"(?<!\w){re.escape(other)}(?!\w)", lambda _: self.target, hypothesis)
        return hypothesis


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a text: it stands at `start:end`."""

    term: Term
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms; of two that begin at one word the longer one is found."""

    terms: tuple[Term, ...]

    def find(self, text: str) -> list[Found]:
        """The terms of `text` in order, none over another.

        A term with a capital letter is found only with one: Суми is a city, суми are sums. Words that stand in Latin
        letters are left as the writer has them.

        >>> glossary = Glossary((Term("Біла Церква", "Bila Tserkva"),))
        >>> [(f.start, f.end) for f in glossary.find("У Білій Церкві сніг.")]
        [(2, 14)]
        """
        words = [(m[0], m.start(), m.end()) for m in WORD.finditer(text)]
        found: list[Found] = []
        for i, (_, start, _) in enumerate(words):
            if found and start < found[-1].end:
                continue
            fits = [(term, n) for term in self.terms if (n := fits_at(term, [w for w, _, _ in words[i : i + 9]]))]
            if fits:
                term, count = max(fits, key=lambda fit: fit[1])
                found.append(Found(term, start, words[i + count - 1][2]))
        return found

    def switch(self, text: str, found: Iterable[Found]) -> str:
        """`text` with the English of the terms that are to be switched in their places."""
        for one in sorted(found, key=lambda f: -f.start):
            if one.term.switch:
                text = text[: one.start] + one.term.target + text[one.end :]
        return text


def fits_at(term: Term, words: list[str]) -> int:
    """How many of `words` make up `term` from the first on; 0 when they do not."""
    wanted = WORD.findall(term.source)
    if len(words) < len(wanted):
        return 0
    for want, word in zip(wanted, words, strict=False):
        if want[:1].isupper() != word[:1].isupper() and want[:1].isupper():
            return 0
        if not same_word(want.lower().replace("’", "'"), word.lower().replace("’", "'")):
            return 0
    return len(wanted)


def read_glossary(extra: Path | None = None) -> Glossary:
    """The standard table and the user's file of the same form, whose terms go first.

    Each line: Ukrainian, English, other English spellings with `; ` between (may be left out); tabs between. Lines that
    begin with `#` are remarks.

    Raises:
        ConfigError: the file cannot be read, or a line is not of that form.
    """
    table = files("ukrnlp.tasks") / "tables" / "glossary.tsv"
    terms = parse_glossary(table.read_text(encoding="utf-8"), "glossary.tsv", switch=False)
    if extra is not None:
        try:
            own = Path(extra).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(f"glossary {extra} cannot be read: {error.strerror}; check the path") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"glossary {extra} is not UTF-8 ({error}); save it as UTF-8") from error
        ours = parse_glossary(own, str(extra), switch=True)
        named = {term.source for term in ours}
        terms = ours + [term for term in terms if term.source not in named]
    return Glossary(tuple(terms))


def parse_glossary(text: str, source: str, *, switch: bool) -> list[Term]:
    """Terms of a table; `source` names it in errors."""
    terms = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if not 2 <= len(cells) <= 3 or not all(cells[:2]) or not WORD.search(cells[0]):
            raise ConfigError(
                f"{source}, line {number}: found {line!r}; write the Ukrainian term, a tab, the English one, and "
                "after another tab other spellings with '; ' between"
            )
        others = tuple(other.strip() for other in cells[2].split(";") if other.strip()) if len(cells) == 3 else ()
        terms.append(Term(cells[0], cells[1], others, switch))
    return terms
