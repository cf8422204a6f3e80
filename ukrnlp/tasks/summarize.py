"""Summaries that invent nothing: the best sentences of a text, shortened by deletion, each one's number named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ukrnlp.document import Document, Sentence, Summary
from ukrnlp.errors import ConfigError
from ukrnlp.tasks.compress import compress, is_attribution
from ukrnlp.tasks.hidden import hidden_sentences
from ukrnlp.tasks.targets import Text, mentions, read_aliases, words_of
from ukrnlp.tasks.windows import cover, parts

Score = Callable[[Sequence[Sequence[str]]], list[list[float]]]
Lengths = Callable[[Sequence[Sequence[str]]], list[int]]

SHORT_TEXT = 10
"""Up to so many sentences the default summary is one sentence, above it two."""
WORDS = 25
"""Most words of a sentence in the default summary, unless every shorter one weighs less than SHARE of it."""
SHARE = 0.5
LENGTH = 0.5
"""Power of its words by which a sentence's weight grows: a summary of one sentence should not be too thin."""
LEAST_WORDS = 4
OVERLAP = 0.6
"""Share of common words from which a sentence says again what the summary has."""
FOCUS = 4.0
"""How much heavier sentences weigh that name what the summary is about."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may stand in a summary: its number, its text there, and its weight."""

    number: int
    text: str
    weight: float

    @property
    def words(self) -> int:
        """Words, as split by spaces."""
        return len(self.text.split())


