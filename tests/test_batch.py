"""Batch runs: every form in and out, the same bytes however they are made, and what goes wrong is said."""

import csv
import gzip
import io
import json
import subprocess
import sys
from functools import partial

import batches
import pyarrow.parquet as pq
import pytest
import zstandard
from command import environment, ukrnlp
from hypothesis import given
from hypothesis import strategies as st

import ukrnlp as package
from ukrnlp.batch import BatchOptions, Progress, dry_run, manifest, map_dataset, run_batch, sources, workers
from ukrnlp.batch.hub import Mapper
from ukrnlp.batch.outputs import errors_path
from ukrnlp.batch.rows import Block, block_of, carried_names, kind_of, merged_columns, row_of
from ukrnlp.batch.run import range_of
from ukrnlp.batch.shards import CHARACTERS, grouped, read_footer, shard_path, write_shard
from ukrnlp.cli.batch import Display, status
from ukrnlp.document import Document
from ukrnlp.errors import ConfigError, InputError, MissingExtraError, ModelError, UkrnlpError
from ukrnlp.io import Fields
from ukrnlp.pipeline import Pipeline
from ukrnlp.render import ROW_FIELDS, dump_line

TEXTS = ("росія знову обстріляла місто.", "У Києві сніг.", "Рада ухвалила закон. Посли поїхали.")


def run(source, output, **options):
    """A run in this process."""
    inputs = tuple(map(str, source)) if isinstance(source, list) else (str(source),)
    given = {"stages": batches.STAGES, "workers": 1, **options}
    return run_batch(BatchOptions(inputs=inputs, output=output, **given))


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# -- rows -------------------------------------------------------------------------------------------------------------


def test_rows_are_those_of_the_pipeline_with_the_other_fields_behind(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 30, normalized="чуже", year=2023)
    report = run(source, tmp_path / "out.jsonl", shard_size=7)
    rows = batches.read_rows(tmp_path / "out.jsonl")
    nlp = package.load({"stages": list(batches.STAGES)})
    for row, text, number in zip(rows, batches.texts(30), range(30), strict=True):
        expected = json.loads(dump_line(row_of(nlp(Document(text, id=f"n{number}")))))
        carried = {"source": f"s{number % 3}", "input_normalized": "чуже", "year": 2023}
        assert row == expected | carried
        assert list(row) == [*ROW_FIELDS, "source", "input_normalized", "year"]
    assert (report.documents, report.failed, report.shards, report.errors) == (30, 0, 5, None)
    assert report.characters == sum(map(len, batches.texts(30)))
    assert not errors_path(report.output).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl", "out.jsonl.manifest.json"]


@pytest.mark.parametrize("targets", [["Росія", "США "], "Росія; США "])
def test_targets_of_a_row_are_kept(tmp_path, targets):
    source = write_rows(tmp_path / "in.jsonl", [{"id": 1, "text": "а", "who": targets}, {"id": 2, "text": "б"}])
    run(source, tmp_path / "out.jsonl", fields=Fields(targets="who"))
    first, second = batches.read_rows(tmp_path / "out.jsonl")
    assert first["targets"] == (targets if isinstance(targets, list) else ["Росія", "США"])
    assert second["targets"] == []
    assert "who" not in first


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [
        ([], []),
        (["source"], ["source"]),
        (["text", "errors"], ["input_text", "input_errors"]),
        (["text", "input_text"], ["input_input_text", "input_text"]),
        (["input_text", "text"], ["input_text", "input_input_text"]),
    ],
)
def test_carried_names(given_names, expected):
    assert carried_names(given_names) == expected


@given(st.lists(st.sampled_from(["text", "id", "input_text", "input_input_text", "a", "input_a"]), unique=True))
def test_carried_names_never_meet(names):
    found = carried_names(names)
    assert len(set(found)) == len(names)
    assert not set(found) & set(ROW_FIELDS)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "bool"), (3, "int"), (2**64, "json"), (0.5, "float"), ("а", "str"), ([1], "json")],
)
def test_kinds_of_value(value, kind):
    assert kind_of(value) == kind


