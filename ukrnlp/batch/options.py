"""What a batch run is asked and what it answers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ukrnlp.decoding import check_encoding
from ukrnlp.errors import ConfigError, UkrnlpError
from ukrnlp.io import Fields, check_form
from ukrnlp.pipeline import STAGES, check_choice, read_config

OUTPUTS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """A batch run.

    Args:
        inputs: files, folders, globs, or "-" for standard input.
        output: a name that ends in .jsonl, .csv or .parquet.
        config, to, targets, stages: as `ukrnlp.load` takes them.
        form, encoding, fields: as `ukrnlp.io.read_documents` takes them.
        resume: go on with what an earlier run left; start afresh where it left nothing.
        force: throw away what an earlier run left.
        workers: processes, each with its own models and one thread; 0 takes one a core.
        batch_size: documents that the engines see at once.
        shard_size: documents that are written at once: what a killed run loses at most, for each worker.
        on_error: "keep" writes a failed document with what worked and an error record; "stop" ends the run.
        limit: process the first `limit` documents alone.
        part: (i, n) processes the i-th of n equal runs of shards, from 1; the outputs, put one behind another, are
            that of the whole.
        engine, address: "local", or "ray" on the cluster at `address`, by default one of this machine.
    """

    inputs: tuple[str, ...]
    output: Path | str
    config: str | Path | Mapping[str, Any] = "uk-news"
    to: str | None = None
    targets: Sequence[str] | Literal["auto"] | None = None
    stages: Sequence[str] | None = None
    form: str | None = None
    encoding: str = "utf-8"
    fields: Fields = field(default_factory=Fields)
    resume: bool = False
    force: bool = False
    workers: int = 0
    batch_size: int = 64
    shard_size: int = 128
    on_error: Literal["keep", "stop"] = "keep"
    limit: int | None = None
    part: tuple[int, int] = (1, 1)
    engine: Literal["local", "ray"] = "local"
    address: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without a look at the disk.

        Raises:
            ConfigError: an option is out of range.
        """
        if not self.inputs:
            raise ConfigError("no input: name files, folders, globs, or - for standard input")
        for name, value, least in (
            ("workers", self.workers, 0),
            ("batch_size", self.batch_size, 1),
            ("shard_size", self.shard_size, 1),
            ("limit", 1 if self.limit is None else self.limit, 1),
        ):
            if value < least:
                raise ConfigError(f"{name} is {value}; it must be {least} or more")
        number, of = self.part
        if not 1 <= number <= of:
            raise ConfigError(f"part is {number}/{of}; write i/n with i from 1 to n")
        if self.resume and self.force:
            raise ConfigError("resume and force exclude each other: go on, or throw away and begin again")
        check_choice("on_error", self.on_error, ("keep", "stop"))
        check_choice("engine", self.engine, ("local", "ray"))
        check_form(self.form)
        check_encoding(self.encoding)
        self.output_form  # noqa: B018 - raises for an unknown ending

    @property
    def output_form(self) -> str:
        """The form that the output's name promises."""
        suffix = Path(self.output).suffix.lower()
        if suffix not in OUTPUTS:
            raise ConfigError(f"the output {self.output} ends in {suffix!r}; allowed: {', '.join(OUTPUTS)}")
        return OUTPUTS[suffix]

    @property
    def processes(self) -> int:
        """Worker processes to run."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def settings(self) -> dict[str, Any]:
        """The mapping that `ukrnlp.load` takes in every worker: one thread each, so that outputs do not depend on
        their number."""
        given = {"to": self.to, "targets": self.targets, "stages": self.stages}
        settings = {**read_config(self.config), **{key: value for key, value in given.items() if value is not None}}
        settings["on_error"] = "keep" if self.on_error == "keep" else "raise"
        if not settings.get("to"):
            if self.stages is not None and "translate" in self.stages:
                raise ConfigError("the translate stage needs a language: give --to en")
            settings["stages"] = [name for name in settings["stages"] if name != "translate"]
        # what no stage of the run reads must not stand in the way of a resume
        idle = {*STAGES, "targets"} - {*settings["stages"], *(("targets",) if "stance" in settings["stages"] else ())}
        settings = {key: value for key, value in settings.items() if key not in idle}
        for name in ("translate", "summarize", "stance"):
            if name in settings["stages"]:
                settings[name] = {"threads": 1, **settings.get(name, {})}
        return settings


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; `reused` of the `documents` were there from an earlier run."""

    documents: int
    characters: int
    failed: int
    reused: int
    total_documents: int
    total_characters: int


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did.

    `reused` shards came from an earlier run; `errors` is the file of error records, None where nothing failed; `notes`
    are for a person to read.
    """

    output: Path
    errors: Path | None
    documents: int
    characters: int
    failed: int
    shards: int
    reused: int
    notes: tuple[str, ...] = ()


class StoppedError(UkrnlpError):
    """A signal ended the run; finished shards are kept. `number` is the signal's."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number
