"""The checkpoint that a translation model starts from: BART's layout filled from the pretrained encoder.

BART's block is BERT's (post-norm, learned positions, norm after the embeddings, GELU), so the encoder fits exactly:
positions are the base's with its type-0 vector added, behind two zero rows. Decoder layers start from encoder layers,
self- and cross-attention both from that layer's attention (the idea of SixT, Chen et al. 2021, and DeltaLM, Ma et al.
2021); embeddings are tied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ukrnlp.training.base import CONTROL, Base, Tensors, trim
from ukrnlp.training.vocabulary import write_sentencepiece

DECODER_FROM = (1, 4, 7, 10)
"""Encoder layers that the four decoder layers start from."""

CLOSED = -1e4
"""Bias of the pieces that the target side never uses: no Cyrillic in English output."""

ATTENTION = {"q_proj": "self.query", "k_proj": "self.key", "v_proj": "self.value", "out_proj": "output.dense"}


def order_pieces(
    target_uses: Mapping[int, int], source_uses: Mapping[int, int], *, least: int
) -> tuple[list[int], int]:
    """Return the piece ids to keep (control pieces, target side, the rest) and how many the output may use.

    A piece is kept when a side uses it at least `least` times.

    >>> order_pieces({9: 5, 7: 5, 8: 1}, {7: 5, 5: 5}, least=2)
    ([0, 1, 2, 3, 7, 9, 5], 6)
    """
    control = list(range(len(CONTROL)))
    target = sorted(i for i, uses in target_uses.items() if uses >= least and i not in control)
    first = {*control, *target}
    rest = sorted(i for i, uses in source_uses.items() if uses >= least and i not in first)
    return [*control, *target, *rest], len(control) + len(target)


def write_start(
    base: Base, keep: list[int], output_pieces: int, folder: Path, layers: Sequence[int] = DECODER_FROM
) -> None:
    """Write a checkpoint in Hugging Face layout: float16 weights, config, tokenizer files."""
    from safetensors.numpy import save_file

    small = trim(base, keep)
    tensors = bart_tensors(small.tensors, layers, small.config["num_hidden_layers"])
    bias = np.full((1, len(keep)), CLOSED, np.float32)
    bias[:, :output_pieces] = 0
    tensors["final_logits_bias"] = bias
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: np.ascontiguousarray(t, np.float16) for name, t in tensors.items()}
    save_file(half, folder / "model.safetensors", metadata={"format": "pt"})
    ends = {
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": 2,
    }
    write_json(folder / "config.json", bart_config(small.config, len(layers)) | ends)
    write_json(folder / "generation_config.json", ends | {"use_cache": True})
    write_json(folder / "tokenizer.json", small.tokenizer)
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    write_json(
        folder / "tokenizer_config.json",
        names
        | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": small.config["max_position_embeddings"]},
    )
    write_sentencepiece(folder)


def bart_config(config: Mapping[str, Any], decoder_layers: int) -> dict[str, Any]:
    """BART's configuration for an encoder of BERT's configuration `config`.

    The two last fields are gone from transformers 5, but CTranslate2's loader reads them.
    """
    return {
        "architectures": ["BartForConditionalGeneration"],
        "model_type": "bart",
        "vocab_size": config["vocab_size"],
        "d_model": config["hidden_size"],
        "encoder_layers": config["num_hidden_layers"],
        "decoder_layers": decoder_layers,
        "encoder_attention_heads": config["num_attention_heads"],
        "decoder_attention_heads": config["num_attention_heads"],
        "encoder_ffn_dim": config["intermediate_size"],
        "decoder_ffn_dim": config["intermediate_size"],
        "max_position_embeddings": config["max_position_embeddings"],
        "activation_function": "gelu",
        "dropout": 0.0,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "scale_embedding": False,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "dtype": "float16",
        "normalize_before": False,
        "normalize_embedding": True,
    }


def bart_tensors(bert: Tensors, decoder_from: Sequence[int], layers: int) -> Tensors:
    """BART's weights from BertModel's."""
    embeddings = {name.removeprefix("embeddings."): t for name, t in bert.items() if name.startswith("embeddings.")}
    positions = embeddings["position_embeddings.weight"] + embeddings["token_type_embeddings.weight"][0]
    shifted = np.concatenate([np.zeros_like(positions[:2]), positions])
    tensors: Tensors = {"model.shared.weight": embeddings["word_embeddings.weight"]}
    for side in ("encoder", "decoder"):
        tensors[f"model.{side}.embed_positions.weight"] = shifted
        for kind in ("weight", "bias"):
            tensors[f"model.{side}.layernorm_embedding.{kind}"] = embeddings[f"LayerNorm.{kind}"]
    for i in range(layers):
        tensors |= bart_layer(bert, i, f"model.encoder.layers.{i}", ("self_attn",))
    for i, source in enumerate(decoder_from):
        tensors |= bart_layer(bert, source, f"model.decoder.layers.{i}", ("self_attn", "encoder_attn"))
    return tensors


def bart_layer(bert: Tensors, number: int, name: str, attentions: Sequence[str]) -> Tensors:
    """BART's layer `name` from BERT's layer `number`; each of `attentions` gets that layer's attention."""
    tensors: Tensors = {}
    for kind in ("weight", "bias"):
        layer = {
            part.removesuffix(f".{kind}"): tensor
            for full, tensor in bert.items()
            if full.startswith(f"encoder.layer.{number}.") and full.endswith(f".{kind}")
            for part in [full.removeprefix(f"encoder.layer.{number}.")]
        }
        for attention in attentions:
            for ours, theirs in ATTENTION.items():
                tensors[f"{name}.{attention}.{ours}.{kind}"] = layer[f"attention.{theirs}"]
            tensors[f"{name}.{attention}_layer_norm.{kind}"] = layer["attention.output.LayerNorm"]
        tensors[f"{name}.fc1.{kind}"] = layer["intermediate.dense"]
        tensors[f"{name}.fc2.{kind}"] = layer["output.dense"]
        tensors[f"{name}.final_layer_norm.{kind}"] = layer["output.LayerNorm"]
    return tensors


def write_json(path: Path, value: Any) -> None:
    """Write `value` as one JSON file."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
