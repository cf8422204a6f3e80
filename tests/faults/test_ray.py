"""The Ray engine: the same output as the local run, though a worker is killed in the middle."""

import os
import signal
import sys
from pathlib import Path

import batches
import pytest
from command import ROOT, TESTS

from ukrnlp.batch import BatchOptions, cluster, run_batch, workers
from ukrnlp.batch.shards import grouped
from ukrnlp.errors import ConfigError, MissingExtraError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def ray():
    """A local Ray of two workers, whose processes find this checkout and the tests."""
    module = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(TESTS))))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        module.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=80_000_000)
        yield module
        module.shutdown()


def run(source, output, **options):
    given = {"stages": batches.STAGES, "workers": 2, "shard_size": 10, **options}
    return run_batch(BatchOptions(inputs=(str(source),), output=output, **given))


def actors():
    """The processes of the actors."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Runner"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_worker_killed_in_the_middle_changes_nothing(ray, tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 400)
    with source.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "broken"}\n')
    run(source, tmp_path / "local.jsonl")
    killed = []

    def kill_one(progress):
        if not killed and (found := actors()):
            killed.append(found[0])
            os.kill(found[0], signal.SIGKILL)

    options = BatchOptions(
        inputs=(str(source),),
        output=tmp_path / "ray.jsonl",
        stages=batches.STAGES,
        workers=2,
        shard_size=10,
        engine="ray",
    )
    report = run_batch(options, watch=kill_one)
    assert killed
    assert report.failed == 1
    for ending in ("", ".errors.jsonl"):
        one, other = (tmp_path / f"{name}.jsonl{ending}" for name in ("local", "ray"))
        assert one.read_bytes() == other.read_bytes()


def test_a_document_that_kills_its_actor_gets_an_error(ray):
    docs = batches.documents("один", "два ЗАГИНЬ", "три")
    found = dict(workers.run_pool(grouped(docs, 2), cluster.Actors(batches.marked_pipeline, 64), 2))
    assert found[0].failed == 1
    assert found[1].failed == 0
    assert b"WorkerDied" in found[0].lines


def test_more_workers_than_cores_are_refused(ray, tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 2)
    with pytest.raises(ConfigError, match="workers is 3, the cluster has 2 cores"):
        run(source, tmp_path / "out.jsonl", engine="ray", workers=3)


def test_ray_that_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    source = batches.archive(tmp_path / "in.jsonl", 2)
    with pytest.raises(MissingExtraError, match=r"ukrnlp\[ray\]"):
        run(source, tmp_path / "out.jsonl", engine="ray")
