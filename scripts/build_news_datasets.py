"""Make `data/stance-news-uk` and `data/summary-news-uk` from the news items (JSON lines with sentences, stances, title,
summary in both languages).

`python scripts/build_news_datasets.py --news NEWS` with `train.jsonl` and `dev.jsonl` in NEWS; then
`python scripts/write_card.py data/stance-news-uk --intro docs/cards/stance-news-uk.md --dataset`, and the other alike.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

SPLITS = ("train", "dev")
KEPT = ("topic", "style", "date", "lower")


def stance_rows(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One row a target. Sentence i of `text` begins at `starts[i]`; `evidence` are numbers of sentences."""
    sentences = [unit["uk"] for unit in item["sentences"]]
    starts = [0, *accumulate(len(s) + 1 for s in sentences[:-1])]
    for number, stance in enumerate(item["stances"]):
        yield {
            "id": f"{item['id']}-{number}",
            "text": " ".join(sentences),
            "starts": starts,
            "target": stance["target_uk"],
            "target_en": stance["target_en"],
            "label": stance["label"],
            "label2": stance.get("label2", ""),
            "evidence": stance["evidence"],
            **{key: item[key] for key in KEPT},
        }


def summary_rows(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One row an item: text, headline and summary in both languages."""
    yield {
        "id": item["id"],
        **{f"text_{lang}": " ".join(unit[lang] for unit in item["sentences"]) for lang in ("uk", "en")},
        **{f"headline_{lang}": item["title"][lang] for lang in ("uk", "en")},
        **{f"summary_{lang}": item["summary"][lang] for lang in ("uk", "en")},
        **{key: item[key] for key in KEPT},
    }


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines; returns how many."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def main() -> None:
    """Read the news and write both sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--news", type=Path, required=True, help="folder with train.jsonl and dev.jsonl")
    parser.add_argument("--out", type=Path, default=Path("data"), help="default: %(default)s")
    args = parser.parse_args()
    for split in SPLITS:
        lines = (args.news / f"{split}.jsonl").read_text(encoding="utf-8").split("\n")
        items = [json.loads(line) for line in lines if line]
        for name, rows_of in (("stance-news-uk", stance_rows), ("summary-news-uk", summary_rows)):
            count = write_rows(args.out / name / f"{split}.jsonl", (row for item in items for row in rows_of(item)))
            print(f"{name}/{split}.jsonl: {count} rows")


if __name__ == "__main__":
    main()
