"""Stance by source, target and month, from the rows of `ukrnlp batch`: CSV, Markdown and a plot.

python scripts/stance_report.py out.jsonl -o report/stance --source-field source --date-field date

The balance of a cell is the share of texts in favour less the share against, from -1 to 1. Texts that never name the
target are counted apart (`not mentioned`) and left out of the balance.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ukrnlp.batch.tables import read_rows, write_table
from ukrnlp.cards import markdown_table
from ukrnlp.cli.work import guard
from ukrnlp.errors import ConfigError, MissingExtraError

UNKNOWN = "unknown"
NOT_MENTIONED = "not mentioned"
TICKS = 12  # months named under a plot
HEADER = ("source", "target", "month", "texts", "favor", "against", "neutral", NOT_MENTIONED, "balance")
_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What a row of the report is about."""

    source: str
    target: str
    month: str


Counts = Mapping[Cell, Counter[str]]


def count(rows: Iterable[dict[str, Any]], source_field: str, date_field: str) -> dict[Cell, Counter[str]]:
    """Labels by source, target and month."""
    cells: dict[Cell, Counter[str]] = defaultdict(Counter)
    for row in rows:
        source = str(row.get(source_field) or UNKNOWN)
        month = month_of(row, date_field)
        for stance in row["stances"] or ():
            absent = any(warning.startswith(NOT_MENTIONED) for warning in stance["warnings"])
            cells[Cell(source, stance["target"], month)][NOT_MENTIONED if absent else stance["label"]] += 1
    return dict(sorted(cells.items()))


def month_of(row: Mapping[str, Any], field: str) -> str:
    """The month of a row as 2023-07: from its own field, else from the date header that normalisation found."""
    newswire = (row.get("meta") or {}).get("newswire") or {}
    found = _MONTH.search(str(row.get(field) or newswire.get("date") or ""))
    return found[0] if found else UNKNOWN


def balance(labels: Mapping[str, int]) -> float | None:
    """Share in favour less share against; None where no text names the target."""
    judged = sum(labels.get(name, 0) for name in ("favor", "against", "neutral"))
    return (labels.get("favor", 0) - labels.get("against", 0)) / judged if judged else None


def lines_of(counts: Counts) -> list[tuple[object, ...]]:
    """The report's rows, under `HEADER`."""
    lines: list[tuple[object, ...]] = []
    for cell, labels in counts.items():
        value = balance(labels)
        numbers = [labels[name] for name in ("favor", "against", "neutral", NOT_MENTIONED)]
        shown = "" if value is None else f"{value:+.2f}"
        lines.append((cell.source, cell.target, cell.month, sum(numbers), *numbers, shown))
    return lines


def plot(counts: Counts, path: Path, most: int) -> None:
    """Lines of balance over months, a panel for each of the `most` frequent targets, a line a source."""
    try:
        from matplotlib import use

        use("agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtraError("plots", "data") from error
    frequent = Counter[str]()
    for cell, labels in counts.items():
        frequent[cell.target] += sum(labels.values())
    targets = [target for target, _ in frequent.most_common(most)]
    months = sorted({cell.month for cell in counts})
    figure, axes = pyplot.subplots(len(targets), 1, figsize=(8, 1 + 2.2 * len(targets)), sharex=True, squeeze=False)
    for axis, target in zip(axes[:, 0], targets, strict=True):
        for source in sorted({cell.source for cell in counts if cell.target == target}):
            points = [
                (months.index(cell.month), value)
                for cell, labels in counts.items()
                if (cell.source, cell.target) == (source, target) and (value := balance(labels)) is not None
            ]
            axis.plot(*zip(*points, strict=True), marker="o", label=source) if points else None
        axis.set(title=target, ylim=(-1.1, 1.1), ylabel="balance")
        axis.axhline(0, color="grey", linewidth=0.5)
        axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5))
    step = -(-len(months) // TICKS)
    axes[-1, 0].set_xticks(range(0, len(months), step), months[::step], rotation=45)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def main(
    rows: Annotated[Path, typer.Argument(help="rows of a batch with the stance stage, as .jsonl")],
    output: Annotated[Path, typer.Option("--output", "-o", help="name of the report without its ending")],
    source_field: Annotated[str, typer.Option(help="field that names the source")] = "source",
    date_field: Annotated[str, typer.Option(help="field with the date, as 2023-07-24")] = "date",
    image: Annotated[str, typer.Option(help="png, svg or none")] = "png",
    most: Annotated[int, typer.Option(min=1, help="targets in the plot, the most frequent first")] = 6,
) -> None:
    """Write OUTPUT.csv, OUTPUT.md and the plot, and print the table."""
    with guard(debug=False):
        if image not in ("png", "svg", "none"):
            raise ConfigError(f"--image is {image!r}; allowed: png, svg, none")
        counts = count(read_rows(rows), source_field, date_field)
        if not counts:
            raise ConfigError(f"{rows} has no stances; run ukrnlp batch with the stance stage and --target")
        output.parent.mkdir(parents=True, exist_ok=True)
        lines = lines_of(counts)
        write_table(output.with_name(f"{output.name}.csv"), HEADER, lines)
        table = markdown_table(HEADER, lines)
        output.with_name(f"{output.name}.md").write_text(table + "\n", encoding="utf-8")
        if image != "none":
            plot(counts, output.with_name(f"{output.name}.{image}"), most)
        print(table)


if __name__ == "__main__":
    typer.run(main)
