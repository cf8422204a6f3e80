"""The training loop of the reader: one encoder, three heads, batches of mixed examples, one or more processes."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from ukrnlp.errors import ConfigError
from ukrnlp.training.base import Base, choose_pieces, count_pieces, load_base, trim
from ukrnlp.training.loop import copy_weights, follow, place, read_state, reduce_gradients, save_state, write_log
from ukrnlp.training.reader_data import (
    LABELS,
    Augment,
    Example,
    augmented,
    names_of,
    news_pairs,
    news_texts,
    read_rows,
    read_texts,
    sentence_pairs,
)
from ukrnlp.training.reader_model import Reader, Row, encode, from_base, load_reader, losses, padded, save_reader

LETTERS = (
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэёъАБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯЫЭЁЪ"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "\"'’ʼ«»„“”.,:;!?…()[]{}/\\|-–—+=*&%№$€£°@#_<>~^§•"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of sentence pairs beside the news: its loss weight, share of neutral rows, and epochs that see it."""

    file: str
    weight: float = 1.0
    neutral_share: float = 1.0
    epochs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file whose texts say which pieces to keep; its counts are multiplied by `weight`."""

    file: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run, as its TOML file says.

    Paths are relative to the data folder. `batch_tokens` is the padded size of a step's batch over all processes.
    `text_epochs` is how often a text's summary example is seen in an epoch (0.5: every second). `start` names the
    directory of an earlier reader to go on from; without it the run begins at the pretrained encoder.
    """

    news: str
    gazetteer: tuple[str, ...]
    pieces: tuple[Pieces, ...]
    sources: tuple[Source, ...] = ()
    start: str = ""
    vocabulary: int = 20_000
    epochs: int = 3
    seed: int = 1
    batch_tokens: int = 4096
    rate: float = 6e-5
    head_rate: float = 6e-4
    layer_decay: float = 0.95
    warmup: float = 0.08
    weight_decay: float = 0.01
    dropout: float = 0.1
    clip: float = 1.0
    average: float = 0.99
    smoothing: float = 0.05
    evidence_weight: float = 1.0
    summary_weight: float = 0.5
    summary_sharpness: float = 12.0
    text_epochs: float = 0.5
    max_tokens: int = 512
    save_minutes: float = 5.0
    augment: dict[str, Any] = field(default_factory=dict)


def read_settings(path: Path) -> Settings:
    """Read a TOML file whose keys are the fields of `Settings`.

    Raises:
        ConfigError: a key is unknown or missing.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        pieces = tuple(Pieces(**p) for p in raw.pop("pieces"))
        sources = tuple(Source(**{**s, "epochs": tuple(s.get("epochs", ()))}) for s in raw.pop("sources", ()))
        settings = Settings(**raw | {"pieces": pieces, "sources": sources, "gazetteer": tuple(raw["gazetteer"])})
        Augment(**settings.augment)
    except (TypeError, KeyError) as error:
        raise ConfigError(f"{path}: {error}; the keys are the fields of Settings in {__name__}") from error
    return settings


def trimmed_base(settings: Settings, data: Path, wheels: Path) -> Base:
    """The pretrained encoder with the pieces that the files of `settings.pieces` use most."""
    base = load_base(wheels)
    counts: Counter[int] = Counter()
    for source in settings.pieces:
        found = count_pieces(base.tokenizer, read_texts(data / source.file))
        counts.update({i: round(n * source.weight) for i, n in found.items()})
    return trim(base, choose_pieces(base.tokenizer, counts, limit=settings.vocabulary, letters=LETTERS))


@dataclass(slots=True)
class Examples:
    """All that a run learns from."""

    pairs: list[Example]
    texts: list[Example]
    extra: list[tuple[Source, list[Example]]]
    augment: Augment


def read_examples(settings: Settings, data: Path) -> Examples:
    """Read the files of `settings` under `data`."""
    rows = list(read_rows(data / settings.news))
    ordinary = (s["uk"] for row in rows if not row["lower"] for s in row["sentences"])
    names = names_of([data / file for file in settings.gazetteer], ordinary=ordinary)
    extra = [
        (
            source,
            sentence_pairs(
                read_rows(data / source.file),
                weight=source.weight,
                neutral_share=source.neutral_share,
                seed=settings.seed,
            ),
        )
        for source in settings.sources
    ]
    texts = news_texts(rows, sharpness=settings.summary_sharpness)
    return Examples(news_pairs(rows), texts, extra, Augment(**settings.augment, names=names))


def epoch_of(examples: Examples, settings: Settings, number: int) -> list[Example]:
    """The examples of epoch `number`, varied; the same for the same seed."""
    rng = random.Random(f"{settings.seed} {number}")
    out = augmented(examples.pairs, examples.augment, rng)
    share = settings.text_epochs
    texts = [t for i, t in enumerate(examples.texts) if int((number + 1 + i) * share) > int((number + i) * share)]
    out += augmented(texts, examples.augment, rng)
    for source, rows in examples.extra:
        if not source.epochs or number in source.epochs:
            out += rows
    return out


def batches(rows: Sequence[Row], tokens: int, rng: random.Random) -> list[list[Row]]:
    """Batches of at most `tokens` padded tokens, rows of like length together, in random order."""
    order = sorted(rows, key=lambda row: len(row.ids) + rng.random() * 16, reverse=True)
    out: list[list[Row]] = []
    longest = 0
    for row in order:
        longest = max(longest, len(row.ids))
        if not out or (len(out[-1]) + 1) * longest > tokens:
            out.append([])
            longest = len(row.ids)
        out[-1].append(row)
    rng.shuffle(out)
    return out


def optimizer_for(reader: Reader, settings: Settings) -> torch.optim.AdamW:
    """AdamW; lower layers learn slower by `layer_decay` a layer, norms and biases have no weight decay."""
    layers = reader.bert.config.num_hidden_layers
    groups = []
    for name, tensor in reader.named_parameters():
        if name.startswith("bert.encoder.layer."):
            rate = settings.rate * settings.layer_decay ** (layers - 1 - int(name.split(".")[3]))
        elif name.startswith("bert.embeddings."):
            rate = settings.rate * settings.layer_decay**layers
        else:
            rate = settings.head_rate
        decay = settings.weight_decay if tensor.ndim > 1 else 0.0
        groups.append({"params": [tensor], "weight_decay": decay, "full": rate, "lr": 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def rate_at(step: int, steps: int, warmup: float) -> float:
    """Share of the full learning rate: a straight line up over `warmup` of the steps, then one down to zero."""
    rising = max(1.0, warmup * steps)
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1.0, steps - rising)))


@dataclass(slots=True)
class Progress:
    """Where a run stands: resuming goes on at exactly this batch."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    rows: int = 0
    seconds: float = 0.0


