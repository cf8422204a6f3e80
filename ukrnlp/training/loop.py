"""What every training loop here does alike: sum gradients, average weights, keep its state, write its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

STATE = "state.pt"
LOG = "log.jsonl"


def place() -> tuple[int, int]:
    """Number of this process and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def reduce_gradients(model: torch.nn.Module, count: int) -> int:
    """Sum gradients over the processes in one message and divide them by the `count` of all; returns that."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    if dist.is_initialized():
        own = torch.tensor([float(count)], device=gradients[0].device)
        flat = torch.cat([g.reshape(-1) for g in gradients] + [own])
        dist.all_reduce(flat)
        count = int(flat[-1])
        for g, part in zip(gradients, flat[:-1].split([g.numel() for g in gradients]), strict=True):
            g.copy_(part.view_as(g))
    for g in gradients:
        g.div_(count)
    return count


def copy_weights(model: torch.nn.Module) -> dict[str, Tensor]:
    """The weights of `model` by name, on their own."""
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def follow(average: Mapping[str, Tensor], model: torch.nn.Module, *, step: int, keep: float) -> None:
    """Move `average` toward the weights of `model`: exponential, `keep` of it stays, less in the first steps."""
    keep = min(keep, (1 + step) / (10 + step))
    live = dict(model.named_parameters())
    torch._foreach_lerp_(list(average.values()), [live[name].detach() for name in average], 1 - keep)


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the state of a run, in place of the older one at once."""
    torch.save(dict(state), folder / "state.tmp")
    (folder / "state.tmp").replace(folder / STATE)


def read_state(folder: Path, *, device: str = "cpu") -> dict[str, Any] | None:
    """The state of a run, None where there is none yet."""
    if not (folder / STATE).is_file():
        return None
    state: dict[str, Any] = torch.load(folder / STATE, weights_only=True, mmap=True, map_location=device)
    return state


def write_log(folder: Path, line: Mapping[str, Any]) -> None:
    """Append one line to the log of a run."""
    with (folder / LOG).open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
