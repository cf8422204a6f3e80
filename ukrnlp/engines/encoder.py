"""The reader: one multilingual encoder with heads for stance, evidence and summary.

Inputs are built by `pair_input` and `text_input` alone, in training and at run time, so that both see the same ids.
The encoder runs on CTranslate2 (the default on a CPU) or on transformers (the reference, GPUs), the heads in numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ukrnlp.catalog import ModelDir, checksum, find
from ukrnlp.engines import batching
from ukrnlp.engines.convert import PIECES
from ukrnlp.engines.options import Run, choose
from ukrnlp.engines.pieces import BOS, EOS, Pieces
from ukrnlp.engines.pieces import PAD as PAD
from ukrnlp.errors import ConfigError, InputError, ModelError

Encode = Callable[[str], Sequence[int]]
"""A text's piece ids, without control pieces."""

Span = tuple[int, int]
"""First position of a sentence in an input, and the first one behind it."""


def pair_input(encode: Encode, target: str, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    """Return the ids of `<s> target </s> </s> sentences </s>` and where each sentence stands in them.

    A prefix that a model wants ("query: ") is part of `target`. Sentences are encoded one by one and joined without
    separators, so their spans are exact. Token types are 0 throughout.

    >>> pair_input(lambda text: [ord(c) for c in text], "A", ["BC", "D"])
    ([0, 65, 2, 2, 66, 67, 68, 2], [(4, 6), (6, 7)])
    """
    return _joined([BOS, *encode(target), EOS, EOS], encode, sentences)


def text_input(encode: Encode, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    """Return the ids of `<s> sentences </s>` and where each sentence stands in them.

    >>> text_input(lambda text: [ord(c) for c in text], ["BC", "D"])
    ([0, 66, 67, 68, 2], [(1, 3), (3, 4)])
    """
    return _joined([BOS], encode, sentences)


def _joined(head: list[int], encode: Encode, sentences: Sequence[str]) -> tuple[list[int], list[Span]]:
    pieces = [encode(sentence) for sentence in sentences]
    spans = []
    end = len(head)
    for ids in pieces:
        spans.append((end, end + len(ids)))
        end += len(ids)
    return [*head, *chain.from_iterable(pieces), EOS], spans


Ids: TypeAlias = list[int]
Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PairReading:
    """What the reader finds in a text of a target.

    `scores` holds a probability for each label of the model, `evidence` one for each sentence: does it show the stance?
    """

    scores: dict[str, float]
    evidence: list[float]


class States(Protocol):
    """What the reader needs of a library that runs the encoder."""

    def __call__(self, batches: Iterable[list[Ids]]) -> Iterator[list[Array]]:
        """Give for each batch, in order, the last states of each input: [its length, width]."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads' weights [outputs, width] and biases, float32, and how label logits become probabilities."""

    labels: tuple[str, ...]
    temperature: float
    pooler: tuple[Array, Array]
    classifier: tuple[Array, Array]
    evidence: tuple[Array, Array]
    summary: tuple[Array, Array]

    def label_scores(self, states: Array) -> dict[str, float]:
        """Return a probability for each label from the states of a pair."""
        logits = _linear(np.tanh(_linear(states[0], self.pooler)), self.classifier)
        return dict(zip(self.labels, _softmax(logits / self.temperature).tolist(), strict=True))

    def evidence_scores(self, states: Array, spans: Sequence[Span]) -> list[float]:
        """Return a probability for each sentence from the states of a pair; an empty sentence has 0."""
        logits = _linear(_means(states, spans), self.evidence)[:, 0]
        found = (1 + np.tanh(logits / 2)) / 2  # the logistic function, without overflow
        return [float(p) if end > start else 0.0 for p, (start, end) in zip(found, spans, strict=True)]

    def summary_weights(self, states: Array, spans: Sequence[Span]) -> list[float]:
        """Return each sentence's share of a summary, 1 in sum, from the states of a text; an empty sentence has 0."""
        logits = _linear(_means(states, spans), self.summary)[:, 0]
        logits[[end <= start for start, end in spans]] = -np.inf
        return _softmax(logits).tolist() if np.isfinite(logits).any() else [0.0] * len(spans)


class Reader:
    """A loaded reader; its abilities are the callables `pair_reader`, `pair_classifier` and `sentence_scorer`.

    `model` names the weights that answer, `max_length` is the number of pieces that an input may have, control pieces
    included. Build it with `load_reader`.
    """

    def __init__(
        self,
        states: States,
        heads: Heads,
        encode: Encode,
        *,
        model: str,
        max_length: int,
        prefix: str = "",
        batch_tokens: int = 2048,
    ) -> None:
        self.model = model
        self.max_length = max_length
        self.heads = heads
        self.pair_reader = PairReader(self)
        self.pair_classifier = PairClassifier(self)
        self.sentence_scorer = SentenceScorer(self)
        self._states = states
        self._encode = encode
        self._prefix = prefix
        self._batch_tokens = batch_tokens

    def pair(self, target: str, sentences: Sequence[str]) -> tuple[Ids, list[Span]]:
        """Return the input of a target and a text's sentences, and where each sentence stands in it."""
        return pair_input(self._encode, self._prefix + target.strip(), [s.strip() for s in sentences])

    def text(self, sentences: Sequence[str]) -> tuple[Ids, list[Span]]:
        """Return the input of a text's sentences, and where each sentence stands in it."""
        return text_input(self._encode, [s.strip() for s in sentences])

    def states(self, inputs: Sequence[Ids]) -> list[Array]:
        """Return the encoder's last states of each input: [its length, width].

        Raises:
            InputError: an input has more than `max_length` pieces; nothing is cut.
        """
        lengths = [len(ids) for ids in inputs]
        for i, length in enumerate(lengths):
            if length > self.max_length:
                raise InputError(
                    f"text {i} has {length} pieces, the model reads {self.max_length}; "
                    "give fewer sentences at once (lengths() counts)"
                )
        return batching.run(inputs, lengths, self._states, budget=self._batch_tokens)


class PairReader:
    """(target, sentences of a text) -> label and evidence scores, same length and order."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.model = reader.model
        self.max_length = reader.max_length

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[PairReading]:
        """Return a reading of each pair.

        Raises:
            InputError: a target or text is blank, or a pair has more than `max_length` pieces; nothing is cut.
        """
        inputs = [self._reader.pair(target, sentences) for target, sentences in pairs]
        for i, ((target, _), (_, spans)) in enumerate(zip(pairs, inputs, strict=True)):
            if not target.strip() or not any(end > start for start, end in spans):
                raise InputError(f"pair {i} has a blank {'text' if target.strip() else 'target'}; leave it out")
        states = self._reader.states([ids for ids, _ in inputs])
        heads = self._reader.heads
        return [
            PairReading(heads.label_scores(found), heads.evidence_scores(found, spans))
            for found, (_, spans) in zip(states, inputs, strict=True)
        ]

    def lengths(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[int]:
        """Return how many pieces of `max_length` each pair takes, control pieces included."""
        return [len(self._reader.pair(target, sentences)[0]) for target, sentences in pairs]


class PairClassifier:
    """(target, text) -> label probabilities, same length and order: `PairReader` for a text as one sentence."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.model = reader.model
        self.max_length = reader.max_length

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
        """Return a probability for each label of each pair; raises as `PairReader` does."""
        return [reading.scores for reading in self._reader.pair_reader([(target, [text]) for target, text in pairs])]

    def lengths(self, pairs: Sequence[tuple[str, str]]) -> list[int]:
        """Return how many pieces of `max_length` each pair takes, control pieces included."""
        return self._reader.pair_reader.lengths([(target, [text]) for target, text in pairs])


class SentenceScorer:
    """Sentences of a text -> each one's share of a summary (1 in sum), same length and order."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.model = reader.model
        self.max_length = reader.max_length

    def __call__(self, texts: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the weights of each text's sentences; a blank sentence has 0, a text without sentences none.

        Raises:
            InputError: a text has more than `max_length` pieces; nothing is cut.
        """
        results = [[0.0] * len(sentences) for sentences in texts]
        filled = [i for i, sentences in enumerate(texts) if any(s.strip() for s in sentences)]
        inputs = [self._reader.text(texts[i]) for i in filled]
        states = self._reader.states([ids for ids, _ in inputs])
        for i, found, (_, spans) in zip(filled, states, inputs, strict=True):
            results[i] = self._reader.heads.summary_weights(found, spans)
        return results

    def lengths(self, texts: Sequence[Sequence[str]]) -> list[int]:
        """Return how many pieces of `max_length` each text takes, control pieces included."""
        return [len(self._reader.text(sentences)[0]) for sentences in texts]


def load_reader(
    name: str | Path,
    *,
    engine: str = "auto",
    device: str = "cpu",
    revision: str | None = None,
    threads: int | None = None,
    compute_type: str | None = None,
    batch_tokens: int = 2048,
) -> Reader:
    """Return the reader called `name` (see `catalog.find`), ready to run.

    `engine` "auto" is "ctranslate2" on a CPU and "transformers" on a GPU; `device` is "cpu" or "cuda". `threads` None
    takes every core that this process may use. `compute_type` is CTranslate2's: by default "float32" on a CPU, because
    "int8_float32" takes about half the time but moved single scores by up to 0.1 (measured by
    scripts/compare_engines.py), and "float16" on a GPU. `batch_tokens` bounds the pieces of one batch, with padding.

    Raises:
        ConfigError: an option is unknown or out of range.
        ModelError: there is no such model, it is damaged, or it is no reader.
        MissingExtraError: the engine needs packages that are not installed.
    """
    if batch_tokens < 1:
        raise ConfigError(f"batch_tokens must be 1 or more, not {batch_tokens}")
    run = choose(engine, device, threads)
    model = find(name, revision=revision)
    if model.model_type != "bert":
        raise ModelError(f"model {model.name} is no reader: its type must be bert, not {model.model_type}")
    settings = model.config.get("ukrnlp")
    if not isinstance(settings, dict):
        raise ModelError(
            f"model {model.name} is no reader: config.json must have the key 'ukrnlp' with prefix, temperature and "
            "max_tokens, as training writes it"
        )
    pieces = Pieces(model.path / PIECES)
    heads = _read_heads(model, float(settings.get("temperature", 1.0)))
    positions = int(model.config["max_position_embeddings"])
    return Reader(
        _ctranslate2_states(model, run, compute_type) if run.engine == "ctranslate2" else _bert_states(model, run),
        heads,
        pieces.encode,
        model=f"{model.name}@{checksum(model)[:8]}",
        max_length=min(positions, int(settings.get("max_tokens", positions))),
        prefix=str(settings.get("prefix", "")),
        batch_tokens=batch_tokens,
    )


def _read_heads(model: ModelDir, temperature: float) -> Heads:
    from safetensors import safe_open

    names = ("bert.pooler.dense", "classifier", "evidence", "summary")
    labels = model.config.get("id2label", {})
    found: dict[str, tuple[Array, Array]] = {}
    for file in model.weights:
        with safe_open(file, framework="np") as tensors:
            for name in set(names) & {key.removesuffix(".weight") for key in tensors.keys()}:  # noqa: SIM118 - no mapping
                weight, bias = tensors.get_tensor(f"{name}.weight"), tensors.get_tensor(f"{name}.bias")
                found[name] = (weight.astype(np.float32), bias.astype(np.float32))
    missing = [name for name in names if name not in found]
    if missing:
        raise ModelError(f"model {model.name} is no reader: its weights lack {', '.join(missing)}")
    outputs = len(found["classifier"][1])
    if sorted(labels, key=int) != [str(i) for i in range(outputs)]:
        raise ModelError(f"model {model.name}: id2label is {labels}; it must name {outputs} labels, from '0'")
    return Heads(tuple(str(labels[str(i)]) for i in range(outputs)), temperature, *(found[name] for name in names))


def _ctranslate2_states(model: ModelDir, run: Run, compute_type: str | None) -> States:
    from ctranslate2 import Device, Encoder

    default = "float32" if run.device == "cpu" else "float16"
    encoder = run.open_converted(Encoder, model, compute_type or default, intra_threads=run.threads)

    def states(batches: Iterable[list[Ids]]) -> Iterator[list[Array]]:
        for batch in batches:
            output = encoder.forward_batch(batch).last_hidden_state
            found = np.array(output.to_device(Device.cpu) if run.device == "cuda" else output)
            yield [row[: len(ids)].astype(np.float32, copy=False) for row, ids in zip(found, batch, strict=True)]

    return states


def _bert_states(model: ModelDir, run: Run) -> States:
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    torch.set_num_threads(run.threads)
    bert: Any = BertModel(BertConfig.from_pretrained(model.path, local_files_only=True), add_pooling_layer=False)
    tensors = {key: value for file in model.weights for key, value in load_file(file).items()}
    own = {key.removeprefix("bert."): value.float() for key, value in tensors.items() if key.startswith("bert.")}
    bert.load_state_dict({key: value for key, value in own.items() if not key.startswith("pooler.")})
    bert.to(run.device).eval()

    def states(batches: Iterable[list[Ids]]) -> Iterator[list[Array]]:
        for batch in batches:
            longest = max(map(len, batch))
            ids = torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in batch], device=run.device)
            mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch], device=run.device)
            with torch.inference_mode():
                found = bert(input_ids=ids, attention_mask=mask).last_hidden_state.float().cpu().numpy()
            yield [row[: len(pieces)] for row, pieces in zip(found, batch, strict=True)]

    return states


def _linear(values: Array, head: tuple[Array, Array]) -> Array:
    weight, bias = head
    return np.asarray(values @ weight.T + bias, dtype=np.float32)


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def _means(states: Array, spans: Sequence[Span]) -> Array:
    width = states.shape[1]
    rows = [states[start:end].mean(axis=0) if end > start else np.zeros(width, np.float32) for start, end in spans]
    return np.asarray(rows, dtype=np.float32).reshape(len(spans), width)
