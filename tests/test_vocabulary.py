"""The sentencepiece file has the ids of tokenizer.json."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ukrnlp.catalog import bundled, models_dir
from ukrnlp.engines.pieces import Pieces
from ukrnlp.errors import ModelError
from ukrnlp.training.vocabulary import write_sentencepiece

TEXTS = [
    "росія знову обстріляла харків уночі, є поранені",
    "Snow and ice are expected in Kyiv tomorrow, forecasters say.",
    "РФ, США та ЄС: «перемовини» – ще не мир…",
    "об’єкт, об'єкт, обʼєкт; п’ять — 5 %",
    "Ціна зросла на 12,5 % (до 1 234 грн) 🙂",
    "їжак і ґанок, наголос: за́мок і замо́к",
    "Zażółć gęślą jaźń; 東京; ﬁn; ½; №7; A̋",
    "два  пробіли\tтабуляція\nрядок\u00a0нерозривний",
    "</s> <s> <pad> <unk> ▁ https://example.org/?q=1",
]


@pytest.fixture(scope="module")
def tiny(tiny_vocabulary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    shutil.copy(tiny_vocabulary / "tokenizer.json", folder)
    return Pieces(write_sentencepiece(folder)), Tokenizer.from_file(str(folder / "tokenizer.json")), tiny_vocabulary


def ids(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def test_the_file_equals_what_the_trainer_wrote(tiny):
    pieces, _, source = tiny
    trained = Pieces(source / "trained.model")
    assert pieces.tokens == trained.tokens
    assert pieces.encode_batch(TEXTS) == trained.encode_batch(TEXTS)


@pytest.mark.parametrize("text", [t for t in TEXTS if "<s>" not in t])
def test_ids_equal_those_of_tokenizer_json(tiny, text):
    pieces, tokenizer, _ = tiny
    assert pieces.encode(text) == ids(tokenizer, text)


@given(st.text("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'’ʼ АБВГРФЄ,.–—«»0123456789abcxyz%\u00a0\u0301", max_size=60))
def test_ids_equal_on_any_text_of_the_field(tiny, text):
    pieces, tokenizer, _ = tiny
    assert pieces.encode(text.strip()) == ids(tokenizer, text.strip())


def test_control_pieces_are_never_read_out_of_a_text(tiny):
    pieces, tokenizer, _ = tiny
    assert not {0, 1, 2} & set(pieces.encode("</s> <s> <pad> </s>"))
    assert 2 in ids(tokenizer, "</s>")  # this is what the sentencepiece file guards against


@pytest.mark.parametrize("name", bundled())
def test_bundled_files_were_written_from_their_tokenizers(name, tmp_path):
    folder = models_dir() / name
    shutil.copy(folder / "tokenizer.json", tmp_path)
    assert write_sentencepiece(tmp_path).read_bytes() == (folder / "spiece.model").read_bytes()
    pieces, tokenizer = Pieces(folder / "spiece.model"), Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in TEXTS[:-1]:
        assert pieces.encode(text) == ids(tokenizer, text)


def change(tokenizer, part, value):
    *path, last = part.split(".")
    node = tokenizer
    for key in path:
        node = node[key]
    node[last] = value


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("model.type", "BPE", "only Unigram"),
        ("model.byte_fallback", True, "only Unigram"),
        ("model.vocab", [["<pad>", 0.0], ["a", -1.0]], "it must be"),
        ("added_tokens", [{"id": 150, "content": "<mask>"}], "<mask>"),
        ("normalizer", None, "0 precompiled"),
    ],
)
def test_other_tokenizers_are_refused(tiny_vocabulary, tmp_path, part, value, message):
    tokenizer = json.loads((tiny_vocabulary / "tokenizer.json").read_text(encoding="utf-8"))
    change(tokenizer, part, value)
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        write_sentencepiece(tmp_path)


@pytest.mark.parametrize("content", [None, "{torn"])
def test_a_missing_or_torn_tokenizer_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing or not JSON"):
        write_sentencepiece(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"not a model"])
def test_a_missing_or_torn_sentencepiece_file_is_named(tmp_path, content):
    path = tmp_path / "spiece.model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"spiece\.model is missing or not a sentencepiece model"):
        Pieces(path)
