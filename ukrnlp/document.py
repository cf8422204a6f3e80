"""`Document` and the frozen results that it carries from stage to stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the raw text.

    `start` counts characters of the raw text; `before` stands there and `after` takes its place. `rule` names what
    made the change, joined by `+` where several rules met on one span.
    """

    start: int
    before: str
    after: str
    rule: str

    @property
    def end(self) -> int:
        """First raw character behind the edit."""
        return self.start + len(self.before)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A slice of the normalised text: `normalized[start:start + len(text)] == text`."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Translation:
    """`sentences[i]` translates source sentence i; `text` joins them with the source's own gaps."""

    text: str
    lang: str
    sentences: tuple[str, ...]
    model: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """`sources` are the numbers (from 0) of the sentences that the summary rests on."""

    text: str
    lang: str
    model: str
    sources: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


class StanceLabel(StrEnum):
    """What the author's text holds of a target."""

    FAVOR = "favor"
    AGAINST = "against"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Stance:
    """The author's stance to `target`, with a probability for each label.

    `evidence` are sentence numbers from 0, those that speak of the target first, then by strength.
    """

    target: str
    label: StanceLabel
    scores: Mapping[StanceLabel, float]
    evidence: tuple[int, ...]
    model: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageError:
    """A stage that failed on a document: its name, the kind of error and the message."""

    stage: str
    kind: str
    message: str


@dataclass(slots=True)
class Document:
    """A text on its way through a pipeline.

    `text` is the caller's and never changes. `None` in a result means that its stage has not run.
    """

    text: str
    id: str = ""
    lang: str = "uk"
    meta: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    normalized: str | None = None
    edits: tuple[Edit, ...] = ()
    sentences: tuple[Sentence, ...] | None = None
    translation: Translation | None = None
    summary: Summary | None = None
    stances: tuple[Stance, ...] | None = None
    warnings: tuple[str, ...] = ()
    errors: tuple[StageError, ...] = ()

    def warn(self, *messages: str) -> None:
        """Add `messages` that the document does not carry yet."""
        self.warnings += tuple(dict.fromkeys(m for m in messages if m not in self.warnings))

    def to_dict(self) -> dict[str, Any]:
        """The document as plain values, ready for `json.dumps`."""
        return asdict(self)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with `edits` (sorted, disjoint) made.

    >>> apply_edits("у росії", [Edit(2, "росії", "Росії", "casing")])
    'у Росії'

    Raises:
        ValueError: an edit does not fit the text, or overlaps the one before it.
    """
    out: list[str] = []
    last = 0
    for edit in edits:
        if edit.start < last or text[edit.start : edit.end] != edit.before:
            raise ValueError(f"edit {edit} does not fit the text")
        out += (text[last : edit.start], edit.after)
        last = edit.end
    return "".join((*out, text[last:]))


def undo_edits(normalized: str, edits: Sequence[Edit]) -> str:
    """Return the raw text from which `edits` made `normalized`.

    >>> undo_edits("у Росії", [Edit(2, "росії", "Росії", "casing")])
    'у росії'

    Raises:
        ValueError: the edits were not made on this text.
    """
    out: list[str] = []
    last = shift = 0
    for edit in edits:
        start = edit.start + shift
        if start < last or normalized[start : start + len(edit.after)] != edit.after:
            raise ValueError(f"edit {edit} was not made on this text")
        out += (normalized[last:start], edit.before)
        last = start + len(edit.after)
        shift += len(edit.after) - len(edit.before)
    return "".join((*out, normalized[last:]))
