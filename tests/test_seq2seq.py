"""Seq2Seq over stub runtimes (order, blanks, limits) and over tiny random weights on both engines."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.engines.seq2seq import EMPTY, Generation, Hypothesis, Seq2Seq, load_seq2seq
from ukrnlp.errors import ConfigError, InputError, MissingExtraError, ModelError

TEXTS = [
    "росія знову обстріляла харків уночі",
    "Рада ухвалила зміни.",
    "",
    "У Києві завтра сніг, кажуть синоптики",
    " \n\t",
    "Так",
]


class Stub:
    """A letter is a piece; the output is the text in capitals."""

    max_length = 20

    def __init__(self):
        self.batches = []

    def encode(self, texts):
        return [[ord(c) for c in text] for text in texts]

    def generate(self, batches, options, n):
        for batch in batches:
            self.batches.append(batch)
            texts = ["".join(map(chr, ids)).upper() for ids in batch]
            yield [[Hypothesis(text + "!" * i, -float(i)) for i in range(n)] for text in texts]


@pytest.fixture(scope="module")
def exact(tiny_bart):
    return load_seq2seq(tiny_bart, compute_type="float32", threads=2)


@pytest.fixture(scope="module")
def reference(tiny_bart):
    return load_seq2seq(tiny_bart, engine="transformers", threads=1)


@given(st.lists(st.text(max_size=20)), st.integers(1, 50), st.integers(1, 3))
def test_lists_in_lists_out_in_order(texts, budget, parts):
    engine = Seq2Seq(Stub(), model="stub", batch_tokens=budget, parts=parts)
    found = engine(texts)
    assert found == [text.strip().upper() for text in texts]
    assert found == [engine([text])[0] for text in texts]
    assert engine(texts[::-1]) == found[::-1]


def test_blank_texts_never_reach_the_model():
    stub = Stub()
    engine = Seq2Seq(stub, model="stub")
    assert engine(["", " \n", "\u00a0"]) == ["", "", ""]
    assert engine.hypotheses([""]) == [[EMPTY]]
    assert engine([]) == engine.hypotheses([]) == engine.lengths([]) == []
    assert stub.batches == []
    assert engine.lengths(["", "так", " "]) == [0, 3, 0]


def test_an_over_long_text_is_named_and_nothing_is_cut():
    stub = Stub()
    with pytest.raises(InputError, match=r"text 2 has 21 pieces, the model takes 20"):
        Seq2Seq(stub, model="stub")(["ok", "", "a" * 21])
    assert stub.batches == []


def test_n_best_is_bounded_by_the_beam():
    engine = Seq2Seq(Stub(), model="stub", generation=Generation(beam_size=3))
    assert [h.text for h in engine.hypotheses(["a"], n=3)[0]] == ["A", "A!", "A!!"]
    assert len(engine.hypotheses(["a"], n=5, generation=Generation(beam_size=5))[0]) == 5
    for n in (0, 4):
        with pytest.raises(ConfigError, match="from 1 to the beam size 3"):
            engine.hypotheses(["a"], n=n)


@pytest.mark.parametrize(
    "options",
    [
        {"beam_size": 0},
        {"length_penalty": -1},
        {"repetition_penalty": 0.5},
        {"no_repeat_ngram": -1},
        {"max_ratio": float("nan")},
        {"max_ratio": float("inf")},
        {"max_extra": 0},
    ],
)
def test_generation_refuses_values_out_of_range(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        Generation(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "onnx"}, "allowed are auto, ctranslate2, transformers"),
        ({"device": "tpu"}, "allowed are cpu, cuda"),
        ({"threads": 0}, "threads must be 1"),
        ({"batch_tokens": 0}, "batch_tokens must be 1"),
        ({"beam_size": 0}, "beam_size must be 1"),
    ],
)
def test_options_out_of_range_are_refused(tiny_bart, options, message):
    with pytest.raises(ConfigError, match=message):
        load_seq2seq(tiny_bart, **options)


@pytest.mark.parametrize("compute_type", ["int3", "bfloat8"])
def test_the_compute_type_is_checked(tiny_bart, compute_type):
    with pytest.raises(ConfigError, match=f"compute_type '{compute_type}' does not run on cpu; allowed: .*float32"):
        load_seq2seq(tiny_bart, compute_type=compute_type)


def test_without_transformers_the_extra_is_named(tiny_bart, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ukrnlp\[hf\]'"):
        load_seq2seq(tiny_bart, engine="transformers")


def test_another_architecture_is_refused(tiny_reader):
    with pytest.raises(ModelError, match="is of type 'bert'; text to text runs bart, m2m_100"):
        load_seq2seq(tiny_reader)


def test_weights_that_lack_a_tensor_or_pieces_are_named(tiny_bart, tmp_path, fresh_cache):
    folder = tmp_path / "broken"
    shutil.copytree(tiny_bart, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"encoder_layers": 3}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"lack 'model.encoder.layers.2"):
        load_seq2seq(folder)
    (folder / "config.json").write_text(json.dumps(config | {"normalize_before": True}), encoding="utf-8")
    with pytest.raises(ModelError, match="'normalize_before': True"):
        load_seq2seq(folder)
    (folder / "config.json").write_text(json.dumps(config | {"activation_function": "tanh"}), encoding="utf-8")
    with pytest.raises(ModelError, match="activation 'tanh'; allowed are gelu"):
        load_seq2seq(folder)
    (folder / "spiece.model").unlink()
    with pytest.raises(ModelError, match=r"does not run broken rightly: it has no spiece\.model"):
        load_seq2seq(folder, engine="ctranslate2")


def test_it_reports_its_model_and_limits(exact, reference):
    assert exact.model == reference.model
    assert exact.model.startswith("tiny-bart@")
    assert exact.max_length == reference.max_length == 64
    assert exact.lengths(TEXTS) == reference.lengths(TEXTS)
    assert exact.lengths(["", "Так"])[0] == 0


@pytest.mark.parametrize(
    ("options", "n"),
    [
        (Generation(beam_size=4), 4),
        (Generation(beam_size=1), 1),
        (Generation(beam_size=4, length_penalty=0.6), 1),
        (Generation(beam_size=4, max_ratio=0.2, max_extra=1), 1),
    ],
)
def test_both_engines_find_the_same(exact, reference, options, n):
    ours = exact.hypotheses(TEXTS, n=n, generation=options)
    theirs = reference.hypotheses(TEXTS, n=n, generation=options)
    assert [[(h.text, h.finished) for h in found] for found in ours] == [
        [(h.text, h.finished) for h in found] for found in theirs
    ]
    # in beam search transformers forbids an end at once after the softmax, CTranslate2 before it
    tolerance = 1e-4 if options.beam_size == 1 else 0.05
    assert [h.score for found in ours for h in found] == pytest.approx(
        [h.score for found in theirs for h in found], abs=tolerance
    )


def test_outputs_differ_by_input_and_hold_only_target_pieces(exact, tiny_bart):
    found = exact(TEXTS)
    assert len({text for text in found if text}) > 1
    vocabulary = json.loads((tiny_bart / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    allowed = {c for piece, _ in vocabulary[:60] for c in piece.replace("\u2581", " ")}
    assert set("".join(found)) <= allowed | {" "}


def test_the_limit_ends_an_output_and_says_so(exact):
    short = exact.hypotheses(["росія знову"], generation=Generation(beam_size=1, max_ratio=0, max_extra=1))[0][0]
    assert not short.finished


def test_threads_may_share_an_engine(exact):
    wanted = exact(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(exact, [TEXTS] * 8)) == [wanted] * 8


@pytest.mark.parametrize("text", ["\u200b", "\u2581", "\ufeff \u200e"])
def test_a_text_of_invisible_characters_gives_an_empty_one(exact, text):
    assert exact.hypotheses([text]) == [[EMPTY]]


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "🙂", "漢字", ".", "<unk> <pad>", "а" * 40])
def test_odd_texts_run(exact, reference, text):
    assert exact([text]) == reference([text])


def test_half_a_character_is_named(exact):
    with pytest.raises(InputError, match=r"text 1 holds half a character, '.ud800' at 1"):
        exact(["Так", "a\ud800"])


def test_control_pieces_in_a_text_are_letters_to_both_engines(exact, reference):
    texts = ["кінець </s> <pad> далі"]
    assert exact.lengths(texts) == reference.lengths(texts)


def test_an_over_long_text_is_refused_by_both_engines(exact, reference):
    for engine in (exact, reference):
        with pytest.raises(InputError, match="text 1 has"):
            engine(["Так", "росія знову обстріляла харків " * 20])


def test_a_text_of_full_length_runs_on_both_engines(exact, reference):
    text = "а"
    while exact.lengths([text + " а"])[0] <= exact.max_length:
        text += " а"
    assert len(exact([text])) == len(reference([text])) == 1