def test_kinds_meet():
    assert merged_columns({"a": "str"}, {"a": "int"}) == {"a": "json"}
    assert merged_columns({"a": "null"}, {"a": "null"}) == {"a": "null"}


# -- forms of input ---------------------------------------------------------------------------------------------------


def packed(path, data):
    """Put `data` under `path`, packed as its name says."""
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name",
    ["in.jsonl", "in.jsonl.gz", "in.jsonl.zst", "in.csv", "in.csv.zst", "in.tsv", "in.tsv.gz", "in.parquet"],
)
def test_every_form_gives_the_same_rows(tmp_path, name):
    rows = [{"id": f"n{i}", "text": text, "source": "УП"} for i, text in enumerate(batches.texts(12))]
    path = tmp_path / name
    if ".jsonl" in name:
        packed(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
    elif name == "in.parquet":
        import pyarrow as pa

        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t" if ".tsv" in name else ",", lineterminator="\n")
        writer.writerows([list(rows[0]), *(row.values() for row in rows)])
        packed(path, text.getvalue().encode())
    write_rows(tmp_path / "plain.jsonl", rows)
    run(path, tmp_path / "one.jsonl")
    run(tmp_path / "plain.jsonl", tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_folders_and_globs(tmp_path):
    folder = tmp_path / "news"
    (folder / "2023").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "2023/c.txt"):
        (folder / name).write_text(f"Текст {name}.", encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    run(folder, tmp_path / "out.jsonl")
    ids = [row["id"] for row in batches.read_rows(tmp_path / "out.jsonl")]
    assert ids == [str(folder / name) for name in ("2023/c.txt", "a.txt", "b.txt")]
    run(folder / "*.txt", tmp_path / "glob.jsonl")
    assert [row["id"] for row in batches.read_rows(tmp_path / "glob.jsonl")] == [
        str(folder / n) for n in ("a.txt", "b.txt")
    ]


def test_the_output_inside_a_folder_is_no_input(tmp_path):
    batches.archive(tmp_path / "in.jsonl", 3)
    run(tmp_path, tmp_path / "out.jsonl")
    first = (tmp_path / "out.jsonl").read_bytes()
    assert run(tmp_path, tmp_path / "out.jsonl", force=True).documents == 3
    assert (tmp_path / "out.jsonl").read_bytes() == first
    with pytest.raises(InputError, match="is the output itself"):
        run(tmp_path / "out.jsonl", tmp_path / "out.jsonl", force=True)


def test_standard_input_can_be_resumed(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 9)
    argv = ("batch", "-o", tmp_path / "out.jsonl", "--stages", "normalize", "--quiet")
    assert ukrnlp(*argv, stdin=source.read_bytes()).code == 0
    assert len(batches.read_rows(tmp_path / "out.jsonl")) == 9
    again = ukrnlp(*argv, "--resume", stdin=source.read_bytes())
    assert (again.code, again.err) == (0, "")
    other = ukrnlp(*argv, "--resume", stdin=b'{"text": "a"}\n')
    assert other.code == 2
    assert "the input stdin was changed" in other.err


@pytest.mark.parametrize("name", ["absent.jsonl", "absent/*.txt"])
def test_a_missing_input_is_said_at_once(tmp_path, name):
    with pytest.raises(InputError, match="is not there"):
        run(tmp_path / name, tmp_path / "out.jsonl")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file"):
        run(tmp_path / "empty", tmp_path / "out.jsonl")


# -- forms of output --------------------------------------------------------------------------------------------------


def test_csv_and_parquet_say_what_jsonl_says(tmp_path):
    rows = [
        {"id": "1", "text": "У росії тихо.", "n": 1, "mixed": "а", "tags": ["x"], "none": None},
        {"id": "2", "text": "Рядок\nдругий, «так»", "n": 2.5, "mixed": 3, "extra": True},
        {"id": "3", "broken": 1},
    ]
    source = write_rows(tmp_path / "in.jsonl", rows)
    for form in ("jsonl", "csv", "parquet"):
        assert run(source, tmp_path / f"out.{form}", shard_size=2).failed == 1
    expected = batches.read_rows(tmp_path / "out.jsonl")

    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        cells = list(csv.DictReader(stream))
    assert len(cells) == 3
    for row, cell in zip(expected, cells, strict=True):
        for name, text in cell.items():
            value = row.get(name)
            assert text == ("" if value is None else value if isinstance(value, str) else dump_line(value))

    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for row, found in zip(expected, table, strict=True):
        for name in ROW_FIELDS:
            value = json.loads(found[name]) if name == "meta" else found[name]
            assert value == row[name], name
    assert [row["n"] for row in table] == [1.0, 2.5, None]
    assert [row["mixed"] for row in table] == ['"а"', "3", None]
    assert table[0]["tags"] == '["x"]'
    assert table[1]["extra"] is True


def test_parquet_is_the_same_to_the_byte(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 20)
    for name in ("a.parquet", "b.parquet"):
        run(source, tmp_path / name, shard_size=6)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_parquet_without_its_package_is_said_first(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"ukrnlp\[data\]"):
        run(batches.archive(tmp_path / "in.jsonl", 1), tmp_path / "out.parquet")


# -- what goes wrong in the input -------------------------------------------------------------------------------------


def test_bad_rows_are_said_and_none_is_lost(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_bytes(
        b'{"id": "a", "text": "\xd0\xa2\xd0\xb0\xd0\xba."}\n'
        b'{"id": "a", "text": "again"}\n'
        b'{"id": "b", "text": ""}\n'
        b'{"id": "c", "te\n'
        b"[1, 2]\n"
        b"\n"
        b'{"text": "nameless"}\n'
        b'{"id": "d", "text": "\xff"}\n'
        b'{"id": "e", "text": 5}\n' + b'{"id": "f", "text": "' + b"x" * 1_500_000 + b'"}\n'
    )
    report = run(source, tmp_path / "out.jsonl", stages=("normalize",))
    rows = batches.read_rows(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == ["a", "a", "b", *(f"{source}:{n}" for n in (4, 5, 7, 8, 9)), "f"]
    assert report.failed == 4
    errors = batches.read_rows(errors_path(report.output))
    assert [(e["id"], e["stage"], e["kind"]) for e in errors] == [
        (f"{source}:{n}", "read", "InputError") for n in (4, 5, 8, 9)
    ]
    assert all(set(e) == {"id", "stage", "kind", "message"} for e in errors)
    assert "broken JSON" in errors[0]["message"]
    assert any("used by more than one" in warning for warning in rows[0]["warnings"])
    assert any("used by more than one" in warning for warning in rows[1]["warnings"])
    assert "the text is empty" in rows[2]["warnings"]
    assert any("1500000 characters" in warning for warning in rows[-1]["warnings"])
    notes = " ".join(report.notes)
    for expected in (
        "4 documents could not be read",
        "1 documents are empty",
        "1 documents have no identifier",
        "1 identifiers",
    ):
        assert expected in notes


def test_some_failed_is_exit_code_3(tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"id": 1, "text": "а"}, {"id": 2}])
    ran = ukrnlp("batch", source, "-o", tmp_path / "out.jsonl", "--stages", "normalize")
    assert ran.code == 3
    assert "1 documents failed; see" in ran.err


def test_on_error_stop(tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"id": i, "text": "а"} for i in range(4)] + [{"id": 9}])
    for count in (1, 2):
        with pytest.raises(UkrnlpError, match="no field 'text'"):
            run(source, tmp_path / f"out{count}.jsonl", shard_size=2, on_error="stop", workers=count)
        assert not (tmp_path / f"out{count}.jsonl").exists()
    write_rows(source, [{"id": i, "text": "а"} for i in range(4)])


