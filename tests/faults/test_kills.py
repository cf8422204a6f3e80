"""kill -9, signals, two runs at once, dying workers: nothing is lost, and the bytes are those of a quiet run."""

import random
import signal
import sys
import time

import batches
import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
COUNT, SIZE = 600, 10


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """An archive, and what an uninterrupted run makes of it."""
    folder = tmp_path_factory.mktemp("quiet")
    source = batches.archive(folder / "in.jsonl", COUNT)
    code, err = batches.run(source, folder / "out.jsonl", "--shard-size", SIZE, "--workers", 1)
    assert code == 0, err
    return source, (folder / "out.jsonl").read_bytes()


def go(quiet, output, workers=1, *args):
    return batches.start(quiet[0], output, "--shard-size", SIZE, "--workers", workers, "--resume", *args)


def check_left(output):
    """Only whole shards, no temporary file, no lock that holds."""
    assert not list(batches.parts(output).glob("*.tmp"))
    assert not output.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_again_and_again(quiet, tmp_path, workers):
    output = tmp_path / "out.jsonl"
    draw = random.Random(workers)
    kills = 0
    for _ in range(3):
        there = len(batches.shards(output))
        process = go(quiet, output, workers)
        # at a random shard and a random moment within it
        kills += batches.stop_at(process, output, there + draw.randint(1, 12), delay=draw.random() / 50)
        batches.finish(process)
    code, err = batches.finish(go(quiet, output, workers))
    assert code == 0, err
    assert kills
    assert output.read_bytes() == quiet[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.jsonl.manifest.json"]


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_signals_leave_whole_shards_and_a_clear_line(quiet, tmp_path, number, workers):
    output = tmp_path / "out.jsonl"
    process = go(quiet, output, workers)
    assert batches.stop_at(process, output, 3, number)
    code, err = batches.finish(process)
    assert code == 128 + number
    last = err.strip().split("\n")[-1]
    assert last.startswith(f"ukrnlp: stopped by {signal.Signals(number).name}; ")
    assert last.endswith("documents are done and kept, go on with --resume")
    assert f"; {len(batches.shards(output)) * SIZE} documents" in last
    check_left(output)
    assert batches.finish(go(quiet, output, workers))[0] == 0
    assert output.read_bytes() == quiet[1]


@linux
def test_workers_do_not_outlive_a_killed_run(quiet, tmp_path):
    output = tmp_path / "out.jsonl"
    process = go(quiet, output, 2)
    while not batches.shards(output):
        time.sleep(0.01)
    workers = batches.children(process.pid)
    assert workers
    process.kill()
    batches.finish(process)
    for _ in range(500):
        if not any(map(batches.alive, workers)):
            return
        time.sleep(0.01)
    pytest.fail("workers are still there")


@linux
def test_a_killed_worker_is_replaced(quiet, tmp_path):
    output = tmp_path / "out.jsonl"
    process = go(quiet, output, 2)
    while not batches.shards(output):
        time.sleep(0.01)
    from os import kill

    # the first child is the resource tracker of multiprocessing on some systems: take the youngest
    kill(max(batches.children(process.pid)), signal.SIGKILL)
    code, err = batches.finish(process)
    assert code == 0, err
    assert output.read_bytes() == quiet[1]


def test_two_runs_at_once_are_refused(quiet, tmp_path):
    output = tmp_path / "out.jsonl"
    first = go(quiet, output)
    while not batches.shards(output):
        time.sleep(0.01)
    # held in the middle, so that it cannot end before the others have tried
    first.send_signal(signal.SIGSTOP)
    try:
        for option in ("--resume", "--force"):
            code, err = batches.run(quiet[0], output, option)
            assert code == 1
            assert "another run holds" in err
    finally:
        first.send_signal(signal.SIGCONT)
    assert batches.finish(first)[0] == 0
    assert output.read_bytes() == quiet[1]
