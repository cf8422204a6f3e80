"""Terms are found in any case form, and nothing else is; tables are checked line by line."""

import pytest

from ukrnlp.errors import ConfigError
from ukrnlp.tasks.glossary import Glossary, Term, read_glossary


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("У Києві та Харкові сніг.", ["Kyiv", "Kharkiv"]),
        ("Кривого Рогу, Кривому Розі", ["Kryvyi Rih", "Kryvyi Rih"]),
        ("Одесою йде трамвай", ["Odesa"]),
        # adjectives, common words and Latin letters are no such name
        ("київські суми, котлета по-київськи", []),
        ("рівне поле", []),
        ("Kiev", []),
    ],
)
def test_find_terms(text, terms):
    assert [found.term.target for found in read_glossary().find(text)] == terms


def test_find_prefers_the_longer_term():
    glossary = Glossary((Term("Біла", "White"), Term("Біла Церква", "Bila Tserkva")))
    assert [f.term.target for f in glossary.find("У Білій Церкві")] == ["Bila Tserkva"]


def test_put_right_changes_whole_words_only():
    term = Term("Київ", "Kyiv", ("Kiev",))
    assert term.put_right("Kiev's streets, Kievan Rus") == "Kyiv's streets, Kievan Rus"


def test_read_glossary_lets_the_user_decide(tmp_path):
    table = tmp_path / "own.tsv"
    table.write_text("# mine\nОдеса\tOdessa\n", encoding="utf-8")
    found = read_glossary(table).find("Одеса і Львів")
    assert [(f.term.target, f.term.switch) for f in found] == [("Odessa", True), ("Lviv", False)]


@pytest.mark.parametrize("line", ["Київ", "Київ\t", "\tKyiv", "а\tb\tc\td", "!\tb"])
def test_read_glossary_names_the_line(tmp_path, line):
    table = tmp_path / "own.tsv"
    table.write_text(f"Львів\tLviv\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_glossary(table)


def test_read_glossary_names_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_glossary(tmp_path / "none.tsv")
