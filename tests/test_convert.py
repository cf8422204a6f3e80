"""Conversion: equal to CTranslate2's own converter; whole or not at all; once for all who ask."""

import errno
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ukrnlp.catalog import find
from ukrnlp.engines import convert
from ukrnlp.engines.convert import MANIFEST, converted
from ukrnlp.engines.layouts import build
from ukrnlp.engines.seq2seq import load_seq2seq
from ukrnlp.errors import ModelError

TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)


def read(directory: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The variables and aliases of a model.bin."""
    data = (directory / "model.bin").read_bytes()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return values

    def text():
        nonlocal at
        (length,) = take("<H")
        value = data[at : at + length - 1].decode()
        at += length
        return value

    take("<I"), text(), take("<I")
    variables = {}
    for _ in range(*take("<I")):
        name = text()
        (rank,) = take("<B")
        shape = take(f"<{rank}I")
        kind, size = take("<BI")
        variables[name] = np.frombuffer(data[at : at + size], TYPES[kind]).reshape(shape)
        at += size
    aliases = {text(): text() for _ in range(*take("<I"))}
    assert at == len(data)
    return variables, aliases


def assert_same(ours: Path, theirs: Path) -> None:
    (a, a_aliases), (b, b_aliases) = read(ours), read(theirs)
    assert a_aliases == b_aliases
    assert a.keys() == b.keys()
    for name, value in a.items():
        if name.endswith("scale_embeddings"):  # a number there, a flag here or the other way round
            assert float(value) == float(b[name])
            continue
        assert value.dtype == b[name].dtype, name
        assert np.array_equal(value, b[name]), name
    for name in {file.name for file in theirs.glob("*vocabulary.json")}:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    configs = [json.loads((place / "config.json").read_text(encoding="utf-8")) for place in (ours, theirs)]
    if configs[1]["layer_norm_epsilon"] is None:  # BART's converter leaves it to the default, we write it down
        configs[1]["layer_norm_epsilon"] = 1e-5
    assert configs[0] == configs[1]


@pytest.mark.parametrize("quantization", ["int8_float32", None])
@pytest.mark.parametrize("model", ["tiny_bart", "tiny_reader"])
def test_it_equals_what_ctranslate2_makes(request, tmp_path, monkeypatch, model, quantization):
    import transformers
    from ctranslate2.converters import TransformersConverter

    folder = request.getfixturevalue(model)
    # transformers 5 no longer keeps a field that CTranslate2's loader of BERT looks for
    monkeypatch.setattr(transformers.BertConfig, "position_embedding_type", "absolute", raising=False)
    TransformersConverter(str(folder)).convert(str(tmp_path / "theirs"), quantization=quantization)
    (tmp_path / "ours").mkdir()
    build(find(folder), tmp_path / "ours", quantization=quantization)
    assert_same(tmp_path / "ours", tmp_path / "theirs")


def test_it_is_made_once_and_found_again(tiny_bart, fresh_cache, monkeypatch):
    model = find(tiny_bart)
    first = converted(model, int8=True)
    assert first.is_relative_to(fresh_cache)
    written = {file.name: file.stat().st_mtime_ns for file in first.iterdir()}
    monkeypatch.setattr("ukrnlp.engines.layouts.build", None)
    assert converted(model, int8=True) == first
    assert {file.name: file.stat().st_mtime_ns for file in first.iterdir()} == written
    assert left_over(fresh_cache) == []


def left_over(cache: Path) -> list[str]:
    return sorted(file.name for file in (cache / "converted").iterdir() if ".tmp" in file.name)


def copy_of(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    return folder


@pytest.mark.parametrize("part", ["weights", "config", "pieces", "int8", "version", "format"])
def test_anything_new_is_converted_anew(tiny_bart, tmp_path, fresh_cache, monkeypatch, part):
    folder = copy_of(tiny_bart, tmp_path / "tiny-bart")
    first = converted(find(folder), int8=True)
    if part == "weights":
        weights = folder / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        stat = weights.stat()
        weights.write_bytes(bytes(data))
        os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # same size, same time of writing
    elif part == "config":
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps(config | {"scale_embedding": True}), encoding="utf-8")
    elif part == "pieces":
        path = folder / "spiece.model"
        path.write_bytes(path.read_bytes() + b"\x12\x00")  # an empty trainer_spec more: another file, the same pieces
    elif part == "version":
        monkeypatch.setattr("ctranslate2.__version__", "99.0")
    elif part == "format":
        monkeypatch.setattr(convert, "FORMAT", 99)
    again = converted(find(folder), int8=part != "int8")
    assert again != first
    assert (again / MANIFEST).is_file()


@pytest.mark.parametrize("damage", ["shorter", "longer", "lost", "manifest"])
def test_a_damaged_conversion_is_made_again(tiny_bart, fresh_cache, caplog, damage):
    place = converted(find(tiny_bart), int8=True)
    wanted = (place / "model.bin").read_bytes()
    if damage == "shorter":
        (place / "model.bin").write_bytes(wanted[:100])
    elif damage == "longer":
        (place / "model.bin").write_bytes(wanted + b"x")
    elif damage == "lost":
        (place / "shared_vocabulary.json").unlink()
    else:
        (place / MANIFEST).write_text("{", encoding="utf-8")
    assert converted(find(tiny_bart), int8=True) == place
    assert (place / "model.bin").read_bytes() == wanted
    assert "is damaged and is made again" in caplog.text
    assert load_seq2seq(tiny_bart, threads=1)(["Так"]) != [""]


def test_content_that_ctranslate2_cannot_read_is_named(tiny_bart, fresh_cache):
    place = converted(find(tiny_bart), int8=True)
    model = place / "model.bin"
    model.write_bytes(b"\xff" * model.stat().st_size)
    with pytest.raises(ModelError, match=r"CTranslate2 cannot load .* delete it to try again"):
        load_seq2seq(tiny_bart, threads=1)


def test_a_failure_leaves_nothing(tiny_bart, fresh_cache, monkeypatch):
    def fail(model, directory, *, quantization):
        (directory / "model.bin").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ukrnlp.engines.layouts.build", fail)
        with pytest.raises(ModelError, match=r"No space left.*set UKRNLP_CACHE"):
            converted(find(tiny_bart), int8=True)
    assert [file.suffix for file in (fresh_cache / "converted").iterdir()] == [".lock"]
    assert (converted(find(tiny_bart), int8=True) / MANIFEST).is_file()


def test_a_cache_that_is_no_folder_is_named(tiny_bart, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UKRNLP_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot be written .* set UKRNLP_CACHE"):
        converted(find(tiny_bart), int8=True)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_cache_that_takes_no_files_is_named(tiny_bart, fresh_cache, monkeypatch, code):
    def refuse(**_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(ModelError, match=f"cannot be written .*{os.strerror(code)}.* set UKRNLP_CACHE"):
        converted(find(tiny_bart), int8=True)


CHILD = """
import sys, time
from pathlib import Path
from ukrnlp.catalog import find
from ukrnlp.engines import convert, layouts

build, log = layouts.build, Path(sys.argv[2])

def slow(model, directory, *, quantization):
    with log.open("a") as stream:
        stream.write("build\\n")
    (directory / "model.bin").write_bytes(b"half")
    time.sleep(float(sys.argv[3]))
    (directory / "model.bin").unlink()
    build(model, directory, quantization=quantization)

layouts.build = slow
print(convert.converted(find(sys.argv[1]), int8=True))
"""


def start(model: Path, log: Path, seconds: float) -> subprocess.Popen:
    root = Path(convert.__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(model), str(log), str(seconds)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(log: Path) -> None:
    for _ in range(600):
        if log.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the child did not start to convert")


def test_processes_that_ask_at_once_convert_once(tiny_bart, fresh_cache, tmp_path):
    log = tmp_path / "log"
    children = [start(tiny_bart, log, 0.5) for _ in range(3)]
    places = {child.communicate(timeout=120)[0].strip() for child in children}
    assert [child.returncode for child in children] == [0, 0, 0]
    assert log.read_text().splitlines() == ["build"]
    assert places == {str(converted(find(tiny_bart), int8=True))}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_conversion_is_never_used_and_is_cleared_away(tiny_bart, fresh_cache, tmp_path):
    log = tmp_path / "log"
    child = start(tiny_bart, log, 60)
    wait_for(log)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert len(left_over(fresh_cache)) == 1
    place = converted(find(tiny_bart), int8=True)
    assert left_over(fresh_cache) == []
    assert "model.bin" in json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    assert load_seq2seq(tiny_bart, threads=1)(["Так"]) != [""]
