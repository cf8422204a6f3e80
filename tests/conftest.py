"""Tiny random models in the layouts of the bundled ones; no network; a cache folder of the test run's own."""

import base64
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"

# machines differ and are shared: no property fails for being slow
settings.register_profile("ukrnlp", deadline=None)
settings.load_profile("ukrnlp")

WIDTH = 12
POSITIONS = 64
TARGETS = 60
"""Ids below are target pieces; the bias keeps the tiny translation model from the others."""

CORPUS = """
росія знову обстріляла харків уночі, є поранені
Президент України підписав закон про бюджет на наступний рік.
У Києві завтра очікують сніг і ожеледицю, кажуть синоптики.
Москва заперечує участь у нападі, але докази свідчать про інше.
Рада ухвалила зміни до правил торгівлі зерном.
Європейський Союз надасть допомогу на відбудову лікарень.
Міністр заявив, що переговори тривали п'ять годин без перерви.
The president of Ukraine signed the law on the budget.
Snow and ice are expected in Kyiv tomorrow, forecasters say.
Parliament changed the rules for the grain trade 2024.
""".strip().split("\n")


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Nothing in this process may reach another machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"the tests run without network, yet something connects to {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Conversions of the run go to a folder of its own, for child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UKRNLP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    """An empty cache folder for one test."""
    path = tmp_path / "cache"
    monkeypatch.setenv("UKRNLP_CACHE", str(path))
    return path


@pytest.fixture(scope="session")
def tiny_vocabulary(tmp_path_factory) -> Path:
    """A folder with a small sentencepiece model as its trainer writes it, and the same as tokenizer.json."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
    from sentencepiece.sentencepiece_model_pb2 import ModelProto

    folder = tmp_path_factory.mktemp("vocabulary")
    SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_prefix=str(folder / "trained"),
        vocab_size=150,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        normalization_rule_name="nmt_nfkc",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    proto = ModelProto.FromString((folder / "trained.model").read_bytes())
    assert SentencePieceProcessor(model_file=str(folder / "trained.model")).id_to_piece(3) == "<unk>"
    controls = [piece.piece for piece in proto.pieces[:4]]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    special = {name: {"id": name, "ids": [i], "tokens": [name]} for i, name in enumerate(controls)}
    charsmap = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": name, "special": True, "normalized": False}
            | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)
            for i, name in enumerate(controls)
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": charsmap},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": space,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "special_tokens": {name: special[name] for name in ("<s>", "</s>")},
        },
        "decoder": space,
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "vocab": [[piece.piece, piece.score] for piece in proto.pieces],
            "byte_fallback": False,
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": "<s>",
                "eos_token": "</s>",
                "pad_token": "<pad>",
                "unk_token": "<unk>",
                "model_max_length": POSITIONS,
            }
        ),
        encoding="utf-8",
    )
    return folder


def add_vocabulary(folder: Path, vocabulary: Path) -> int:
    """Put the tokenizer of `vocabulary` into a model's folder; return its number of pieces."""
    from ukrnlp.training.vocabulary import write_sentencepiece

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((vocabulary / name).read_bytes())
    write_sentencepiece(folder)
    return len(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])


def random_tensors(shapes: dict[str, tuple[int, ...]], *, seed: int) -> dict[str, np.ndarray]:
    """Tensors in float16, wide enough that outputs differ; norms near 1."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes.items():
        values = rng.normal(0, 0.4, shape)
        if "norm" in name.lower() and name.endswith(".weight"):
            values = 1 + values / 4
        found[name] = values.astype(np.float16)
    return found


@pytest.fixture(scope="session")
def tiny_bart(tmp_path_factory, tiny_vocabulary) -> Path:
    """A random translation model in the layout of models/uk-en."""
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("models") / "tiny-bart"
    folder.mkdir()
    pieces = add_vocabulary(folder, tiny_vocabulary)
    layers = {"encoder": 2, "decoder": 1}
    config = {
        "architectures": ["BartForConditionalGeneration"],
        "model_type": "bart",
        "activation_function": "gelu",
        "d_model": WIDTH,
        **{f"{side}_layers": number for side, number in layers.items()},
        **{f"{side}_attention_heads": 2 for side in layers},
        **{f"{side}_ffn_dim": 2 * WIDTH for side in layers},
        "max_position_embeddings": POSITIONS,
        "vocab_size": pieces,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": 2,
        "scale_embedding": False,
        "normalize_before": False,
        "normalize_embedding": True,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "dtype": "float16",
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shapes: dict[str, tuple[int, ...]] = {"model.shared.weight": (pieces, WIDTH)}
    for side, number in layers.items():
        shapes[f"model.{side}.embed_positions.weight"] = (POSITIONS + 2, WIDTH)
        shapes |= pair(f"model.{side}.layernorm_embedding", WIDTH)
        for at in (f"model.{side}.layers.{i}" for i in range(number)):
            for block in ("self_attn", "encoder_attn") if side == "decoder" else ("self_attn",):
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    shapes |= pair(f"{at}.{block}.{part}", WIDTH, WIDTH)
                shapes |= pair(f"{at}.{block}_layer_norm", WIDTH)
            shapes |= pair(f"{at}.fc1", 2 * WIDTH, WIDTH) | pair(f"{at}.fc2", WIDTH, 2 * WIDTH)
            shapes |= pair(f"{at}.final_layer_norm", WIDTH)
    tensors = random_tensors(shapes, seed=1)
    tensors["model.shared.weight"] *= 3  # peaked enough that beams do not hang on rounding
    bias = np.zeros((1, pieces), np.float16)
    bias[:, TARGETS:] = -1e4
    bias[:, [0, 1, 3]] = -1e4
    bias[:, 2] = -2  # no end at the first step, where the engines differ by the mass of what they forbid
    save_file(tensors | {"final_logits_bias": bias}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def tiny_reader(tmp_path_factory, tiny_vocabulary) -> Path:
    """A random reader in the layout of models/uk-reader."""
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("models") / "tiny-reader"
    folder.mkdir()
    pieces = add_vocabulary(folder, tiny_vocabulary)
    labels = {"0": "favor", "1": "against", "2": "neutral"}
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 2 * WIDTH,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "vocab_size": pieces,
        "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute",
        "pad_token_id": 1,
        "id2label": labels,
        "label2id": {label: int(i) for i, label in labels.items()},
        "dtype": "float16",
        "ukrnlp": {"prefix": "query: ", "temperature": 1.5, "max_tokens": POSITIONS},
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (pieces, WIDTH),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "bert.embeddings.token_type_embeddings.weight": (2, WIDTH),
        **pair("bert.embeddings.LayerNorm", WIDTH),
        **pair("bert.pooler.dense", WIDTH, WIDTH),
        **pair("classifier", len(labels), WIDTH),
        **pair("evidence", 1, WIDTH),
        **pair("summary", 1, WIDTH),
    }
    for at in (f"bert.encoder.layer.{i}" for i in range(2)):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= pair(f"{at}.attention.{part}", WIDTH, WIDTH)
        shapes |= pair(f"{at}.intermediate.dense", 2 * WIDTH, WIDTH) | pair(f"{at}.output.dense", WIDTH, 2 * WIDTH)
        shapes |= pair(f"{at}.attention.output.LayerNorm", WIDTH) | pair(f"{at}.output.LayerNorm", WIDTH)
    save_file(random_tensors(shapes, seed=2), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def pair(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    """A weight of `shape` and its bias."""
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
