"""The training loop of the bundled translation models: a BART checkpoint, token batches, one or more processes.

Learning rate: warm-up, constant, then a straight line to zero over the last `decay` share of `tokens` (the
warm-up-stable-decay schedule of Hu et al. 2024, MiniCPM), so that a run can be prolonged from any checkpoint before
its decay.
"""

from __future__ import annotations

import json
import platform
import random
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy, linear
from transformers import AutoModelForSeq2SeqLM

from ukrnlp.errors import ConfigError
from ukrnlp.training.augment import epoch
from ukrnlp.training.corpora import Corpus, Pair, Source, read_corpus
from ukrnlp.training.loop import copy_weights, follow, place, read_state, reduce_gradients, save_state, write_log

PAD, EOS = 1, 2


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run, as its TOML file says.

    Tokens are target tokens over all processes. `batch_tokens` is the padded size (rows times the longer of the two
    longest sides) of one batch of one process; `accumulate` batches make a step. `output_pieces` is the first slice of
    the vocabulary, the only pieces that the target side may use.
    """

    start: str
    source: str
    target: str
    sources: tuple[Source, ...]
    output_pieces: int
    tokens: int
    seed: int = 1
    batch_tokens: int = 3072
    accumulate: int = 1
    rate: float = 6e-4
    encoder_share: float = 0.35
    warmup_steps: int = 150
    decay: float = 0.25
    smoothing: float = 0.1
    dropout: float = 0.0
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.99
    max_pieces: int = 200
    save_minutes: float = 10.0
    device: str = "cpu"


def read_settings(path: Path) -> Settings:
    """Read a TOML file whose keys are the fields of `Settings`; `sources` is a list of tables.

    Raises:
        ConfigError: a key is unknown or missing.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        sources = tuple(Source(**{**s, "kinds": tuple(s.get("kinds", ()))}) for s in raw.pop("sources"))
        return Settings(**raw, sources=sources)
    except (TypeError, KeyError) as error:
        raise ConfigError(f"{path}: {error}; the keys are the fields of Settings in {__name__}") from error


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of source ids and target ids, unpadded."""

    source: list[list[int]]
    target: list[list[int]]

    @property
    def target_tokens(self) -> int:
        """Target pieces, end marks included."""
        return sum(map(len, self.target))


def encode(tokenizer: Tokenizer, pairs: Sequence[Pair], settings: Settings) -> list[tuple[list[int], list[int]]]:
    """Piece ids of both sides, `<s> ... </s>` on the source, `... </s>` on the target; over-long pairs are left out."""
    sides = [
        [row.ids for row in tokenizer.encode_batch([getattr(p, side) for p in pairs], add_special_tokens=False)]
        for side in (settings.source, settings.target)
    ]
    return [
        ([0, *source, EOS], [*target, EOS])
        for source, target in zip(*sides, strict=True)
        if max(len(source), len(target)) <= settings.max_pieces and max(target, default=0) < settings.output_pieces
    ]


def batches(rows: Sequence[tuple[list[int], list[int]]], settings: Settings, number: int, group: int) -> list[Batch]:
    """Cut an epoch into batches of like length; every run of `group` batches is alike in size, runs are shuffled."""
    rng = random.Random(f"{settings.seed}/{number}/batches")
    keyed = sorted(range(len(rows)), key=lambda i: (max(map(len, rows[i])), rng.random()))
    out: list[Batch] = []
    now: list[int] = []
    longest = 0
    for i in keyed:
        longest = max(longest, *map(len, rows[i]))
        if now and longest * (len(now) + 1) > settings.batch_tokens:
            out.append(Batch([rows[j][0] for j in now], [rows[j][1] for j in now]))
            now, longest = [], max(map(len, rows[i]))
        now.append(i)
    out.append(Batch([rows[j][0] for j in now], [rows[j][1] for j in now]))
    out = out[: len(out) // group * group]
    runs = [out[i : i + group] for i in range(0, len(out), group)]
    rng.shuffle(runs)
    return [batch for run in runs for batch in run]


def padded(rows: Sequence[Sequence[int]], device: str) -> Tensor:
    """Rows of ids as one matrix, `PAD` behind."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows], device=device)


def loss_sum(model: Any, batch: Batch, settings: Settings) -> Tensor:
    """Label-smoothed cross-entropy, summed over the target pieces; logits over the target slice only."""
    source, target = padded(batch.source, settings.device), padded(batch.target, settings.device)
    start = torch.full_like(target[:, :1], EOS)
    states = model.model(
        input_ids=source,
        attention_mask=source.ne(PAD).long(),
        decoder_input_ids=torch.cat([start, target[:, :-1]], dim=1),
        use_cache=False,
    ).last_hidden_state
    kept = target.ne(PAD)
    logits = linear(states[kept], model.model.shared.weight[: settings.output_pieces])
    return cross_entropy(logits.float(), target[kept], label_smoothing=settings.smoothing, reduction="sum")


def rate_at(settings: Settings, step: int, tokens: int) -> float:
    """Share of the full learning rate at a step and a number of target tokens seen."""
    falling = settings.decay * settings.tokens
    left = (settings.tokens - tokens) / falling if falling else 1.0
    return max(0.0, min(1.0, (step + 1) / settings.warmup_steps, left))