def test_a_stage_that_fails_keeps_what_worked(tmp_path, monkeypatch):
    stage = batches.Marked()
    monkeypatch.setattr("ukrnlp.batch.run.load", lambda settings: Pipeline([stage], on_error=settings["on_error"]))
    source = write_rows(tmp_path / "in.jsonl", [{"id": "a", "text": "добре"}, {"id": "b", "text": "ПОМИЛКА"}])
    report = run(source, tmp_path / "out.jsonl")
    first, second = batches.read_rows(tmp_path / "out.jsonl")
    assert first["sentences"] == [{"text": "добре", "start": 0}]
    assert second["sentences"] is None
    record = {"id": "b", "stage": "split", "kind": "ValueError", "message": "a marked text"}
    assert batches.read_rows(report.errors) == [record]
    with pytest.raises(UkrnlpError, match="document 'b': a marked text"):
        run(source, tmp_path / "stopped.jsonl", on_error="stop")


def test_an_engine_call_never_crosses_a_shard(tmp_path, monkeypatch):
    stage = batches.Marked()
    monkeypatch.setattr("ukrnlp.batch.run.load", lambda settings: Pipeline([stage], on_error="keep"))
    run(batches.archive(tmp_path / "in.jsonl", 12), tmp_path / "out.jsonl", shard_size=5, batch_size=3)
    assert [len(window) for window in stage.windows] == [3, 2, 3, 2, 2]


