"""The sentencepiece file that answers with the ids of a model's `tokenizer.json`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ukrnlp.errors import MissingExtraError, ModelError

CONTROLS = ("<s>", "<pad>", "</s>")
UNKNOWN = "<unk>"


def write_sentencepiece(model_dir: Path, *, name: str = "spiece.model") -> Path:
    """Write `model_dir/name` from `model_dir/tokenizer.json` and return its path.

    The tokenizer must be a unigram one as XLM-R has it: pieces 0-2 `<s> <pad> </s>`, 3 `<unk>`, a precompiled map as
    normaliser. Equal ids hold for texts without control pieces and without space at the end.

    Raises:
        ModelError: there is no such tokenizer, or it is of another kind.
        MissingExtraError: protobuf is not installed.
    """
    try:
        from sentencepiece import sentencepiece_model_pb2
    except ImportError as e:
        raise MissingExtraError("writing a sentencepiece file", "train") from e
    schema: Any = sentencepiece_model_pb2
    source = model_dir / "tokenizer.json"
    try:
        tokenizer = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise ModelError(f"{source} is missing or not JSON; write the model's tokenizer first") from e
    pieces = _pieces(tokenizer, source)

    model = schema.ModelProto()
    model.trainer_spec.model_type = schema.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    model.trainer_spec.bos_id, model.trainer_spec.pad_id, model.trainer_spec.eos_id = 0, 1, 2
    model.trainer_spec.unk_id = 3
    model.trainer_spec.bos_piece, model.trainer_spec.pad_piece, model.trainer_spec.eos_piece = CONTROLS
    model.trainer_spec.unk_piece = UNKNOWN
    model.normalizer_spec.name = "nmt_nfkc"
    model.normalizer_spec.precompiled_charsmap = _charsmap(tokenizer, source)
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    model.normalizer_spec.escape_whitespaces = True
    kinds = dict.fromkeys(CONTROLS, schema.ModelProto.SentencePiece.CONTROL)
    kinds[UNKNOWN] = schema.ModelProto.SentencePiece.UNKNOWN
    for piece, score in pieces:
        kind = kinds.get(piece, schema.ModelProto.SentencePiece.NORMAL)
        model.pieces.add(piece=piece, score=score, type=kind)

    path = model_dir / name
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def _pieces(tokenizer: Mapping[str, Any], source: Path) -> list[tuple[str, float]]:
    model = tokenizer.get("model", {})
    kind = model.get("type")
    if kind != "Unigram" or model.get("byte_fallback"):
        raise ModelError(f"{source} holds a {kind} tokenizer; only Unigram without byte fallback is allowed")
    pieces = [(str(piece), float(score)) for piece, score in model["vocab"]]
    if [piece for piece, _ in pieces[:4]] != [*CONTROLS, UNKNOWN]:
        raise ModelError(f"{source} starts with {[p for p, _ in pieces[:4]]}; it must be {[*CONTROLS, UNKNOWN]}")
    extra = [token["content"] for token in tokenizer.get("added_tokens", ()) if token["id"] > 3]
    if extra:
        raise ModelError(f"{source} adds the tokens {extra}; a sentencepiece file cannot carry them")
    return pieces


def _charsmap(tokenizer: Mapping[str, Any], source: Path) -> bytes:
    maps = [n["precompiled_charsmap"] for n in _normalizers(tokenizer.get("normalizer")) if n["type"] == "Precompiled"]
    if len(maps) != 1:
        raise ModelError(f"{source} has {len(maps)} precompiled normaliser maps; exactly one is needed")
    return base64.b64decode(maps[0])


def _normalizers(node: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if node is None:
        return
    if node["type"] == "Sequence":
        for child in node["normalizers"]:
            yield from _normalizers(child)
    else:
        yield node
