"""Names to directories without network; whole models only; downloads only when asked."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from ukrnlp import catalog
from ukrnlp.catalog import bundled, cache_dir, check, checksum, fetch, find, models_dir
from ukrnlp.errors import ModelError


@pytest.fixture
def model(tiny_bart, tmp_path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(tiny_bart, tmp_path / "copy"))


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Path:
    """An empty Hugging Face cache."""
    path = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(path))
    return path


def put_in_hub(hub: Path, source: Path, name: str, commit: str) -> Path:
    repo = hub / f"models--{name.replace('/', '--')}"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    return Path(shutil.copytree(source, repo / "snapshots" / commit))


def test_bundled_models_are_found_by_name(tiny_bart, tmp_path, monkeypatch):
    shutil.copytree(tiny_bart, tmp_path / "xx-yy")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("UKRNLP_MODELS", str(tmp_path))
    assert models_dir() == tmp_path
    assert bundled() == ["xx-yy"]
    found = find("xx-yy")
    assert (found.name, found.path, found.model_type) == ("xx-yy", tmp_path / "xx-yy", "bart")
    assert found.size == (tmp_path / "xx-yy" / "model.safetensors").stat().st_size


def test_models_lie_beside_the_package(monkeypatch):
    monkeypatch.delenv("UKRNLP_MODELS", raising=False)
    assert models_dir() == Path(catalog.__file__).parents[1] / "models"
    assert "uk-en" in bundled()


def test_a_directory_is_found_by_its_path(model, monkeypatch):
    assert find(model).path == find(str(model)).path == model
    monkeypatch.chdir(model)
    assert find(".").name == "copy"


@pytest.mark.parametrize("name", ["uk-xx", "../uk-en", "", "/nowhere/at/all", "a/b/c"])
def test_an_unknown_name_lists_what_is_allowed(name, tmp_path, monkeypatch):
    monkeypatch.delenv("UKRNLP_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"no model is called .*uk-en.*a model directory.*owner/model"):
        find(name)


def test_an_install_without_models_says_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("UKRNLP_MODELS", str(tmp_path / "none"))
    assert bundled() == []
    with pytest.raises(ModelError, match="set UKRNLP_MODELS to the models folder of a checkout"):
        find("uk-en")


def test_a_hub_name_is_found_in_the_local_cache_alone(tiny_bart, hub):
    with pytest.raises(ModelError, match=r"not on this machine; nothing is downloaded unasked.*fetch\('some/model'\)"):
        find("some/model")
    place = put_in_hub(hub, tiny_bart, "some/model", "a" * 40)
    assert find("some/model").path == place
    assert find("some/model", revision="a" * 40).path == place
    with pytest.raises(ModelError, match="at revision other is not on this machine"):
        find("some/model", revision="other")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("no config", r"config\.json is missing; a model needs"),
        ("torn config", r"cannot read .*config\.json as JSON"),
        ("list config", "holds no JSON object"),
        ("no type", "no model_type"),
        ("no weights", r"weights must be model\.safetensors in .*; found none"),
        ("pickle", r"found only pytorch_model\.bin, which can run code"),
        ("no tokenizer", r"no tokenizer in .*tokenizer\.json, spiece\.model"),
        ("lost shard", r"names \['b\.safetensors'\], not found"),
        ("evil shard", r"\.\./\.\./etc"),
    ],
)
def test_what_is_missing_is_named(model, damage, message):
    weights, config = model / "model.safetensors", model / "config.json"
    if damage == "no config":
        config.unlink()
    elif damage == "torn config":
        config.write_text(config.read_text()[:50])
    elif damage == "list config":
        config.write_text("[]")
    elif damage == "no type":
        config.write_text("{}")
    elif damage == "no weights":
        weights.unlink()
    elif damage == "pickle":
        weights.rename(model / "pytorch_model.bin")
    elif damage == "no tokenizer":
        (model / "tokenizer.json").unlink()
        (model / "spiece.model").unlink()
    else:
        shard = {"lost shard": "b.safetensors", "evil shard": "../../etc/passwd"}[damage]
        (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": shard}}))
        weights.unlink()
    with pytest.raises(ModelError, match=message):
        find(model)


def test_shards_are_found_and_checked(model):
    (model / "model.safetensors").rename(model / "b.safetensors")
    shutil.copy(model / "b.safetensors", model / "a.safetensors")
    index = {"weight_map": {"x": "b.safetensors", "y": "a.safetensors", "z": "b.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    assert [file.name for file in find(model).weights] == ["a.safetensors", "b.safetensors"]
    assert len(checksum(find(model))) == 64
    (model / "a.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"a\.safetensors is torn \(0 bytes"):
        find(model)


@pytest.mark.parametrize("length", [0, 5, 8, 100, -1000, -1, 1, 1000])
def test_torn_weights_are_found_without_reading_them(model, length):
    weights = model / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data + b"x" * length if length > 0 and length in (1, 1000) else data[:length])
    with pytest.raises(ModelError, match=r"is torn \(\d+ bytes, .*copy or fetch it again"):
        check(model, name="copy")


@pytest.mark.parametrize(
    "header", [b"[]", b'{"a": 1}', b'{"a": {"data_offsets": [0]}}', b'{"a": {"data_offsets": [0, "9"]}}', b"\xff\xff"]
)
def test_a_header_that_is_no_header_is_torn(model, header):
    (model / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError, match="is torn"):
        find(model)


def test_checksum_is_remembered_and_a_changed_file_is_seen(model, fresh_cache, monkeypatch):
    first = checksum(find(model))
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "_sha256", None)  # not called
        assert checksum(find(model)) == first
    weights = model / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert checksum(find(model)) != first


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"file": 1}'])
def test_a_torn_note_of_a_checksum_is_made_again(model, fresh_cache, note):
    first = checksum(find(model))
    (file,) = (fresh_cache / "checksums").iterdir()
    file.write_text(note)
    assert checksum(find(model)) == first
    assert json.loads(file.read_text())["sha256"] == first


@pytest.mark.parametrize(
    ("platform", "variables", "wanted"),
    [
        ("linux", {"UKRNLP_CACHE": "/own"}, "/own"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/ukrnlp"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache/ukrnlp"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Caches/ukrnlp"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/ukrnlp"),
    ],
)
def test_the_cache_folder_is_the_systems(monkeypatch, platform, variables, wanted):
    for name in ("UKRNLP_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    assert cache_dir() == Path(wanted)


def test_fetch_refuses_what_is_no_hub_name():
    with pytest.raises(ModelError, match="write it as owner/model"):
        fetch("uk-en")


def test_fetch_without_a_network_says_so(hub):
    with pytest.raises(ModelError, match="cannot fetch some/model at revision 'main'"):
        fetch("some/model")


def hub_double(monkeypatch, place: Path, sha256: str | None, asked: list) -> None:
    """The hub as `fetch` sees it, with one repository that lies in `place`."""
    siblings = [
        SimpleNamespace(rfilename=file.name, lfs=SimpleNamespace(sha256=sha256) if "safetensors" in file.name else None)
        for file in place.iterdir()
    ]

    def info(self, name, *, revision, files_metadata):
        return SimpleNamespace(sha="c" * 40, siblings=siblings)

    def snapshot(name, *, revision, allow_patterns):
        asked.append((name, revision, allow_patterns))
        return str(place)

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", info)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)


def test_fetch_asks_for_one_commit_and_verifies_the_weights(model, fresh_cache, monkeypatch):
    asked: list = []
    hub_double(monkeypatch, model, checksum(find(model)), asked)
    assert fetch("some/model").path == model
    ((name, revision, patterns),) = asked
    assert (name, revision) == ("some/model", "c" * 40)
    assert not {"*", "*.bin", "*.pt", "*.py"} & set(patterns)
    hub_double(monkeypatch, model, "0" * 64, asked)
    with pytest.raises(ModelError, match="the hub says 0000"):
        fetch("some/model")


def test_fetch_takes_safetensors_alone(model, monkeypatch):
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    asked: list = []
    hub_double(monkeypatch, model, None, asked)
    with pytest.raises(ModelError, match="has no safetensors weights at revision 'main'"):
        fetch("some/model")
    assert asked == []