# -- the same bytes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """An archive and its output by one uninterrupted run."""
    folder = tmp_path_factory.mktemp("reference")
    source = batches.archive(folder / "in.jsonl", 60)
    run(source, folder / "out.jsonl", shard_size=8)
    return source, (folder / "out.jsonl").read_bytes()


def test_workers_do_not_change_the_bytes(reference, tmp_path):
    source, expected = reference
    run(source, tmp_path / "out.jsonl", shard_size=8, workers=3)
    assert (tmp_path / "out.jsonl").read_bytes() == expected


@pytest.mark.parametrize("of", [1, 3, 11])
def test_parts_put_behind_one_another_are_the_whole(reference, tmp_path, of):
    source, expected = reference
    outputs = [tmp_path / f"{number}.jsonl" for number in range(1, of + 1)]
    for number, output in enumerate(outputs, 1):
        run(source, output, shard_size=8, part=(number, of))
    assert b"".join(output.read_bytes() for output in outputs) == expected


@given(st.integers(0, 50), st.integers(1, 20))
def test_parts_cover_all_shards_once(shards, of):
    found = [number for part in range(1, of + 1) for number in range_of(shards, (part, of))]
    assert found == list(range(shards))


@given(st.lists(st.integers(0, CHARACTERS), max_size=30), st.integers(1, 6))
def test_shards_hold_all_documents_in_order(lengths, size):
    docs = [Document("x" * 0, id=str(n)) for n in lengths]
    # the text's length alone matters; a stand-in spares the memory
    for doc, length in zip(docs, lengths, strict=True):
        doc.text = range(length)
    groups = list(grouped(docs, size))
    assert [doc for _, group in groups for doc in group] == docs
    assert [number for number, _ in groups] == list(range(len(groups)))
    assert all(len(group) <= size for _, group in groups)
    assert all(sum(len(doc.text) for doc in group[:-1]) < CHARACTERS for _, group in groups)


def test_limit(reference, tmp_path):
    source, expected = reference
    assert run(source, tmp_path / "out.jsonl", limit=8, shard_size=8).documents == 8
    assert expected.startswith((tmp_path / "out.jsonl").read_bytes())


