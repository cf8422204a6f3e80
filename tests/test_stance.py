"""The stance stage over stub readers; mentions in case forms; spelling; windows; targets found in the text."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.document import Document, Edit, Sentence, StanceLabel
from ukrnlp.errors import ConfigError
from ukrnlp.preprocess.sentences import split
from ukrnlp.tasks.auto_targets import auto_targets
from ukrnlp.tasks.spelling import as_written
from ukrnlp.tasks.stance import StanceClassifier
from ukrnlp.tasks.targets import Text, find, mentions, read_aliases, same_word
from ukrnlp.tasks.windows import around, cover, parts

ALIASES = read_aliases()


@dataclass
class Reading:
    scores: dict
    evidence: list


@dataclass
class Reader:
    """Reads "зло" in a window as against, "добро" as favor; counts words as pieces."""

    max_length: int = 512
    calls: list = field(default_factory=list)

    def __call__(self, pairs):
        self.calls.append(list(pairs))
        return [self.read(sentences) for _, sentences in pairs]

    @staticmethod
    def read(sentences):
        text = " ".join(sentences)
        favor, against = 0.1 + 0.7 * ("добро" in text), 0.1 + 0.7 * ("зло" in text)
        scores = {"favor": favor, "against": against, "neutral": 0.5}
        total = sum(scores.values())
        evidence = [0.9 if "зло" in s or "добро" in s else 0.1 for s in sentences]
        return Reading({k: v / total for k, v in scores.items()}, evidence)

    @staticmethod
    def lengths(pairs):
        return [4 + len(target.split()) + sum(len(s.split()) for s in sentences) for target, sentences in pairs]


def document(text, **fields):
    return Document(text, normalized=text, sentences=split(text), **fields)


def stances(text, targets, reader=None, **options):
    doc = document(text)
    StanceClassifier(reader or Reader(), targets=targets, **options)([doc])
    return doc.stances


def test_every_target_gets_its_stance_in_its_place():
    doc = document("Росія несе зло. Це знають усі.")
    reader = Reader()
    StanceClassifier(reader, targets=["Росія", " Польща", "Росія"])([doc])
    assert [s.target for s in doc.stances] == ["Росія", " Польща", "Росія"]
    first = doc.stances[0]
    assert (first.label, first.evidence, first.model, first.warnings) == (StanceLabel.AGAINST, (0,), "uk-reader", ())
    assert doc.stances[1].warnings == ("not mentioned",)
    assert sum(first.scores.values()) == pytest.approx(1)
    assert set(first.scores) == set(StanceLabel)


def test_all_documents_and_targets_go_in_one_call():
    docs = [document("Добро."), document("Зло і зло."), document("")]
    reader = Reader()
    StanceClassifier(reader, targets=["Рада", "Уряд"])(docs)
    assert len(reader.calls) == 1
    assert len(reader.calls[0]) == 4
    assert docs[2].stances[0].warnings == ("no text to read",)
    assert docs[2].stances[0].label is StanceLabel.NEUTRAL


def test_a_document_with_targets_of_its_own_keeps_them():
    doc = document("Добро.", targets=("Київ",))
    StanceClassifier(Reader(), targets=["Рада"])([doc])
    assert [s.target for s in doc.stances] == ["Київ"]
    assert doc.targets == ("Київ",)


def test_no_targets_give_no_stances():
    assert stances("Добро.", []) == ()


def test_reversed_documents_give_reversed_results():
    texts = ["Росія несе зло.", "Польща робить добро. Дякуємо.", "Нічого."]
    forward, backward = [document(t) for t in texts], [document(t) for t in reversed(texts)]
    stage = StanceClassifier(Reader(), targets=["Росія", "Польща"])
    stage(forward)
    stage(backward)
    assert [d.stances for d in forward] == [d.stances for d in reversed(backward)]


def test_two_hundred_targets():
    found = stances("Росія несе зло.", [f"Товариство {i}" for i in range(200)])
    assert [s.target for s in found] == [f"Товариство {i}" for i in range(200)]


def test_a_long_text_is_read_around_the_mentions_and_says_so():
    filler = "Тут нічого такого немає, лише довгий опис погоди та доріг. "
    text = filler * 10 + "Росія несе зло. " + filler * 10 + "Про Росію знову мовчать. " + filler * 10
    reader = Reader(max_length=40)
    (found,) = stances(text, ["Росія"], reader)
    (pairs,) = reader.calls
    assert len(pairs) == 2
    assert all(reader.lengths([pair])[0] <= 40 for pair in pairs)
    assert all("Росі" in " ".join(sentences) for _, sentences in pairs)
    assert found.evidence == (10,)
    assert "long text read in 2 windows" in found.warnings
    assert any("were not read" in w for w in found.warnings)


def test_a_long_text_without_a_mention_is_read_whole():
    reader = Reader(max_length=30)
    (found,) = stances("Тут лише довгий опис погоди та доріг області. " * 12, ["Росія"], reader)
    read = [s for _, sentences in reader.calls[0] for s in sentences]
    assert len(read) >= 12
    assert found.warnings[0] == "not mentioned"
    assert not any("not read" in w for w in found.warnings)


def test_an_over_long_sentence_is_read_in_parts():
    reader = Reader(max_length=20)
    (found,) = stances("слово " * 40 + "зло " * 3 + "слово " * 40, ["Росія"], reader)
    assert all(size <= 20 for size in reader.lengths(reader.calls[0]))
    assert found.evidence == (0,)
    assert any("read in parts" in w for w in found.warnings)


def test_headers_and_footers_are_not_read():
    text = "Росія, 5 травня. Росія несе зло. Читайте нас."
    doc = document(text)
    first, *_, last = doc.sentences
    spans = [{"kind": "date", "start": 0, "end": len(first.text)}]
    spans += [{"kind": "footer", "start": last.start, "end": len(text)}]
    doc.meta["newswire"] = {"spans": spans}
    reader = Reader()
    StanceClassifier(reader, targets=["Росія"])([doc])
    assert reader.calls == [[("Росія", ["Росія несе зло."])]]
    assert doc.stances[0].evidence == (1,)


def test_a_long_text_that_names_the_target_in_its_header_alone_is_read():
    text = "Росія, 5 травня. " + "Тут лише довгий опис погоди та доріг області. " * 12
    doc = document(text)
    doc.meta["newswire"] = {"spans": [{"kind": "date", "start": 0, "end": len(doc.sentences[0].text)}]}
    StanceClassifier(Reader(max_length=30), targets=["Росія"])([doc])
    assert len(doc.stances) == 1


def test_what_is_not_mentioned_has_no_evidence_below_the_threshold():
    first, second = stances("Уряд мовчить.", ["Уряд", "Канада"])
    assert (first.evidence, second.evidence) == ((0,), ())


def test_names_are_read_as_the_writer_spelled_them():
    sentence = Sentence("У Росії зло.", 0)
    doc = Document(
        "У росії зло.", normalized="У Росії зло.", sentences=(sentence,), edits=(Edit(2, "росії", "Росії", "casing"),)
    )
    for spelling, expected in (("written", "У росії зло."), ("restored", "У Росії зло.")):
        reader = Reader()
        StanceClassifier(reader, targets=["Росія"], spelling=spelling)([doc])
        assert reader.calls[0][0][1] == [expected]


def test_as_written_keeps_other_edits_and_offsets():
    raw = "Ціна  в москві.  А в рф ні."
    normalized = "Ціна в Москві. А в РФ ні."
    edits = (
        Edit(4, "  ", " ", "spaces"),
        Edit(8, "москві", "Москві", "casing"),
        Edit(15, "  ", " ", "spaces"),
        Edit(21, "рф", "РФ", "casing"),
    )
    doc = Document(raw, normalized=normalized, edits=edits, sentences=split(normalized))
    assert as_written(doc) == ["Ціна в москві.", "А в рф ні."]


@pytest.mark.parametrize("targets", ["Росія", "росія, США"])
def test_a_string_of_targets_is_refused(targets):
    with pytest.raises(ConfigError, match="auto"):
        StanceClassifier(Reader(), targets=targets)


@pytest.mark.parametrize("target", ["", "  ", "—"])
def test_a_blank_target_is_refused(target):
    with pytest.raises(ConfigError, match="no letter or digit"):
        StanceClassifier(Reader(), targets=["Росія", target])


def test_an_endless_target_is_refused():
    with pytest.raises(ConfigError, match="shorter"):
        stances("Добро.", ["дуже " * 300], Reader())


SAME = """
росія росією
росія росії
київ києва
київ києвом
львів львову
харків харкова
прага празі
америка америці
рада раді
уряд урядом
поліція поліцією
українець українця
відень відня
росіянин росіян
орбан орбанові
путін путіним
зеленський зеленського
зеленський зеленському
захарова захарової
туск туском
сполучені сполучених
штати штатів
польща польщі
туреччина туреччині
"""
DIFFERENT = """
рф рфа
рим римувати
ірак іран
росія роса
польща поліція
туск тусклий
куба кубок
австрія австралія
словаччина словенія
латвія литва
путін путівка
уряд урядовець
сербія серія
"""


@pytest.mark.parametrize("pair", SAME.strip().split("\n"))
def test_forms_of_one_word(pair):
    assert same_word(*pair.split())


@pytest.mark.parametrize("pair", DIFFERENT.strip().split("\n"))
def test_different_words(pair):
    assert not same_word(*pair.split())


NAMED = [
    ("США", "Вони поїхали до Сполучених Штатів.", (0,), ()),
    ("США", "Вашингтон мовчить. Допомога США йде.", (1,), (0,)),
    ("США", "сша знову тиснуть", (0,), ()),
    ("Сполучені Штати", "Пентагон і США", (0,), ()),
    ("Росія", "Москва заперечує. російські війська відійшли.", (), (0, 1)),
    ("росія", "У Росії свято.", (0,), ()),
    ("Володимир Зеленський", "Зеленського зустріли в Римі.", (0,), ()),
    ("Верховна Рада", "Депутати Верховної Ради проголосували.", (0,), ()),
    ("Генеральний штаб ЗСУ", "Про це свідчать дані Генштабу.", (0,), ()),
    ("уряд Словаччини", "Братислава погрожує.", (), (0,)),
    ("вакцинація", "Мешканців закликали вакцинуватися.", (), (0,)),
    ("Польща", "Сніг у горах.", (), ()),
    ("СБУ", "Збутова компанія.", (), ()),
    ("ЄС", "Єсть людина.", (), ()),
]


@pytest.mark.parametrize(("target", "text", "named", "evoked"), NAMED)
def test_mentions(target, text, named, evoked):
    found = mentions(target, Text.of(s.text for s in split(text)), ALIASES)
    assert (found.named, found.evoked) == (named, evoked)


def test_a_user_file_adds_names(tmp_path):
    own = tmp_path / "own.tsv"
    own.write_text("# ours\nКовальчук і партнери\tbody\tКіП\tюристи\n", encoding="utf-8")
    aliases = read_aliases(own)
    found = mentions("Ковальчук і партнери", Text.of(["КіП подав позов.", "юристи мовчать"]), aliases)
    assert (found.named, found.evoked) == ((0,), (1,))
    assert stances("КіП несе добро.", ["Ковальчук і партнери"], aliases=own)[0].warnings == ()


@pytest.mark.parametrize("line", ["Назва без виду", "Назва\tпланета\tінша", "\tbody\tx", "a\tbody\tb\tc\td"])
def test_a_broken_user_file_names_the_line(tmp_path, line):
    own = tmp_path / "own.tsv"
    own.write_text(f"Рада\tbody\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_aliases(own)


def test_a_missing_user_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.tsv"):
        read_aliases(tmp_path / "none.tsv")


def test_the_table_is_sound():
    names = [entity.name for entity in ALIASES.entities]
    assert len(names) == len(set(names))
    for entity in ALIASES.entities:
        assert all(find(name, Text.of([name])) for name in entity.names)


def test_auto_targets_are_the_most_frequent_first():
    text = (
        "Росія знову б'є. Президент Володимир Зеленський подякував Польщі. Про росію говорив і Тарас Гординський. "
        "Тараса Гординського підтримала Польща. Росії не вірять."
    )
    assert auto_targets(split(text), ALIASES) == ("Росія", "Польща", "Тарас Гординський", "Володимир Зеленський")
    assert [s.target for s in stances(text, "auto")][:2] == ["Росія", "Польща"]


def test_auto_targets_of_a_text_without_names():
    assert stances("Сніг іде.", "auto") == ()


sizes = st.lists(st.integers(1, 12), max_size=30)


@given(sizes, st.integers(12, 40))
def test_windows_cover_every_sentence_within_the_budget(found, budget):
    windows = cover(found, budget)
    assert [i for window in windows for i in window] == list(range(len(found)))
    assert all(sum(found[i] for i in window) <= budget for window in windows)


@given(sizes.filter(bool), st.integers(12, 40), st.data())
def test_windows_around_marks_hold_every_mark(found, budget, data):
    marks = sorted(data.draw(st.sets(st.integers(0, len(found) - 1), min_size=1)))
    windows = around(found, marks, budget)
    assert set(marks) <= {i for window in windows for i in window}
    assert all(sum(found[i] for i in window) <= budget for window in windows)
    assert all(any(mark in window for mark in marks) for window in windows)


@given(st.text("аб \u00a0", min_size=1, max_size=60), st.integers(1, 10))
def test_parts_lose_no_letter(text, budget):
    found = parts(text, lambda texts: [len(t) for t in texts], budget)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(part) <= budget for part in found)
