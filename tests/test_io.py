"""Reading: every form, every kind of bad input, nothing lost."""

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukrnlp.errors import ConfigError
from ukrnlp.io import Fields, is_unread, read_documents

TEXT = "У росії знову зима.\nДругий рядок\r\n"


def read(*sources, **options):
    return list(read_documents(sources, **options))


def message(doc):
    assert is_unread(doc)
    assert doc.text == ""
    return doc.errors[0].message


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def test_text_file_is_one_document_unchanged(write):
    path = write("a.txt", TEXT)
    (doc,) = read(path)
    assert (doc.text, doc.id, doc.warnings) == (TEXT, str(path), ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "koi8-u", "utf-16"])
def test_text_in_a_named_encoding(write, encoding):
    (doc,) = read(write("a.txt", TEXT.encode(encoding)), encoding="utf-8" if "sig" in encoding else encoding)
    assert doc.text == TEXT


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (TEXT.encode("cp1251"), ("not valid UTF-8", "Windows-1251", "--encoding cp1251")),
        (TEXT.encode()[:-3] + b"\xd1", ("not valid UTF-8", "byte 0xd0 at 56", "--encoding")),
        (TEXT.encode()[1:], ("not valid UTF-8", "byte 0xa3 at 0")),
        (TEXT.encode("utf-16"), ("UTF-16", "--encoding utf-16")),
        (b"%PDF-1.7 \n", ("a PDF file", "extract")),
        (b"PK\x03\x04 \n", ("zip or office",)),
        (gzip.compress(b"text"), ("gzip",)),
        (bytes(range(256)) * 40, ("binary",)),
        (b"\0\1\2\3\4" * 100, ("binary",)),
    ],
)
def test_unreadable_file_says_why_and_what_to_do(write, data, parts):
    path = write("a.txt", data)
    (doc,) = read(path)
    assert doc.id == str(path)
    for part in (str(path), *parts):
        assert part in message(doc)


def test_other_sources_go_on(write, tmp_path):
    good = write("good.txt", "текст")
    docs = read(tmp_path / "missing.txt", tmp_path, good)
    assert "does not exist" in message(docs[0])
    assert "is a directory" in message(docs[1])
    assert "*.txt" in message(docs[1])
    assert docs[2].text == "текст"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "the text is empty"),
        (" \n\t\u00a0", "the text holds only spaces"),
        ("а\0б\x07в" + "г" * 200, "the text holds 2 control characters (U+0000, U+0007)"),
        ("слово " * 900_000, "a line of 5400000 characters"),
    ],
)
def test_odd_text_is_kept_with_a_warning(write, text, warning):
    (doc,) = read(write("a.txt", text))
    assert doc.text == text
    assert any(warning in found for found in doc.warnings)


def test_utf8_read_as_another_encoding_is_said(write):
    (doc,) = read(write("a.txt", TEXT), encoding="cp1251")
    assert any("valid UTF-8" in found for found in doc.warnings)


def test_lines_end_at_newline_only(write):
    path = write("a.txt", "перший\u2028рядок\r\n\nтретій\x85\rрядок")
    docs = read(path, lines=True)
    assert [doc.text for doc in docs] == ["перший\u2028рядок", "", "третій\x85\rрядок"]
    assert docs[2].id == f"{path}:3"


def test_broken_line_loses_no_other(write):
    docs = read(write("a.txt", b"one\n\xff\xfe\xfd\nthree\n"), lines=True)
    assert [doc.text for doc in docs] == ["one", "", "three"]
    assert ":2: not valid UTF-8: byte 0xff at 0" in message(docs[1])


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))))
def test_lines_round_trip(lines):
    data = "".join(line + "\n" for line in lines).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        found = [doc.text for doc in read_documents(["-"], lines=True)]
    assert found == [line.removesuffix("\r") for line in without_mark(lines)]


