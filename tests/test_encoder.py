"""The reader over stub states (spans, heads, blanks) and over tiny random weights on both engines."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.engines.encoder import BOS, EOS, Heads, Reader, load_reader, pair_input, text_input
from ukrnlp.errors import ConfigError, InputError, ModelError

SENTENCES = st.lists(st.text("абвг ", max_size=8), max_size=6)
PAIRS = [
    ("Росія", ["росія знову обстріляла харків уночі.", "Є поранені."]),
    ("США", ["Рада ухвалила зміни.", "", "У Києві завтра сніг.", "Так."]),
    ("Рада", ["Рада ухвалила зміни."]),
]


def letters(text):
    return [10 + ord(c) for c in text]


def stub_reader(width=4):
    """States say their own piece, so that means tell which pieces a span covers."""

    def states(batches):
        return ([np.outer(ids, np.ones(width)).astype(np.float32) for ids in batch] for batch in batches)

    def head(outputs, scale):
        return np.full((outputs, width), scale, np.float32), np.zeros(outputs, np.float32)

    heads = Heads(("a", "b"), 1.0, head(width, 1e-3), head(2, 1.0), head(1, 1e-4), head(1, 1e-4))
    return Reader(states, heads, letters, model="stub", max_length=60)


@pytest.fixture(scope="module")
def exact(tiny_reader):
    return load_reader(tiny_reader, compute_type="float32", threads=1)


@pytest.fixture(scope="module")
def reference(tiny_reader):
    return load_reader(tiny_reader, engine="transformers", threads=1)


@given(st.text("xyz", min_size=1, max_size=5), SENTENCES)
def test_spans_cover_their_sentences_exactly(target, sentences):
    for ids, spans in (pair_input(letters, target, sentences), text_input(letters, sentences)):
        assert ids[0] == BOS
        assert ids[-1] == EOS
        assert [ids[start:end] for start, end in spans] == [letters(s) for s in sentences]
        assert sum(i == EOS for i in ids) == (3 if ids[1:2] == letters(target)[:1] else 1)


def test_pair_is_laid_out_as_xlm_r_does(exact, tiny_reader):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_reader)
    ids, _ = exact.pair("Росія", ["Рада ухвалила зміни."])
    assert ids == tokenizer("query: Росія", "Рада ухвалила зміни.")["input_ids"]
    assert exact.text(["Рада ухвалила зміни."])[0] == tokenizer("Рада ухвалила зміни.")["input_ids"]


@given(st.lists(SENTENCES, max_size=8))
def test_order_and_length_are_kept(texts):
    reader = stub_reader()
    weights = reader.sentence_scorer(texts)
    assert [len(w) for w in weights] == [len(t) for t in texts]
    assert reader.sentence_scorer(texts[::-1]) == weights[::-1]
    assert weights == [reader.sentence_scorer([text])[0] for text in texts]
    for sentences, found in zip(texts, weights, strict=True):
        assert sum(found) == pytest.approx(1.0 if any(s.strip() for s in sentences) else 0.0, abs=1e-5)
        assert all(w == 0 for s, w in zip(sentences, found, strict=True) if not s.strip())


def test_the_classifier_is_the_reader_for_one_sentence():
    reader = stub_reader()
    pairs = [("x", "абв"), ("y", "г")]
    assert reader.pair_classifier(pairs) == [r.scores for r in reader.pair_reader([(t, [s]) for t, s in pairs])]
    assert reader.pair_classifier.lengths(pairs) == [3 + 1 + 4, 1 + 1 + 4]
    assert reader.pair_classifier([]) == []


@pytest.mark.parametrize(
    ("pair", "message"),
    [((" ", ["а"]), "blank target"), (("x", []), "blank text"), (("x", [" ", ""]), "blank text")],
)
def test_a_blank_pair_is_refused(pair, message):
    with pytest.raises(InputError, match=f"pair 1 has a {message}"):
        stub_reader().pair_reader([("x", ["а"]), pair])


def test_invisible_sentences_weigh_nothing(exact):
    assert exact.sentence_scorer([["\u200b", "Так."], ["\u200b"], []]) == [[0.0, 1.0], [0.0], []]
    assert exact.pair_reader([("Росія", ["\u200b", "Так."])])[0].evidence[0] == 0
    with pytest.raises(InputError, match="pair 0 has a blank text"):
        exact.pair_reader([("Росія", ["\u200b"])])


def test_half_a_character_is_named(exact):
    with pytest.raises(InputError, match="holds half a character"):
        exact.sentence_scorer([["Так", "a\ud800"]])


def test_an_over_long_input_is_named():
    reader = stub_reader()
    with pytest.raises(InputError, match="text 1 has 82 pieces, the model reads 60"):
        reader.sentence_scorer([["а"], ["а" * 40, "б" * 40]])
    with pytest.raises(InputError, match="text 0 has 85 pieces"):
        reader.pair_reader([("x", ["а" * 80])])
    assert reader.sentence_scorer.lengths([["а"], ["а" * 40, "б" * 40]]) == [3, 82]


def test_temperature_flattens_and_keeps_the_order():
    logits = np.array([[2.0, -1.0, 0.5]], np.float32)
    found = []
    for temperature in (1.0, 3.0):
        zero = (np.zeros((1, 1), np.float32), np.zeros(1, np.float32))
        heads = Heads(("a", "b", "c"), temperature, zero, (np.zeros((3, 1), np.float32), logits[0]), zero, zero)
        found.append(heads.label_scores(np.ones((2, 1), np.float32)))
    assert sum(found[0].values()) == pytest.approx(1)
    assert sorted(found[0], key=found[0].get) == sorted(found[1], key=found[1].get) == ["b", "c", "a"]
    assert found[1]["a"] < found[0]["a"]


def test_both_engines_read_the_same(exact, reference):
    ours, theirs = exact.pair_reader(PAIRS), reference.pair_reader(PAIRS)
    for a, b in zip(ours, theirs, strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-4)
        assert a.evidence == pytest.approx(b.evidence, abs=1e-4)
        assert list(a.scores) == ["favor", "against", "neutral"]
        assert sum(a.scores.values()) == pytest.approx(1, abs=1e-5)
    texts = [sentences for _, sentences in PAIRS]
    for a, b in zip(exact.sentence_scorer(texts), reference.sentence_scorer(texts), strict=True):
        assert a == pytest.approx(b, abs=1e-4)
    assert ours[1].evidence[1] == 0  # the empty sentence


def test_scores_equal_transformers_own_classifier(exact, tiny_reader):
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny_reader, dtype=torch.float32).eval()
    ids, _ = exact.pair(*PAIRS[0])
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids])).logits[0]
    wanted = torch.softmax(logits / 1.5, dim=0).tolist()
    assert list(exact.pair_reader(PAIRS[:1])[0].scores.values()) == pytest.approx(wanted, abs=1e-4)


def test_batches_do_not_change_the_reading(exact):
    together = exact.pair_reader(PAIRS)
    for one, pair in zip(together, PAIRS, strict=True):
        alone = exact.pair_reader([pair])[0]
        assert one.scores == pytest.approx(alone.scores, abs=1e-5)
        assert one.evidence == pytest.approx(alone.evidence, abs=1e-5)


def test_int8_stays_near(tiny_reader, exact):
    fast = load_reader(tiny_reader, compute_type="int8_float32", threads=1)
    assert fast.model == exact.model
    for a, b in zip(fast.pair_reader(PAIRS), exact.pair_reader(PAIRS), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=0.05)


def edited(source, folder, **changes):
    shutil.copytree(source, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | changes
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ukrnlp": None}, "is no reader: config.json must have the key 'ukrnlp'"),
        ({"id2label": {"0": "favor"}}, "must name 3 labels"),
        ({"position_embedding_type": "relative_key"}, "allowed is"),
    ],
)
def test_a_directory_that_is_no_reader_is_refused(tiny_reader, tmp_path, fresh_cache, changes, message):
    with pytest.raises(ModelError, match=message):
        load_reader(edited(tiny_reader, tmp_path / "odd", **changes))


def test_weights_without_heads_are_refused(tiny_reader, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = edited(tiny_reader, tmp_path / "headless")
    tensors = load_file(folder / "model.safetensors")
    save_file(
        {k: v for k, v in tensors.items() if not k.startswith(("evidence", "summary"))}, folder / "model.safetensors"
    )
    with pytest.raises(ModelError, match="its weights lack evidence, summary"):
        load_reader(folder)


def test_a_reader_without_its_pieces_is_refused(tiny_reader, tmp_path):
    folder = edited(tiny_reader, tmp_path / "mute")
    (folder / "spiece.model").unlink()
    with pytest.raises(ModelError, match=r"spiece\.model is missing"):
        load_reader(folder)


def test_a_translation_model_is_no_reader(tiny_bart):
    with pytest.raises(ModelError, match="is no reader: its type must be bert, not bart"):
        load_reader(tiny_bart)


def test_max_tokens_bounds_the_input(tiny_reader, tmp_path):
    reader = load_reader(edited(tiny_reader, tmp_path / "short", ukrnlp={"max_tokens": 20}), threads=1)
    assert reader.max_length == 20


@pytest.mark.parametrize("options", [{"engine": "onnx"}, {"device": "tpu"}, {"threads": 0}, {"batch_tokens": 0}])
def test_options_out_of_range_are_refused(tiny_reader, options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        load_reader(tiny_reader, **options)
