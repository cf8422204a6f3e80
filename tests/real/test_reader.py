"""The bundled reader through its stages, on texts of our own that no training has seen."""

import numpy as np
import pytest

from ukrnlp.document import Document, StanceLabel
from ukrnlp.engines.encoder import load_reader
from ukrnlp.preprocess.normalize import Normalizer
from ukrnlp.preprocess.sentences import SentenceSplitter
from ukrnlp.tasks.stance import StanceClassifier
from ukrnlp.tasks.summarize import Summarizer

pytestmark = pytest.mark.real

CASES = [
    (
        "росія",
        "against",
        "Уночі росія цинічно вдарила ракетами по пологовому будинку в Дніпрі. Загарбники знову б'ють по дітях.",
    ),
    (
        "Польща",
        "favor",
        "Польща прийняла тисячі наших поранених. Щиро дякуємо сусідам: такої підтримки ми не забудемо.",
    ),
    (
        "Національний банк",
        "neutral",
        "Національний банк залишив облікову ставку без змін. Наступне засідання призначено на березень.",
    ),
    (
        "путін",
        "against",
        "Божевільний диктатор путін продовжує вбивати українців. Його злочини не матимуть прощення.",
    ),
    (
        "рятувальники",
        "favor",
        "Героїчні рятувальники дві доби без сну розбирали завали. Завдяки їхній мужності врятовано вісьмох людей.",
    ),
    (
        "Верховна Рада",
        "neutral",
        "Верховна Рада проголосувала за законопроєкт у першому читанні. За нього віддали голоси 254 депутати.",
    ),
    (
        "міська влада",
        "against",
        "Містяни третій тиждень сидять без води. Міська влада бреше й краде, а ремонту як не було, так і немає.",
    ),
    (
        "волонтери",
        "favor",
        "Волонтери знову зробили диво: за тиждень зібрали на десять автівок. Пишаємося цими людьми.",
    ),
]


@pytest.fixture(scope="module")
def reader():
    return load_reader("uk-reader", threads=1)


def documents(texts):
    docs = [Document(text) for text in texts]
    Normalizer()(docs)
    SentenceSplitter()(docs)
    return docs


def stances(reader, cases):
    docs = documents([text for _, _, text in cases])
    for doc, (target, _, _) in zip(docs, cases, strict=True):
        doc.targets = (target,)
    StanceClassifier(reader.pair_reader, model=reader.model)(docs)
    return [doc.stances[0] for doc in docs]


def test_plain_stances_are_mostly_right(reader):
    found = stances(reader, CASES)
    right = sum(stance.label == label for stance, (_, label, _) in zip(found, CASES, strict=True))
    assert right >= 6
    for stance in found:
        assert sum(stance.scores.values()) == pytest.approx(1)
        assert set(stance.evidence) <= {0, 1}
        assert stance.evidence
        assert stance.model.startswith("uk-reader@")


def test_batches_of_other_shapes_give_the_same(reader):
    whole = stances(reader, CASES)
    backward = stances(reader, CASES[::-1])[::-1]
    alone = [stances(reader, [case])[0] for case in CASES]
    for a, b, c in zip(whole, backward, alone, strict=True):
        for label in StanceLabel:
            assert a.scores[label] == pytest.approx(b.scores[label], abs=0.01)
            assert a.scores[label] == pytest.approx(c.scores[label], abs=0.01)
        assert a.label == b.label == c.label


def test_both_engines_agree(reader):
    other = load_reader("uk-reader", engine="transformers", threads=1)
    pairs = [(target, [text]) for target, _, text in CASES]
    for a, b in zip(reader.pair_reader(pairs), other.pair_reader(pairs), strict=True):
        np.testing.assert_allclose(list(a.scores.values()), list(b.scores.values()), atol=0.02)
        np.testing.assert_allclose(a.evidence, b.evidence, atol=0.02)


def test_a_long_article_is_read_in_windows(reader):
    filler = "Синоптики обіцяють мінливу хмарність, на дорогах місцями ожеледиця. " * 40
    (doc,) = documents([f"{filler}{CASES[1][2]} {filler}"])
    StanceClassifier(reader.pair_reader, targets=["Польща", "Канада"])([doc])
    first, second = doc.stances
    assert any("windows" in w or "not read" in w for w in first.warnings)
    assert set(first.evidence) <= set(range(len(doc.sentences)))
    assert "not mentioned" in second.warnings


def test_summaries_are_made_of_the_text(reader):
    docs = documents([" ".join(text for _, _, text in CASES[i : i + 3]) for i in range(len(CASES) - 2)])
    Summarizer(reader.sentence_scorer, model=reader.model)(docs)
    for doc in docs:
        assert doc.summary.sources
        assert doc.summary.text in doc.normalized
        assert len(doc.summary.sources) == 1
