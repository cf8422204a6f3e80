"""Text to text: one `Seq2Seq` over CTranslate2 (the default on a CPU) or over transformers (the reference, GPUs)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from ukrnlp.catalog import ModelDir, checksum, find
from ukrnlp.engines import batching
from ukrnlp.engines.convert import PIECES, is_bundled_layout
from ukrnlp.engines.hub import FAMILIES, HubCodec, why_not_converted, without_bars
from ukrnlp.engines.options import Run, choose, require_transformers
from ukrnlp.engines.pieces import BOS, EOS, PAD, UNK, Pieces
from ukrnlp.errors import ConfigError, InputError, ModelError

Ids: TypeAlias = list[int]


@dataclass(frozen=True, slots=True)
class Generation:
    """How outputs are searched for.

    `beam_size` 1 is greedy. A hypothesis scores its log-probability over length ** `length_penalty`.
    `repetition_penalty` above 1 and `no_repeat_ngram` above 0 push repetition down (CTranslate2 applies them before the
    softmax, transformers after it, so outputs differ a little). An output has at most `max_ratio`
    times the pieces of the longest source in its batch, and `max_extra` more.

    Raises:
        ConfigError: a value is out of range.
    """

    beam_size: int = 4
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    max_ratio: float = 3.0
    max_extra: int = 10

    def __post_init__(self) -> None:
        lowest = {
            "beam_size": 1,
            "length_penalty": 0,
            "repetition_penalty": 1,
            "no_repeat_ngram": 0,
            "max_ratio": 0,
            "max_extra": 1,
        }
        for name, low in lowest.items():
            value = getattr(self, name)
            if not low <= value < math.inf:
                raise ConfigError(f"{name} must be {low} or more, not {value}")

    def limit(self, longest: int, positions: int) -> int:
        """Pieces that an output may have, its end included, for a source of `longest` pieces."""
        return min(positions, int(self.max_ratio * longest) + self.max_extra)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """An output; `score` is the natural log-probability over length ** length_penalty, the end piece counted.

    `finished` is False where the limit of `Generation` stopped it before its own end.
    """

    text: str
    score: float
    finished: bool = True


EMPTY = Hypothesis("", 0.0)
"""What a text without pieces gives, without a run of the model: a blank one, or one of invisible characters."""


class Runtime(Protocol):
    """What `Seq2Seq` needs of a library that runs a model."""

    max_length: int
    """Pieces that an input may have, control pieces included."""

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Return the input ids of `texts`, control pieces included, nothing cut."""

    def generate(self, batches: Iterable[list[Ids]], options: Generation, n: int) -> Iterator[list[list[Hypothesis]]]:
        """Give for each batch, in order, the `n` best hypotheses of each of its inputs."""


