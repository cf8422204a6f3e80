"""The `ukrnlp` command with stub stages in place of models: what a test needs to see the wiring alone."""

import os
import signal

from ukrnlp import pipeline
from ukrnlp.cli import main
from ukrnlp.document import Sentence, Stance, StanceLabel, Summary, Translation
from ukrnlp.errors import InputError


class Stub:
    requires = provides = ()

    def __init__(self, settings):
        self.settings = settings

    def __call__(self, docs):
        for doc in docs:
            if f"fail {self.name}" in doc.text:
                raise InputError(f"{self.name} cannot do this text")
            if f"stop {self.name}" in doc.text:
                os.kill(os.getpid(), signal.SIGINT)
            self.one(doc)


class Normalize(Stub):
    name, provides = "normalize", ("normalized",)

    def one(self, doc):
        doc.normalized = doc.text


class Split(Stub):
    name, requires, provides = "split", ("normalized",), ("sentences",)

    def one(self, doc):
        doc.sentences = (Sentence(doc.normalized, 0),) if doc.normalized else ()


class Translate(Stub):
    name, requires, provides = "translate", ("sentences",), ("translation",)

    def one(self, doc):
        text = doc.normalized.upper()
        if "separators" in doc.text:
            text = "a\u2028b\x85c\rd\ne"
        doc.translation = Translation(text, self.settings["to"], (text,), "stub", ("a stub spoke",))


class Summarize(Stub):
    name, requires, provides = "summarize", ("sentences",), ("summary",)

    def one(self, doc):
        doc.summary = Summary(doc.normalized[:20], "uk", "stub", (0,))


class StanceStub(Stub):
    name, requires, provides = "stance", ("sentences",), ("stances",)

    def one(self, doc):
        targets = doc.targets or self.settings.get("targets") or ()
        targets = ["found"] if targets == "auto" else targets
        scores = {StanceLabel.FAVOR: 0.1, StanceLabel.AGAINST: 0.7, StanceLabel.NEUTRAL: 0.2}
        doc.stances = tuple(Stance(t, StanceLabel.AGAINST, scores, (0,), "stub") for t in targets)


STUBS = {stub.name: stub for stub in (Normalize, Split, Translate, Summarize, StanceStub)}

if __name__ == "__main__":
    pipeline.build = lambda names, settings: [STUBS[name](settings) for name in names]
    main()
