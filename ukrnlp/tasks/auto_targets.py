"""Targets that a text offers by itself: states, bodies and persons that it names, most frequent first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ukrnlp.document import Sentence
from ukrnlp.tasks.targets import Aliases, Text, find, same_word, words_of

LIMIT = 8
CAPITAL = r"[А-ЯІЇЄҐ][а-яіїєґ'’ʼ]+(?:-[А-ЯІЇЄҐ][а-яіїєґ'’ʼ]+)?"
# a lookahead, so that a capital that begins the sentence does not hide a name behind it
PERSON = re.compile(rf"(?<![^\W\d_])(?=({CAPITAL}[ \u00a0]{CAPITAL}))")
# endings that a first and last name have in the nominative, likeliest first
NOMINATIVE = re.compile(r"(?:о|ий|а|я|[бвгґджзклмнпрстфхцчшщьй])$")


def auto_targets(sentences: Sequence[Sentence], aliases: Aliases, *, limit: int = LIMIT) -> tuple[str, ...]:
    """At most `limit` targets: entities of the alias table, and runs of two capitalised words taken for persons.

    Ordered by the number of sentences that name them, then by first place. A person's name comes back in the form
    that stands in the text and looks most like a nominative; there is no lemmatiser behind it.

    >>> from ukrnlp.tasks.targets import read_aliases
    >>> text = "США допоможуть. Міністр Іван Петренко подякував Сполученим Штатам."
    >>> auto_targets([Sentence(t, 0) for t in text.split(". ")], read_aliases())
    ('США', 'Іван Петренко')
    """
    text = Text.of(s.text for s in sentences)
    places: dict[str, set[int]] = {}
    for entity in aliases.entities:
        found = {i for name in entity.names for i in find(name, text)}
        if found:
            places[entity.name] = found
    for name, where in persons(sentences).items():
        if aliases.entity(name) is None:
            places[name] = where
    ranked = sorted(places, key=lambda name: (-len(places[name]), min(places[name])))
    return tuple(ranked[:limit])


def persons(sentences: Sequence[Sentence]) -> dict[str, set[int]]:
    """Names of two capitalised words, their forms together, with the numbers of the sentences that hold them.

    At the start of a sentence, where any word is capital, only names that stand elsewhere too are taken.
    """
    groups: list[tuple[list[str], set[int]]] = []
    found = [(i, *pair) for i, sentence in enumerate(sentences) for pair in pairs_of(sentence.text)]
    for i, start, name in sorted(found, key=lambda item: item[1] == 0):
        for forms, where in groups:
            if all(map(same_word, words_of(forms[0]), words_of(name))):
                forms.append(name)
                where.add(i)
                break
        else:
            if start > 0:
                groups.append(([name], {i}))
    return {best_form(forms): where for forms, where in groups}


def pairs_of(text: str) -> list[tuple[int, str]]:
    """Start and text of every run of two capitalised words; a run behind the first word hides none behind it."""
    found: list[tuple[int, str]] = []
    last = 0
    for match in PERSON.finditer(text):
        if match.start() >= last:
            found.append((match.start(), match[1]))
            last = match.end(1) if match.start() else 1
    return found


def best_form(forms: Sequence[str]) -> str:
    """The form that looks most like a nominative: every word ends so, then the shortest, then the first."""
    return min(forms, key=lambda form: (not all(NOMINATIVE.search(w) for w in form.split()), len(form)))
