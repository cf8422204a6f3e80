"""The training loop on a model of 12 dimensions: it learns, resumes to the same weights, and writes a model."""

import json
import random
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import AutoModelForSeq2SeqLM, BartConfig, BartForConditionalGeneration  # noqa: E402

from ukrnlp.errors import ConfigError  # noqa: E402
from ukrnlp.training.corpora import Pair  # noqa: E402
from ukrnlp.training.translation import Run, batches, encode, loss_sum, rate_at, read_settings  # noqa: E402

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁one", "▁two", "▁three", "▁один", "▁два", "▁три"]
NUMBERS = {"один": "one", "два": "two", "три": "three"}


@pytest.fixture
def start(tmp_path):
    """A random checkpoint whose vocabulary has three words a side."""
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=len(PIECES), d_model=12, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, max_position_embeddings=64,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    folder = tmp_path / "start"
    BartForConditionalGeneration(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in PIECES], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def data(tmp_path):
    rng = random.Random(0)
    rows = [[rng.choice(list(NUMBERS)) for _ in range(rng.randint(2, 4))] for _ in range(80)]
    units = [{"uk": " ".join(row), "en": " ".join(NUMBERS[word] for word in row)} for row in rows]
    item = {"title": units[0], "summary": units[1], "sentences": units[2:]}
    (tmp_path / "news.jsonl").write_text(json.dumps(item, ensure_ascii=False), encoding="utf-8")
    return tmp_path


def settings(start, **changes):
    base = read_settings(toml(start.parent, start))
    return replace(base, **changes)


def toml(folder, start):
    path = folder / "run.toml"
    path.write_text(
        f'start = "{start}"\nsource = "uk"\ntarget = "en"\noutput_pieces = 7\ntokens = 600\nbatch_tokens = 40\n'
        'rate = 0.02\nencoder_share = 1.0\nwarmup_steps = 2\n[[sources]]\nfile = "news.jsonl"\nweight = 2.0\n'
    )
    return path


def test_run_learns_and_writes_a_model_that_loads(start, data, tmp_path):
    Run(settings(start, tokens=4000), data, tmp_path / "run").train()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]
    model = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "run" / "model")
    assert model.config.vocab_size == len(PIECES)
    record = json.loads((tmp_path / "run" / "model" / "training.json").read_text())
    assert record["data"][0]["pairs"] > 0
    assert len(record["data"][0]["sha256"]) == 64


def test_run_resumes_to_the_same_weights(start, data, tmp_path):
    whole, parts = settings(start), settings(start, tokens=300, decay=0.0)
    whole = replace(whole, decay=0.0)
    Run(whole, data, tmp_path / "whole").train()
    Run(parts, data, tmp_path / "parts").train()
    Run(whole, data, tmp_path / "parts").train()
    one, two = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "parts"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_loss_counts_the_output_slice_and_no_padding(start, data):
    run = Run(settings(start), data, data / "run")
    pairs = [Pair("один", "one"), Pair("один два три", "one two three")]
    rows = encode(run.tokenizer, pairs, run.settings)
    together = batches(rows, replace(run.settings, batch_tokens=1000), 0, 1)
    alone = batches(rows, replace(run.settings, batch_tokens=1), 0, 1)
    run.model.eval()
    with torch.no_grad():
        sums = [float(sum(loss_sum(run.model, batch, run.settings) for batch in parts)) for parts in (together, alone)]
    assert len(together) == 1
    assert len(alone) == 2
    assert sums[0] == pytest.approx(sums[1], rel=1e-4)


def test_encode_leaves_out_targets_beyond_the_output_slice(start, data):
    run = Run(settings(start), data, data / "run")
    assert encode(run.tokenizer, [Pair("один", "три")], run.settings) == []


@pytest.mark.parametrize(
    ("step", "tokens", "share"), [(0, 0, 0.5), (1, 0, 1.0), (50, 450, 1.0), (50, 525, 0.5), (60, 600, 0.0)]
)
def test_rate_warms_up_stays_and_falls(start, step, tokens, share):
    assert rate_at(settings(start), step, tokens) == pytest.approx(share)


def test_read_settings_names_an_unknown_key(tmp_path, start):
    path = toml(tmp_path, start)
    path.write_text(f"speed = 3\n{path.read_text()}")
    with pytest.raises(ConfigError, match="speed"):
        read_settings(path)
