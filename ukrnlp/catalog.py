"""Model names to directories. `find` is offline; `fetch` alone downloads, and only when it is called.

A model is a directory in Hugging Face layout: config.json, safetensors weights, tokenizer files, README.md (the card).
The bundled ones lie in `models/` of the project's checkout; a wheel carries no weights, so an install from a wheel
names such a directory in the environment variable `UKRNLP_MODELS`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ukrnlp.errors import ModelError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZERS = ("tokenizer.json", "spiece.model", "sentencepiece.bpe.model", "spm.model", "source.spm", "vocab.json")
_ALLOWED = ["*.json", "*.safetensors", "*.model", "*.spm", "*.txt", "*.md"]
_HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class ModelDir:
    """A complete model on disk: `name` as it was asked for, `weights` in the order of their names."""

    name: str
    path: Path
    config: Mapping[str, Any]
    weights: tuple[Path, ...]

    @property
    def model_type(self) -> str:
        """The architecture by its Hugging Face name: "bart", "bert", "marian"."""
        return str(self.config["model_type"])

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return sum(path.stat().st_size for path in self.weights)


def models_dir() -> Path:
    """Return where the bundled models lie: `UKRNLP_MODELS`, else `models/` beside the package."""
    named = os.environ.get("UKRNLP_MODELS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "models"


def cache_dir() -> Path:
    """Return where ukrnlp keeps what it can make again: `UKRNLP_CACHE`, else `ukrnlp` in the user's cache folder."""
    if named := os.environ.get("UKRNLP_CACHE"):
        return Path(named)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "ukrnlp"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ukrnlp"
    if local := os.environ.get("LOCALAPPDATA"):
        return Path(local) / "ukrnlp"
    return Path.home() / ".cache" / "ukrnlp"


def bundled() -> list[str]:
    """Return the names of the bundled models, whole or not, sorted."""
    root = models_dir()
    return sorted(path.parent.name for path in root.glob("*/config.json")) if root.is_dir() else []


def find(name: str | Path, *, revision: str | None = None) -> ModelDir:
    """Return the model called `name`, without network.

    `name` is a bundled name, else a directory, else a hub name (`owner/model`) that `fetch` brought here before, at
    `revision` (a branch, tag or commit; default `main`).

    Raises:
        ModelError: nothing is called so, or the directory is incomplete or damaged.
    """
    text = str(name)
    inner = models_dir() / text
    if Path(text).name == text and text in bundled():
        return check(inner, name=text)
    if text and Path(text).is_dir():
        return check(Path(text), name=Path(text).resolve().name)
    if _HUB_NAME.fullmatch(text):
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            found = snapshot_download(text, revision=revision, local_files_only=True)
        except (LocalEntryNotFoundError, OSError, ValueError) as e:
            at = f" at revision {revision}" if revision else ""
            raise ModelError(
                f"the hub model {text!r}{at} is not on this machine; nothing is downloaded unasked: "
                f"run ukrnlp.catalog.fetch({text!r}) once with a network"
            ) from e
        return check(Path(str(found)), name=text)
    have = ", ".join(bundled()) or f"none in {models_dir()}; set UKRNLP_MODELS to the models folder of a checkout"
    raise ModelError(
        f"no model is called {text!r}; allowed are a bundled name ({have}), a model directory, "
        "or a hub name such as owner/model that was fetched before"
    )


