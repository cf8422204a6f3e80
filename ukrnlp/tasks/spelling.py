"""The sentences of a document with the writer's own small and capital letters."""

from __future__ import annotations

from ukrnlp.document import Document


def as_written(doc: Document) -> list[str]:
    """The document's sentences, every edit undone that changed letters' case alone.

    Other edits (spaces, apostrophes, wrong alphabets) stay made: they help a model and carry no opinion.

    >>> from ukrnlp.document import Edit, Sentence
    >>> doc = Document("у  росії", normalized="у Росії", sentences=(Sentence("у Росії", 0),),
    ...                edits=(Edit(1, "  ", " ", "spaces"), Edit(3, "росії", "Росії", "casing")))
    >>> as_written(doc)
    ['у росії']
    """
    small = []
    shift = 0
    for edit in doc.edits:
        start = edit.start + shift
        if (
            edit.before != edit.after
            and edit.before.lower() == edit.after.lower()
            and len(edit.before) == len(edit.after)
        ):
            small.append((start, edit.before))
        shift += len(edit.after) - len(edit.before)
    out = []
    for sentence in doc.sentences or ():
        text = sentence.text
        for start, before in small:
            at = start - sentence.start
            if at >= 0 and at + len(before) <= len(text):
                text = text[:at] + before + text[at + len(before) :]
        out.append(text)
    return out
