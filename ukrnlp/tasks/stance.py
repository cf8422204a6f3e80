"""What the author of a text holds of named targets: favor, against or neutral, and the sentences that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ukrnlp.document import Document, Stance, StanceLabel
from ukrnlp.errors import ConfigError
from ukrnlp.tasks.auto_targets import auto_targets
from ukrnlp.tasks.hidden import hidden_sentences
from ukrnlp.tasks.spelling import as_written
from ukrnlp.tasks.targets import Aliases, Mentions, Text, mentions, read_aliases, words_of
from ukrnlp.tasks.windows import around, parts

Pair = tuple[str, Sequence[str]]
Lengths = Callable[[Sequence[Pair]], list[int]]
Spelling = Literal["written", "restored"]

EVIDENCE = 0.4
"""Probability from which a sentence counts as evidence; set on the dev split of the news set."""


class Reading(Protocol):
    """What the reader says of a pair: a probability for each label, and one for each sentence."""

    @property
    def scores(self) -> dict[str, float]:
        """Label to probability."""

    @property
    def evidence(self) -> list[float]:
        """For each sentence: does it show the stance?"""


Read = Callable[[Sequence[Pair]], Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Unit:
    """What the model reads as one sentence: sentence `owner` of the document, or a part of it."""

    owner: int
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class Question:
    """One target in one document, with the windows (of unit numbers) in which the model looks for the answer."""

    target: str
    units: Sequence[Unit]
    windows: Sequence[range]
    found: Mentions

    def pairs(self) -> list[Pair]:
        """The inputs, one a window."""
        return [(self.target.strip(), [self.units[i].text for i in window]) for window in self.windows]


class StanceClassifier:
    """The stance stage: all targets of all documents of a window go through the reader in one call.

    A document's own `targets` go before the stage's; "auto" finds states, bodies and persons in each text. Every
    target gets one `Stance`, in the order of the targets, its string unchanged. A text longer than the model reads is
    read in windows of whole sentences around the mentions, and their probabilities are averaged, weighted by mentions;
    what was not read is said in `warnings`. A target that the text neither names nor calls to mind is judged too, with
    the warning `not mentioned`. Names are read as the writer spelled them: small letters can be evidence. Date headers,
    credits, links and footers that `meta["newswire"]` names are not read.

    Args:
        reader: pairs of a target and the sentences of a text to readings.
        targets: what to judge in documents without targets of their own, or "auto".
        aliases: a file of other names, see `ukrnlp.tasks.targets.read_aliases`.
        model: name that the results carry.
        lengths: pieces that the reader counts in each pair; by default the reader's own `lengths`. Without any, every
            text is read whole.
        max_tokens: pieces that the reader takes at once; by default its own `max_length`.
        threshold: probability from which a sentence counts as evidence; where the text mentions the target, the
            likeliest one always counts.
        spelling: whether the reader gets names as "written" or "restored".

    >>> from types import SimpleNamespace
    >>> from ukrnlp.document import Sentence
    >>> doc = Document("Дякуємо Польщі.", normalized="Дякуємо Польщі.", sentences=(Sentence("Дякуємо Польщі.", 0),))
    >>> sure = SimpleNamespace(scores={"favor": 0.9, "against": 0.0, "neutral": 0.1}, evidence=[0.8])
    >>> StanceClassifier(lambda pairs: [sure for _ in pairs], targets=["Польща"])([doc])
    >>> doc.stances[0].label, doc.stances[0].evidence
    (<StanceLabel.FAVOR: 'favor'>, (0,))

    Raises:
        ConfigError: `targets` is a string other than "auto", or a target is blank; the alias file is wrong.
    """

    name = "stance"
    requires = ("normalized", "sentences")
    provides = ("stances",)

    def __init__(
        self,
        reader: Read,
        *,
        targets: Sequence[str] | Literal["auto"] = (),
        aliases: Path | None = None,
        model: str = "uk-reader",
        lengths: Lengths | None = None,
        max_tokens: int | None = None,
        threshold: float = EVIDENCE,
        spelling: Spelling = "written",
    ) -> None:
        if targets != "auto" and isinstance(targets, str):
            raise ConfigError(f'targets is {targets!r}; give a list of names, or "auto"')
        self.auto = targets == "auto"
        self.targets = () if self.auto else tuple(targets)
        self.model = model
        self._aliases: Aliases = read_aliases(aliases)
        self._read = reader
        self._lengths: Lengths | None = lengths or getattr(reader, "lengths", None)
        self._max_tokens = max_tokens or int(getattr(reader, "max_length", 512))
        self._threshold = threshold
        self._spelling = spelling
        check_targets(self.targets)

    def __call__(self, docs: Sequence[Document]) -> None:
        """Fill `stances` of every document."""
        questions = [self._questions(doc) for doc in docs]
        pairs = [pair for asked in questions for question in asked for pair in question.pairs()]
        readings = iter(self._read(pairs) if pairs else ())
        for doc, asked in zip(docs, questions, strict=True):
            doc.stances = tuple(self._answer(q, [next(readings) for _ in q.windows], doc) for q in asked)

    def _questions(self, doc: Document) -> list[Question]:
        sentences = as_written(doc) if self._spelling == "written" else [s.text for s in doc.sentences or ()]
        text = Text.of(s.text for s in doc.sentences or ())
        targets = tuple(doc.targets) or self.targets
        if self.auto and not targets:
            targets = auto_targets(doc.sentences or (), self._aliases)
        check_targets(targets)
        found = {target: mentions(target, text, self._aliases) for target in dict.fromkeys(targets)}
        target_sizes = self._target_sizes(found)
        filled = [i for i, sentence in enumerate(sentences) if words_of(sentence)]
        hidden = hidden_sentences(doc)
        kept = [i for i in filled if i not in hidden] or filled
        whole = [Unit(i, sentences[i], n) for i, n in zip(kept, self._count([sentences[i] for i in kept]), strict=True)]
        units: dict[int, list[Unit]] = {}
        questions = []
        for target in targets:
            budget = self._max_tokens - target_sizes[target]
            if budget not in units:
                units[budget] = self._within(whole, budget)
            windows = self._windows(units[budget], budget, found[target])
            questions.append(Question(target, units[budget], windows, found[target]))
        return questions

    def _target_sizes(self, targets: Iterable[str]) -> dict[str, int]:
        """Pieces that each target takes, control pieces included."""
        names = list(targets)
        if self._lengths is None:
            return dict.fromkeys(names, 0)
        sizes = dict(zip(names, self._lengths([(name.strip(), [""]) for name in names]), strict=True))
        for name, size in sizes.items():
            if size > self._max_tokens // 2:
                raise ConfigError(
                    f"target {name[:40]!r}… takes {size} pieces; it may take {self._max_tokens // 2}: write it shorter"
                )
        return sizes

    def _count(self, texts: Sequence[str]) -> list[int]:
        if self._lengths is None:
            return [0] * len(texts)
        (empty,) = self._lengths([("а", [""])])
        return [size - empty for size in self._lengths([("а", [text]) for text in texts])]

    def _within(self, units: Sequence[Unit], budget: int) -> list[Unit]:
        """The units, those that are too long alone in parts."""
        out = []
        for unit in units:
            if unit.size <= budget:
                out.append(unit)
            else:
                cut = parts(unit.text, self._count, budget)
                out += [Unit(unit.owner, part, n) for part, n in zip(cut, self._count(cut), strict=True)]
        return out

    @staticmethod
    def _windows(units: Sequence[Unit], budget: int, found: Mentions) -> list[range]:
        if not units:
            return []
        if sum(unit.size for unit in units) <= budget:
            return [range(len(units))]
        marked = {*(found.named or found.evoked)}
        marks = [i for i, unit in enumerate(units) if unit.owner in marked] or list(range(len(units)))
        return around([unit.size for unit in units], marks, budget)

    def _answer(self, question: Question, readings: Sequence[Reading], doc: Document) -> Stance:
        if not readings:
            nothing = {label: float(label is StanceLabel.NEUTRAL) for label in StanceLabel}
            return Stance(question.target, StanceLabel.NEUTRAL, nothing, (), self.model, ("no text to read",))
        named = {*question.found.named}
        weights = [1 + sum(question.units[i].owner in named for i in window) for window in question.windows]
        scores = {
            label: sum(w * r.scores[label] for w, r in zip(weights, readings, strict=True)) / sum(weights)
            for label in StanceLabel
        }
        shows: dict[int, float] = {}
        for window, reading in zip(question.windows, readings, strict=True):
            for i, value in zip(window, reading.evidence, strict=True):
                owner = question.units[i].owner
                shows[owner] = max(value, shows.get(owner, 0.0))
        evidence = {i for i, value in shows.items() if value >= self._threshold}
        if question.found.named or question.found.evoked:
            evidence.add(max(shows, key=lambda i: shows[i]))
        label = max(StanceLabel, key=lambda name: scores[name])
        warnings = self._warnings(question, {*shows})
        # a reader who is shown one sentence wants one that speaks of the target
        spoken = {*question.found.named, *question.found.evoked}
        ranked = tuple(sorted(evidence, key=lambda i: (i not in spoken, -shows[i], i)))
        return Stance(question.target, label, scores, ranked, self.model, warnings)

    @staticmethod
    def _warnings(question: Question, read: set[int]) -> tuple[str, ...]:
        warnings = []
        if not question.found.named and not question.found.evoked:
            warnings.append("not mentioned")
        if len(question.windows) > 1:
            warnings.append(f"long text read in {len(question.windows)} windows")
        owners = [unit.owner for unit in question.units]
        if unread := len({*owners} - read):
            warnings.append(f"{unread} sentences far from any mention were not read")
        if cut := len({i for i in owners if owners.count(i) > 1}):
            warnings.append(f"{cut} over-long sentences read in parts")
        return tuple(warnings)


def check_targets(targets: Iterable[str]) -> None:
    """Raise `ConfigError` unless every target has a letter or digit in it."""
    for target in targets:
        if not any(c.isalnum() for c in target):
            raise ConfigError(f"target {target!r} has no letter or digit; name a state, body, person or thing")
