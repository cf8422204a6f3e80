"""A checkpoint in Hugging Face layout -> a CTranslate2 model in the cache folder, once.

Bundled layouts are read without transformers (`layouts`), hub models by CTranslate2's own converter (`hub`).
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ukrnlp.catalog import ModelDir, cache_dir, checksum
from ukrnlp.engines.hub import fingerprint
from ukrnlp.errors import ModelError

FORMAT = 1
"""Raised when the same checkpoint shall give another result, so that cached ones are made anew."""

PIECES = "spiece.model"
MANIFEST = "ukrnlp.json"
"""Written last into a conversion: the size of each of its files."""
BUNDLED_TYPES = ("bart", "bert")
"""Architectures of our own training."""

_log = logging.getLogger(__name__)


def converted(model: ModelDir, *, int8: bool) -> Path:
    """Return the directory of `model` as CTranslate2 reads it, made on first use.

    With `int8`, matrices are rounded to a byte a number; else numbers stay as the checkpoint has them. The place is
    named by the checksum of weights, configuration and pieces, the version of CTranslate2 and `int8`, so anything new
    is converted anew. Processes that ask at once convert once. A conversion appears whole or not at all; one that was
    damaged later (by its files' sizes) is made again.

    Raises:
        ModelError: the checkpoint cannot be converted, or the cache folder cannot be written.
    """
    root = cache_dir() / "converted"
    place = root / f"{model.name.replace('/', '--')}-{'int8' if int8 else 'whole'}-{_key(model, int8=int8)}"
    # bare "int8" would leave norms and biases in float16, which a CPU does not compute with
    quantization = "int8_float32" if int8 else None
    if _is_whole(place):
        return place
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _lock(root / f"{place.name}.lock"):
            if not _is_whole(place):
                _log.info("converting %s for CTranslate2 in %s", model.name, place)
                _make(place, lambda directory: _builder(model)(model, directory, quantization=quantization))
    except OSError as e:
        raise ModelError(
            f"model {model.name} needs a converted copy of up to {(model.size >> 20) + 3} MB under {root}, and that "
            f"cannot be written ({e}); make room there or set UKRNLP_CACHE to another folder"
        ) from e
    return place


def is_bundled_layout(model: ModelDir) -> bool:
    """Whether `layouts` reads the model: its architecture is ours and it has the sentencepiece file that we write."""
    return model.model_type in BUNDLED_TYPES and (model.path / PIECES).is_file()


def _builder(model: ModelDir) -> Callable[..., None]:
    # imported here: numpy, and ctranslate2.specs with torch where that is installed, are for a first use alone
    if is_bundled_layout(model):
        from ukrnlp.engines.layouts import build

        return build
    from ukrnlp.engines.hub import build_from_hub

    return build_from_hub


def _key(model: ModelDir, *, int8: bool) -> str:
    from ctranslate2 import __version__ as version

    if is_bundled_layout(model):
        files = [hashlib.sha256((model.path / name).read_bytes()).hexdigest() for name in ("config.json", PIECES)]
    else:
        files = [fingerprint(model)]
    parts = [checksum(model), *files, version, int8, FORMAT]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _sizes(directory: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(directory.iterdir()) if file.name != MANIFEST}


def _is_whole(place: Path) -> bool:
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest == _sizes(place))
    except (OSError, ValueError):
        return False


def _make(place: Path, fill: Callable[[Path], None]) -> None:
    # the caller holds the lock of `place`: temporary folders of its name are what a killed process left
    for left in place.parent.glob(f"{glob.escape(place.name)}.tmp*"):
        shutil.rmtree(left)
    if place.exists():
        _log.warning("the converted model %s is damaged and is made again", place)
        shutil.rmtree(place)
    temporary = Path(tempfile.mkdtemp(prefix=f"{place.name}.tmp", dir=place.parent))
    try:
        fill(temporary)
        (temporary / MANIFEST).write_text(json.dumps(_sizes(temporary)), encoding="utf-8")
        for file in temporary.iterdir():
            _sync(file)
        _sync(temporary)
        # mkdtemp makes folders that their owner alone can read
        temporary.chmod(0o755)
        temporary.rename(place)
        _sync(place.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _sync(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if path.is_file() and sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` among processes; the system frees it when the holder dies."""
    with path.open("a+b") as stream:
        if sys.platform == "win32":
            import msvcrt

            while True:
                stream.seek(0)
                try:
                    msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:  # it gives up after ten seconds
                    continue
            try:
                yield
            finally:
                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
