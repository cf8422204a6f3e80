"""Model cards and data set cards: a hand-written introduction, and tables from what was measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ukrnlp.errors import ConfigError, InputError
from ukrnlp.evaluate import Score

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

RESULTS = "results.json"
TRAINING = "training.json"
CARD = "README.md"
WHOLE = "all"  # the subset that stands in the front matter; others stand in the table alone
MODEL_KEYS = ("license", "language", "base_model", "datasets", "pipeline_tag", "library_name")
DATASET_KEYS = ("license", "language", "pretty_name", "task_categories", "configs")
# what the hub calls a measure
METRIC_TYPES = {"chrF++": "chrf", "BLEU": "bleu", "macro-F1": "f1", "set-F1": "f1", "ROUGE": "rouge", "ECE": "ece"}


@dataclass(frozen=True, slots=True)
class Result:
    """A score with what it was measured on (`dataset`, `split`, `subset`), by which `system`, by which `command`.

    `task` is a task of the hub (translation, summarization, text-classification); `system` names engine, quantisation
    and beam, or a baseline. `own` is false for baselines, which stand in the table alone.
    `model` names the weights measured, by checksum.
    """

    task: str
    dataset: str
    split: str
    system: str
    command: str
    score: Score
    subset: str = WHOLE
    own: bool = True
    model: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What a newer result must share to take this one's place."""
        return (self.task, self.dataset, self.split, self.subset, self.system, self.score.name)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        return {
            "task": self.task,
            "dataset": self.dataset,
            "split": self.split,
            "subset": self.subset,
            "system": self.system,
            "own": self.own,
            **self.score.to_dict(),
            "model": self.model,
            "command": self.command,
        }


