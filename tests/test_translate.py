"""The translate stage over stub engines: structure, order, repeated and over-long sentences."""

from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.document import Document, Sentence, Summary
from ukrnlp.preprocess.sentences import split
from ukrnlp.tasks.translate import SummaryTranslator, Translator, split_long


def words(texts):
    return [len(text.split()) for text in texts]


def document(text):
    return Document(text, normalized=text, sentences=split(text))


def test_translate_keeps_paragraphs_lists_and_blank_lines():
    doc = document("Заголовок без крапки\n\nПерше речення. Друге речення.\n\n- пункт один\n- пункт два\n")
    Translator(lambda texts: [text.upper() for text in texts], to="en", model="toy")([doc])
    assert doc.translation.text == doc.text.upper()
    assert doc.translation.lang == "en"
    assert doc.translation.model == "toy"
    assert len(doc.translation.sentences) == len(doc.sentences)


def test_translate_calls_the_engine_once_for_a_window_and_once_for_a_text():
    calls = []

    def engine(texts):
        calls.append(list(texts))
        return [f"<{text}>" for text in texts]

    docs = [document("Так. Ні."), document("Ні. Так."), document("")]
    Translator(engine, to="en", model="toy")(docs)
    assert calls == [["Так.", "Ні."]]
    assert [doc.translation.text for doc in docs] == ["<Так.> <Ні.>", "<Ні.> <Так.>", ""]


def test_translate_reversed_documents_give_reversed_results():
    texts = ["Один. Два.", "Три.", "Чотири. П'ять. Шість."]
    forward, backward = [document(t) for t in texts], [document(t) for t in reversed(texts)]
    stage = Translator(lambda batch: [text[::-1] for text in batch], to="en", model="toy")
    stage(forward)
    stage(backward)
    assert [d.translation for d in forward] == [d.translation for d in reversed(backward)]


def test_translate_takes_an_over_long_sentence_apart_and_says_so():
    text = "Коли стемніло, усі пішли додому, бо завтра рано вставати."
    seen = []

    def engine(texts):
        seen.extend(texts)
        return list(texts)

    doc = document(text)
    Translator(engine, to="en", model="toy", lengths=words, max_pieces=4)([doc])
    assert seen == ["Коли стемніло,", "усі пішли додому,", "бо завтра рано вставати."]
    assert doc.translation.text == text
    assert doc.translation.warnings[:1] == ("sentence 0: over 4 pieces, translated in 3 parts",)


def test_translate_sends_no_line_end_inside_a_sentence():
    doc = Document("", normalized="а\tб  в", sentences=(Sentence("а\tб  в", 0),))
    Translator(lambda texts: list(texts), to="en", model="toy")([doc])
    assert doc.translation.sentences == ("а б в",)


def test_translate_summary_changes_language_and_keeps_sources():
    doc = Document("", summary=Summary("Перше. Друге.", "uk", "scorer", (0, 3), ("w",)))
    translator = Translator(lambda texts: [text.lower() for text in texts], to="en", model="toy", guards=False)
    SummaryTranslator(translator)([doc, Document("")])
    assert doc.summary == Summary("перше. друге.", "en", "scorer+toy", (0, 3), ("w",))


@given(st.text(alphabet="аб ,.—", max_size=80), st.integers(1, 6))
def test_split_long_loses_no_letter_and_keeps_the_limit(text, limit):
    def letters(texts):
        return [sum(not c.isspace() for c in t) for t in texts]

    parts = split_long(text, letters, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(size <= limit or len(part) < 2 for part, size in zip(parts, letters(parts), strict=True))


def test_translate_tries_a_doubted_sentence_again_and_keeps_the_better_one():
    doc = document("Загинули 12 людей. Приїхали 7 машин. Усе.")
    first = {"Загинули 12 людей.": "21 people died.", "Приїхали 7 машин.": "Cars came.", "Усе.": "That is all."}
    tried = []

    def retry(texts):
        tried.extend(texts)
        return ["12 people died." if "12" in text else "Cars came again." for text in texts]

    Translator(lambda texts: [first[t] for t in texts], to="en", model="toy", retry=retry)([doc])
    assert tried == ["Загинули 12 людей.", "Приїхали 7 машин."]
    assert doc.translation.sentences == ("12 people died.", "Cars came.", "That is all.")
    assert doc.translation.warnings == ("sentence 1: number lost: 7",)


def test_translate_copies_what_has_no_word_of_the_source_language():
    doc = document("date 2025-10-31\n\nКиїв.\nhttps://example.org/a")
    Translator(lambda texts: ["Kyiv." if t == "Київ." else "?" for t in texts], to="en", model="toy")([doc])
    assert doc.translation.text == "date 2025-10-31\n\nKyiv.\nhttps://example.org/a"
    assert doc.translation.warnings == ()


def test_translate_holds_the_terms_of_a_glossary(tmp_path):
    table = tmp_path / "terms.tsv"
    table.write_text("Сили оборони\tDefence Forces\n", encoding="utf-8")
    seen = []

    def engine(texts):
        seen.extend(texts)
        return ["The Defence Forces held Kiev." if "Київ" in t else "Forces are there." for t in texts]

    doc = document("Силам оборони вдалося втримати Київ. Там сили оборони.")
    Translator(engine, to="en", model="toy", glossary=table)([doc])
    assert seen == ["Defence Forces вдалося втримати Київ.", "Там сили оборони."]
    assert doc.translation.sentences == ("The Defence Forces held Kyiv.", "Forces are there.")
    assert doc.translation.warnings == ()


def test_translate_says_which_term_was_lost(tmp_path):
    table = tmp_path / "terms.tsv"
    table.write_text("Сили оборони\tDefence Forces\n", encoding="utf-8")
    doc = document("Тут Сили оборони.")
    Translator(lambda texts: ["Here is the army."] * len(texts), to="en", model="toy", glossary=table)([doc])
    assert doc.translation.warnings == ("sentence 0: term lost: Defence Forces",)