class Summarizer:
    """The summarize stage: chooses sentences by weight, leaves out repetition, deletes credits and brackets.

    The default length is one sentence, for texts of more than ten sentences two. Date headers, credits, links and
    footers that `meta["newswire"]` names are never chosen. Texts longer than the model reads go in windows of whole
    sentences. An empty document gets an empty summary with a warning.

    Args:
        scorer: sentences of each text to weights, of each text 1 in sum.
        sentences: how many sentences; or
        words: how many words at most (the best sentence stands even where it is longer, with a warning); or
        ratio: which share of the text's words, above 0 and up to 1. At most one of the three may be given.
        focus: what the summary is about: sentences that name it come first.
        aliases: a file of other names, see `ukrnlp.tasks.targets.read_aliases`.
        model: name that the results carry.
        compress: whether to shorten sentences.
        lengths: pieces that the scorer counts in each text; by default the scorer's own `lengths`. Without any, every
            text is read whole.
        max_tokens: pieces that the scorer takes at once; by default its own `max_length`.

    >>> text = "Уряд змінив правила виплат, повідомляє Укрінформ."
    >>> doc = Document(text, normalized=text, sentences=(Sentence(text, 0),))
    >>> Summarizer(lambda texts: [[1.0] for _ in texts])([doc])
    >>> doc.summary.text, doc.summary.sources
    ('Уряд змінив правила виплат.', (0,))

    Raises:
        ConfigError: more than one length is given, or one out of range; the focus is blank; the alias file is wrong.
    """

    name = "summarize"
    requires = ("normalized", "sentences")
    provides = ("summary",)

    def __init__(
        self,
        scorer: Score,
        *,
        sentences: int | None = None,
        words: int | None = None,
        ratio: float | None = None,
        focus: str | None = None,
        aliases: Path | None = None,
        model: str = "uk-reader",
        compress: bool = True,
        lengths: Lengths | None = None,
        max_tokens: int | None = None,
    ) -> None:
        check_length(sentences, words, ratio)
        if focus is not None and not words_of(focus):
            raise ConfigError(f"focus is {focus!r}; name a state, body, person or thing")
        self.model = model
        self._score = scorer
        self._sentences, self._words, self._ratio = sentences, words, ratio
        self._focus = focus
        self._aliases = read_aliases(aliases)
        self._compress = compress
        self._lengths: Lengths | None = lengths or getattr(scorer, "lengths", None)
        self._max_tokens = max_tokens or int(getattr(scorer, "max_length", 512))

    def __call__(self, docs: Sequence[Document]) -> None:
        """Fill `summary` of every document."""
        read = [self._windows(doc.sentences or ()) for doc in docs]
        texts = [[text for _, text in window] for windows in read for window in windows]
        weights = iter(self._score(texts) if texts else ())
        for doc, windows in zip(docs, read, strict=True):
            values = [0.0] * len(doc.sentences or ())
            for window in windows:
                # a window's shares sum to 1: weighed by its size, windows can be compared
                for (i, _), weight in zip(window, next(weights), strict=True):
                    values[i] = max(values[i], weight * len(window))
            doc.summary = self._summary(doc, values)

    def _windows(self, sentences: Sequence[Sentence]) -> list[list[tuple[int, str]]]:
        """Sentence numbers with texts, as the scorer takes them; a sentence that is too long alone in parts."""
        units = [(i, s.text) for i, s in enumerate(sentences) if s.text.strip()]
        if self._lengths is None:
            return [units] if units else []
        (empty,) = self._lengths([[""]])
        lengths = self._lengths

        def count(texts: Sequence[str]) -> list[int]:
            return [size - empty for size in lengths([[text] for text in texts])]

        budget = self._max_tokens - empty
        sizes = count([text for _, text in units])
        if max(sizes, default=0) > budget:
            units = [(i, part) for i, text in units for part in parts(text, count, budget)]
            sizes = count([text for _, text in units])
        return [[units[i] for i in window] for window in cover(sizes, budget)]

    def _summary(self, doc: Document, values: Sequence[float]) -> Summary:
        sentences = doc.sentences or ()
        hidden = hidden_sentences(doc)
        filled = [i for i, s in enumerate(sentences) if words_of(s.text)]
        if not filled:
            return Summary("", doc.lang, self.model, (), ("no text to summarise",))
        warnings: list[str] = []
        open_ = [i for i in filled if i not in hidden and not is_attribution(sentences[i].text)]
        if not open_:
            warnings.append("only headers and credits to choose from")
            open_ = filled
        about = self._about(sentences)
        if self._focus is not None and not about:
            warnings.append(f"not mentioned: {self._focus}")
        candidates = [
            Candidate(
                i,
                compress(sentences[i].text.strip()) if self._compress else sentences[i].text.strip(),
                values[i] * (FOCUS if i in about else 1.0),
            )
            for i in open_
        ]
        chosen = self._choose(candidates, sum(len(sentences[i].text.split()) for i in filled), len(open_))
        limit = self._limit_words(sum(len(sentences[i].text.split()) for i in filled))
        if limit is not None and sum(c.words for c in chosen) > limit:
            warnings.append(f"no sentence is so short: asked for at most {limit} words")
        chosen.sort(key=lambda c: c.number)
        return Summary(
            " ".join(closed(c.text) for c in chosen),
            doc.lang,
            self.model,
            tuple(c.number for c in chosen),
            tuple(warnings),
        )

    def _about(self, sentences: Sequence[Sentence]) -> set[int]:
        if self._focus is None:
            return set()
        found = mentions(self._focus, Text.of(s.text for s in sentences), self._aliases)
        return {*(found.named or found.evoked)}

    def _limit_words(self, total: int) -> int | None:
        if self._ratio is not None:
            return max(1, round(self._ratio * total))
        return self._words

    def _choose(self, candidates: Sequence[Candidate], total_words: int, total: int) -> list[Candidate]:
        """The heaviest candidates that fit the length and do not repeat one another; at least one."""
        limit = self._limit_words(total_words)
        power = LENGTH if limit is None else 0.0
        ranked = sorted(candidates, key=lambda c: (-c.weight * c.words**power, c.number))
        if limit is None:
            count = self._sentences or (1 if total <= SHORT_TEXT else 2)
            if self._sentences is None:
                least = SHARE * ranked[0].weight * ranked[0].words ** power
                # false before true: good short ones first, in the order of their weights
                ranked.sort(key=lambda c: not (LEAST_WORDS <= c.words <= WORDS and c.weight * c.words**power >= least))
        else:
            count = len(ranked)
        chosen: list[Candidate] = []
        for candidate in ranked:
            used = sum(c.words for c in chosen)
            fits = limit is None or used + candidate.words <= limit
            if len(chosen) < count and fits and not any(repeats(candidate.text, c.text) for c in chosen):
                chosen.append(candidate)
        return chosen or ranked[:1]


def check_length(sentences: int | None, words: int | None, ratio: float | None) -> None:
    """Raise `ConfigError` unless at most one length is given, and in range."""
    given: dict[str, Any] = {"sentences": sentences, "words": words, "ratio": ratio}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} are given; give one of sentences, words, ratio")
    for name, value in given.items():
        if name == "ratio" and not 0 < value <= 1:
            raise ConfigError(f"ratio is {value}; it must be above 0 and up to 1")
        if name != "ratio" and (not isinstance(value, int) or value < 1):
            raise ConfigError(f"{name} is {value!r}; it must be a whole number, 1 or more")


def closed(sentence: str) -> str:
    """`sentence` with a full stop where it has none: a headline must not run into the next sentence.

    >>> closed("Уряд змінив правила"), closed("Чому?"), closed("«Так».")
    ('Уряд змінив правила.', 'Чому?', '«Так».')
    """
    return sentence if sentence.rstrip("»”\"')").endswith((".", "!", "?", "…")) else f"{sentence}."


def repeats(one: str, other: str) -> bool:
    """Whether two sentences share most words of the shorter one.

    >>> repeats("Уряд змінив правила виплат.", "Правила виплат змінив уряд України.")
    True
    """
    a, b = ({word[:5] for word in words_of(text) if len(word) > 3} for text in (one, other))
    return bool(a and b) and len(a & b) >= OVERLAP * min(len(a), len(b))