class Seq2Seq:
    """Texts in, texts out, same length and order; `model` names the weights that answer.

    Build it with `load_seq2seq`.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        model: str,
        generation: Generation = Generation(),
        batch_tokens: int = 1024,
        parts: int = 1,
    ) -> None:
        self.model = model
        self.generation = generation
        self.max_length = runtime.max_length
        self._runtime = runtime
        (empty,) = runtime.encode([""])
        self._empty = len(empty)
        self._batch_tokens = batch_tokens
        self._parts = parts

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Return the best output for each of `texts`; a blank text gives "".

        Raises:
            InputError: a text has more than `max_length` pieces; nothing is cut.
        """
        return [best.text for best, *_ in self.hypotheses(texts)]

    def hypotheses(
        self, texts: Sequence[str], *, n: int = 1, generation: Generation | None = None
    ) -> list[list[Hypothesis]]:
        """Return up to `n` outputs for each of `texts`, best first; a blank text gives one, empty.

        `generation` takes the place of the options given at load for this call.

        Raises:
            ConfigError: `n` is below 1 or above the beam size.
            InputError: a text has more than `max_length` pieces; nothing is cut.
        """
        options = generation or self.generation
        if not 1 <= n <= options.beam_size:
            raise ConfigError(f"n must be from 1 to the beam size {options.beam_size}, not {n}")
        ids = self._runtime.encode([text.strip() for text in texts])
        filled = [i for i, pieces in enumerate(ids) if len(pieces) > self._empty]
        for i in filled:
            if (length := len(ids[i])) > self.max_length:
                raise InputError(
                    f"text {i} has {length} pieces, the model takes {self.max_length}; split it (lengths() counts): "
                    f"{texts[i][:60]!r} ..."
                )
        found = batching.run(
            [ids[i] for i in filled],
            [len(ids[i]) for i in filled],
            lambda batches: self._runtime.generate(batches, options, n),
            budget=self._batch_tokens,
            parts=self._parts,
        )
        results = [[EMPTY] for _ in texts]
        for i, hypotheses in zip(filled, found, strict=True):
            results[i] = hypotheses
        return results

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many pieces of `max_length` each text takes, control pieces included; a blank text takes 0."""
        found = [len(ids) for ids in self._runtime.encode([text.strip() for text in texts])]
        return [length if length > self._empty else 0 for length in found]


def load_seq2seq(
    name: str | Path,
    *,
    engine: str = "auto",
    device: str = "cpu",
    revision: str | None = None,
    source_lang: str | None = "uk",
    target_lang: str | None = None,
    threads: int | None = None,
    compute_type: str | None = None,
    batch_tokens: int = 1024,
    beam_size: int = 4,
    length_penalty: float = 1.0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram: int = 0,
    max_ratio: float = 3.0,
) -> Seq2Seq:
    """Return the model called `name` (see `catalog.find`), ready to run.

    `engine` "auto" is "ctranslate2" on a CPU, if that runs the model rightly (`hub.why_not_converted`), else
    "transformers"; `device` is "cpu" or "cuda". `source_lang` and `target_lang` concern models of many languages: codes
    such as "uk", or the model's own. `threads` None takes every core that this process may use. `compute_type` is
    CTranslate2's: by default "int8_float32" on a CPU and "float16" on a GPU; "float32" is exact. `batch_tokens` bounds
    the source pieces of one batch, padding included. The others are those of `Generation`.

    >>> load_seq2seq("uk-en", beam_size=0)
    Traceback (most recent call last):
    ukrnlp.errors.ConfigError: beam_size must be 1 or more, not 0

    Raises:
        ConfigError: an option is unknown or out of range.
        ModelError: there is no such model, it is damaged, or its architecture is not among those allowed.
        MissingExtraError: the engine needs packages that are not installed.
    """
    generation = Generation(beam_size, length_penalty, repetition_penalty, no_repeat_ngram, max_ratio)
    if batch_tokens < 1:
        raise ConfigError(f"batch_tokens must be 1 or more, not {batch_tokens}")
    model = find(name, revision=revision)
    if model.model_type not in FAMILIES:
        raise ModelError(f"model {model.name} is of type {model.model_type!r}; text to text runs {', '.join(FAMILIES)}")
    bundled = is_bundled_layout(model)
    reason = None if bundled else why_not_converted(model)
    if reason and engine == "ctranslate2":
        raise ModelError(f"CTranslate2 does not run {model.name} rightly: {reason}; use engine='transformers'")
    run = choose("transformers" if reason and engine == "auto" else engine, device, threads)
    if not bundled:
        require_transformers(f"the hub model {model.name}")
    codec: Codec = BundledCodec(model) if bundled else HubCodec(model, source_lang=source_lang, target_lang=target_lang)
    if run.engine == "ctranslate2":
        runtime: Runtime = _CTranslate2(model, codec, run, compute_type)
    else:
        runtime = _Transformers(model, codec, run)
    return Seq2Seq(
        runtime,
        model=f"{model.name}@{checksum(model)[:8]}",
        generation=generation,
        batch_tokens=batch_tokens,
        parts=run.threads if run.engine == "ctranslate2" and device == "cpu" else 1,
    )


class Codec(Protocol):
    """Texts to input ids and output pieces to texts.

    `tokens` are the pieces by id; `end`, `pad` and `unknown` are ids; an output begins with `prefix`, ids that are
    given and not searched for.
    """

    tokens: list[str]
    end: int
    pad: int
    unknown: int
    prefix: Ids

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Return the input ids of `texts`, control pieces included, nothing cut."""

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of an output's pieces, prefix and end left out."""


class BundledCodec:
    """The ids of `<s> text </s>`, by a bundled model's sentencepiece file."""

    def __init__(self, model: ModelDir) -> None:
        self._pieces = Pieces(model.path / PIECES)
        self.tokens = self._pieces.tokens
        self.end, self.pad, self.unknown = EOS, PAD, UNK
        self.prefix: Ids = []

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Return the input ids of `texts`."""
        return [[BOS, *ids, EOS] for ids in self._pieces.encode_batch(texts)]

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of `pieces`."""
        return self._pieces.decode(pieces)


def _positions(model: ModelDir) -> int:
    """Pieces that an input may have; families with relative positions are held to what they were trained with."""
    return int(model.config.get("max_position_embeddings") or model.config.get("n_positions") or 512)


