"""Sentences that are no news: date headers, credits, links, footers, as normalisation has found them."""

from __future__ import annotations

from ukrnlp.document import Document


def hidden_sentences(doc: Document) -> set[int]:
    """Numbers of the sentences of which newswire parts (header, credit, link, footer) make up half or more."""
    spans = [(int(s["start"]), int(s["end"])) for s in (doc.meta.get("newswire") or {}).get("spans", ())]
    hidden = set()
    for i, sentence in enumerate(doc.sentences or ()):
        start, end = sentence.start, sentence.start + len(sentence.text)
        covered: set[int] = set()
        for low, high in spans:
            covered.update(range(max(low, start), min(high, end)))
        if sentence.text and 2 * len(covered) >= len(sentence.text):
            hidden.add(i)
    return hidden