def optimizer_for(model: Any, settings: Settings) -> torch.optim.AdamW:
    """AdamW with the encoder at its own share of the rate; norms and biases without weight decay."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, tensor in model.named_parameters():
        share = settings.encoder_share if ".encoder." in name or "shared" in name else 1.0
        decay = settings.weight_decay if tensor.ndim > 1 else 0.0
        groups.setdefault((share, decay), []).append(tensor)
    return torch.optim.AdamW(
        [{"params": p, "weight_decay": d, "share": s, "lr": 0.0} for (s, d), p in groups.items()],
        betas=(0.9, 0.98),
        fused=True,
    )


@dataclass(slots=True)
class Progress:
    """Where a run stands: resuming goes on at exactly this batch."""

    step: int = 0
    tokens: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0


class Run:
    """One training run in a folder: `state.pt` to resume from, `log.jsonl`, `model/` with the averaged weights."""

    def __init__(self, settings: Settings, data: Path, folder: Path) -> None:
        self.settings, self.data, self.folder = settings, data, folder
        self.rank, self.world = place()
        start = Path(settings.start)
        self.tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        # eager beats sdpa on a CPU at the length of sentences, not on a GPU
        attention = "eager" if settings.device == "cpu" else "sdpa"
        self.model = AutoModelForSeq2SeqLM.from_pretrained(
            start, dtype=torch.float32, attn_implementation=attention, dropout=settings.dropout, use_safetensors=True
        ).to(settings.device)
        self.optimizer = optimizer_for(self.model, settings)
        self.average = copy_weights(self.model) if self.rank == 0 else {}
        self.progress = Progress()
        seen: set[str] = set()
        self.corpora: list[Corpus] = [read_corpus(data, source, seen) for source in settings.sources]
        folder.mkdir(parents=True, exist_ok=True)
        if (state := read_state(folder, device=settings.device)) is not None:
            self.restore(state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state` was saved."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        if self.rank == 0:
            self.average = {n: t.clone() for n, t in state["average"].items()}

    def save(self) -> None:
        """Write `state.pt` and `model/`, each replaced in one step."""
        if self.rank:
            return
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.progress),
            "average": self.average,
        }
        save_state(self.folder, state)
        self.export(self.folder / "model")

    def export(self, folder: Path) -> None:
        """Write the averaged weights as a Hugging Face directory in float16, with all that `start` carries besides."""
        folder.mkdir(exist_ok=True)
        for file in Path(self.settings.start).iterdir():
            if file.suffix in {".json", ".model"} and file.name not in {"results.json", "training.json"}:
                (folder / file.name).write_bytes(file.read_bytes())
        names = {n: t.to("cpu", torch.float16).contiguous() for n, t in self.average.items()}
        names["final_logits_bias"] = self.model.final_logits_bias.to("cpu", torch.float16)
        save_file(names, folder / "model.tmp", metadata={"format": "pt"})
        (folder / "model.tmp").replace(folder / "model.safetensors")
        (folder / "training.json").write_text(json.dumps(self.record(), ensure_ascii=False, indent=1) + "\n")

    def record(self) -> dict[str, Any]:
        """What the run was made of: settings, progress, data checksums, package versions."""
        settings = asdict(self.settings)
        settings["start"] = Path(self.settings.start).name
        return {
            "settings": settings,
            "progress": asdict(self.progress),
            "processes": self.world,
            "data": [
                {"file": c.source.file, "sha256": c.checksum, "pairs": len(c.pairs), "dropped": c.dropped}
                for c in self.corpora
            ],
            "versions": {p: version(p) for p in ("torch", "transformers", "tokenizers")},
            "python": platform.python_version(),
        }

    def epochs(self) -> Iterator[tuple[int, list[Batch]]]:
        """Epochs from where the run stands, each as all its batches."""
        while True:
            number = self.progress.epoch
            rows = encode(self.tokenizer, epoch(self.corpora, self.settings.seed, number), self.settings)
            yield number, batches(rows, self.settings, number, self.world * self.settings.accumulate)
            self.progress.epoch, self.progress.batch = number + 1, 0

    def train(self) -> None:
        """Train until `tokens` are seen; saves every `save_minutes` and at the end."""
        saved = logged = time.monotonic()
        last_tokens, running = self.progress.tokens, []
        torch.manual_seed(self.settings.seed + self.rank)
        self.model.train()
        for _, work in self.epochs():
            stride = self.world * self.settings.accumulate
            while self.progress.batch < len(work):
                mine = work[self.progress.batch + self.rank : self.progress.batch + stride : self.world]
                running.append(self.step(mine))
                self.progress.batch += stride
                now = time.monotonic()
                if self.progress.step % 25 == 0:
                    self.log(running, (self.progress.tokens - last_tokens) / (now - logged))
                    running, last_tokens, logged = [], self.progress.tokens, now
                if now - saved > 60 * self.settings.save_minutes:
                    self.save()
                    saved = time.monotonic()
                if self.progress.tokens >= self.settings.tokens:
                    self.save()
                    return

    def step(self, mine: Sequence[Batch]) -> float:
        """One update from this process's batches; returns its loss per target token."""
        settings, progress = self.settings, self.progress
        began = time.monotonic()
        total = 0.0
        for batch in mine:
            with torch.autocast(settings.device, torch.bfloat16):
                loss = loss_sum(self.model, batch, settings)
            loss.backward()
            total += float(loss.detach())
        own = sum(batch.target_tokens for batch in mine)
        tokens = reduce_gradients(self.model, own)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.rate * group["share"] * rate_at(settings, progress.step, progress.tokens)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        progress.tokens += tokens
        progress.seconds += time.monotonic() - began
        if self.rank == 0:
            follow(self.average, self.model, step=progress.step, keep=settings.average)
        return total / own

    def log(self, losses: Sequence[float], speed: float) -> None:
        """Append one line to `log.jsonl`."""
        if self.rank:
            return
        line = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "epoch": self.progress.epoch,
            "loss": round(sum(losses) / len(losses), 4),
            "tokens_per_second": round(speed, 1),
            "rate": self.optimizer.param_groups[-1]["lr"],
        }
        write_log(self.folder, line)
