"""The reader's examples, losses and loop, on a tiny random encoder."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertForSequenceClassification

from ukrnlp.engines.encoder import load_reader as load_engine
from ukrnlp.errors import ConfigError, InputError
from ukrnlp.training import reader as loop
from ukrnlp.training.base import Base
from ukrnlp.training.reader import Run, Settings, batches, predict, rate_at, read_settings
from ukrnlp.training.reader_data import (
    UNKNOWN,
    Augment,
    Example,
    augmented,
    likeness,
    names_of,
    news_pairs,
    news_texts,
    read_rows,
    read_texts,
    sentence_pairs,
    vary,
)
from ukrnlp.training.reader_model import Row, encode, from_base, load_reader, losses, padded

WIDTH, LAYERS, POSITIONS = 12, 2, 96
ROWS = [
    {
        "id": f"T-{i}",
        "topic": topic,
        "lower": topic == "front",
        "sentences": [{"uk": s, "en": ""} for s in sentences],
        "stances": [{"target_uk": target, "label": label, "evidence": evidence}],
        "title": {"uk": sentences[0][:20]},
        "summary": {"uk": sentences[0]},
    }
    for i, (topic, sentences, target, label, evidence) in enumerate(
        [
            ("front", ("росія знову обстріляла харків уночі.", "Є поранені.", "Сніг іде."), "росія", "against", [0]),
            ("help", ("Польща дала лікарням світло.", "Дякуємо полякам.", "Дощ іде."), "Польща", "favor", [0, 1]),
            ("law", ("Рада ухвалила зміни до правил.", "Закон підпишуть згодом."), "Верховна Рада", "neutral", [0]),
        ]
    )
]


def base_of(folder: Path) -> Base:
    """A tiny random encoder over the tests' vocabulary."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    config = {
        "model_type": "bert",
        "vocab_size": len(tokenizer["model"]["vocab"]),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 3,
        "intermediate_size": 24,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "initializer_range": 0.2,
    }
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    model = BertModel(BertConfig(**config), add_pooling_layer=False)
    tensors = {n: t.detach().numpy().copy() for n, t in model.state_dict().items() if "position_ids" not in n}
    return Base(config, tensors, tokenizer)


@pytest.fixture(scope="module")
def base(tiny_vocabulary):
    return base_of(tiny_vocabulary)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    (folder / "news.jsonl").write_text(text, encoding="utf-8")
    (folder / "names.jsonl").write_text('{"lemma": "Росія", "forms": ["Росія", "Росії"]}\n', encoding="utf-8")
    extra = [
        {"text": f"Речення {i}.", "target": "Рада", "label": label, "split": part}
        for i, (label, part) in enumerate(
            [("favor", "train"), ("neutral", "train"), ("neutral", "train"), ("against", "dev")]
        )
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in extra)
    (folder / "extra.jsonl").write_text(lines, encoding="utf-8")
    return folder


def settings(**changes):
    options = {
        "news": "news.jsonl",
        "gazetteer": ("names.jsonl",),
        "pieces": (),
        "epochs": 3,
        "batch_tokens": 60,
        "max_tokens": POSITIONS,
        "dropout": 0.0,
        "text_epochs": 1.0,
    }
    return Settings(**options | changes)


@pytest.fixture
def tiny_base(monkeypatch, base):
    monkeypatch.setattr(loop, "trimmed_base", lambda *_: base)


# -- examples ---------------------------------------------------------------------------------------------------------


def test_pairs_of_news():
    first = news_pairs(ROWS)[0]
    assert (first.target, first.label, first.evidence, first.lower) == ("росія", 1, (1.0, 0.0, 0.0), True)


def test_texts_of_news_prefer_what_the_summary_says():
    for text in news_texts(ROWS, sharpness=10):
        assert sum(text.shares) == pytest.approx(1)
        assert text.shares.index(max(text.shares)) == 0


def test_sentence_pairs_are_of_train_and_thinned(data):
    rows = list(read_rows(data / "extra.jsonl"))
    found = sentence_pairs(rows, weight=0.5)
    assert sorted(e.label for e in found) == [0, 2]
    assert {e.weight for e in found} == {0.5}


