"""Full disks, read-only places, torn files, changed inputs, clocks that go back: said, and mended by --resume."""

import os
import resource
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import suppress

import batches
import pytest
from command import entry_point, environment
from hypothesis import given, settings
from hypothesis import strategies as st

from ukrnlp.batch import BatchOptions, run_batch
from ukrnlp.errors import ConfigError, InputError, UkrnlpError

COUNT, SIZE = 200, 10


def run(source, output, **options):
    given = {"stages": batches.STAGES, "workers": 1, "shard_size": SIZE, **options}
    return run_batch(BatchOptions(inputs=(str(source),), output=output, **given))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """An archive, and what an uninterrupted run makes of it."""
    folder = tmp_path_factory.mktemp("quiet")
    source = batches.archive(folder / "in.jsonl", COUNT)
    run(source, folder / "out.jsonl")
    return source, (folder / "out.jsonl").read_bytes()


class EnoughError(Exception):
    """Ends a run in a test."""


@pytest.fixture
def half(quiet, tmp_path):
    """An output whose run ended after six shards."""
    told = []

    def watch(progress):
        told.append(progress)
        if len(told) == 6:
            raise EnoughError

    options = BatchOptions(
        inputs=(str(quiet[0]),), output=tmp_path / "out.jsonl", stages=batches.STAGES, workers=1, shard_size=SIZE
    )
    with pytest.raises(EnoughError):
        run_batch(options, watch=watch)
    assert len(batches.shards(tmp_path / "out.jsonl")) == 6
    return tmp_path / "out.jsonl"


# -- full disk, by a limit on the size of files -----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
@pytest.mark.parametrize("limit", [20_000, 200_000], ids=["no shard fits", "the output does not fit"])
def test_a_full_disk_is_said_and_resumed(quiet, tmp_path, limit):
    output = tmp_path / "out.jsonl"

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, err = batches.run(quiet[0], output, "--shard-size", SIZE, "--workers", 1, preexec_fn=small)
    assert code == 1
    assert err.count("\n") == 1
    assert "cannot write" in err
    assert "go on with --resume" in err
    assert not output.exists()
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob("*/*.tmp"))
    assert len(batches.shards(output)) == (0 if limit == 20_000 else COUNT // SIZE)
    run(quiet[0], output, resume=True)
    assert output.read_bytes() == quiet[1]


def test_space_that_ends_in_the_middle(half, quiet, monkeypatch):
    real, left = os.fsync, [4]

    def fsync(number):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UkrnlpError, match="No space left on device; make room"):
        run(quiet[0], half, resume=True)
    monkeypatch.undo()
    assert run(quiet[0], half, resume=True).reused >= 6
    assert half.read_bytes() == quiet[1]


