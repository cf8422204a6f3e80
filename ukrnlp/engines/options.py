"""Options that all engines share: which library, which device, how many threads."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ukrnlp.catalog import ModelDir
from ukrnlp.engines.convert import converted
from ukrnlp.errors import ConfigError, MissingExtraError, ModelError

ENGINES = ("auto", "ctranslate2", "transformers")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Run:
    """A library, a device and a number of threads, all of them there."""

    engine: str
    device: str
    threads: int

    def open_converted(self, kind: Any, model: ModelDir, compute_type: str, **threads: int) -> Any:
        """Return a CTranslate2 object of `kind` (Translator, Encoder) over `model`, converted if need be.

        Raises:
            ConfigError: the device does not compute with `compute_type`.
            ModelError: the model cannot be converted or loaded.
        """
        from ctranslate2 import get_supported_compute_types

        able = sorted(get_supported_compute_types(self.device))
        if compute_type not in able:
            raise ConfigError(
                f"compute_type {compute_type!r} does not run on {self.device}; allowed: {', '.join(able)}"
            )
        place: Path = converted(model, int8=compute_type.startswith("int8"))
        try:
            return kind(str(place), device=self.device, compute_type=compute_type, **threads)
        except (RuntimeError, ValueError) as e:
            raise ModelError(f"CTranslate2 cannot load {place} on {self.device} ({e}); delete it to try again") from e


def choose(engine: str, device: str, threads: int | None) -> Run:
    """Return what to run on: "auto" is CTranslate2 on a CPU and transformers on a GPU; None is every core allowed.

    >>> choose("auto", "cpu", 2)
    Run(engine='ctranslate2', device='cpu', threads=2)

    Raises:
        ConfigError: a value is not among those allowed, or there is no GPU.
        MissingExtraError: the engine needs packages that are not installed.
    """
    if engine not in ENGINES:
        raise ConfigError(f"engine {engine!r} is unknown; allowed are {', '.join(ENGINES)}")
    if device not in DEVICES:
        raise ConfigError(f"device {device!r} is unknown; allowed are {', '.join(DEVICES)}")
    if threads is not None and threads < 1:
        raise ConfigError(f"threads must be 1 or more, not {threads}")
    if engine == "auto":
        engine = "ctranslate2" if device == "cpu" else "transformers"
    if engine == "transformers":
        require_transformers("engine 'transformers'")
    if device == "cuda" and not _sees_gpu(engine):
        raise ConfigError(f"device 'cuda': {engine} sees no GPU here; use device='cpu'")
    return Run(engine, device, threads or available_cores())


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def require_transformers(feature: str) -> None:
    """Raise MissingExtraError, naming `feature`, where transformers or torch is not installed."""
    if any(importlib.util.find_spec(package) is None for package in ("torch", "transformers")):
        raise MissingExtraError(feature, "hf")


def _sees_gpu(engine: str) -> bool:
    if engine == "transformers":
        import torch

        return torch.cuda.is_available()
    from ctranslate2 import get_cuda_device_count

    return bool(get_cuda_device_count())