def fetch(name: str, *, revision: str = "main") -> ModelDir:
    """Download the hub model `name` at `revision` into the Hugging Face cache and verify it.

    Only safetensors weights and text files are asked for; weights are compared with the hub's sha256.

    Raises:
        ModelError: no such model or revision, no network, no safetensors weights, or a damaged file.
    """
    if not _HUB_NAME.fullmatch(name):
        raise ModelError(f"{name!r} is no hub name; write it as owner/model")
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        api = HfApi()
        info = api.model_info(name, revision=revision, files_metadata=True)
        files = {str(f.rfilename): f for f in info.siblings or ()}
        if not any(file.endswith(".safetensors") for file in files):
            raise ModelError(
                f"{name} has no safetensors weights at revision {revision!r}, and nothing else is read; "
                "look for a conversion among its pull requests (revision='refs/pr/N')"
            )
        path = Path(str(snapshot_download(name, revision=info.sha, allow_patterns=_ALLOWED)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as e:
        raise ModelError(f"cannot fetch {name} at revision {revision!r}: {e}") from e
    model = check(path, name=name)
    for weights in model.weights:
        lfs = files[weights.name].lfs
        if lfs is not None and lfs.sha256 != (got := _sha256(weights)):
            raise ModelError(f"{weights} has sha256 {got}, the hub says {lfs.sha256}; delete the file and fetch again")
    return model


def check(path: Path, *, name: str) -> ModelDir:
    """Return the model in directory `path` after looking at what it needs to be whole.

    Weights are checked for length by their own header; their content is not read.

    Raises:
        ModelError: what is missing or damaged.
    """
    config = _json(path / "config.json", name)
    if not isinstance(config.get("model_type"), str):
        raise ModelError(
            f"model {name}: {path / 'config.json'} names no model_type; it must, as transformers writes it"
        )
    weights = _weights(path, name)
    for file in weights:
        _check_length(file, name)
    if not any((path / file).is_file() for file in TOKENIZERS):
        raise ModelError(f"model {name}: no tokenizer in {path}; one of {', '.join(TOKENIZERS)} must be there")
    return ModelDir(name, path, config, weights)


def checksum(model: ModelDir) -> str:
    """Return the sha256 of the model's weights as hex.

    It is remembered in the cache folder with each file's size, time of writing and time of change, so that a warm
    start reads nothing and a changed file is seen.
    """
    parts = [_remembered_sha256(path) for path in model.weights]
    return parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _weights(path: Path, name: str) -> tuple[Path, ...]:
    if (path / WEIGHTS).is_file():
        return (path / WEIGHTS,)
    if (path / INDEX).is_file():
        shards = _json(path / INDEX, name).get("weight_map")
        names = sorted(set(shards.values())) if isinstance(shards, dict) else []
        missing = [shard for shard in names if Path(shard).name != shard or not (path / shard).is_file()]
        if missing or not names:
            raise ModelError(f"model {name}: {INDEX} names {missing or 'nothing'}, not found in {path}; copy it again")
        return tuple(path / shard for shard in names)
    others = sorted(file.name for kind in ("*.bin", "*.pt", "*.h5", "*.msgpack") for file in path.glob(kind))
    found = f"only {', '.join(others)}, which can run code when read" if others else "none"
    raise ModelError(f"model {name}: weights must be {WEIGHTS} in {path}; found {found}")


def _check_length(file: Path, name: str) -> None:
    # 8 bytes of header length, a JSON header with the offsets of each tensor, then the tensors without a gap
    size = file.stat().st_size
    end = -1
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if 2 <= length <= size - 8:
            with contextlib.suppress(ValueError, TypeError, KeyError, IndexError, AttributeError):
                tensors = {key: t for key, t in json.loads(stream.read(length)).items() if key != "__metadata__"}
                end = max((int(t["data_offsets"][1]) for t in tensors.values()), default=0)
    if end < 0 or size != 8 + length + end:
        expected = f"{8 + length + end} bytes by its header" if end >= 0 else "no safetensors header"
        raise ModelError(f"model {name}: {file} is torn ({size} bytes, {expected}); copy or fetch it again")


def _json(file: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as e:
        raise ModelError(f"model {name}: {file} is missing; a model needs config.json, weights and a tokenizer") from e
    except (OSError, ValueError) as e:
        raise ModelError(f"model {name}: cannot read {file} as JSON ({e}); copy or fetch it again") from e
    if not isinstance(value, dict):
        raise ModelError(f"model {name}: {file} holds no JSON object; copy or fetch it again")
    return value


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remembered_sha256(path: Path) -> str:
    stat = path.stat()
    seen = [str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    note = cache_dir() / "checksums" / f"{hashlib.sha256(str(seen[0]).encode()).hexdigest()[:32]}.json"
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if isinstance(known, dict) and known.get("file") == seen:
            return str(known["sha256"])
    except (OSError, ValueError, KeyError):
        pass
    digest = _sha256(path)
    _remember(note, {"file": seen, "sha256": digest})
    return digest


def _remember(note: Path, value: Mapping[str, Any]) -> None:
    # a cache that cannot be written costs a fresh hash next time, nothing else
    temporary = note.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(value), encoding="utf-8")
        temporary.replace(note)