def can_mount():
    """Whether a mount namespace of our own is to be had (root on Linux, often in containers too)."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    return not subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode


@pytest.mark.skipif(not can_mount(), reason="needs a mount namespace")
def test_a_small_disk_that_is_made_bigger_and_then_read_only(quiet, tmp_path):
    disk, kept = tmp_path / "disk", tmp_path / "kept.jsonl"
    disk.mkdir()
    run_it = shlex.join([*entry_point(), "batch", str(quiet[0]), "--stages", ",".join(batches.STAGES)])
    run_it += f" --shard-size {SIZE} --workers 1 --quiet --resume"
    steps = f"""
        mount -t tmpfs -o size=300k tmpfs {disk}
        {run_it} -o {disk}/out.jsonl; echo $?
        mount -o remount,size=20m {disk}
        {run_it} -o {disk}/out.jsonl; echo $?
        cp {disk}/out.jsonl {kept}
        mount -o remount,ro {disk}
        {run_it} -o {disk}/other.jsonl; echo $?
    """
    argv = ["unshare", "-m", "sh", "-c", steps]
    ran = subprocess.run(argv, capture_output=True, env=environment(), text=True, timeout=120, check=False)
    assert ran.stdout.split() == ["1", "0", "1"], ran.stderr
    full, read_only = ran.stderr.strip().split("\n")
    assert "No space left on device; make room or choose another place, then go on with --resume" in full
    assert "other.jsonl.lock: Read-only file system" in read_only
    assert kept.read_bytes() == quiet[1]


# -- places that cannot be written ------------------------------------------------------------------------------------


def test_a_file_in_the_place_of_a_folder(quiet, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UkrnlpError, match="cannot write"):
        run(quiet[0], tmp_path / "file" / "out.jsonl")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_place_that_nobody_can_write(quiet):
    code, err = batches.run(quiet[0], "/proc/out.jsonl")
    assert code == 1
    assert "cannot write /proc/out.jsonl.lock" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(quiet, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    with pytest.raises(UkrnlpError, match="cannot write"):
        run(quiet[0], folder / "out.jsonl")
    assert not list(folder.iterdir())


# -- changed inputs ---------------------------------------------------------------------------------------------------


def test_an_input_changed_between_runs_is_refused(half, quiet, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_bytes(quiet[0].read_bytes())
    other = tmp_path / "other.jsonl"
    run(source, other, limit=10)
    source.write_bytes(quiet[0].read_bytes() + b'{"text": "more"}\n')
    with pytest.raises(ConfigError, match=r"in\.jsonl was changed"):
        run(source, other, limit=10, resume=True)
    with pytest.raises(ConfigError, match=r"the input is another"):
        run(source, half, resume=True)
    run(quiet[0], half, resume=True)
    assert half.read_bytes() == quiet[1]


def test_an_input_changed_while_the_run_goes_on_is_seen(quiet, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_bytes(quiet[0].read_bytes())

    def watch(progress):
        source.write_bytes(quiet[0].read_bytes() + b'{"text": "more"}\n')

    options = BatchOptions(
        inputs=(str(source),), output=tmp_path / "out.jsonl", stages=batches.STAGES, workers=1, shard_size=SIZE
    )
    with pytest.raises(InputError, match="changed while the run went on"):
        run_batch(options, watch=watch)
    assert not (tmp_path / "out.jsonl").exists()


# -- torn files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tear", ["short", "empty", "flipped", "foreign", "gone"])
def test_a_torn_shard_is_made_again(half, quiet, tear):
    torn = batches.shards(half)[3]
    data = torn.read_bytes()
    if tear == "gone":
        torn.unlink()
    else:
        torn.write_bytes(
            {
                "short": data[: len(data) // 2],
                "empty": b"",
                "flipped": data.replace(b"text", b"Text", 1),
                "foreign": batches.shards(half)[2].read_bytes(),
            }[tear]
        )
    report = run(quiet[0], half, resume=True)
    assert report.reused == 5
    assert any("torn shards" in note for note in report.notes) == (tear != "gone")
    assert half.read_bytes() == quiet[1]


def manifest_of(output):
    return output.with_name(f"{output.name}.manifest.json")


@pytest.mark.parametrize("data", [None, b"", b'{"format": 1, "inp', b"[]", b"{}", b"\xff\xfe"])
def test_a_torn_manifest_is_written_again(half, quiet, data):
    if data is None:
        manifest_of(half).unlink()
    else:
        manifest_of(half).write_bytes(data)
    report = run(quiet[0], half, resume=True)
    assert report.reused == 6
    assert any("manifest was missing or torn" in note for note in report.notes)
    assert half.read_bytes() == quiet[1]


def test_a_torn_manifest_hides_no_other_run(half, quiet):
    manifest_of(half).write_bytes(b"")
    with pytest.raises(ConfigError, match="the shards are of another run"):
        run(quiet[0], half, resume=True, shard_size=SIZE + 1)
    assert len(batches.shards(half)) == 6


def test_what_a_killed_ending_leaves_is_finished(half, quiet):
    """Killed while the output is put together: a temporary output beside all shards."""
    half.with_name(f"{half.name}.tmp").write_bytes(b"half an output")
    (batches.parts(half) / "shard-0000009.jsonl.tmp").write_bytes(b"half a shard")
    run(quiet[0], half, resume=True)
    assert half.read_bytes() == quiet[1]
    assert sorted(path.name for path in half.parent.iterdir()) == ["out.jsonl", "out.jsonl.manifest.json"]


def test_killed_between_output_and_manifest(half, quiet):
    half.write_bytes(b"an older output")
    run(quiet[0], half, resume=True)
    assert half.read_bytes() == quiet[1]


# -- all of it, in any order ------------------------------------------------------------------------------------------

FAULTS = ("stop", "cut", "flip", "remove", "swap", "manifest", "stray")


def harm(output, fault, number):
    """Do one kind of damage to what a run left; `number` says where."""
    there = batches.shards(output)
    if fault == "manifest":
        manifest_of(output).write_bytes(manifest_of(output).read_bytes()[:number])
    elif fault == "stray":
        (batches.parts(output) / f"shard-{number:07d}.jsonl.tmp").write_bytes(b"half")
    elif there:
        path = there[number % len(there)]
        data = path.read_bytes()
        if fault == "cut":
            path.write_bytes(data[: number * len(data) // 40])
        elif fault == "flip":
            place = number * len(data) // 40
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        elif fault == "remove":
            path.unlink()
        elif fault == "swap":
            path.write_bytes(there[-1].read_bytes())


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 39)), min_size=1, max_size=6))
def test_any_chain_of_faults_ends_with_the_same_bytes(quiet, tmp_path_factory, chain):
    output = tmp_path_factory.mktemp("chain") / "out.jsonl"

    def stopping(shards):
        def watch(progress):
            if progress.documents >= progress.reused + shards * SIZE:
                raise EnoughError

        return watch

    options = BatchOptions(
        inputs=(str(quiet[0]),), output=output, stages=batches.STAGES, workers=1, shard_size=SIZE, resume=True
    )
    for fault, number in [("stop", 3), *chain]:
        if fault == "stop":
            with suppress(EnoughError):
                run_batch(options, watch=stopping(1 + number % 5))
        elif not output.exists():
            harm(output, fault, number)
    run_batch(options)
    assert output.read_bytes() == quiet[1]


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_that_goes_back_changes_nothing(quiet, tmp_path, monkeypatch):
    now = [2_000_000_000.0]

    def back():
        now[0] -= 3600
        return now[0]

    monkeypatch.setattr(time, "time", back)
    run(quiet[0], tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == quiet[1]