def test_texts_for_the_vocabulary_leave_dev_out(data):
    assert list(read_texts(data / "extra.jsonl")) == ["Речення 0.", "Речення 1.", "Речення 2."]
    assert "Дякуємо полякам." in list(read_texts(data / "news.jsonl"))


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n[1]\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        list(read_rows(path))


def test_names_that_are_common_words_are_left_out(data):
    paths = [data / "names.jsonl"]
    assert names_of(paths, ordinary=["У Росії."]) == {"росія": "Росія", "росії": "Росії"}
    assert names_of(paths, ordinary=["росія"]) == {"росії": "Росії"}


@given(st.integers(0, 10_000))
def test_variants_keep_sentences_and_evidence_together(seed):
    options = Augment(restore=0.5, drop=0.9, drop_sentence=0.7, title=0.5, swap=1.0, names={"росія": "Росія"})
    pairs = news_pairs(ROWS)
    shown = {s: bool(e) for p in pairs for s, e in zip(p.sentences, p.evidence, strict=True)}
    for example in augmented(pairs, options, random.Random(seed)):
        assert len(example.sentences) == len(example.evidence)
        for sentence, value in zip(example.sentences, example.evidence, strict=True):
            if value == UNKNOWN:
                assert sentence == example.title
            elif any(example.evidence):
                assert shown[sentence.replace("Росія", "росія")] == bool(value)
        if any(e > 0 for p in pairs if p.target == example.target for e in p.evidence) and example.label != 2:
            assert any(e > 0 for e in example.evidence)


def test_texts_keep_their_sentences():
    text = news_texts(ROWS, sharpness=10)[0]
    options = Augment(restore=1.0, drop=1.0, drop_sentence=1.0, title=1.0, names={"росія": "Росія"})
    varied = vary(text, options, random.Random(1))
    assert varied.sentences[0].startswith("Росія")
    assert len(varied.sentences) == len(text.sentences)


@given(st.text("абв "), st.text("абв "))
def test_likeness_is_symmetric_and_within_bounds(one, other):
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert 0 <= likeness(one, other) <= 1


# -- model ------------------------------------------------------------------------------------------------------------


def rows_of(base, examples, max_tokens=POSITIONS):
    return [encode(loop.encoder_of(base.tokenizer), e, max_tokens=max_tokens) for e in examples]


def test_whole_sentences_are_left_out_until_an_example_fits(base):
    example = news_pairs(ROWS)[0]
    (whole,), (short,) = rows_of(base, [example]), rows_of(base, [example], max_tokens=50)
    assert len(short.ids) <= 50 < len(whole.ids)
    assert len(short.spans) < len(example.sentences)
    assert short.spans == whole.spans[: len(short.spans)]


def test_padding_changes_nothing(base):
    reader = from_base(base, dropout=0.0).eval()
    rows = rows_of(base, [*news_pairs(ROWS), *news_texts(ROWS, sharpness=5)])
    together = predict(reader, rows, batch_tokens=10_000)
    alone = [predict(reader, [row])[0] for row in rows]
    for a, b in zip(together, alone, strict=True):
        for x, y in zip(a, b, strict=True):
            torch.testing.assert_close(x, y, atol=2e-2, rtol=0)


def test_losses_are_those_of_the_rows_one_by_one(base):
    reader = from_base(base, dropout=0.0).eval()
    rows = rows_of(base, [*news_pairs(ROWS), *news_texts(ROWS, sharpness=5), Example(("Так.",), "Рада", 0, weight=0.5)])
    whole = losses(reader, rows, smoothing=0.05)
    parts = [losses(reader, [row], smoothing=0.05) for row in rows]
    for name in ("stance", "evidence", "summary"):
        torch.testing.assert_close(getattr(whole, name), sum(getattr(part, name) for part in parts), atol=1e-4, rtol=0)
    assert parts[-1].evidence == parts[-1].summary == 0


def test_every_parameter_gets_a_gradient_whatever_the_rows(base):
    reader = from_base(base, dropout=0.0)
    found = losses(reader, rows_of(base, news_texts(ROWS, sharpness=5)), smoothing=0.0)
    (found.stance + found.evidence + found.summary).backward()
    assert all(p.grad is not None for p in reader.parameters())


def test_means_are_over_the_sentences_pieces():
    row = Row([0, 5, 6, 7, 2], [(1, 3), (3, 4), (4, 4)], Example(("a b", "c", "")))
    _, means = padded([row])
    np.testing.assert_allclose(means[0].numpy(), [[0, 0.5, 0.5, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]])


