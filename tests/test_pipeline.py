"""The pipeline with stub stages: wiring, windows, failures, order; and `load` from every kind of configuration."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ukrnlp
from ukrnlp import ConfigError, Document, InputError, Pipeline, Sentence, UkrnlpError, pipeline
from ukrnlp.document import StageError


class Stub:
    """Fills `provides` by `make(doc)`; remembers the windows it saw."""

    def __init__(self, name, requires, provides, make):
        self.name, self.requires, self.provides, self.make = name, requires, (provides,), make
        self.windows = []

    def __call__(self, docs):
        self.windows.append(len(docs))
        for doc in docs:
            setattr(doc, self.provides[0], self.make(doc))


def upper(doc):
    if "bad" in doc.text:
        raise InputError("a bad text")
    return doc.text.upper()


def normalize():
    return Stub("normalize", (), "normalized", upper)


def split():
    return Stub("split", ("normalized",), "sentences", lambda doc: (Sentence(doc.normalized, 0),))


def texts_of(docs):
    return [(doc.text, doc.normalized, doc.sentences) for doc in docs]


def test_wiring_names_every_gap_at_once():
    stages = [
        Stub("translate", ("normalized", "sentences"), "translation", upper),
        Stub("odd", ("colour",), "shape", upper),
        split(),
    ]
    with pytest.raises(ConfigError) as caught:
        Pipeline(stages)
    for part in (
        "translate needs 'normalized'",
        "translate needs 'sentences'",
        "odd names 'colour'",
        "odd names 'shape'",
        "split needs 'normalized'",
    ):
        assert part in str(caught.value)


def test_wrong_on_error_names_the_choices():
    with pytest.raises(ConfigError, match="'ignore'; allowed: raise, keep"):
        Pipeline([], on_error="ignore")


@given(st.lists(st.text(), max_size=20), st.integers(1, 7))
def test_batches_equal_single_texts_in_any_order(texts, batch_size):
    nlp = Pipeline([normalize(), split()], on_error="keep")
    together = texts_of(nlp.pipe(texts, batch_size=batch_size))
    assert together == texts_of(nlp(text) for text in texts)
    assert together[::-1] == texts_of(nlp.pipe(texts[::-1], batch_size=batch_size))
    assert [text for text, _, _ in together] == texts


def test_pipe_is_lazy_and_works_in_windows():
    first = normalize()
    stream = Pipeline([first]).pipe(map(str, itertools.count()), batch_size=4)
    assert [next(stream).text for _ in range(5)] == ["0", "1", "2", "3", "4"]
    assert first.windows == [4, 4]


def test_batch_size_must_be_positive():
    with pytest.raises(ConfigError, match="batch_size is 0"):
        next(Pipeline([]).pipe(["x"], batch_size=0))


@pytest.mark.parametrize("item", [None, b"bytes", 5, ["list"]])
def test_wrong_type_of_text_is_refused_at_once(item):
    with pytest.raises(InputError, match=f"found {type(item).__name__}"):
        Pipeline([])(item)


def test_documents_pass_through_and_keep_their_fields():
    doc = Document("a", id="x", meta={"k": 1}, targets=("T",))
    assert Pipeline([normalize()])(doc) is doc
    assert (doc.id, doc.meta, doc.targets, doc.normalized) == ("x", {"k": 1}, ("T",), "A")


def test_kept_failure_takes_no_other_document_with_it():
    nlp = Pipeline([normalize(), split()], on_error="keep")
    docs = list(nlp.pipe(["one", "bad", "three"]))
    assert [doc.normalized for doc in docs] == ["ONE", None, "THREE"]
    assert [doc.sentences is None for doc in docs] == [False, True, False]
    assert docs[1].errors == (StageError("normalize", "InputError", "a bad text"),)
    assert docs[0].errors == docs[2].errors == ()


def test_raised_failure_names_stage_and_document_and_keeps_its_cause():
    nlp = Pipeline([normalize()])
    with pytest.raises(InputError, match=r"stage normalize, document 'doc-7': a bad text") as caught:
        list(nlp.pipe([Document("fine"), Document("bad", id="doc-7")]))
    assert isinstance(caught.value.__cause__, InputError)


def test_raised_failure_of_another_kind_becomes_our_own():
    def fail(doc):
        raise ZeroDivisionError

    with pytest.raises(UkrnlpError, match="stage normalize: ZeroDivisionError") as caught:
        Pipeline([Stub("normalize", (), "normalized", fail)])("x")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_half_made_result_of_a_failing_stage_is_taken_back():
    def half(doc):
        doc.normalized = "half"
        raise ValueError("too late")

    doc = Pipeline([Stub("normalize", (), "normalized", half)], on_error="keep")("x")
    assert doc.normalized is None


# load


def stage_names(nlp):
    return [stage.name for stage in nlp.stages]


def test_load_a_mapping_runs():
    nlp = ukrnlp.load({"stages": ["normalize", "split"]})
    assert [s.text for s in nlp("росія мовчить. Ми ні.").sentences] == ["Росія мовчить.", "Ми ні."]


def test_load_a_toml_file_with_options_of_stages(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text('stages = ["normalize"]\non_error = "keep"\n[normalize]\nnames = "off"\n', encoding="utf-8")
    for config in (path, str(path)):
        nlp = ukrnlp.load(config)
        assert (nlp("у росії").normalized, nlp.on_error) == ("у росії", "keep")


def test_load_arguments_stand_over_the_config():
    nlp = ukrnlp.load({"stages": ["normalize", "split"], "on_error": "keep"}, stages=["normalize"], on_error="raise")
    assert (stage_names(nlp), nlp.on_error) == (["normalize"], "raise")


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ("uk-newz", "neither a preset"),
        ({"stagez": []}, "unknown settings 'stagez'; allowed: "),
        ({"stages": ["normalise"]}, "'normalise'; allowed: normalize, split"),
        ({"stages": ["split"]}, "split needs 'normalized'"),
        ({"stages": ["normalize"], "normalize": {"nams": "all"}}, r"\[normalize\]"),
        ({"stages": ["normalize"], "normalize": {"names": "none"}}, "none"),
        ({"stages": ["normalize"], "normalize": "names"}, "must be a table"),
        ({"stages": ["normalize"], "on_error": "skip"}, "'skip'; allowed: raise, keep"),
        ({"pipeline": "en-news"}, "'en-news'; allowed: uk-news"),
    ],
)
def test_load_says_what_is_wrong(config, part):
    with pytest.raises(ConfigError, match=part):
        ukrnlp.load(config)


def test_load_refuses_a_translation_without_language():
    with pytest.raises(ConfigError, match="to='en'"):
        ukrnlp.load(stages=["normalize", "split", "translate"])


@pytest.mark.parametrize("data", [b"stages = [", b'to = "\xff"'])
def test_load_a_broken_toml_file_names_it(tmp_path, data):
    path = tmp_path / "my.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"my\.toml is not TOML in UTF-8"):
        ukrnlp.load(path)


def test_files_named_in_a_toml_lie_beside_it(tmp_path):
    config = tmp_path / "my.toml"
    config.write_text('[translate]\nglossary = "terms.tsv"\nbeam_size = 1\n[stance]\naliases = "/else/names.tsv"\n')
    read = pipeline.read_config(config)
    assert read["translate"] == {"glossary": str(tmp_path / "terms.tsv"), "beam_size": 1}
    assert read["stance"] == {"aliases": "/else/names.tsv"}
    config.write_text('translate = { glossary = "off" }\n')
    assert pipeline.read_config(config)["translate"] == {"glossary": "off"}
