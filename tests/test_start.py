"""The start checkpoint: BART's encoder answers as the BERT encoder that it is made of; pieces stand in order."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tokenizers import Tokenizer  # noqa: E402
from transformers import AutoModelForSeq2SeqLM, BertConfig, BertModel  # noqa: E402

from ukrnlp.training.base import Base  # noqa: E402
from ukrnlp.training.start import order_pieces, write_start  # noqa: E402


@pytest.fixture
def base(tiny_vocabulary):
    """A random encoder of 12 dimensions and 2 layers, and its weights as the pretrained one's are read."""
    torch.manual_seed(0)
    tokenizer = json.loads((tiny_vocabulary / "tokenizer.json").read_text(encoding="utf-8"))
    config = BertConfig(
        vocab_size=len(tokenizer["model"]["vocab"]), hidden_size=12, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=20, type_vocab_size=2, layer_norm_eps=1e-12, pad_token_id=1,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    tensors = {name: t.detach().numpy().astype(np.float16).astype(np.float32) for name, t in model.state_dict().items()}
    return Base(config.to_dict(), tensors, tokenizer), model


def test_write_start_gives_an_encoder_that_answers_as_the_base(base, tmp_path):
    made, bert = base
    bert.load_state_dict({name: torch.from_numpy(t) for name, t in made.tensors.items()})
    keep = [0, 1, 2, 3, 6, 9, 4]
    write_start(made, keep, 6, tmp_path, layers=(0, 1, 1))
    bart = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    new = torch.tensor([[0, 4, 5, 6, 2]])
    old = torch.tensor([[keep[i] for i in new[0].tolist()]])
    with torch.no_grad():
        ours = bart.model.encoder(new).last_hidden_state
        theirs = bert.eval()(old).last_hidden_state
    # layer norm's epsilon is 1e-5 in BART and 1e-12 in BERT
    assert torch.allclose(ours, theirs, atol=2e-3)
    assert bart.config.decoder_layers == 3
    assert bart.final_logits_bias[0].tolist() == [0.0] * 6 + [-10000.0]


def test_write_start_renumbers_the_tokenizer(base, tmp_path):
    made, _ = base
    pieces = [piece for piece, _ in made.tokenizer["model"]["vocab"]]
    keep = [0, 1, 2, 3, 30, 40, 20]
    write_start(made, keep, 6, tmp_path, layers=(0,))
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert [tokenizer.id_to_token(i) for i in range(len(keep))] == [pieces[i] for i in keep]
    assert (tmp_path / "spiece.model").stat().st_size > 0


def test_order_pieces_puts_the_target_side_first():
    keep, output = order_pieces({10: 9, 5: 3, 3: 7}, {5: 9, 11: 2, 12: 4}, least=3)
    assert keep == [0, 1, 2, 3, 5, 10, 12]
    assert output == 6