class Run:
    """One training run in a folder: `state.pt` to resume from, `log.jsonl`, `model/` with the averaged weights."""

    def __init__(
        self, settings: Settings, data: Path, wheels: Path, folder: Path, *, valid: Path | None = None
    ) -> None:
        self.settings, self.data, self.folder = settings, data, folder
        self.rank, self.world = place()
        torch.manual_seed(settings.seed)  # the same new heads in every process
        if settings.start:
            start = Path(settings.start)
            self.tokenizer = json.loads((start / "tokenizer.json").read_text(encoding="utf-8"))
            self.reader = load_reader(start, dropout=settings.dropout)
        else:
            base = trimmed_base(settings, data, wheels)
            self.tokenizer = base.tokenizer
            self.reader = from_base(base, dropout=settings.dropout)
        self.encoder = encoder_of(self.tokenizer)
        self.optimizer = optimizer_for(self.reader, settings)
        self.examples = read_examples(settings, data)
        self.valid = self.encoded(news_pairs(read_rows(valid))) if valid else []
        self.average = copy_weights(self.reader) if self.rank == 0 else {}
        self.progress = Progress()
        folder.mkdir(parents=True, exist_ok=True)
        if (state := read_state(folder)) is not None:
            self.restore(state)

    def encoded(self, examples: Sequence[Example]) -> list[Row]:
        """Examples as rows of ids."""
        s = self.settings
        return [encode(self.encoder, e, max_tokens=s.max_tokens) for e in examples]

    def epoch_batches(self, number: int) -> list[list[Row]]:
        """All batches of an epoch."""
        rows = self.encoded(epoch_of(self.examples, self.settings, number))
        return batches(rows, self.settings.batch_tokens, random.Random(f"{self.settings.seed} {number} order"))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state` was saved."""
        self.reader.load_state_dict(state["reader"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        if self.rank == 0:
            self.average = {n: t.clone() for n, t in state["average"].items()}

    def save(self) -> None:
        """Write `state.pt` and `model/`."""
        if self.rank:
            return
        state = {
            "reader": self.reader.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.progress),
            "average": self.average,
        }
        save_state(self.folder, state)
        model = self.folder / "model"
        save_reader(self.average, self.reader.bert.config, self.tokenizer, model)
        (model / "training.json").write_text(json.dumps(self.record(), ensure_ascii=False, indent=1) + "\n")

    def record(self) -> dict[str, Any]:
        """What the run was made of: settings, progress, data checksums, package versions."""
        s = self.settings
        files = dict.fromkeys([s.news, *(x.file for x in s.sources), *s.gazetteer, *(x.file for x in s.pieces)])
        return {
            "settings": asdict(s),
            "start": json.loads((Path(s.start) / "training.json").read_text(encoding="utf-8")) if s.start else None,
            "progress": asdict(self.progress),
            "processes": self.world,
            "data": {file: hashlib.sha256((self.data / file).read_bytes()).hexdigest() for file in files},
            "examples": {
                "pairs": len(self.examples.pairs),
                "texts": len(self.examples.texts),
                "extra": {source.file: len(rows) for source, rows in self.examples.extra},
            },
            "versions": {p: version(p) for p in ("torch", "transformers", "tokenizers", "numpy")},
            "python": platform.python_version(),
        }

    def epochs(self) -> Iterator[list[list[Row]]]:
        """Epochs from where the run stands."""
        while self.progress.epoch < self.settings.epochs:
            yield self.epoch_batches(self.progress.epoch)
            self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0

    def train(self) -> None:
        """Train all epochs; saves every `save_minutes`, after each epoch and at the end."""
        # an epoch's number of batches hardly depends on its variants, so the first and the last tell the length
        counts = {e: len(self.epoch_batches(e)) for e in range(self.settings.epochs)}
        steps = sum(counts.values())
        saved = time.monotonic()
        torch.manual_seed(self.settings.seed + 1000 * self.progress.step + self.rank)
        for work in self.epochs():
            self.reader.train()
            running: list[list[float]] = []
            while self.progress.batch < len(work):
                running.append(self.step(work[self.progress.batch], steps))
                self.progress.batch += 1
                if self.progress.step % 25 == 0:
                    self.log({"steps": steps, "loss": np.mean(running, axis=0).round(4).tolist()})
                    running = []
                if time.monotonic() - saved > 60 * self.settings.save_minutes:
                    self.save()
                    saved = time.monotonic()
            if self.rank == 0 and self.valid:
                self.log({"epoch_end": self.progress.epoch} | quality(self.averaged(), self.valid))
        self.save()

    def averaged(self) -> Reader:
        """A copy of the reader with the averaged weights."""
        reader = Reader(self.reader.bert.config)
        reader.load_state_dict(self.average)
        return reader.eval()

    def step(self, batch: list[Row], steps: int) -> list[float]:
        """One update from this process's rows of the batch; returns its three losses a row."""
        s, progress = self.settings, self.progress
        began = time.monotonic()
        mine = batch[self.rank :: self.world]
        values = [0.0, 0.0, 0.0]
        if mine:
            with torch.autocast("cpu", torch.bfloat16):
                found = losses(self.reader, mine, smoothing=s.smoothing)
            (found.stance + s.evidence_weight * found.evidence + s.summary_weight * found.summary).backward()
            values = [float(x.detach()) / len(mine) for x in (found.stance, found.evidence, found.summary)]
        else:
            for p in self.reader.parameters():
                p.grad = torch.zeros_like(p)
        reduce_gradients(self.reader, len(mine))
        torch.nn.utils.clip_grad_norm_(self.reader.parameters(), s.clip)
        share = rate_at(progress.step, steps, s.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["full"] * share
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        progress.rows += len(batch)
        progress.seconds += time.monotonic() - began
        if self.rank == 0:
            follow(self.average, self.reader, step=progress.step, keep=s.average)
        return values

    def log(self, line: dict[str, Any]) -> None:
        """Append one line to `log.jsonl`."""
        if self.rank == 0:
            progress = {k: round(v, 1) for k, v in asdict(self.progress).items()}
            write_log(self.folder, progress | line)


def encoder_of(tokenizer: dict[str, Any]) -> Any:
    """Text to piece ids without control pieces, by the fast tokenizer."""
    fast = Tokenizer.from_str(json.dumps(tokenizer))
    return lambda text: fast.encode(text, add_special_tokens=False).ids


@torch.no_grad()
def predict(reader: Reader, rows: Sequence[Row], *, batch_tokens: int = 8192) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Label logits, evidence logits and summary logits of each row, in the order of the rows."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    out: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
    while order:
        longest = len(rows[order[-1]].ids)
        chosen = [order.pop() for _ in range(min(len(order), max(1, batch_tokens // longest)))]
        with torch.autocast("cpu", torch.bfloat16):
            labels, evidence, summary = (x.float() for x in reader(*padded([rows[i] for i in chosen])))
        for k, i in enumerate(chosen):
            n = len(rows[i].spans)
            out[i] = (labels[k], evidence[k, :n], summary[k, :n])
    return [out[i] for i in range(len(rows))]


def quality(reader: Reader, rows: Sequence[Row]) -> dict[str, float]:
    """Macro-F1 of labels and F1 of evidence sentences at a half, to watch a run; reports come from the scripts."""
    found = predict(reader, rows)
    labels = np.array([int(f[0].argmax()) for f in found])
    wanted = np.array([row.example.label for row in rows])
    f1 = [
        2 * ((labels == k) & (wanted == k)).sum() / max(1, (labels == k).sum() + (wanted == k).sum())
        for k in range(len(LABELS))
    ]
    chosen = torch.cat([f[1] for f in found]) > 0
    true = torch.tensor([e > 0 for row in rows for e in row.example.evidence[: len(row.spans)]])
    evidence = 2 * (chosen & true).sum() / max(1, int(chosen.sum() + true.sum()))
    return {"macro_f1": round(float(np.mean(f1)), 4), "evidence_f1": round(float(evidence), 4)}
