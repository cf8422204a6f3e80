"""The reader as a torch module: a BERT encoder with heads for stance, evidence and summary, and their losses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax
from transformers import BertConfig, BertModel

from ukrnlp.engines.encoder import PAD, pair_input, text_input
from ukrnlp.training.base import Base
from ukrnlp.training.reader_data import LABELS, UNKNOWN, Example
from ukrnlp.training.vocabulary import write_sentencepiece

Encode = Callable[[str], Sequence[int]]
ID2LABEL = {i: str(label) for i, label in enumerate(LABELS)}
LABEL2ID = {label: i for i, label in ID2LABEL.items()}


class Reader(nn.Module):
    """Names of its parameters are those of `BertForSequenceClassification`, and `evidence` and `summary` besides."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=True)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, len(LABELS))
        self.evidence = nn.Linear(config.hidden_size, 1)
        self.summary = nn.Linear(config.hidden_size, 1)
        assert self.bert.pooler is not None  # asked for above
        for head in (self.bert.pooler.dense, self.classifier, self.evidence, self.summary):
            nn.init.normal_(head.weight, std=config.initializer_range)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, means: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return label logits [rows, labels], evidence logits and summary logits [rows, sentences].

        Args:
            ids: piece ids [rows, length], padded.
            means: [rows, sentences, length], each sentence's row weighs its positions to a mean.
        """
        out = self.bert(input_ids=ids, attention_mask=(ids != PAD).long())
        sentences = means.to(out.last_hidden_state.dtype) @ out.last_hidden_state
        labels = self.classifier(self.dropout(out.pooler_output))
        return labels, self.evidence(sentences).squeeze(-1), self.summary(sentences).squeeze(-1)


def from_base(base: Base, *, dropout: float) -> Reader:
    """A reader whose encoder is the pretrained one; pooler and heads are new."""
    options: dict[str, Any] = base.config | {
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": 0.0,
        "id2label": ID2LABEL,
        "label2id": LABEL2ID,
    }
    config = BertConfig(**options)
    config._attn_implementation = "eager"  # faster than sdpa on a CPU at these lengths
    reader = Reader(config)
    result = reader.bert.load_state_dict({k: torch.from_numpy(v) for k, v in base.tensors.items()}, strict=False)
    missing = [name for name in result.missing_keys if not name.startswith("pooler.")]
    if missing or result.unexpected_keys:
        raise AssertionError(f"missing {missing}, unexpected {result.unexpected_keys}")
    return reader


def load_reader(folder: Path, *, dropout: float = 0.0) -> Reader:
    """Read a saved reader in float32.

    The module of training; at run time `ukrnlp.engines` reads the same directory.
    """
    config = BertConfig.from_pretrained(folder, hidden_dropout_prob=dropout)
    config._attn_implementation = "eager"
    reader = Reader(config)
    reader.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()})
    return reader.eval()


def save_reader(weights: dict[str, Tensor], config: BertConfig, tokenizer: dict[str, Any], folder: Path) -> None:
    """Write a reader as the engines load it: config.json, model.safetensors (float16), tokenizer.json, spiece.model."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in weights.items()}
    save_file(half, folder / "model.tmp", metadata={"format": "pt"})
    (folder / "model.tmp").replace(folder / "model.safetensors")
    fields = config.to_diff_dict() | {
        "architectures": ["BertForSequenceClassification"],
        "position_embedding_type": "absolute",
        "dtype": "float16",
        "id2label": {str(i): label for i, label in ID2LABEL.items()},
        "label2id": LABEL2ID,
        "ukrnlp": {"prefix": "", "temperature": 1.0, "max_tokens": config.max_position_embeddings},
    }
    (folder / "config.json").write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False) + "\n", encoding="utf-8")
    write_sentencepiece(folder)


@dataclass(frozen=True, slots=True)
class Row:
    """An example as ids, with the spans of its sentences; sentences that do not fit are left out with their values."""

    ids: list[int]
    spans: list[tuple[int, int]]
    example: Example


def encode(encoder: Encode, example: Example, *, max_tokens: int) -> Row:
    """Encode an example as the engines do; whole sentences are dropped from the end until it fits."""
    sentences = list(example.sentences)
    while True:
        if example.target is None:
            ids, spans = text_input(encoder, sentences)
        else:
            ids, spans = pair_input(encoder, example.target, sentences)
        if len(ids) <= max_tokens or len(sentences) == 1:
            return Row(ids[:max_tokens], [(min(a, max_tokens), min(b, max_tokens)) for a, b in spans], example)
        sentences.pop()


def padded(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Ids and sentence means of a batch, as `Reader` takes them."""
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), PAD)
    means = torch.zeros(len(rows), max(len(row.spans) for row in rows), length)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        for j, (start, end) in enumerate(row.spans):
            if end > start:
                means[i, j, start:end] = 1 / (end - start)
    return ids, means


@dataclass(frozen=True, slots=True)
class Losses:
    """Sums over the rows of a batch; `rows` counts all of them."""

    stance: Tensor
    evidence: Tensor
    summary: Tensor
    rows: int


def losses(reader: Reader, rows: Sequence[Row], *, smoothing: float) -> Losses:
    """Cross-entropy of labels, binary cross-entropy of evidence (a mean a row), cross-entropy to summary shares."""
    labels, evidence, summary = reader(*padded(rows))
    # every head gets a gradient in every process, zero if need be: the message that sums them has one shape
    zero = 0 * (labels.sum() + evidence.sum() + summary.sum()).float()
    stance_loss, evidence_loss, summary_loss = zero, zero, zero
    for i, row in enumerate(rows):
        example, n = row.example, len(row.spans)
        if example.target is not None:
            wanted = torch.tensor(example.label)
            stance_loss = stance_loss + example.weight * cross_entropy(
                labels[i].float(), wanted, label_smoothing=smoothing
            )
        if example.evidence:
            judged = torch.tensor(example.evidence[:n])
            known = judged != UNKNOWN
            if known.any():
                evidence_loss = evidence_loss + binary_cross_entropy_with_logits(
                    evidence[i, :n].float()[known], judged[known]
                )
        if example.shares:
            shares = torch.tensor(example.shares[:n])
            summary_loss = summary_loss - (shares * log_softmax(summary[i, :n].float(), dim=0)).sum()
    return Losses(stance_loss, evidence_loss, summary_loss, len(rows))