def test_all_stages_with_targets_of_the_rows(tmp_path, tiny_bart, tiny_reader):
    given = [["Росія", "США "], [], ["Рада"]]
    rows = [
        {"id": i, "text": text, "targets": targets} for i, (text, targets) in enumerate(zip(TEXTS, given, strict=True))
    ]
    source = write_rows(tmp_path / "in.jsonl", rows)
    config = {
        "translate": {"model": str(tiny_bart)},
        "summarize": {"model": str(tiny_reader)},
        "stance": {"model": str(tiny_reader)},
    }
    options = {"stages": None, "config": config, "to": "en", "targets": ["Київ"], "shard_size": 1}
    for count in (1, 2):
        report = run(source, tmp_path / f"{count}.jsonl", workers=count, **options)
        assert report.failed == 0, batches.read_rows(report.errors)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    found = batches.read_rows(tmp_path / "1.jsonl")
    assert [row["targets"] for row in found] == given
    assert [[s["target"] for s in row["stances"]] for row in found] == [["Росія", "США "], ["Київ"], ["Рада"]]
    assert all(len(row["translation"]["sentences"]) == len(row["sentences"]) for row in found)
    assert all(row["summary"] for row in found)
    models = json.loads((tmp_path / "1.jsonl.manifest.json").read_text(encoding="utf-8"))["models"]
    assert {stage: name.partition("@")[0] for stage, name in models.items()} == {
        "translate": "tiny-bart",
        "summarize": "tiny-reader",
        "stance": "tiny-reader",
    }


# -- resume -----------------------------------------------------------------------------------------------------------


def test_an_output_is_never_overwritten_unasked(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 3)
    (tmp_path / "out.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"exists; go on with --resume, throw it away with --force"):
        run(source, tmp_path / "out.jsonl")
    with pytest.raises(ConfigError, match="no batch run made it"):
        run(source, tmp_path / "out.jsonl", resume=True)
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == "mine"
    run(source, tmp_path / "out.jsonl", force=True)
    assert len(batches.read_rows(tmp_path / "out.jsonl")) == 3


def test_resume_with_nothing_there_starts_afresh(reference, tmp_path):
    source, expected = reference
    report = run(source, tmp_path / "out.jsonl", shard_size=8, resume=True)
    assert report.reused == 0
    assert (tmp_path / "out.jsonl").read_bytes() == expected


def test_a_finished_run_has_nothing_left_to_do(reference, tmp_path):
    source, expected = reference
    first = run(source, tmp_path / "out.jsonl", shard_size=8)
    again = run(source, tmp_path / "out.jsonl", shard_size=8, resume=True)
    assert (again.documents, again.reused) == (first.documents, first.shards)
    assert "nothing was left" in again.notes[-1]
    (tmp_path / "out.jsonl").write_bytes(expected[:-9])
    mended = run(source, tmp_path / "out.jsonl", shard_size=8, resume=True)
    assert "made again" in " ".join(mended.notes)
    assert (tmp_path / "out.jsonl").read_bytes() == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shard_size": 9}, "size shard_size was 8, is 9"),
        ({"batch_size": 3}, "size batch_size was 64, is 3"),
        ({"stages": ("normalize",)}, "setting stages was"),
        ({"limit": 5}, "reading limit was absent, is 5"),
        ({"fields": Fields(text="text", id="source")}, 'reading id_field was "id", is "source"'),
        ({"part": (1, 2)}, 'size part was "1/1", is "1/2"'),
        ({"config": {"normalize": {"names": "all"}}}, "setting normalize was absent"),
    ],
)
def test_another_run_is_refused_with_what_differs(reference, tmp_path, change, said):
    source, _ = reference
    run(source, tmp_path / "out.jsonl", shard_size=8)
    with pytest.raises(ConfigError, match="--force") as caught:
        run(source, tmp_path / "out.jsonl", **{"shard_size": 8, "resume": True, **change})
    assert said in str(caught.value)
    assert not batches.parts(tmp_path / "out.jsonl").exists()


