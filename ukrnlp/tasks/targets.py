"""Where a text mentions a target: in any case form, by another name, or only called to mind.

Case forms are met by stems and endings, without a dictionary; other names come from `tables/aliases.tsv`, a table of
our own, and from the user's file of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ukrnlp.errors import ConfigError

WORD = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")
KINDS = ("state", "body", "person")
SHORTEST_STEM = 3
EVOKING_LETTERS = 4

# endings of nouns and adjectives; the empty one is the bare stem
ENDINGS = (
    *("", "а", "я", "у", "ю", "і", "ї", "е", "є", "о", "и", "ь", "й", "ом", "ем", "єм", "ою", "ею", "єю", "ові"),
    *("еві", "єві", "ам", "ям", "ами", "ями", "ах", "ях", "ів", "їв", "ей", "ий", "ій", "ого", "ього", "ому"),
    *("ьому", "им", "їм", "ім", "ої", "ьої", "их", "іх", "ими", "іми"),
)
SOFTENED = {"з": "г", "ц": "к", "с": "х"}  # Празі - Прага, Америці - Америка, мусі - муха
PEOPLE = re.compile(r"(ян|ар)ин(?:а|у|ом|ові|и)?$")
# the vowel that falls out or changes when an ending comes: Київ - Києва, Відень - Відня, українець - українця
CHANGES = (
    (re.compile(r"ї([^аеєиіїоуюя])$"), r"є\1"),
    (re.compile(r"і([^аеєиіїоуюя])$"), r"о\1"),
    (re.compile(r"і([^аеєиіїоуюя])$"), r"е\1"),
    (re.compile(r"єць$"), "йц"),
    (re.compile(r"ець$"), "ц"),
    (re.compile(r"ень$"), "н"),
    (re.compile(r"ок$"), "к"),
    (re.compile(r"ет$"), "т"),
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A row of the alias table: a name, its kind, other names, and words that call it to mind."""

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    evokes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its other names."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Sentence numbers, from 0, that name a target, and further ones that only call it to mind."""

    named: tuple[int, ...] = ()
    evoked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """The words of each sentence in small letters, and an index of them by their first letters."""

    sentences: tuple[tuple[str, ...], ...]
    index: Mapping[str, tuple[tuple[int, int], ...]] = field(repr=False)

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Text:
        """Index the sentences of a text."""
        split = tuple(tuple(words_of(s)) for s in sentences)
        index: dict[str, list[tuple[int, int]]] = {}
        for i, row in enumerate(split):
            for j, word in enumerate(row):
                index.setdefault(word[:2], []).append((i, j))
        return cls(split, {key: tuple(places) for key, places in index.items()})


def words_of(text: str) -> list[str]:
    """Words and numbers in small letters; one kind of apostrophe."""
    return [word.lower().replace("’", "'").replace("ʼ", "'") for word in WORD.findall(text)]


@lru_cache(maxsize=50_000)
def stems(word: str) -> frozenset[str]:
    """Every stem that `word` (small letters) may have; two forms of one word share at least one.

    >>> bool(stems("київ") & stems("києві")), bool(stems("америка") & stems("америці"))
    (True, True)
    >>> bool(stems("польща") & stems("поліція"))
    False
    """
    word = PEOPLE.sub(r"\1", word)
    found = {
        word[: len(word) - len(ending)]
        for ending in ENDINGS
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM
    }
    found |= {changed for pattern, to in CHANGES for changed in [pattern.sub(to, word)] if changed != word}
    if len(word) > SHORTEST_STEM and word[-1] == "і" and word[-2] in SOFTENED:
        found.add(word[:-2] + SOFTENED[word[-2]])
    return frozenset(found or {word})


def same_word(one: str, other: str) -> bool:
    """Whether two words in small letters may be forms of one word; up to three letters only the same ones are.

    >>> same_word("росія", "росією"), same_word("рф", "рфа"), same_word("сполучені", "сполучених")
    (True, False, True)
    """
    if one == other:
        return True
    if min(len(one), len(other)) < SHORTEST_STEM or one[:2] != other[:2]:
        return False
    return bool(stems(one) & stems(other))


