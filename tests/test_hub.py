"""Tiny random models of the hub's families, as their own classes write them: languages, parity, what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from ukrnlp.catalog import find
from ukrnlp.engines.hub import HubCodec, why_not_converted
from ukrnlp.engines.seq2seq import Generation, load_seq2seq
from ukrnlp.errors import ConfigError, MissingExtraError, ModelError

TEXTS = ["росія знову обстріляла харків уночі", "", "Рада ухвалила зміни.", "У Києві завтра сніг, кажуть синоптики"]
SIZES = {
    "d_model": 12,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "init_std": 0.6,
    "max_position_embeddings": 64,
}


def save(model_class, config, folder: Path) -> Path:
    """A random model of `config`, its outputs wide enough that beams do not hang on rounding."""
    import torch
    import transformers

    torch.manual_seed(5)
    model = getattr(transformers, model_class)(config)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def marian(tmp_path_factory, tiny_vocabulary):
    """opus-mt: two sentencepiece files, one vocabulary with <pad> at its end."""
    from transformers import MarianConfig

    folder = tmp_path_factory.mktemp("hub") / "opus-mt-uk-en"
    folder.mkdir()
    for name in ("source.spm", "target.spm"):
        shutil.copy(tiny_vocabulary / "trained.model", folder / name)
    return finish_marian(folder, tiny_vocabulary, MarianConfig)


def finish_marian(folder, vocabulary, config_class, *, extra=(), **changes):
    pieces = [p for p, _ in json.loads((vocabulary / "tokenizer.json").read_text("utf-8"))["model"]["vocab"][4:]]
    tokens = ["</s>", "<unk>", *extra, *pieces, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}), encoding="utf-8")
    settings = {"tokenizer_class": "MarianTokenizer", "source_lang": "uk", "target_lang": "en", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    pad = len(tokens) - 1
    ids = {"pad_token_id": pad, "decoder_start_token_id": pad, "eos_token_id": 0, "bos_token_id": 0}
    config = config_class(**(SIZES | ids | {"vocab_size": len(tokens), "activation_function": "swish"} | changes))
    return save("MarianMTModel", config, folder)


def many_languages(folder, vocabulary, pieces):
    """Our tiny tokenizer with the pieces of languages behind the others."""
    folder.mkdir()
    tokenizer = json.loads((vocabulary / "tokenizer.json").read_text("utf-8"))
    start = len(tokenizer["model"]["vocab"])
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    tokenizer["added_tokens"] += [
        {"id": start + i, "content": p, "special": True} | flags for i, p in enumerate(pieces)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    shutil.copy(vocabulary / "tokenizer_config.json", folder)
    return start + len(pieces)


@pytest.fixture(scope="session")
def nllb(tmp_path_factory, tiny_vocabulary):
    from transformers import M2M100Config

    folder = tmp_path_factory.mktemp("hub") / "nllb"
    size = many_languages(folder, tiny_vocabulary, ["eng_Latn", "ukr_Cyrl", "pol_Latn"])
    return save("M2M100ForConditionalGeneration", M2M100Config(**SIZES, vocab_size=size, scale_embedding=True), folder)


@pytest.fixture(scope="session")
def mbart(tmp_path_factory, tiny_vocabulary):
    from transformers import MBartConfig

    folder = tmp_path_factory.mktemp("hub") / "mbart-50"
    size = many_languages(folder, tiny_vocabulary, ["en_XX", "uk_UA"])
    return save("MBartForConditionalGeneration", MBartConfig(**SIZES, vocab_size=size), folder)


T5 = {"d_model": 12, "d_kv": 6, "num_heads": 2, "d_ff": 24, "num_layers": 2, "num_decoder_layers": 2}


@pytest.fixture(scope="session")
def madlad(tmp_path_factory, tiny_vocabulary):
    """MADLAD-400: T5 with an output layer of its own and the target's piece before the text."""
    from transformers import T5Config

    folder = tmp_path_factory.mktemp("hub") / "madlad"
    size = many_languages(folder, tiny_vocabulary, ["<2en>", "<2pl>"])
    ids = {"pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = T5Config(**T5, **ids, vocab_size=size, tie_word_embeddings=False, initializer_factor=3.0)
    save("T5ForConditionalGeneration", config, folder)
    written = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(written | {"tie_word_embeddings": False}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def t5(tmp_path_factory, tiny_vocabulary):
    """T5 with its output layer tied to the pieces, for one pair."""
    from transformers import T5Config

    folder = tmp_path_factory.mktemp("hub") / "t5"
    size = many_languages(folder, tiny_vocabulary, [])
    ids = {"pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = T5Config(**T5, **ids, vocab_size=size, tie_word_embeddings=True, initializer_factor=2.0)
    return save("T5ForConditionalGeneration", config, folder)


@pytest.mark.parametrize(("name", "target"), [("marian", None), ("nllb", "en"), ("t5", None)])
@pytest.mark.parametrize("generation", [{"beam_size": 4}, {"beam_size": 1}])
def test_ctranslate2_finds_what_transformers_finds(request, name, target, generation):
    folder = request.getfixturevalue(name)
    options = {"target_lang": target, "threads": 1, **generation}
    ours = load_seq2seq(folder, engine="ctranslate2", compute_type="float32", **options)
    theirs = load_seq2seq(folder, engine="transformers", **options)
    found = ours(TEXTS)
    assert found == theirs(TEXTS)
    assert found[1] == ""
    assert len(set(found)) > 2
    assert ours.lengths(TEXTS) == theirs.lengths(TEXTS)


@pytest.mark.parametrize(("name", "target"), [("mbart", "en"), ("madlad", "en")])
def test_families_that_convert_wrongly_run_on_transformers(request, name, target):
    folder = request.getfixturevalue(name)
    engine = load_seq2seq(folder, target_lang=target, threads=1)
    assert type(engine._runtime).__name__ == "_Transformers"
    assert len(engine(TEXTS)) == len(TEXTS)
    with pytest.raises(ModelError, match=r"CTranslate2 does not run .* rightly: .*; use engine='transformers'"):
        load_seq2seq(folder, target_lang=target, engine="ctranslate2")


def test_inputs_and_outputs_name_their_languages(nllb, madlad, marian):
    codec = HubCodec(find(nllb), source_lang="uk", target_lang="en")
    (ids,) = codec.encode(["Рада"])
    assert (codec.tokens[ids[0]], codec.tokens[ids[-1]]) == ("ukr_Cyrl", "</s>")
    assert [codec.tokens[i] for i in codec.prefix] == ["eng_Latn"]
    codec = HubCodec(find(nllb), source_lang="eng_Latn", target_lang="pl")  # the model's own code is fine too
    assert codec.tokens[codec.encode(["Rada"])[0][0]] == "eng_Latn"
    codec = HubCodec(find(madlad), source_lang="uk", target_lang="pl")
    (ids,) = codec.encode(["Рада"])
    assert codec.tokens[ids[0]] == "<2pl>"
    assert codec.prefix == []
    codec = HubCodec(find(marian), source_lang="uk", target_lang=None)
    (ids,) = codec.encode(["Рада"])
    assert codec.tokens[ids[-1]] == "</s>"
    assert codec.prefix == []


def test_marian_of_many_languages_wants_its_target(tmp_path, tiny_vocabulary):
    from transformers import MarianConfig

    folder = tmp_path / "opus-mt-zle-gem"
    folder.mkdir()
    for name in ("source.spm", "target.spm"):
        shutil.copy(tiny_vocabulary / "trained.model", folder / name)
    finish_marian(folder, tiny_vocabulary, MarianConfig, extra=(">>eng<<", ">>deu<<"))
    codec = HubCodec(find(folder), source_lang="uk", target_lang="de")
    assert codec.tokens[codec.encode(["Рада"])[0][0]] == ">>deu<<"
    with pytest.raises(ConfigError, match="give target_lang"):
        load_seq2seq(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "serves many languages: give target_lang"),
        ({"target_lang": "fr"}, "knows no target_lang 'fr'; it has en, pl, uk"),
        ({"target_lang": "en", "source_lang": "xx"}, "knows no source_lang 'xx'"),
        ({"target_lang": "en", "source_lang": None}, "give source_lang"),
    ],
)
def test_languages_that_a_model_lacks_are_named(nllb, options, message):
    with pytest.raises(ConfigError, match=message):
        load_seq2seq(nllb, **options)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pad_token_id": 0}, "<pad> is not the last piece"),
        ({"decoder_start_token_id": 0}, "does not start from <pad>"),
        ({"share_encoder_decoder_embeddings": False}, "two vocabularies"),
        ({"model_type": "mt5"}, "type mt5 are not known to be right"),
        ({"model_type": "t5", "tie_word_embeddings": False}, "output layer is not tied"),
    ],
)
def test_layouts_that_convert_wrongly_without_an_error_are_known(marian, tmp_path, changes, reason):
    folder = Path(shutil.copytree(marian, tmp_path / "odd"))
    config = json.loads((folder / "config.json").read_text("utf-8")) | changes
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert reason in (why_not_converted(find(folder)) or "")
    with pytest.raises(ModelError, match=reason):
        load_seq2seq(folder, engine="ctranslate2")


def test_a_conversion_that_fails_is_named(marian, tmp_path, fresh_cache):
    folder = Path(shutil.copytree(marian, tmp_path / "short"))
    tokens = json.loads((folder / "vocab.json").read_text("utf-8"))
    del tokens["</s>"], tokens["<unk>"]
    (folder / "vocab.json").write_text(json.dumps({"</s>": 0, "<unk>": 1, **dict(list(tokens.items())[3:])}), "utf-8")
    with pytest.raises(ModelError, match=r"is not converted \(.*vocabulary.*use engine='transformers'"):
        load_seq2seq(folder)


def test_without_transformers_a_hub_model_names_the_extra(marian, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r"hub model opus-mt-uk-en needs more packages: pip install 'ukrnlp\[hf"
    ):
        load_seq2seq(marian)


def test_n_best_of_a_hub_model(nllb):
    engine = load_seq2seq(nllb, target_lang="en", threads=1)
    (found,) = engine.hypotheses(TEXTS[:1], n=3, generation=Generation(beam_size=4))
    assert len(found) == 3
    assert found[0].score >= found[1].score >= found[2].score
