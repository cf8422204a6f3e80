"""Translate documents sentence by sentence; paragraphs, lists and blank lines stay where they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ukrnlp.document import Document, Translation
from ukrnlp.preprocess.sentences import join, split
from ukrnlp.tasks.glossary import Found, Glossary, read_glossary
from ukrnlp.tasks.guards import doubts

Translate = Callable[[Sequence[str]], list[str]]
Lengths = Callable[[Sequence[str]], list[int]]

# a sentence without one of these (a date header, a link, a row of figures) is not in the source language: it is copied
LETTERS = {"uk": re.compile("[А-Яа-яЄєІіЇїҐґ]"), "en": re.compile("[A-Za-z]")}
CLAUSE_END = re.compile(r"[,;:)»”\"—–](?=\s)")
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Result:
    """A translated text and what is to be said about it."""

    text: str
    warnings: tuple[str, ...] = ()


class Translator:
    """The translate stage: the sentences of all documents of a window go through the engine in one call.

    A sentence that stands in several places is translated once. One that is longer than `max_pieces` is translated in
    parts cut behind clause marks (at a space where there is none) and joined again; nothing is cut off. A translation
    that the guards doubt (`ukrnlp.tasks.guards`) is tried once more by `retry`, and the less doubtful one stands. What
    was taken apart and what is still doubted, and why, is said in the translation's `warnings`.

    Args:
        translate: source texts to target texts, same length and order.
        to: language of the target texts.
        model: name that the results carry.
        lengths: pieces that the engine counts in each text; without it no sentence is taken apart.
        max_pieces: the longest sentence that the engine gets whole.
        retry: source texts to target texts in another way (other beam, penalties) for what the guards doubt.
        guards: whether to doubt at all.
        glossary: "standard", "off", or the user's file, which goes before the standard one (see `read_glossary`); for
            English alone.

    >>> from ukrnlp.document import Sentence
    >>> doc = Document("Так. Ні.", normalized="Так. Ні.", sentences=(Sentence("Так.", 0), Sentence("Ні.", 5)))
    >>> Translator(lambda texts: ["Yes." if t == "Так." else "No." for t in texts], to="en", model="toy")([doc])
    >>> doc.translation.text
    'Yes. No.'
    """

    name = "translate"
    requires = ("normalized", "sentences")
    provides = ("translation",)

    def __init__(
        self,
        translate: Translate,
        *,
        to: str,
        model: str,
        lengths: Lengths | None = None,
        max_pieces: int = 180,
        retry: Translate | None = None,
        guards: bool = True,
        glossary: Path | Literal["standard", "off"] = "standard",
    ) -> None:
        self.to = to
        self.model = model
        self._translate = translate
        self._lengths = lengths
        self._max_pieces = max_pieces
        self._retry = retry
        self._guards = guards
        off = glossary == "off" or to != "en"
        self._glossary = Glossary(()) if off else read_glossary(None if glossary == "standard" else Path(glossary))

    def __call__(self, docs: Sequence[Document]) -> None:
        """Fill `translation` of every document."""
        found = self.translate_texts(s.text for doc in docs for s in doc.sentences or () if has_words(s.text, doc.lang))
        for doc in docs:
            sentences = doc.sentences or ()
            results = [found.get(s.text, Result(s.text)) for s in sentences]
            texts = tuple(result.text for result in results)
            warnings = tuple(f"sentence {i}: {why}" for i, result in enumerate(results) for why in result.warnings)
            text = join(doc.normalized or "", sentences, texts)
            doc.translation = Translation(text, self.to, texts, self.model, warnings)

    def translate_texts(self, texts: Iterable[str]) -> dict[str, Result]:
        """Translate each distinct text once, all in one engine call; a doubted one is tried again."""
        terms = {text: self._glossary.find(text) for text in texts}
        sources = {text: SPACE.sub(" ", self._glossary.switch(text, found)).strip() for text, found in terms.items()}
        parts = self._parts(sources.values())
        first = self._run(self._translate, parts)
        results = {text: self._judge(text, first[sources[text]], terms[text]) for text in terms}
        doubted = [text for text, result in results.items() if result.warnings]
        if doubted and self._retry:
            again = self._run(self._retry, {sources[text]: parts[sources[text]] for text in doubted})
            for text in doubted:
                other = self._judge(text, again[sources[text]], terms[text])
                if len(other.warnings) < len(results[text].warnings):
                    results[text] = other
        for text, result in results.items():
            if (count := len(parts[sources[text]])) > 1:
                said = f"over {self._max_pieces} pieces, translated in {count} parts"
                results[text] = Result(result.text, (said, *result.warnings))
        return results

    def _judge(self, text: str, hypothesis: str, terms: Sequence[Found]) -> Result:
        """`hypothesis` with the spelling of terms put right, and every reason to doubt it."""
        for found in terms:
            hypothesis = found.term.put_right(hypothesis)
        lost = {found.term.target for found in terms if found.term.switch and not found.term.held(hypothesis)}
        why = [str(doubt) for doubt in doubts(text, hypothesis, target_lang=self.to)] if self._guards else []
        return Result(hypothesis, (*why, *(f"term lost: {term}" for term in sorted(lost))))

    def _run(self, translate: Translate, parts: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Each text of `parts`, its parts translated and joined; a part that stands twice goes to the engine once."""
        distinct = list(dict.fromkeys(part for row in parts.values() for part in row))
        found = dict(zip(distinct, translate(distinct), strict=True))
        return {text: " ".join(found[part] for part in row) for text, row in parts.items()}

    def _parts(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Each text as the parts that the engine gets."""
        parts = {text: [text] for text in texts}
        if self._lengths is None:
            return parts
        for text, length in zip(parts, self._lengths(list(parts)), strict=True):
            if length > self._max_pieces:
                parts[text] = split_long(text, self._lengths, self._max_pieces)
        return parts


class SummaryTranslator:
    """Puts the summary into the language of the translation, through the same engine and guards."""

    name = "translate-summary"
    requires = ("summary",)
    provides = ("summary",)

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def __call__(self, docs: Sequence[Document]) -> None:
        """Replace the summary of every document; its sources stay."""
        sentences = {doc.summary.text: split(doc.summary.text) for doc in docs if doc.summary is not None}
        found = self._translator.translate_texts(part.text for parts in sentences.values() for part in parts)
        for doc in docs:
            if doc.summary is not None:
                parts = sentences[doc.summary.text]
                results = [found[part.text] for part in parts]
                doc.summary = replace(
                    doc.summary,
                    text=join(doc.summary.text, parts, [result.text for result in results]),
                    lang=self._translator.to,
                    model=f"{doc.summary.model}+{self._translator.model}",
                    warnings=(*doc.summary.warnings, *(why for result in results for why in result.warnings)),
                )


def has_words(text: str, lang: str) -> bool:
    """Whether `text` has a letter of its language, so that there is something to translate.

    >>> has_words("date 2025-10-31", "uk")
    False
    """
    letters = LETTERS.get(lang)
    return letters is None or letters.search(text) is not None


def split_long(text: str, lengths: Lengths, limit: int) -> list[str]:
    """Cut `text` behind the clause mark nearest to its middle, and each half again, until every part fits `limit`.

    Parts joined by a space are the text again, apart from spaces. A single word that does not fit is cut by letters.

    >>> split_long("коли стемніло, усі пішли", lambda texts: [len(t.split()) for t in texts], 3)
    ['коли стемніло,', 'усі пішли']
    """
    if lengths([text])[0] <= limit or len(text) < 2:
        return [text]
    middle = len(text) / 2
    marks = [m.end() for m in CLAUSE_END.finditer(text, len(text) // 5, len(text) - len(text) // 5)]
    spaces = [m.start() for m in SPACE.finditer(text.rstrip()) if m.start()]
    cut = min(marks or spaces or [len(text) // 2], key=lambda place: abs(place - middle))
    halves = (text[:cut].strip(), text[cut:].strip())
    return [part for half in halves if half for part in split_long(half, lengths, limit)]
