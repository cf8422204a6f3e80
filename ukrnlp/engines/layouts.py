"""Bundled checkpoints into `ctranslate2.specs`, straight from safetensors by numpy.

BART translation models and BERT readers give the same variables as CTranslate2's own converter makes, which would need
transformers and torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ukrnlp.catalog import ModelDir
from ukrnlp.engines.convert import PIECES
from ukrnlp.engines.pieces import Pieces
from ukrnlp.errors import ModelError

ACTIVATIONS = {"gelu": "GELU", "gelu_new": "GELUTanh", "relu": "RELU", "silu": "SWISH", "swish": "SWISH"}

Tensors: TypeAlias = Mapping[str, NDArray[Any]]
Spec: TypeAlias = Any
"""A layer or model of `ctranslate2.specs`, which carries no types."""


def build(model: ModelDir, directory: Path, *, quantization: str | None) -> None:
    """Write `model` into the existing `directory` in CTranslate2's format; None keeps the types of the checkpoint.

    Raises:
        ModelError: a tensor or setting is missing or of another kind than the layout has.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    tensors: dict[str, NDArray[Any]] = {}
    tokens = Pieces(model.path / PIECES).tokens
    try:
        for file in model.weights:
            tensors.update(load_file(file))
        spec = _BUILDERS[model.model_type](model.config, tensors, tokens)
        spec.validate()
    except KeyError as e:
        raise ModelError(f"model {model.name}: config.json or the weights lack {e}, which its layout needs") from e
    except (ValueError, IndexError, SafetensorError) as e:
        raise ModelError(f"model {model.name} does not fit its layout: {e}") from e
    spec.optimize(quantization=quantization)
    spec.save(str(directory))


def _bart(config: Mapping[str, Any], tensors: Tensors, tokens: list[str]) -> Spec:
    from ctranslate2.specs import TransformerSpec

    _require(config, normalize_before=False, normalize_embedding=True, add_final_layer_norm=False)
    if config["encoder_attention_heads"] != config["decoder_attention_heads"]:
        raise ValueError("encoder and decoder differ in attention heads; CTranslate2 takes one number for both")
    spec = TransformerSpec.from_config(
        (config["encoder_layers"], config["decoder_layers"]),
        config["encoder_attention_heads"],
        pre_norm=False,
        activation=_activation(config["activation_function"]),
        layernorm_embedding=True,
    )
    shared = tensors["model.shared.weight"]
    scale = float(config["d_model"]) ** 0.5 if config.get("scale_embedding") else 1.0
    for side, name in ((spec.encoder, "model.encoder"), (spec.decoder, "model.decoder")):
        side.scale_embeddings = scale
        side.position_encodings.encodings = tensors[f"{name}.embed_positions.weight"][2:]
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = tensors.get(f"{name}.embed_tokens.weight", shared)
        _norm(side.layernorm_embedding, tensors, f"{name}.layernorm_embedding")
        for number, layer in enumerate(side.layer):
            at = f"{name}.layers.{number}"
            _attention(layer.self_attention, tensors, f"{at}.self_attn", cross=False)
            _norm(layer.self_attention.layer_norm, tensors, f"{at}.self_attn_layer_norm")
            if side is spec.decoder:
                _attention(layer.attention, tensors, f"{at}.encoder_attn", cross=True)
                _norm(layer.attention.layer_norm, tensors, f"{at}.encoder_attn_layer_norm")
            _linear(layer.ffn.linear_0, tensors, f"{at}.fc1")
            _linear(layer.ffn.linear_1, tensors, f"{at}.fc2")
            _norm(layer.ffn.layer_norm, tensors, f"{at}.final_layer_norm")
    spec.decoder.projection.weight = tensors.get("lm_head.weight", shared)
    bias = tensors.get("final_logits_bias")
    if bias is not None and np.any(bias):
        spec.decoder.projection.bias = bias.reshape(-1)

    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    # BART's norms keep torch's default; the layout has no field for it
    spec.config.layer_norm_epsilon = 1e-5
    spec.config.bos_token = tokens[config["bos_token_id"]]
    spec.config.eos_token = tokens[config["eos_token_id"]]
    spec.config.decoder_start_token = tokens[config["decoder_start_token_id"]]
    return spec


def _bert(config: Mapping[str, Any], tensors: Tensors, tokens: list[str]) -> Spec:
    from ctranslate2.specs import Activation, EmbeddingsMerge, TransformerEncoderModelSpec, TransformerEncoderSpec

    _require(config, position_embedding_type="absolute", is_decoder=False)
    encoder = TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=_activation(config["hidden_act"]),
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=EmbeddingsMerge.ADD,
    )
    spec = TransformerEncoderModelSpec(encoder, pooling_layer=True, pooling_activation=Activation.Tanh)
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = tensors["bert.embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = tensors["bert.embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = tensors["bert.embeddings.position_embeddings.weight"]
    _norm(encoder.layernorm_embedding, tensors, "bert.embeddings.LayerNorm")
    _linear(spec.pooler_dense, tensors, "bert.pooler.dense")
    for number, layer in enumerate(encoder.layer):
        at = f"bert.encoder.layer.{number}"
        names = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        _linear(layer.self_attention.linear[0], tensors, *names)
        _linear(layer.self_attention.linear[1], tensors, f"{at}.attention.output.dense")
        _norm(layer.self_attention.layer_norm, tensors, f"{at}.attention.output.LayerNorm")
        _linear(layer.ffn.linear_0, tensors, f"{at}.intermediate.dense")
        _linear(layer.ffn.linear_1, tensors, f"{at}.output.dense")
        _norm(layer.ffn.layer_norm, tensors, f"{at}.output.LayerNorm")
    spec.register_vocabulary(tokens)
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    return spec


_BUILDERS: dict[str, Callable[[Mapping[str, Any], Tensors, list[str]], Spec]] = {"bart": _bart, "bert": _bert}


def _require(config: Mapping[str, Any], **settings: object) -> None:
    # a field that is absent has the value that today's transformers builds
    wrong = {key: config[key] for key, value in settings.items() if config.get(key, value) != value}
    if wrong:
        raise ValueError(f"config.json says {wrong}; allowed is { {key: settings[key] for key in wrong} }")


def _activation(name: str) -> Any:
    from ctranslate2.specs import Activation

    if name not in ACTIVATIONS:
        raise ValueError(f"activation {name!r}; allowed are {', '.join(ACTIVATIONS)}")
    return Activation[ACTIVATIONS[name]]


def _norm(spec: Spec, tensors: Tensors, name: str) -> None:
    spec.gamma = tensors[f"{name}.weight"]
    spec.beta = tensors[f"{name}.bias"]


def _linear(spec: Spec, tensors: Tensors, *names: str) -> None:
    spec.weight = np.concatenate([tensors[f"{name}.weight"] for name in names])
    spec.bias = np.concatenate([tensors[f"{name}.bias"] for name in names])


def _attention(spec: Spec, tensors: Tensors, name: str, *, cross: bool) -> None:
    query, key, value, out = (f"{name}.{part}_proj" for part in ("q", "k", "v", "out"))
    if cross:
        _linear(spec.linear[0], tensors, query)
        _linear(spec.linear[1], tensors, key, value)
    else:
        _linear(spec.linear[0], tensors, query, key, value)
    _linear(spec.linear[-1], tensors, out)