def without_mark(lines):
    """The first line loses a byte order mark."""
    return [line.removeprefix("\ufeff") if i == 0 else line for i, line in enumerate(lines)]


def test_json_lines_keep_all_fields(write):
    rows = [
        {"text": "а", "id": 7, "targets": ["Росія", "США"], "url": "x", "n": None},
        {"text": "б", "targets": "Росія; ;США"},
    ]
    path = write("a.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n\n")
    first, second = read(path)
    assert (first.text, first.id, first.targets) == ("а", "7", ("Росія", "США"))
    assert first.meta["input"] == {"url": "x", "n": None}
    assert (second.id, second.targets, second.meta) == (f"{path}:2", ("Росія", "США"), {})


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('{"text": "а"', "broken JSON"),
        ("[" * 100_000, "broken JSON"),
        ('["text"]', "holds list, not an object"),
        ('{"body": "а", "url": ""}', "no field 'text'; found: body, url"),
        ('{"text": 5}', "holds int, not a string"),
        ('{"text": "\\ud800"}', "half a character"),
        ('{"text": "а", "id": [1]}', "'id' holds list"),
        ('{"text": "а", "targets": 3}', "'targets' must be a list"),
        (b'{"text": "\xff"}', "not valid UTF-8"),
    ],
)
def test_broken_row_loses_no_other(write, line, part):
    data = line if isinstance(line, bytes) else line.encode()
    path = write("a.jsonl", b'{"text": "one"}\n' + data + b'\n{"text": "three"}')
    docs = read(path)
    assert [doc.text for doc in docs] == ["one", "", "three"]
    assert message(docs[1]).startswith(f"{path}:2: ")
    assert part in message(docs[1])


def test_csv_keeps_quotes_line_ends_and_long_fields(write):
    long = "слово " * 100_000
    path = write("a.csv", f'\ufefftitle,text,id\n"x, y","a ""b""\r\nc",1\nt,{long},2\n')
    first, second = read(path)
    assert (first.text, first.id, first.meta["input"]) == ('a "b"\r\nc', "1", {"title": "x, y"})
    assert second.text == long


def test_csv_errors_are_of_their_row(write):
    docs = read(write("a.csv", b'text,id\na,1,2\n\xff,2\nb,3\n"open'))
    assert [doc.text for doc in docs] == ["", "", "b", ""]
    assert "line 2: the row has 3 fields, the header 2" in message(docs[0])
    assert "not valid UTF-8" in message(docs[1])
    assert "broken CSV" in message(docs[3])


def test_tsv_has_no_quotation(write):
    (doc,) = read(write("a.tsv", 'id\ttext\n1\t"Азов" знищив\n'))
    assert doc.text == '"Азов" знищив'


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("a.csv", "body\na\n", "no field 'text'; found: body"),
        ("a.csv", "text,a,a\nx,1,2\n", "twice: a"),
        ("a.csv", "", "found: none"),
        ("a.csv", "text\n", "holds no rows"),
        ("a.jsonl", "\n", "holds no rows"),
        ("a.jsonl.gz", "no gzip", "torn or not packed"),
        ("a.txt.gz", gzip.compress(b"text" * 99)[:-12], "torn"),
    ],
)
def test_unusable_table_is_one_error(write, name, data, part):
    (doc,) = read(write(name, data))
    assert part in message(doc)


def test_gzip_goes_by_the_inner_name(write):
    (doc,) = read(write("a.jsonl.gz", gzip.compress(b'{"body": "x", "key": "k"}')), fields=Fields("body", "key"))
    assert (doc.text, doc.id) == ("x", "k")


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match="allowed: txt, jsonl, csv, tsv, parquet"):
        read("-", form="xml")
    with pytest.raises(ConfigError, match="try utf-8, cp1251"):
        read("-", encoding="cp12510")


def test_reading_is_lazy(write):
    path = write("a.jsonl", '{"text": "one"}\n')
    docs = read_documents([path, "missing"])
    assert next(docs).text == "one"