def test_another_version_or_model_is_refused(reference, tmp_path, monkeypatch):
    source, _ = reference
    run(source, tmp_path / "out.jsonl", shard_size=8)
    monkeypatch.setattr(manifest, "models_of", lambda settings: {"translate": "uk-en@1234"})
    monkeypatch.setattr(manifest, "__version__", "9.9")
    with pytest.raises(ConfigError) as caught:
        run(source, tmp_path / "out.jsonl", shard_size=8, resume=True)
    assert 'model translate was absent, is "uk-en@1234"' in str(caught.value)
    assert 'version ukrnlp was "' in str(caught.value)


def test_models_are_named_by_checksum(monkeypatch):
    monkeypatch.setattr("ukrnlp.catalog.find", lambda name, *, revision=None: type("M", (), {"name": name}))
    monkeypatch.setattr("ukrnlp.catalog.checksum", lambda model: f"sum-{model.name}")
    settings = {"stages": ["translate", "stance"], "to": "en", "stance": {"model": "mine"}}
    assert manifest.models_of(settings) == {"translate": "uk-en@sum-uk-en", "stance": "mine@sum-mine"}


def test_the_reference_engine_is_named_where_it_runs():
    assert "torch" not in manifest.versions({"translate": {"threads": 1}})
    assert {"torch", "transformers"} <= manifest.versions({"translate": {"engine": "transformers"}}).keys()


def test_files_that_options_name_are_part_of_the_run(tmp_path):
    table = tmp_path / "names.tsv"
    table.write_text("а\tА\n", encoding="utf-8")
    before = manifest.option_files({"normalize": {"table": str(table), "names": "all"}})
    table.write_text("а\tБ\n", encoding="utf-8")
    after = manifest.option_files({"normalize": {"table": str(table), "names": "all"}})
    assert list(before) == list(after) == [str(table)]
    assert before != after


def test_a_shard_proves_itself(tmp_path):
    block = block_of(batches.documents("Перший.", "Другий."))
    footer = write_shard(tmp_path, 3, "run", block)
    path = shard_path(tmp_path, 3)
    data = path.read_bytes()
    assert read_footer(path, 3) == footer
    assert read_footer(path, 4) is None
    for torn in (data[:-1], data[:-30], data[1:], b"", data.replace(b"\xd0", b"\xd1", 1)):
        path.write_bytes(torn)
        assert read_footer(path, 3) is None


# -- workers that die -------------------------------------------------------------------------------------------------


def through(make, docs, count=2):
    """The rows of two-document shards by way of worker processes, in order."""
    jobs = grouped(docs, 2)
    found = dict(workers.run_pool(jobs, workers.Processes(make, 64), count))
    return [json.loads(line) for _, block in sorted(found.items()) for line in block.lines.split(b"\n") if line]


def test_a_document_that_kills_its_worker_gets_an_error():
    docs = batches.documents("один", "два", "три ЗАГИНЬ", "чотири", "п'ять", "шість")
    rows = through(batches.marked_pipeline, docs)
    assert [row["id"] for row in rows] == list("012345")
    assert [bool(row["errors"]) for row in rows] == [False, False, True, False, False, False]
    assert rows[2]["errors"][0]["kind"] == "WorkerDied"
    assert "exit code 9" in rows[2]["errors"][0]["message"]
    assert all(row["sentences"] for row in rows if not row["errors"])


def test_a_worker_that_dies_once_is_replaced(tmp_path):
    docs = batches.documents("один", f"ЗАГИНЬ {tmp_path / 'died'}", "три", "чотири")
    rows = through(batches.once_marked_pipeline, docs)
    assert [row["id"] for row in rows] == list("0123")
    assert not any(row["errors"] for row in rows)


def test_a_document_that_asks_for_too_much_memory_gets_an_error():
    rows = through(batches.marked_pipeline, batches.documents("один", "два ПАМ'ЯТЬ", "три"))
    assert [[error["kind"] for error in row["errors"]] for row in rows] == [[], ["MemoryError"], []]