class _CTranslate2:
    """Runs a converted checkpoint; one thread a batch, as many batches at once as there are threads."""

    def __init__(self, model: ModelDir, codec: Codec, run: Run, compute_type: str | None) -> None:
        from ctranslate2 import Translator

        self.max_length = _positions(model)
        self.encode = codec.encode
        self._codec = codec
        default, at_once = ("int8_float32", run.threads) if run.device == "cpu" else ("float16", 1)
        self._translator: Any = run.open_converted(
            Translator, model, compute_type or default, inter_threads=at_once, intra_threads=1
        )

    def generate(self, batches: Iterable[list[Ids]], options: Generation, n: int) -> Iterator[list[list[Hypothesis]]]:
        # submitted all at once; the translator's queue holds the caller back
        waiting = [self._submit(batch, options, n) for batch in batches]
        for results in waiting:
            yield [self._hypotheses(result.result()) for result in results]

    def _submit(self, batch: list[Ids], options: Generation, n: int) -> list[Any]:
        tokens = self._codec.tokens
        results: list[Any] = self._translator.translate_batch(
            [[tokens[i] for i in ids] for ids in batch],
            target_prefix=[[tokens[i] for i in self._codec.prefix]] * len(batch) if self._codec.prefix else None,
            asynchronous=True,
            beam_size=options.beam_size,
            num_hypotheses=n,
            length_penalty=options.length_penalty,
            repetition_penalty=options.repetition_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram,
            max_input_length=0,  # no limit: longer ones were refused before
            min_decoding_length=1,
            max_decoding_length=options.limit(max(map(len, batch)), self.max_length),
            disable_unk=True,
            return_scores=True,
            return_end_token=True,
        )
        return results

    def _hypotheses(self, result: Any) -> list[Hypothesis]:
        end = self._codec.tokens[self._codec.end]
        found = []
        for tokens, score in zip(result.hypotheses, result.scores, strict=True):
            finished = bool(tokens) and tokens[-1] == end
            text = self._codec.decode(tokens[len(self._codec.prefix) : -1 if finished else None])
            found.append(Hypothesis(text, score, finished))
        return found


class _Transformers:
    """Runs a checkpoint through transformers' `generate`, with the search that CTranslate2 makes."""

    def __init__(self, model: ModelDir, codec: Codec, run: Run) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        self.max_length = _positions(model)
        self.encode = codec.encode
        self._codec = codec
        self._torch: Any = torch
        self._device = run.device
        torch.set_num_threads(run.threads)
        with without_bars():
            self._model: Any = AutoModelForSeq2SeqLM.from_pretrained(
                model.path,
                local_files_only=True,
                use_safetensors=True,
                dtype=torch.bfloat16 if run.device == "cuda" else torch.float32,
            )
        self._model.to(run.device).eval()
        # before the softmax, as CTranslate2 forbids the unknown piece; `suppress_tokens` would come after it
        self._model.get_output_embeddings().register_forward_hook(self._forbid_unknown)

    def generate(self, batches: Iterable[list[Ids]], options: Generation, n: int) -> Iterator[list[list[Hypothesis]]]:
        for batch in batches:
            yield self._batch(batch, options, n)

    def _batch(self, batch: list[Ids], options: Generation, n: int) -> list[list[Hypothesis]]:
        longest = max(map(len, batch))
        pad, end = self._codec.pad, self._codec.end
        ids = self._torch.tensor([[*row, *[pad] * (longest - len(row))] for row in batch], device=self._device)
        mask = self._torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch], device=self._device)
        with self._torch.inference_mode():
            output = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=options.beam_size,
                num_return_sequences=n,
                # stop as CTranslate2 does: with the first `beam_size` finished hypotheses, and without a forced end
                early_stopping=options.beam_size > 1,
                forced_eos_token_id=None,
                forced_bos_token_id=self._codec.prefix[0] if self._codec.prefix else None,
                length_penalty=options.length_penalty,
                repetition_penalty=options.repetition_penalty,
                no_repeat_ngram_size=options.no_repeat_ngram,
                min_new_tokens=1 + len(self._codec.prefix),
                max_new_tokens=options.limit(longest, self.max_length),
                do_sample=False,
                output_scores=True,
                return_dict_in_generate=True,
            )
        rows = [self._generated(row) for row in output.sequences.tolist()]
        if options.beam_size > 1:
            scores = output.sequences_scores.tolist()
        else:
            steps = self._model.compute_transition_scores(output.sequences, output.scores, normalize_logits=True)
            scores = [
                sum(step[: len(row)]) / max(len(row), 1) ** options.length_penalty
                for step, row in zip(steps.tolist(), rows, strict=True)
            ]
        found = [Hypothesis(self._text(row), score, row[-1:] == [end]) for row, score in zip(rows, scores, strict=True)]
        return [found[i : i + n] for i in range(0, len(found), n)]

    def _forbid_unknown(self, _module: Any, _inputs: Any, logits: Any) -> Any:
        logits[..., self._codec.unknown] = -math.inf
        return logits

    def _generated(self, row: Ids) -> Ids:
        """Return `row` without its start piece and without what pads it behind its end."""
        end = self._codec.end
        return row[1 : row.index(end, 1) + 1] if end in row[1:] else row[1:]

    def _text(self, row: Ids) -> str:
        pieces = [self._codec.tokens[i] for i in row if i != self._codec.end]
        return self._codec.decode(pieces[len(self._codec.prefix) :])
