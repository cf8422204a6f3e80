"""The manifest of a run: what its bytes depend on, so that nothing else is ever continued."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ukrnlp import __version__
from ukrnlp.batch import durable
from ukrnlp.batch.options import BatchOptions
from ukrnlp.batch.sources import Source, fingerprint
from ukrnlp.pipeline import READER

FORMAT = 1
PACKAGES = ("ctranslate2", "ftfy", "numpy", "sentencepiece", "tokenize_uk")
REFERENCE = ("torch", "transformers")  # matter where a stage runs on them
KEPT = ("inputs", "reading", "settings", "files", "models", "sizes", "versions")


def describe(options: BatchOptions, settings: Mapping[str, Any], sources: Sequence[Source]) -> dict[str, Any]:
    """Everything that the bytes of the output depend on, as plain values.

    Raises:
        InputError: an input cannot be read.
        ModelError: a model is not there or damaged.
    """
    kept = {key: value for key, value in settings.items() if key != "on_error"}
    description = {
        "format": FORMAT,
        "inputs": [fingerprint(source) for source in sources],
        "reading": {
            "form": options.form,
            "encoding": options.encoding,
            "text_field": options.fields.text,
            "id_field": options.fields.id,
            "targets_field": options.fields.targets,
            "limit": options.limit,
        },
        "settings": kept,
        "files": option_files(kept),
        "models": models_of(settings),
        "sizes": {
            "batch_size": options.batch_size,
            "shard_size": options.shard_size,
            "part": f"{options.part[0]}/{options.part[1]}",
        },
        "versions": versions(settings),
    }
    # what comes back from the file must compare equal: tuples become lists, paths become strings
    return dict(json.loads(json.dumps(description, default=str)))


def models_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the weights that the stages run, by stage."""
    from ukrnlp.catalog import checksum, find

    names = {"translate": f"uk-{settings.get('to')}", "summarize": READER, "stance": READER}
    found = {}
    for stage, default in names.items():
        if stage in settings["stages"]:
            given = settings.get(stage, {})
            model = find(given.get("model", default), revision=given.get("revision"))
            found[stage] = f"{model.name}@{checksum(model)}"
    return found


def option_files(settings: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the files that options of stages name, such as a glossary."""
    named = [value for table in settings.values() if isinstance(table, Mapping) for value in table.values()]
    files = [Path(value) for value in named if isinstance(value, str | Path) and Path(value).is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def versions(settings: Mapping[str, Any]) -> dict[str, str]:
    """Versions of what computes the results."""
    tables = [table for table in settings.values() if isinstance(table, Mapping)]
    reference = any(table.get("engine") == "transformers" or table.get("device") == "cuda" for table in tables)
    found = {"ukrnlp": __version__, "python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in (*PACKAGES, *(REFERENCE if reference else ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest(description: Mapping[str, Any]) -> str:
    """The digest that shards carry."""
    kept = {key: description.get(key) for key in ("format", *KEPT)}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def write(path: Path, description: Mapping[str, Any], **state: object) -> None:
    """Write a manifest; `state` are the fields that tell how far the run is.

    Raises:
        UkrnlpError: the system refuses to write.
    """
    data = json.dumps({**description, **state}, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    durable.write(path, data + b"\n")


def read(path: Path) -> dict[str, Any] | None:
    """A manifest; None where the file is torn."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return value if isinstance(value, dict) and "inputs" in value else None


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two manifests, for a person."""
    found = []
    if old.get("inputs") != new.get("inputs"):
        found += input_differences(old.get("inputs") or [], new["inputs"])
    for section in KEPT[1:]:
        before, now = (side.get(section) or {} for side in (old, new))
        for key in dict.fromkeys((*before, *now)):
            if before.get(key) != now.get(key):
                found.append(f"{section.rstrip('s')} {key} was {short(before.get(key))}, is {short(now.get(key))}")
    if old.get("format") != new.get("format"):
        found.append(f"the manifest is of format {old.get('format')}, this version writes {new.get('format')}")
    return found


def input_differences(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    """What differs between two lists of sources."""
    names = [[source["name"] for source in side] for side in (before, now)]
    if names[0] != names[1]:
        gone = [name for name in names[0] if name not in names[1]]
        new = [name for name in names[1] if name not in names[0]]
        parts = [f"{what} {', '.join(side[:3])}" for what, side in (("without", gone), ("with", new)) if side]
        return [f"the input is another: now {' and '.join(parts) or 'in another order'}"]
    changed = [new["name"] for old, new in zip(before, now, strict=True) if old != new]
    return [f"the input {name} was changed" for name in changed[:3]]


def short(value: object) -> str:
    """A value in a few words."""
    text = "absent" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:60]} ... {text[-12:]}"