def find(name: str, text: Text) -> tuple[int, ...]:
    """Numbers of the sentences that hold the words of `name` in a row, in any case form.

    An abbreviation (all capitals, up to five letters) is found as it is, in large or small letters.
    """
    wanted = words_of(name)
    if not wanted:
        return ()
    fixed = [len(w) <= 5 and w.isupper() for w in WORD.findall(name)]

    def fits(i: int, j: int) -> bool:
        row = text.sentences[i]
        return len(row) >= j + len(wanted) and all(
            word == row[j + k] or (not fixed[k] and same_word(word, row[j + k])) for k, word in enumerate(wanted)
        )

    return tuple(sorted({i for i, j in text.index.get(wanted[0][:2], ()) if fits(i, j)}))


def mentions(target: str, text: Text, aliases: Aliases) -> Mentions:
    """Where `text` names `target` and where it only calls it to mind.

    It is named by its own words or another name; a person also by the last name alone. It is called to mind by the
    table's words (capital, adjective, people, officials), by a longer word of the target, or by a kin of one.
    """
    entity = aliases.entity(target)
    names = {target, *(entity.names if entity else ())}
    if looks_like_person(target):
        names.add(target.split()[-1])
    named = {i for name in names for i in find(name, text)}
    evoking = {*(entity.evokes if entity else ())}
    for inner in aliases.inside(target):
        evoking |= {*inner.names, *inner.evokes}
    evoked = {i for name in evoking for i in find(name, text)}
    for start in {kin_start(part) for name in names for w in words_of(name) for part in w.split("-")} - {""}:
        evoked |= {i for i, j in text.index.get(start[:2], ()) if text.sentences[i][j].startswith(start)}
    return Mentions(tuple(sorted(named)), tuple(sorted(evoked - named)))


def kin_start(word: str) -> str:
    """How words akin to `word` begin; empty where it is too short to tell.

    >>> kin_start("одеса"), kin_start("поліція"), kin_start("вакцинація"), kin_start("рада")
    ('одес', 'поліц', 'вакцин', '')
    """
    if len(word) <= EVOKING_LETTERS:
        return word if word.isascii() else ""
    return word[: max(min(5, len(word) - 1), round(0.6 * len(word)))]


def looks_like_person(target: str) -> bool:
    """Two or three words that each begin with a capital and go on small.

    >>> looks_like_person("Володимир Зеленський"), looks_like_person("Верховна рада"), looks_like_person("СБУ")
    (True, False, False)
    """
    parts = target.split()
    return 2 <= len(parts) <= 3 and all(len(p) > 1 and p[0].isupper() and p[1:].islower() for p in parts)


@dataclass(frozen=True, slots=True)
class Aliases:
    """Entities of the table; a later row, the user's, goes before an earlier one of the same name."""

    entities: tuple[Entity, ...]

    def entity(self, target: str) -> Entity | None:
        """The entity of which `target` is a name, in any case form."""
        wanted = words_of(target)
        for entity in reversed(self.entities):
            for name in entity.names:
                given = words_of(name)
                if len(given) == len(wanted) and all(map(same_word, given, wanted)):
                    return entity
        return None

    def inside(self, target: str) -> list[Entity]:
        """Entities that a longer target names among other words: США in "уряд США"."""
        text = Text.of([target])
        return [e for e in self.entities if any(find(name, text) for name in e.names)]


def read_aliases(extra: Path | None = None) -> Aliases:
    """The built-in table and, behind it, the user's file of the same form.

    Each line: name, kind (state, body, person), other names, words that call it to mind; tabs between, `; ` in lists;
    the last two may be left out. Lines that begin with `#` are remarks.

    Raises:
        ConfigError: the file cannot be read, or a line is not of that form.
    """
    table = files("ukrnlp.tasks") / "tables" / "aliases.tsv"
    entities = parse_aliases(table.read_text(encoding="utf-8"), "aliases.tsv")
    if extra is not None:
        try:
            own = Path(extra).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"alias file {extra} cannot be read: {error.strerror}; check the path") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"alias file {extra} is not UTF-8 ({error}); save it as UTF-8") from error
        entities += parse_aliases(own, str(extra))
    return Aliases(tuple(entities))


def parse_aliases(text: str, source: str) -> list[Entity]:
    """Rows of an alias table; `source` names it in errors."""
    entities = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.rstrip("\r").split("\t")]
        if not 2 <= len(cells) <= 4 or not cells[0] or cells[1] not in KINDS:
            raise ConfigError(
                f"{source}, line {number}: found {line!r}; write name, kind ({', '.join(KINDS)}), other names and "
                "words that call it to mind, with tabs between and '; ' in lists"
            )
        lists = [tuple(item.strip() for item in cell.split(";") if item.strip()) for cell in cells[2:]]
        entities.append(Entity(cells[0], cells[1], *lists))
    return entities