def test_a_script_without_a_main_guard_is_told(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 4)
    script = tmp_path / "script.py"
    script.write_text(
        "from ukrnlp.batch import BatchOptions, run_batch\n"
        f"run_batch(BatchOptions(inputs=({str(source)!r},), output={str(tmp_path / 'o.jsonl')!r}, workers=2,"
        " stages=('normalize',)))\n",
        encoding="utf-8",
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, env=environment(), text=True, timeout=60)
    assert ran.returncode == 1
    assert 'a script must call run_batch under `if __name__ == "__main__":`' in ran.stderr
    assert not (tmp_path / "o.jsonl").exists()


def test_a_worker_that_cannot_start_is_said():
    with pytest.raises(ModelError, match="no such model"):
        through(batches.broken_pipeline, batches.documents("один"))


# -- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "out.xml"}, r"ends in '.xml'; allowed: .jsonl"),
        ({"inputs": ()}, "no input"),
        ({"workers": -1}, "workers is -1; it must be 0 or more"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"limit": 0}, "limit is 0"),
        ({"part": (3, 2)}, "part is 3/2"),
        ({"resume": True, "force": True}, "exclude each other"),
        ({"on_error": "skip"}, "on_error is 'skip'; allowed: keep, stop"),
        ({"engine": "spark"}, "engine is 'spark'; allowed: local, ray"),
        ({"form": "xml"}, "input form is 'xml'"),
        ({"encoding": "utf-99"}, "unknown encoding"),
    ],
)
def test_wrong_options_are_said(options, said):
    with pytest.raises(ConfigError, match=said):
        BatchOptions(**{"inputs": ("a",), "output": "out.jsonl", **options})


def test_translation_needs_a_language():
    with pytest.raises(ConfigError, match="needs a language"):
        BatchOptions(inputs=("a",), output="o.jsonl", stages=("normalize", "translate")).settings()
    assert "translate" not in BatchOptions(inputs=("a",), output="o.jsonl").settings()["stages"]


def test_settings_of_stages_that_do_not_run_are_left_out():
    options = {"inputs": ("a",), "output": "o.jsonl", "config": {"stance": {"threads": 3}}, "targets": ["США"]}
    assert BatchOptions(**options, stages=("normalize",)).settings() == {"stages": ["normalize"], "on_error": "keep"}
    assert BatchOptions(**options, stages=("normalize", "stance")).settings()["targets"] == ["США"]


def test_workers_have_one_thread_each():
    settings = BatchOptions(inputs=("a",), output="o.jsonl", to="en", config={"stance": {"threads": 3}}).settings()
    assert settings["translate"]["threads"] == settings["summarize"]["threads"] == 1
    assert settings["stance"]["threads"] == 3


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("in.jsonl",), "no output"),
        (("in.jsonl", "-o", "o.jsonl", "--shard", "2"), "write I/N"),
        (("in.jsonl", "-o", "o.jsonl"), "in.jsonl is not there"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, args, said):
    ran = ukrnlp("batch", *args, cwd=tmp_path)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_dry_run_writes_nothing(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 20)
    options = BatchOptions(inputs=(str(source),), output=tmp_path / "out.jsonl", stages=batches.STAGES, shard_size=8)
    plan, estimate = dry_run(options)
    assert (plan.documents, plan.shards) == (20, 3)
    assert plan.characters == sum(map(len, batches.texts(20)))
    run(source, tmp_path / "real.jsonl")
    assert estimate.bytes == pytest.approx((tmp_path / "real.jsonl").stat().st_size, rel=0.3)
    ran = ukrnlp("batch", source, "-o", tmp_path / "out.jsonl", "--stages", "normalize", "--dry-run")
    assert ran.code == 0
    assert "20 documents" in ran.out
    assert not list(tmp_path.glob("out.*"))


