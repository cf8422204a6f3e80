"""Translate documents sentence by sentence; paragraphs, lists and blank lines stay where they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ukrnlp.document import Document, Translation
from ukrnlp.preprocess.sentences import join
from ukrnlp.tasks.guards import Doubt, doubts

Translate = Callable[[Sequence[str]], list[str]]
Lengths = Callable[[Sequence[str]], list[int]]

# a sentence without one of these (a date header, a link, a row of figures) is not in the source language: it is copied
LETTERS = {"uk": re.compile("[А-Яа-яЄєІіЇїҐґ]"), "en": re.compile("[A-Za-z]")}
CLAUSE_END = re.compile(r"[,;:)»”\"—–](?=\s)")
SPACE = re.compile(r"\s+")


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
    ) -> None:
        self.to = to
        self.model = model
        self._translate = translate
        self._lengths = lengths
        self._max_pieces = max_pieces
        self._retry = retry
        self._guards = guards

    def __call__(self, docs: Sequence[Document]) -> None:
        """Fill `translation` of every document."""
        texts = list(dict.fromkeys(s.text for doc in docs for s in doc.sentences or () if has_words(s.text, doc.lang)))
        parts = self._parts(texts)
        found = self._translate_all(self._translate, (part for text in texts for part in parts[text]))
        whole = {text: " ".join(found[part] for part in parts[text]) for text in texts}
        doubted = self._doubted(whole, parts)
        for doc in docs:
            sentences = doc.sentences or ()
            results = tuple(whole.get(s.text, s.text) for s in sentences)
            warnings: list[str] = []
            for i, sentence in enumerate(sentences):
                count = len(parts.get(sentence.text, ()))
                if count > 1:
                    warnings.append(f"sentence {i}: over {self._max_pieces} pieces, translated in {count} parts")
                warnings += [f"sentence {i}: {doubt}" for doubt in doubted.get(sentence.text, ())]
            text = join(doc.normalized or "", sentences, results)
            doc.translation = Translation(text, self.to, results, self.model, tuple(warnings))

    def _doubted(self, whole: dict[str, str], parts: dict[str, list[str]]) -> dict[str, tuple[Doubt, ...]]:
        """The texts whose translation is doubted, and why; a better second try has taken its place in `whole`."""
        if not self._guards:
            return {}
        doubted = {text: why for text, result in whole.items() if (why := self._doubts(text, result))}
        if doubted and self._retry:
            again = self._translate_all(self._retry, (part for text in doubted for part in parts[text]))
            for text, before in list(doubted.items()):
                result = " ".join(again[part] for part in parts[text])
                after = self._doubts(text, result)
                if len(after) < len(before):
                    whole[text], doubted[text] = result, after
        return doubted

    def _doubts(self, text: str, result: str) -> tuple[Doubt, ...]:
        return doubts(text, result, target_lang=self.to)

    def texts(self, texts: Iterable[str]) -> dict[str, str]:
        """Each distinct text and its translation, without guards."""
        return self._translate_all(self._translate, texts)

    def _translate_all(self, translate: Translate, texts: Iterable[str]) -> dict[str, str]:
        """Translate each distinct text once; line ends inside one become spaces."""
        distinct = list(dict.fromkeys(texts))
        results = translate([SPACE.sub(" ", text).strip() for text in distinct])
        return dict(zip(distinct, results, strict=True))

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
    """Puts the summary into the language of the translation, through the same engine."""

    name = "translate-summary"
    requires = ("summary",)
    provides = ("summary",)

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def __call__(self, docs: Sequence[Document]) -> None:
        """Replace the summary of every document, sentence marks and sources kept."""
        from ukrnlp.preprocess.sentences import split

        summaries = [doc.summary for doc in docs if doc.summary is not None]
        sentences = {s.text: split(s.text) for s in summaries}
        found = self._translator.texts(part.text for parts in sentences.values() for part in parts)
        for doc in docs:
            if doc.summary is not None:
                parts = sentences[doc.summary.text]
                text = join(doc.summary.text, parts, [found[part.text] for part in parts])
                model = f"{doc.summary.model}+{self._translator.model}"
                doc.summary = replace(doc.summary, text=text, lang=self._translator.to, model=model)


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
