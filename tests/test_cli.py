"""The command through its real entry point, without network; models are stubs where only the wiring matters."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from command import STUBBED, entry_point, environment, ukrnlp

from ukrnlp import Edit, undo_edits

SEPARATORS = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r")


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def stubbed(*args, **options):
    return ukrnlp(*args, command=STUBBED, **options)


def rows(ran):
    return [json.loads(line) for line in ran.out.split("\n") if line]


def one_error(ran):
    """The single line that the command wrote on standard error."""
    assert ran.err.startswith("ukrnlp: error: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    return ran.err


# what is asked, and how it ends


def test_version_and_help():
    assert ukrnlp("--version").out.startswith("ukrnlp 0.")
    shown = ukrnlp("--help").out
    for command in ("run", "normalize", "split", "translate", "summarize", "stance", "batch", "info", "models"):
        assert f"  {command} " in shown
    assert "--target" in ukrnlp("run", "-h").out


def test_no_command_shows_the_help_and_is_wrong_usage():
    ran = ukrnlp()
    assert ran.code == 2
    assert "Commands:" in ran.err


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["translat"], "No such command 'translat'"),
        (["run", "--formt", "json"], "--formt"),
        (["run", "--format", "xml"], "xml"),
        (["run", "--batch-size", "0"], "--batch-size"),
        (["normalize", "--explain", "--diff"], "--explain and --diff do not go together"),
        (["normalize", "--explain", "--format", "json"], "--explain and --format json"),
        (["normalize", "--names", "everything"], "everything"),
        (["normalize", "--encoding", "cp12510"], "cp12510"),
        (["run", "--config", "no-such.toml"], "no-such.toml"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(args, part):
    ran = ukrnlp(*args, stdin="текст")
    assert ran.code == 2
    assert ran.out == ""
    assert part in one_error(ran)


def test_unknown_model_names_what_is_there():
    ran = ukrnlp("translate", "--model", "uk-zz", stdin="Так.")
    assert ran.code == 1
    assert "uk-zz" in one_error(ran)


def test_info_and_models_answer_in_both_forms():
    assert "ctranslate2 " in ukrnlp("info").out
    assert rows(ukrnlp("info", "--format", "json"))[0]["devices"][0] == "cpu"
    listed = rows(ukrnlp("models", "list", "--format", "json"))
    assert {"name", "path", "type", "bytes", "about", "error"} == set(listed[0])


def test_models_list_tells_a_torn_model_from_a_whole_one(tmp_path):
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "config.json").write_text('{"model_type": "bart"}')
    (tmp_path / "torn" / "model.safetensors").write_bytes(b"\x10")
    assert "torn" in rows(ukrnlp("models", "list", "-f", "json", UKRNLP_MODELS=tmp_path))[0]["error"]
    empty = ukrnlp("models", "list", UKRNLP_MODELS=tmp_path / "none")
    assert (empty.code, "UKRNLP_MODELS" in empty.err) == (1, True)


# normalise and split: the real stages


def test_normalize_restores_names_whatever_the_locale():
    ran = ukrnlp("normalize", stdin="Удар по росії.\n")
    assert (ran.out, ran.err, ran.code) == ("Удар по Росії.\n", "", 0)


def test_normalize_adds_a_last_newline_only():
    assert ukrnlp("normalize", stdin="Удар по росії").out == "Удар по Росії\n"


def test_several_files_have_headings(write):
    a, b = write("a.txt", "Удар по росії\n"), write("b.txt", "Так")
    assert ukrnlp("normalize", a, b).out == f"==> {a} <==\nУдар по Росії\n\n==> {b} <==\nТак\n\n"


def test_normalize_undo_gives_the_raw_bytes_back(write):
    raw = "У росії  та\u00a0москві\u2028кінець\r\n"
    row = ukrnlp("normalize", "--format", "json", stdin=raw)
    assert len(row.out.splitlines()) == 1
    assert ukrnlp("normalize", "--undo", stdin=row.out).out == raw
    bad = ukrnlp("normalize", "--undo", stdin='{"normalized": "x"}\n' + row.out)
    assert (bad.out, bad.code) == (raw, 3)
    assert "normalize --format json" in one_error(bad)


def test_normalize_undo_adds_no_end_of_line_but_between_texts():
    row = ukrnlp("normalize", "--format", "json", stdin="Удар по росії").out
    assert ukrnlp("normalize", "--undo", stdin=row).out == "Удар по росії"
    assert ukrnlp("normalize", "--undo", stdin=row + row).out == "Удар по росії\nУдар по росії"


def test_normalize_diff_and_explain():
    assert "+Удар по Росії" in ukrnlp("normalize", "--diff", stdin="Удар по росії").out
    assert "[Росії]" in ukrnlp("normalize", "--explain", stdin="Удар по росії").out


def test_lines_keep_their_number_and_end_at_newline_only():
    text = "Удар по росії\n\nдва\u2028рядки в росії\r\nостанній"
    ran = ukrnlp("normalize", "--lines", "-q", stdin=text)
    assert ran.out.split("\n") == ["Удар по Росії", "", "два рядки в Росії", "останній", ""]
    assert len(ran.out.splitlines()) == 4


@pytest.mark.parametrize("command", ["normalize", "split"])
def test_lines_of_every_separator_stay_lines(command):
    text = "".join(f"Так.{mark}Ні росії.\n" for mark in SEPARATORS)
    out = ukrnlp(command, "--lines", "-q", stdin=text).out
    assert out.count("\n") == len(out.splitlines()) == len(SEPARATORS)


def fuzzed_lines(n):
    """Lines of everything that may stand in a text, "\\n" aside."""
    random = Random(2022)
    parts = [
        *SEPARATORS,
        *"\0\x07\ufeff\u200b\u00ad\u0301\u00a0'’ʼ«»#@",
        " ",
        " ",
        "росія",
        "москві",
        "Кu\u0301їв",
        "ʼя",
        "😀",
    ]
    return ["".join(random.choices(parts, k=random.randrange(12))).removesuffix("\r") for _ in range(n)]


def test_fuzzed_lines_come_back_one_by_one_and_whole():
    lines = fuzzed_lines(500)
    lines[0] = lines[0].lstrip("\ufeff")
    text = "".join(f"{line}\n" for line in lines)
    plain = ukrnlp("normalize", "--lines", "-q", stdin=text)
    assert (plain.code, len(plain.out.split("\n"))) == (0, len(lines) + 1)
    assert len(plain.out.splitlines()) == len(lines)
    found = rows(ukrnlp("normalize", "--lines", "-q", "-f", "json", stdin=text))
    assert [row["text"] for row in found] == lines
    for row in found:
        assert undo_edits(row["normalized"], [Edit(**edit) for edit in row["edits"]]) == row["text"]


def test_lines_of_nothing_are_nothing():
    ran = ukrnlp("normalize", "--lines", stdin="")
    assert (ran.out, ran.err, ran.code) == ("", "", 0)


def test_split_writes_a_sentence_a_line():
    assert ukrnlp("split", stdin="Так. росія мовчить.\n\nНі.").out == "Так.\nРосія мовчить.\nНі.\n"
    assert ukrnlp("split", "--lines", stdin="Так. росія мовчить.\n").out == "Так.\tРосія мовчить.\n"


def test_json_of_lines_is_a_record_a_line():
    found = rows(ukrnlp("split", "--lines", "-f", "json", stdin="Так. Ні.\n\nТак.\n"))
    assert [len(row["sentences"]) for row in found] == [2, 0, 1]
    assert found[0]["id"] == "stdin:1"


# bad input


def test_one_bad_file_does_not_stop_the_others(write, tmp_path):
    good = write("good.txt", "Удар по росії")
    wrong = write("wrong.txt", "Удар по росії, що триває".encode("cp1251"))
    ran = ukrnlp("normalize", tmp_path / "missing.txt", tmp_path, wrong, good, "--format", "json")
    assert ran.code == 3
    assert [row["normalized"] for row in rows(ran)] == [None, None, None, "Удар по Росії"]
    assert [row["errors"][0]["stage"] for row in rows(ran)[:3]] == ["read"] * 3
    lines = ran.err.split("\n")
    assert len(lines) == 4
    assert "--encoding cp1251" in lines[2]
    fixed = ukrnlp("normalize", wrong, "--encoding", "cp1251")
    assert fixed.out == "Удар по Росії, що триває\n"


def test_nothing_done_is_code_1(tmp_path):
    ran = ukrnlp("normalize", tmp_path / "missing.txt")
    assert (ran.code, ran.out) == (1, "")
    assert "missing.txt does not exist" in one_error(ran)


def test_broken_line_is_an_empty_line_and_code_3():
    ran = ukrnlp("normalize", "--lines", stdin=b"one\n\xff\nthree\n")
    assert (ran.out, ran.code) == ("one\n\nthree\n", 3)
    assert "stdin:2: not valid UTF-8" in ran.err


@pytest.mark.parametrize(
    ("text", "warning"),
    [("", "the text is empty"), (" \n ", "only spaces"), ("Росія\0 воює. " + "Так і є. " * 9, "control characters")],
)
def test_odd_texts_are_warned_of(text, warning):
    ran = ukrnlp("split", stdin=text)
    assert ran.code == 0
    assert "ukrnlp: warning: stdin: the text" in ran.err
    assert warning in ran.err
    assert ukrnlp("split", "-q", stdin=text).err == ""


def test_line_of_5_mb_goes_through():
    text = "Росія знову мовчить у відповідь на слова " * 70_000
    ran = ukrnlp("normalize", stdin=text)
    assert ran.code == 0
    assert len(ran.out) == len(text) + 1
    assert "a line of 2870000 characters" in ran.err


def test_many_errors_are_counted_not_flooded():
    ran = ukrnlp("normalize", "-q", "--from", "jsonl", stdin="{\n" * 50 + '{"text": "x"}')
    assert ran.code == 3
    assert ran.err.count("\n") == 21
    assert "and 30 more" in ran.err


# the whole pipeline, with stub stages


def test_run_fills_every_field_of_json(write):
    (row,) = rows(stubbed("run", write("a.txt", "текст"), "--format", "json", "--target", "США", "-t", "Росія"))
    assert row["translation"] == {
        "text": "ТЕКСТ",
        "lang": "en",
        "sentences": ["ТЕКСТ"],
        "model": "stub",
        "warnings": ["a stub spoke"],
    }
    assert [s["target"] for s in row["stances"]] == ["США", "Росія"]
    assert row["summary"]["sources"] == [0]
    assert row["errors"] == []


def test_run_reads_standard_input_by_dash_and_by_default():
    for args in ([], ["-"]):
        (row,) = rows(stubbed("run", *args, "-f", "json", stdin="текст"))
        assert (row["id"], row["text"], row["stances"][0]["target"]) == ("stdin", "текст", "found")


def test_run_pages(write):
    path = write("a.txt", "Заголовок\n\nТекст новини.")
    page = stubbed("run", path, "--target", "Росія")
    assert page.out.startswith("Заголовок\n")
    assert "ТЕКСТ НОВИНИ." in page.out
    assert "\x1b" not in page.out
    assert "a stub spoke" in page.out
    assert page.err == ""
    assert "| Росія | against | 0.70 |" in stubbed("run", path, "--target", "Росія", "--format", "md").out


def test_run_takes_200_targets(write):
    names = [f"ціль {i}" for i in range(200)]
    args = [part for name in names for part in ("--target", name)]
    (row,) = rows(stubbed("run", write("a.txt", "текст"), "-f", "json", *args))
    assert [s["target"] for s in row["stances"]] == names


def test_run_over_rows_keeps_their_targets_and_fields(write):
    path = write("a.jsonl", '{"body": "текст", "key": 5, "targets": "НАТО; ЄС", "url": "u"}\n{"body": "інше"}')
    found = rows(stubbed("run", path, "-f", "json", "--text-field", "body", "--id-field", "key", "-t", "Росія"))
    assert [row["id"] for row in found] == ["5", f"{path}:2"]
    assert [s["target"] for s in found[0]["stances"]] == ["НАТО", "ЄС"]
    assert found[0]["meta"]["input"] == {"url": "u"}
    assert [s["target"] for s in found[1]["stances"]] == ["Росія"]


def test_failing_stage_leaves_what_worked(write):
    path = write("a.jsonl", '{"text": "fail translate"}\n{"text": "текст"}')
    ran = stubbed("run", path, "-f", "json", "-t", "Росія")
    first, second = rows(ran)
    assert ran.code == 3
    assert (first["translation"], first["summary"]["text"]) == (None, "fail translate")
    assert first["errors"] == [{"stage": "translate", "kind": "InputError", "message": "translate cannot do this text"}]
    assert second["translation"]["text"] == "ТЕКСТ"
    assert f"{path}:1: translate: translate cannot do this text" in one_error(ran)


def test_every_document_failing_is_code_1():
    ran = stubbed("translate", "--lines", stdin="fail translate\nfail translate\n")
    assert (ran.out, ran.code) == ("\n\n", 1)


@pytest.mark.parametrize("command", ["translate", "summarize", "stance"])
def test_lines_of_stages_with_models(command):
    ran = stubbed(command, "--lines", "-q", stdin="перший\n\nseparators\n")
    assert ran.out.count("\n") == len(ran.out.splitlines()) == 3
    assert ran.code == 0


def test_translate_flattens_separators_of_the_model():
    assert stubbed("translate", "--lines", "-q", stdin="separators\n").out == "a b c d e\n"


def test_warnings_go_to_standard_error_where_the_text_does_not_carry_them():
    ran = stubbed("translate", stdin="текст")
    assert (ran.out, ran.code) == ("ТЕКСТ\n", 0)
    assert ran.err == "ukrnlp: warning: stdin: translation: a stub spoke\n"


def test_stance_writes_a_target_a_line():
    ran = stubbed("stance", "-t", "Росія", "-t", "США", stdin="текст")
    assert ran.out == "Росія\tagainst\t0.70\t0\nСША\tagainst\t0.70\t0\n"


def test_a_language_that_no_bundled_model_has_is_wrong_usage():
    result = ukrnlp("run", "--to", "de", stdin="текст")
    assert result.code == 2
    assert "allowed: en" in one_error(result)


def test_target_auto_finds_the_targets():
    (row,) = rows(stubbed("stance", "--target", "auto", "-f", "json", stdin="Росія напала на Україну."))
    assert [stance["target"] for stance in row["stances"]] == ["found"]


def test_batch_asked_wrongly_leaves_nothing_in_the_way(tmp_path):
    text, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    text.write_text("Удар по росії.", encoding="utf-8")
    for stages in ("summarize", "normalize,foo"):
        assert ukrnlp("batch", text, "-o", output, "--stages", stages, "--quiet").code == 2
        assert list(tmp_path.iterdir()) == [text]
    assert ukrnlp("batch", text, "-o", output, "--stages", "normalize", "--quiet").code == 0


def test_stance_in_lines_says_nothing_of_an_empty_line():
    assert stubbed("stance", "--lines", "--target", "Росія", stdin="Росія.\n\n").out.split("\n")[1] == ""


def test_toml_config_is_read_and_options_stand_over_it(write):
    config = write("my.toml", 'stages = ["normalize", "split", "translate"]\nto = "pl"\ntranslate.model = "uk-pl"\n')
    (row,) = rows(stubbed("run", "--config", config, "-f", "json", stdin="текст"))
    assert (row["summary"], row["translation"]["lang"]) == (None, "pl")
    (row,) = rows(stubbed("run", "--config", config, "--to", "en", "-f", "json", stdin="текст"))
    assert row["translation"]["lang"] == "en"


# signals and pipes


def test_fault_of_our_own_has_no_traceback_without_debug(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import ukrnlp.pipeline\n"
        "def load(*a, **k): raise ZeroDivisionError('oops')\n"
        "ukrnlp.pipeline.load = load\n"
        "from ukrnlp.cli import main\nmain()\n"
    )
    command = [sys.executable, str(broken)]
    ran = ukrnlp("normalize", stdin="x", command=command)
    assert ran.code == 1
    assert "ZeroDivisionError: oops" in one_error(ran)
    assert "Traceback" in ukrnlp("normalize", "--debug", stdin="x", command=command).err


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_closed_pipe_is_quiet(write):
    path = write("a.txt", "Удар по росії\n" * 200_000)
    argv = [*entry_point(), "normalize", "--lines", str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as child:
        assert child.stdout.readline().decode() == "Удар по Росії\n"
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 141


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_interrupt_is_one_line_and_code_130():
    argv = [*entry_point(), "normalize", "--lines"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environment()) as child:
        child.stdin.write("Удар по росії\n".encode() * 64)
        child.stdin.flush()
        assert child.stdout.readline()
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        assert child.stderr.read() == b"ukrnlp: stopped\n"
        assert child.wait(60) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_one_line(write):
    with Path("/dev/full").open("wb") as full:
        argv = [*entry_point(), "normalize", str(write("a.txt", "Удар по росії"))]
        ran = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"ukrnlp: error: No space left on device")
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
@pytest.mark.parametrize(("args", "shown"), [([], True), (["--quiet"], False)])
def test_progress_is_shown_on_a_terminal_only(args, shown):
    import pty

    ours, theirs = pty.openpty()
    argv = [*STUBBED, "translate", *args]
    env = environment(TERM="xterm")
    ran = subprocess.run(argv, input="текст".encode(), stdout=subprocess.PIPE, stderr=theirs, env=env, timeout=60)
    os.close(theirs)
    found = b""
    with contextlib.suppress(OSError):  # where nothing was written, Linux answers with an error
        found = os.read(ours, 65536)
    os.close(ours)
    assert ran.stdout.decode() == "ТЕКСТ\n"
    assert (b"documents" in found) == shown