def test_progress_is_told_after_every_shard(tmp_path):
    source = batches.archive(tmp_path / "in.jsonl", 10)
    told = []
    options = BatchOptions(
        inputs=(str(source),), output=tmp_path / "out.jsonl", stages=batches.STAGES, workers=1, shard_size=4
    )
    run_batch(options, watch=told.append)
    assert [progress.documents for progress in told] == [4, 8, 10]
    assert {progress.total_documents for progress in told} == {10}


def test_progress_lines_say_all(capsys, monkeypatch):
    # the package's attribute of that name is the command
    monkeypatch.setattr(sys.modules["ukrnlp.cli.batch"], "LINE_SECONDS", 0)
    shown = Display(shown=True)
    shown.show(Progress(100, 5000, 2, 20, 400, 20_000))
    line = capsys.readouterr().err
    assert line.startswith("ukrnlp: 100/400 documents, 5000 characters, ")
    assert line.endswith(" left, 2 failed\n")
    Display(shown=False).show(Progress(1, 1, 0, 0, 1, 1))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(80, "100/400 documents, 5000 characters, 1.0 documents/s, 0:05:00 left, 2 failed"), (0, "unknown left")],
)
def test_status(seconds, expected):
    assert expected in status(Progress(100, 5000, 2, 20, 400, 20_000), seconds)


def test_known_forms():
    assert sources.has_known_form("a.TXT")
    assert sources.has_known_form("a.csv.zst")
    assert not sources.has_known_form("a.docx")


# -- datasets ---------------------------------------------------------------------------------------------------------

SETTINGS = {"stages": list(batches.STAGES)}


@pytest.fixture(scope="module")
def dataset():
    datasets = pytest.importorskip("datasets")
    rows = [{"id": f"n{i}", "text": text, "topic": "а", "meta": i} for i, text in enumerate(batches.texts(10))]
    return datasets.Dataset.from_list(rows)


def test_a_dataset_gets_the_rows_of_a_batch(dataset, tmp_path):
    mapped = map_dataset(dataset, SETTINGS, batch_size=4)
    write_rows(tmp_path / "in.jsonl", list(dataset))
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    for found, row in zip(mapped, batches.read_rows(tmp_path / "out.jsonl"), strict=True):
        assert found | {"meta": json.loads(found["meta"])} == row
    assert mapped.column_names == [*ROW_FIELDS, "topic", "input_meta"]


def test_the_fingerprint_is_stable(dataset):
    first, again = (map_dataset(dataset, SETTINGS)._fingerprint for _ in range(2))
    other = map_dataset(dataset, {"stages": ["normalize"]})._fingerprint
    assert first == again != other


def test_several_processes(dataset):
    assert list(map_dataset(dataset, SETTINGS, num_proc=2)) == list(map_dataset(dataset, SETTINGS))


def test_a_stream_of_rows(dataset):
    streamed = list(map_dataset(dataset.to_iterable_dataset(), package.load(SETTINGS)))
    assert streamed == list(map_dataset(dataset, SETTINGS))


def test_what_cannot_be_mapped_is_said(dataset):
    with pytest.raises(ConfigError, match="no column 'body'"):
        map_dataset(dataset, SETTINGS, fields=Fields(text="body"))
    with pytest.raises(ConfigError, match="several processes need"):
        map_dataset(dataset, package.load(SETTINGS), num_proc=2)


def test_a_row_without_text_is_an_error_of_its_own():
    mapper = Mapper(batches.marked_pipeline(), "null", Fields())
    columns = mapper({"text": ["добре", None], "topic": ["а", "б"]}, [0, 1])
    assert columns["id"] == ["0", "1"]
    assert [bool(errors) for errors in columns["errors"]] == [False, True]
    assert columns["topic"] == ["а", "б"]


def test_blocks_add_up():
    whole, half = block_of(batches.documents("а", "бб", "в")), Block()
    for docs in (batches.documents("а", "бб"), [Document("в", id="2")]):
        half.add(block_of(docs))
    assert half == whole
    assert partial(block_of, [])() == Block()