# -- loop -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(50, 200))
def test_batches_hold_every_row_once_within_the_size(lengths, tokens):
    rows = [Row(list(range(n)), [], Example(())) for n in lengths]
    found = batches(rows, tokens, random.Random(1))
    assert sorted(len(row.ids) for batch in found for row in batch) == sorted(lengths)
    assert all(len(batch) * max(len(row.ids) for row in batch) <= tokens for batch in found)


def test_the_rate_rises_and_falls():
    rates = [rate_at(step, 100, 0.1) for step in range(100)]
    assert rates.index(max(rates)) in (9, 10)
    assert rates[0] < 0.2
    assert rates[-1] < 0.02


def test_an_unknown_key_is_named(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('news = "n"\ngazetteer = []\nrat = 1\n[[pieces]]\nfile = "x"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="rat"):
        read_settings(path)


def test_the_shipped_settings_are_read():
    found = read_settings(Path(__file__).parents[1] / "scripts" / "train_reader.toml")
    assert found.news
    assert found.vocabulary <= 20_000


def test_an_interrupted_run_ends_as_an_unbroken_one(tiny_base, data, tmp_path):
    chosen = settings(save_minutes=0.0)

    class Cut(Run):
        def step(self, batch, steps):
            if self.progress.step == 5:
                raise KeyboardInterrupt
            return super().step(batch, steps)

    Run(chosen, data, tmp_path, tmp_path / "whole", valid=data / "news.jsonl").train()
    with pytest.raises(KeyboardInterrupt):
        Cut(chosen, data, tmp_path, tmp_path / "cut").train()
    Run(chosen, data, tmp_path, tmp_path / "cut").train()
    one, other = (load_reader(tmp_path / name / "model").state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert "macro_f1" in log[-1]
    record = json.loads((tmp_path / "whole" / "model" / "training.json").read_text(encoding="utf-8"))
    assert len(record["data"]["news.jsonl"]) == 64
    assert record["progress"]["epoch"] == chosen.epochs


def test_a_run_goes_on_from_an_earlier_reader(tiny_base, data, tmp_path, monkeypatch):
    Run(settings(epochs=1), data, tmp_path, tmp_path / "first").train()
    first = tmp_path / "first" / "model"
    monkeypatch.setattr(loop, "trimmed_base", None)  # not asked for
    run = Run(settings(epochs=1, start=str(first), seed=2), data, tmp_path, tmp_path / "second")
    one, other = load_reader(first).state_dict(), run.reader.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    run.train()
    record = json.loads((tmp_path / "second" / "model" / "training.json").read_text(encoding="utf-8"))
    assert record["start"]["settings"]["seed"] == 1


def test_the_loop_learns_and_both_sides_read_the_result(tiny_base, data, tmp_path):
    chosen = settings(epochs=80, rate=5e-3, head_rate=1e-2, smoothing=0.0, batch_tokens=400, average=0.5)
    Run(chosen, data, tmp_path, tmp_path / "run").train()
    folder = tmp_path / "run" / "model"
    pairs = news_pairs(ROWS)
    rows = [
        encode(loop.encoder_of(json.loads((folder / "tokenizer.json").read_text())), p, max_tokens=96) for p in pairs
    ]
    found = predict(load_reader(folder), rows)
    assert [int(labels.argmax()) for labels, _, _ in found] == [p.label for p in pairs]

    engine = load_engine(folder, threads=1)
    readings = engine.pair_reader([(p.target, p.sentences) for p in pairs])
    weights = engine.sentence_scorer([p.sentences for p in pairs])
    for p, reading, shares, (labels, evidence, _) in zip(pairs, readings, weights, found, strict=True):
        np.testing.assert_allclose(list(reading.scores.values()), labels.softmax(0).numpy(), atol=0.03)
        np.testing.assert_allclose(reading.evidence, evidence.sigmoid().numpy(), atol=0.03)
        assert len(shares) == len(p.sentences)
    assert list(readings[0].scores) == ["favor", "against", "neutral"]
    # transformers alone reads the stance head
    model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([rows[0].ids])).logits[0]
    torch.testing.assert_close(logits, found[0][0], atol=0.1, rtol=0)
