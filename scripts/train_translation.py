"""Train a bundled translation model from one TOML file.

One process: `python scripts/train_translation.py scripts/uk-en.toml --data DATA --run runs/uk-en`.
Two processes of one thread each are nearly twice as fast on two cores: add `--processes 2`. On Linux, preload tcmalloc
(LD_PRELOAD=libtcmalloc.so.4): with glibc's allocator a step takes three to six times as long.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from ukrnlp.training.translation import Run, Settings, read_settings


def work(rank: int, world: int, settings: Settings, data: Path, folder: Path, port: int) -> None:
    """Train as process `rank` of `world`."""
    torch.set_num_threads(1 if world > 1 else torch.get_num_threads())
    if world > 1:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    Run(settings, data, folder).train()
    if world > 1:
        dist.destroy_process_group()


def main() -> None:
    """Read the command line and start the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, help="TOML file with the fields of Settings")
    parser.add_argument("--data", type=Path, required=True, help="folder that the files of the mix are relative to")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run; an earlier state there is resumed")
    parser.add_argument("--start", help="model directory to start from, in place of the TOML's")
    parser.add_argument("--tokens", type=int, help="target tokens to see, in place of the TOML's")
    parser.add_argument("--device", help="cpu or cuda, in place of the TOML's")
    parser.add_argument("--batch-tokens", type=int, help="padded tokens of a batch, in place of the TOML's")
    parser.add_argument("--processes", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--port", type=int, default=29411, help="local port of the processes, default: %(default)s")
    args = parser.parse_args()
    settings = read_settings(args.settings)
    given = {key: getattr(args, key) for key in ("start", "tokens", "device", "batch_tokens")}
    settings = replace(settings, **{key: value for key, value in given.items() if value})
    if args.processes == 1:
        work(0, 1, settings, args.data, args.run, args.port)
    else:
        mp.spawn(work, (args.processes, settings, args.data, args.run, args.port), nprocs=args.processes)


if __name__ == "__main__":
    main()