def read_results(path: Path) -> list[Result]:
    """The results of a `results.json`; none where the file does not exist.

    Raises:
        InputError: the file is no JSON, or a row lacks a field.
    """
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["results"]
        return [result_of(row) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no results ({error!r}); measure again and let the script write it") from error


def result_of(row: Mapping[str, Any]) -> Result:
    """The result that `Result.to_dict` wrote."""
    own = dict(row)
    score = Score(**{key: own.pop(key) for key in ("name", "value", "low", "high", "n", "signature")})
    return Result(score=score, **own)


def add_results(path: Path, results: Iterable[Result]) -> list[Result]:
    """Put `results` into a `results.json`, in place of older ones of the same key; return all that it now holds."""
    merged = {result.key: result for result in (*read_results(path), *results)}
    rows = [result.to_dict() for result in merged.values()]
    path.write_text(json.dumps({"results": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return list(merged.values())


def write_model_card(directory: Path, intro: Path) -> Path:
    """Write `README.md` of a model directory from `intro`, its `results.json` and, where there, `training.json`.

    Raises:
        ConfigError: see `model_card`.
        InputError: a file is missing or broken.
    """
    training = read_json(directory / TRAINING) if (directory / TRAINING).exists() else {}
    text = model_card(directory.name, read_text(intro), read_results(directory / RESULTS), training)
    return write(directory / CARD, text)


def model_card(name: str, intro: str, results: Sequence[Result], training: Mapping[str, Any]) -> str:
    """The card of model `name`.

    Args:
        intro: Markdown under a YAML front matter with license, language, base_model, datasets, pipeline_tag and
            library_name.
        results: those of the whole sets, by measures that the hub knows, go into the front matter's `model-index`,
            all into a table.
        training: what the training wrote down; values, tables of values and lists of rows are shown.

    Raises:
        ConfigError: `intro` has no front matter, or it lacks keys; all of them are named.
    """
    from huggingface_hub import ModelCard

    card = ModelCard(checked_intro(intro, MODEL_KEYS))
    data: Any = card.data
    data.model_name = name
    # an empty model-index would not load again
    data.eval_results = [
        eval_result(r) for r in results if r.own and r.subset == WHOLE and metric_type(r.score.name)
    ] or None
    body = [card.text.strip()]
    if results:
        body += ["## Results", results_table(results), commands(results)]
    if training:
        body += ["## Training", "\n".join(facts(training))]
    return assemble(data.to_yaml(), body)


def eval_result(result: Result) -> EvalResult:
    """The result as the hub's front matter holds it."""
    from huggingface_hub import EvalResult

    return EvalResult(
        task_type=result.task,
        dataset_type=result.dataset,
        dataset_name=f"{result.dataset} ({result.split})",
        dataset_split=result.split,
        metric_type=metric_type(result.score.name),
        metric_name=f"{result.score.name}, {result.system}",
        metric_value=round(result.score.value, 4),
    )


def metric_type(name: str) -> str:
    """What the hub calls a measure, "" for one that it has no name for.

    >>> metric_type("ROUGE-L"), metric_type("numbers kept")
    ('rouge', '')
    """
    return METRIC_TYPES.get(name) or METRIC_TYPES.get(name.split("-")[0], "")


def results_table(results: Sequence[Result]) -> str:
    """A Markdown table of all results; the interval is the 95 % bootstrap one."""
    rows = [
        (r.dataset, r.split, r.subset, r.system, r.score.name, f"{r.score.value:.3f}", interval(r.score), r.score.n)
        for r in results
    ]
    return markdown_table(("set", "split", "part", "system", "measure", "value", "95 % interval", "n"), rows)


def interval(score: Score) -> str:
    """The interval as a table shows it."""
    return f"{score.low:.3f} to {score.high:.3f}"


def commands(results: Sequence[Result]) -> str:
    """How the figures came about: commands and signatures, each once."""
    made = dict.fromkeys(r.command for r in results)
    signed = dict.fromkeys(f"{r.score.name}: `{r.score.signature}`" for r in results)
    return "\n".join(["Made by", "", "```", *made, "```", "", "Signatures", "", *(f"- {line}" for line in signed)])


def write_dataset_card(directory: Path, intro: Path) -> Path:
    """Write `README.md` of a data set directory from `intro` and the files that its front matter names.

    Raises:
        ConfigError: see `dataset_card`.
        InputError: `intro` is missing.
    """
    return write(directory / CARD, dataset_card(read_text(intro), directory))


def dataset_card(intro: str, directory: Path) -> str:
    """The card of the data set in `directory`, with rows, bytes, fields and checksum of every file.

    Args:
        intro: Markdown under a YAML front matter with license, language, pretty_name, task_categories and configs;
            `configs` lists, as the hub wants it, `data_files` with `split` and `path` (JSON lines).

    Raises:
        ConfigError: the front matter is missing, lacks keys (all are named), or names a file that is not there.
    """
    from huggingface_hub import DatasetCard

    card = DatasetCard(checked_intro(intro, DATASET_KEYS))
    data: Any = card.data
    rows = []
    for config in data.configs:
        for entry in config["data_files"]:
            path = directory / entry["path"]
            if not path.is_file():
                raise ConfigError(f"configs names {entry['path']}, which {directory} does not have")
            lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
            fields = dict.fromkeys(key for line in lines for key in json.loads(line))
            rows.append(
                (
                    entry["path"],
                    entry["split"],
                    len(lines),
                    path.stat().st_size,
                    ", ".join(fields),
                    f"`{sha256(path)[:16]}`",
                )
            )
    table = markdown_table(("file", "split", "rows", "bytes", "fields", "sha256 begins"), rows)
    return assemble(data.to_yaml(), [card.text.strip(), "## Files", table])


def checked_intro(intro: str, keys: Sequence[str]) -> str:
    """`intro`, if its front matter has every key of `keys`."""
    from huggingface_hub import RepoCard

    found: Mapping[str, Any] = {}
    if intro.startswith("---\n"):
        data: Any = RepoCard(intro, ignore_metadata_errors=False).data
        found = data.to_dict()
    if missing := [key for key in keys if not found.get(key)]:
        raise ConfigError(
            f"the front matter of the introduction lacks {', '.join(missing)}; add them between --- lines"
        )
    return intro


def facts(values: Mapping[str, Any], *, heading: str = "###") -> list[str]:
    """Lines of Markdown that show `values`: plain ones as a list, lists of rows as tables."""
    plain = [f"- {key}: {shown(value)}" for key, value in values.items() if not is_rows(value)]
    lines = list(plain)
    for key, value in values.items():
        if is_rows(value):
            header = list(dict.fromkeys(name for row in value for name in row))
            rows = [[shown(row.get(name, "")) for name in header] for row in value]
            lines += ["", f"{heading} {key}", "", markdown_table(header, rows)]
    return lines


def is_rows(value: object) -> bool:
    """Whether `value` is a list of mappings."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def shown(value: object) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(inner) for inner in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with one line a row; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def assemble(yaml: str, body: Sequence[str]) -> str:
    """Front matter and paragraphs in one text."""
    return f"---\n{yaml.strip()}\n---\n\n" + "\n\n".join(body) + "\n"


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, or an `InputError`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file, or an `InputError`."""
    try:
        value = json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"{path} is broken JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds {type(value).__name__}, not an object")
    return value


def write(path: Path, text: str) -> Path:
    """Write `text` and return `path`."""
    path.write_text(text, encoding="utf-8")
    return path


def sha256(path: Path) -> str:
    """Checksum of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
